"""A microphone out of a file, with no air between it and the loudspeaker: Chromium's fake device."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from realtime.speech.audio import VOICE_RATE, resample, write_wav
from realtime.speech.tts import Voice

RATE = 48_000
BURST_S = 0.06
# From the burst, which tells where in the file we are, to the first word: an answer has begun to sound by then.
WAIT_S = 6.0


def burst() -> npt.NDArray[np.float32]:
    """60 ms, as loud as a voice and of no pitch that one has: nobody takes it for one."""
    axis = np.arange(round(BURST_S * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * 700 * axis)).astype(np.float32)


def bursts(count: int) -> npt.NDArray[np.float32]:
    """With changing gaps: onsets that no frame clock is in step with."""
    rng = np.random.default_rng(11)
    parts = [silence(0.5)]
    for _ in range(count):
        parts += [burst(), silence(rng.uniform(0.45, 0.6))]
    return np.concatenate(parts)


def silence(seconds: float) -> npt.NDArray[np.float32]:
    return np.zeros(round(seconds * RATE), np.float32)


class Device:
    """`path` is read anew, from its beginning, whenever the page opens its microphone."""

    def __init__(self, path: Path, voice: Voice) -> None:
        self.path = path
        self._voice = voice
        self.holds(silence(1.0))

    @property
    def argument(self) -> list[str]:
        return ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={self.path}%noloop"]

    def holds(self, samples: npt.NDArray[np.float32]) -> None:
        write_wav(self.path, samples, RATE)

    def speech(self, text: str) -> float:
        """A burst, and later the text; seconds from the burst's first sample to the first audible one of the text."""
        said = resample(self._voice.synthesize(text), VOICE_RATE, RATE)
        loud = int(np.flatnonzero(np.abs(said) > 0.003)[0])  # as in common/room.py
        self.holds(np.concatenate([silence(1.5), burst(), silence(WAIT_S), said, silence(1.0)]))
        return BURST_S + WAIT_S + loud / RATE
