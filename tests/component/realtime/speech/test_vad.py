"""Speech is found when it begins and ends, for one stream and for many."""

import numpy as np
import pytest

from realtime.speech import audio
from realtime.speech.tts import Voice
from realtime.speech.vad import WINDOW, WINDOW_MS, SpeechDetector, Stream

QUESTION = "How do I treat atrial fibrillation?"


@pytest.fixture(scope="module")
def question(voice: Voice) -> audio.Samples:
    return audio.resample(voice.synthesize(QUESTION), audio.VOICE_RATE, audio.EAR_RATE)


def noise(seconds: float, level: float = 0.003) -> audio.Samples:
    samples = np.random.default_rng(3).standard_normal(round(seconds * audio.EAR_RATE))
    return np.asarray(samples * level, np.float32)


def onset_ms(probabilities: list[float], start_s: float) -> float:
    first = next(place for place, value in enumerate(probabilities) if value > 0.5)
    return (first + 1) * WINDOW_MS - start_s * 1000


@pytest.mark.req("P4.6")
def test_the_beginning_and_the_end_are_found(detector: SpeechDetector, question: audio.Samples) -> None:
    heard = Stream(detector).feed(np.concatenate([noise(1.0), question, noise(1.0)]))
    assert 0 <= onset_ms(heard, 1.0) <= 150
    assert max(heard[:30]) < 0.5
    last = max(place for place, value in enumerate(heard) if value > 0.5)
    end_ms = (1.0 + len(question) / audio.EAR_RATE) * 1000
    # The voice ends its sentence with 250 ms of silence.
    assert end_ms - 600 <= (last + 1) * WINDOW_MS <= end_ms + 100
    speech = heard[32 : 31 + len(question) // WINDOW - 10]
    assert np.mean(np.array(speech) > 0.5) > 0.8


@pytest.mark.req("P4.16")
@pytest.mark.parametrize("level", [0.0, 0.003, 0.03])
def test_noise_is_no_speech(detector: SpeechDetector, level: float) -> None:
    assert max(Stream(detector).feed(noise(10.0, level))) < 0.5


def test_after_minutes_of_noise_speech_is_still_found(detector: SpeechDetector, question: audio.Samples) -> None:
    heard = Stream(detector).feed(np.concatenate([noise(120.0), question]))
    assert 0 <= onset_ms(heard, 120.0) <= 150


def test_the_pieces_fed_do_not_matter(detector: SpeechDetector, question: audio.Samples) -> None:
    whole = Stream(detector).feed(question)
    stream = Stream(detector)
    cut = [value for start in range(0, len(question), 333) for value in stream.feed(question[start : start + 333])]
    assert len(whole) == len(question) // WINDOW
    assert np.allclose(cut, whole, atol=1e-4)


def test_many_streams_together_hear_what_each_hears_alone(detector: SpeechDetector, question: audio.Samples) -> None:
    chunks = [question, noise(0.7), question[8_000:], np.zeros(0, np.float32)]
    alone = [Stream(detector).feed(chunk) for chunk in chunks]
    together = detector.feed_many([Stream(detector) for _ in chunks], chunks)
    assert [len(one) for one in together] == [len(one) for one in alone]
    for one, other in zip(together, alone, strict=True):
        assert np.allclose(one, other, atol=1e-4)


def test_a_reset_stream_is_a_new_one(detector: SpeechDetector, question: audio.Samples) -> None:
    stream = Stream(detector)
    first = stream.feed(question)
    stream.reset()
    assert stream.feed(question) == first
