"""Ten minutes in which nobody speaks: the whole way from the microphone to the conversation writes no word."""

import base64
import itertools
import json

import numpy as np
import pytest

from realtime.effects import Answer, Listen, Send, Transcribe
from realtime.engine import Heard
from realtime.engines.local import CONFIDENT
from realtime.protocol.settings import fresh
from realtime.session import Session
from realtime.speech import audio
from realtime.speech.ears import Ear

MINUTES, SEED = 10, 11
RATE = audio.VOICE_RATE
PIECE = RATE // 10


def _clicks(seconds, noise):
    clicks = np.zeros(seconds * RATE)
    at = noise.integers(0, len(clicks) - 400, seconds * 2)
    for place in at:  # a key, a pen, a door: some milliseconds that die away
        length = int(noise.integers(40, 400))
        clicks[place : place + length] += noise.normal(0, 0.5, length) * np.exp(-np.arange(length) / (length / 5))
    return clicks


def _hum(seconds, noise):
    time = np.arange(seconds * RATE) / RATE
    return sum(0.08 / n * np.sin(2 * np.pi * 50 * n * time + n) for n in range(1, 12)) + noise.normal(
        0, 0.003, len(time)
    )


def _pink(seconds, noise):
    spectrum = np.fft.rfft(noise.normal(0, 1, seconds * RATE))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    sound = np.fft.irfft(spectrum)
    return 0.1 * sound / np.max(np.abs(sound))


def _alarm(seconds, _noise):
    """A monitor: 960 Hz for 150 ms, twice a second; its pitch steps now and then."""
    time = np.arange(seconds * RATE) / RATE
    pitch = np.where((time // 7) % 2 == 0, 960.0, 640.0)
    return 0.15 * np.sin(2 * np.pi * pitch * time) * ((time % 0.5) < 0.15)


def _music(seconds, noise):
    """Chords that change each half second, with attack and decay."""
    time = np.arange(seconds * RATE) / RATE
    chord = np.array([0, 4, 7, 12])
    roots = noise.choice([0, 3, 5, 7, 8, 10], seconds * 2)
    pitches = 220 * 2 ** ((roots[(time * 2).astype(int), None] + chord) / 12)
    return 0.06 * np.sin(2 * np.pi * np.cumsum(pitches, axis=0) / RATE).sum(axis=1) * np.exp(-(time % 0.5) * 3)


def nobody():
    """Ten minutes: silence, faint and loud noise, hum, clicks, a monitor, music, one after the other."""
    noise = np.random.default_rng(SEED)
    kinds = [
        lambda seconds: np.zeros(seconds * RATE),
        lambda seconds: noise.normal(0, 0.002, seconds * RATE),
        lambda seconds: noise.normal(0, 0.08, seconds * RATE),
        *((lambda seconds, make=make: make(seconds, noise)) for make in (_hum, _clicks, _pink, _alarm, _music)),
    ]
    part = MINUTES * 60 // len(kinds)
    return np.clip(np.concatenate([make(part) for make in kinds]), -1, 1).astype(np.float32)


class Listening:
    """A hands-free session over the real ears, with the time of the audio."""

    def __init__(self, detector, recognizer, detection):
        self.now, self.ear, self.recognizer = 0.0, Ear(detector, RATE), recognizer
        self.read, self.words, self.answers, self.items = 0, [], 0, 0
        counter = itertools.count()
        wanted = {"audio": {"input": {"format": {"type": "audio/pcm"}, "turn_detection": detection}}}
        self.session = Session(
            fresh(session_id="sess_1", model="", expires_at=1, update={"type": "realtime", **wanted}),
            clock=lambda: self.now,
            new_id=lambda prefix: f"{prefix}_{next(counter)}",
        )
        self.do(self.session.begin())

    def hear(self, piece):
        self.now += len(piece) / RATE
        sent = base64.b64encode(audio.encode(piece, "audio/pcm")).decode()
        self.do(self.session.receive(json.dumps({"type": "input_audio_buffer.append", "audio": sent})))

    def do(self, effects):
        for effect in effects:
            match effect:
                case Listen():
                    self.do(self.session.windows(self.ear.feed(audio.decode(effect.audio, "audio/pcm"))))
                case Transcribe():
                    self.read += 1
                    samples = audio.resample(audio.decode(effect.audio, "audio/pcm"), RATE, audio.EAR_RATE)
                    found = self.recognizer.transcribe(samples, effect.keywords)
                    heard = Heard(found.text.strip(), confident=found.mean_logprob >= CONFIDENT, final=1.0)
                    self.do(self.session.transcribed(effect.key, heard))
                case Answer():
                    self.answers += 1
                case Send(event) if event["type"].endswith("transcription.completed"):
                    self.words += event["transcript"].split()


@pytest.mark.req("P4.16")
def test_ten_minutes_without_speech_are_no_word(detector, recognizer):
    listening = Listening(detector, recognizer, {"type": "semantic_vad", "eagerness": "auto"})
    sound = nobody()
    assert len(sound) == MINUTES * 60 * RATE
    for start in range(0, len(sound), PIECE):
        listening.hear(sound[start : start + PIECE])
    print(f"\nnobody spoke for {MINUTES} minutes: {listening.read} pieces read, {len(listening.words)} words")
    assert listening.words == []
    assert listening.answers == 0


def test_who_speaks_in_between_is_heard(detector, recognizer, voice):
    """The same way does hear: without this the test above would show nothing."""
    listening = Listening(detector, recognizer, {"type": "server_vad"})
    sound = np.concatenate([nobody()[: 20 * RATE], voice.synthesize("What is sepsis?"), nobody()[: 5 * RATE]])
    for start in range(0, len(sound), PIECE):
        listening.hear(sound[start : start + PIECE])
    assert "sepsis" in " ".join(listening.words).lower()
    assert listening.answers == 1
