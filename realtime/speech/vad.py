"""Is somebody speaking? Silero VAD v6 on onnxruntime: one session for all, a little state for each stream.

A window is 512 samples (32 ms) at 16 kHz; the model also sees the 64 samples before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.speech.audio import EAR_RATE, Samples
from realtime.speech.models import opened

WINDOW = 512
CONTEXT = 64
WINDOW_MS = WINDOW * 1000 // EAR_RATE

# Long stretches without speech leave the recurrent state deaf. It is cleared about every two seconds,
# but only in quiet: five windows under 0.1 in a row (the rule pipecat uses).
RESET_EVERY = 2 * EAR_RATE // WINDOW
QUIET_WINDOWS = 5
QUIET = 0.1

State = NDArray[np.float32]


class SpeechDetector:
    """The shared model; `probabilities` may be called from several threads."""

    def __init__(self, model_dir: Path | None = None) -> None:
        self._session = opened("silero/silero_vad.onnx", model_dir)
        self._rate = np.array(EAR_RATE, dtype=np.int64)

    def probabilities(self, windows: Samples, states: State) -> tuple[Samples, State]:
        """Windows [B, 64 + 512] and states [2, B, 128] to probabilities [B] and the next states."""
        found, following = self._session.run(None, {"input": windows, "state": states, "sr": self._rate})
        return found[:, 0], following

    def feed_many(self, streams: Sequence[Stream], chunks: Sequence[Samples]) -> list[list[float]]:
        """Feed a chunk to each stream; windows of several streams go through the model together.

        A batch costs less than half of single calls from eight streams on.
        """
        for stream, chunk in zip(streams, chunks, strict=True):
            stream.push(chunk)
        found: list[list[float]] = [[] for _ in streams]
        while ready := [row for row, stream in enumerate(streams) if stream.is_ready]:
            active = [streams[row] for row in ready]
            windows = np.stack([stream.window() for stream in active])
            states = np.stack([stream.state for stream in active], axis=1)
            probabilities, following = self.probabilities(windows, states)
            for place, row in enumerate(ready):
                streams[row].advance(float(probabilities[place]), following[:, place])
                found[row].append(float(probabilities[place]))
        return found


class Stream:
    """What the model must remember of one speaker; used by one thread at a time."""

    def __init__(self, detector: SpeechDetector) -> None:
        self._detector = detector
        self.reset()

    def reset(self) -> None:
        """Begin a new stream."""
        self.state: State = np.zeros((2, 128), dtype=np.float32)
        # The samples not yet judged, with the context in front.
        self._pending: Samples = np.zeros(CONTEXT, dtype=np.float32)
        self._since_reset = 0
        self._quiet = 0

    def feed(self, samples: Samples) -> list[float]:
        """16 kHz samples in any number to one probability of speech for each window completed."""
        return self._detector.feed_many([self], [samples])[0]

    def push(self, samples: Samples) -> None:
        self._pending = np.concatenate([self._pending, np.asarray(samples, dtype=np.float32)])

    @property
    def is_ready(self) -> bool:
        return len(self._pending) >= CONTEXT + WINDOW

    @property
    def missing(self) -> int:
        """How many samples complete the next window."""
        return CONTEXT + WINDOW - len(self._pending)

    def window(self) -> Samples:
        return self._pending[: CONTEXT + WINDOW]

    def advance(self, probability: float, state: State) -> None:
        """Take the model's verdict on `window()` and move on to the next."""
        self._pending = self._pending[WINDOW:]
        self._since_reset += 1
        self._quiet = self._quiet + 1 if probability < QUIET else 0
        if self._since_reset >= RESET_EVERY and self._quiet >= QUIET_WINDOWS:
            self.state = np.zeros((2, 128), dtype=np.float32)
            self._since_reset = 0
        else:
            self.state = state
