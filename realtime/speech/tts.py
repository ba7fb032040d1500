"""The voice: hibari, 24 kHz, on one core far faster than real time.

The model surrounds every text with a third of a second of digital silence; it is cut off here, so that
the first sample returned is (all but 10 ms) the first one heard.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from realtime.speech.audio import VOICE_RATE, Samples, resample, silence, write_wav
from realtime.speech.models import locate_folder, opened
from realtime.speech.pronunciations import marked
from realtime.speech.verbalise import spoken

# A fixed seed makes the same text the same samples: cacheable and testable.
SEED = 7
AUDIBLE = 10 ** (-50 / 20)
LEAD_S = 0.010
SENTENCE_TAIL_S = 0.250
CLAUSE_TAIL_S = 0.120
_PAUSES = (",", ";", ":", "–", "—", "-")


class Voice:
    """One loaded voice for all sessions; `phrases` are kept ready to play once they were spoken.

    Only these fixed phrases are kept: no answer stays in memory after it was spoken.
    """

    def __init__(self, model_dir: Path | None = None, *, phrases: Iterable[str] = ()) -> None:
        from hibari.g2p.oov import OOV

        from realtime.speech.reading import Engine, Reader

        folder = locate_folder("hibari", model_dir)
        oov = OOV(str(folder / "oov.onnx"), opened("hibari/oov.onnx", model_dir))
        self._engine: Any = Engine(opened("hibari/hibari.onnx", model_dir), Reader(oov))
        self._reading = threading.Lock()
        self._phrases = frozenset(phrases)
        self._ready: dict[str, Samples] = {}

    def warm_up(self) -> None:
        """Speak once, so that the first answer does not wait for memory."""
        self.synthesize("Ready when you are.")

    def prepare(self) -> None:
        """Speak the fixed phrases that nobody has heard yet."""
        for phrase in self._phrases:
            self.synthesize(phrase)

    def synthesize(self, text: str, speed: float = 1.0) -> Samples:
        """One clause or more as 24 kHz float32: 10 ms, the words, then 120 ms after a comma or 250 ms after a sentence.

        `speed` 2 takes half the time, pauses included. Clinical notation is turned into words first; text without a
        word gives no samples.
        """
        if speed != 1.0 or text not in self._phrases:
            return self._synthesized(text, speed)
        if text not in self._ready:
            self._ready[text] = self._synthesized(text, speed)
        return self._ready[text]

    def _synthesized(self, text: str, speed: float) -> Samples:
        words = spoken(text)
        if not any(character.isalnum() for character in words):
            return np.zeros(0, dtype=np.float32)
        noise = np.random.default_rng(SEED)
        sounds = [trim(self._engine.from_ids(ids, speed, noise)) for ids in self.phonemes(words)]
        return _joined([sound for sound in sounds if len(sound)], speed, ends_in_pause=words.endswith(_PAUSES))

    def phonemes(self, words: str) -> list[Any]:
        """Each sentence as the numbers of its phonemes; `words` as `verbalise.spoken` gives them."""
        # Reading fills tables inside the engine; the sound itself is computed without the lock.
        with self._reading:
            sentences = self._engine.phonemize(marked(words))
        return [self._engine.ids(one) for one in sentences]


def trim(samples: Samples) -> Samples:
    """From 10 ms before the first to the last sample above -50 dBFS; nothing if there is none."""
    loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
    if not len(loud):
        return np.zeros(0, dtype=np.float32)
    return samples[max(0, int(loud[0]) - round(LEAD_S * VOICE_RATE)) : int(loud[-1]) + 1]


def speech_wav(
    voice: Voice, text: str, path: Path, *, rate: int = VOICE_RATE, lead_s: float = 0.5, tail_s: float = 0.8
) -> None:
    """Write `text` spoken, between two silences, as a 16-bit mono WAV (24,000 or 48,000 samples a second)."""
    samples = np.concatenate([silence(lead_s, VOICE_RATE), voice.synthesize(text), silence(tail_s, VOICE_RATE)])
    write_wav(path, resample(samples, VOICE_RATE, rate), rate)


def _joined(sounds: list[Samples], speed: float, *, ends_in_pause: bool) -> Samples:
    if not sounds:
        return np.zeros(0, dtype=np.float32)
    pause = silence(SENTENCE_TAIL_S / speed, VOICE_RATE)
    parts = [part for sound in sounds for part in (sound, pause)]
    if ends_in_pause:
        parts[-1] = silence(CLAUSE_TAIL_S / speed, VOICE_RATE)
    return np.concatenate(parts)
