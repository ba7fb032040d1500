"""The ears of all sessions: what came within some milliseconds is judged together, which costs less than half."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np

from realtime.speech.audio import EAR_RATE, Resampler, Samples

if TYPE_CHECKING:
    from realtime.speech.vad import SpeechDetector

# After a judgement so long others gather. Who speaks alone waits for nobody: the next frame comes later than that.
GATHER_SECONDS = 0.016
# So many are judged at once where they came, in less than a millisecond: handing them to a thread and back costs more.
FEW = 12


class Ear:
    """One stream into the detector: the wire's rate to the ear's, then windows."""

    def __init__(self, detector: "SpeechDetector", rate: int) -> None:
        from realtime.speech.vad import Stream

        self.rate, self._detector = rate, detector
        self.resampler, self.stream = Resampler(rate, EAR_RATE), Stream(detector)
        self._held: list[Samples] = []
        self._count = 0

    def gathered(self, audio: Samples) -> Samples | None:
        """What came since the last window with `audio`, if it completes one: asked without, the ears find nothing."""
        self._held.append(audio)
        self._count += len(audio)
        if self.resampler.coming(self._count) < self.stream.missing:
            return None
        whole = np.concatenate(self._held)
        self._held.clear()
        self._count = 0
        return whole

    def feed(self, audio: Samples) -> list[float]:
        """The probability of speech for each window of 32 ms that `audio` completes."""
        return judged(self._detector, [(self, audio)])[0]


def judged(detector: "SpeechDetector", heard: Sequence[tuple[Ear, Samples]]) -> list[list[float]]:
    """As `Ear.feed`, of several ears at once."""
    resampled = [ear.resampler.feed(audio) for ear, audio in heard]
    return detector.feed_many([ear.stream for ear, _ in heard], resampled)


class Ears:
    """`thread` does the work of many, one job at a time. An ear is asked anew only when it has answered."""

    def __init__(self, thread: Executor) -> None:
        self._thread = thread
        self._waiting: list[tuple[Ear, Samples, asyncio.Future[list[float]]]] = []
        self._work: asyncio.Task[None] | None = None

    async def listen(self, detector: "SpeechDetector", ear: Ear, audio: Samples) -> list[float]:
        future: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()
        self._waiting.append((ear, audio, future))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._judge(detector))
        return await future

    async def _apart(self, detector: "SpeechDetector", heard: Sequence[tuple[Ear, Samples]]) -> list[list[float]]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, judged, detector, heard)

    async def _judge(self, detector: "SpeechDetector") -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            heard = [(ear, audio) for ear, audio, _ in taken]
            try:
                found = judged(detector, heard) if len(heard) <= FEW else await self._apart(detector, heard)
            except Exception as error:  # noqa: BLE001 - each of those who wait has to learn of it
                for _, _, future in taken:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, _, future), windows in zip(taken, found, strict=True):
                    if not future.done():
                        future.set_result(windows)
            await asyncio.sleep(GATHER_SECONDS)
