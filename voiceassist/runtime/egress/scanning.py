"""Who looks for identifiers, within bounds: so many threads, so many waiting texts, so many seconds a text.

Whatever goes wrong there, the text counts as one that holds identifiers: DetectorUnavailableError, never "nothing
found". A detector that hangs takes its thread with it; for a while afterwards every text is refused at once, so that
nobody waits in vain for each of them.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Protocol

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import logging, metrics

log = logging.get_logger(__name__)

SEGMENT = 20_000  # characters looked at in one go
OVERLAP = 256  # so that no identifier is cut in two; at least 64
LARGEST = 4_194_304  # characters of a text
REST_SECONDS = 10.0
LOAD_SECONDS = 8.0


class DetectorUnavailableError(UnavailableError):
    """Nobody can tell whether the text holds identifiers. `reason`: ERROR, TIMEOUT, OVERLOAD, TOO_LARGE, RESTING."""

    code = "PHI_SCAN_UNAVAILABLE"

    def __init__(self, reason: str) -> None:
        super().__init__("The text could not be looked through for identifiers.")
        self.reason = reason
        metrics.PHI_SCAN_FAILURES.labels(reason).inc()


class Finding(Protocol):
    """Offsets in code points, `end` exclusive."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...


class Detector(Protocol):
    """`known` are identifiers of the open case; `kind` says what the text is (query, note, asr, log)."""

    def find(self, text: str, *, known: Sequence[str] = (), kind: str | None = None) -> Sequence[Finding]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the text; where several findings overlap it covers them all and has all their labels."""

    start: int
    end: int
    labels: tuple[str, ...]
    score: float = 0.0  # the surest of them
    sources: tuple[str, ...] = ()  # the layers that found them

    @property
    def label(self) -> str:
        return self.labels[0]


@dataclass(frozen=True, slots=True)
class _Job:
    text: str
    known: tuple[str, ...]
    kind: str | None
    future: "Future[tuple[Found, ...]]"


class Scanner:
    """`make` gives the detector on first use: its lists and models take a while to load."""

    def __init__(
        self,
        make: Callable[[], Detector],
        *,
        seconds: float = 2.0,
        threads: int = 2,
        waiting: int = 64,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._seconds = seconds
        self._threads = threads
        self._clock = clock
        self._queue: Queue[_Job] = Queue(waiting)
        self._starting, self._loading = threading.Lock(), threading.Lock()
        self._workers: list[threading.Thread] = []
        self._detector: Detector | None = None
        self._rests_until = float("-inf")

    async def find(self, text: str, *, known: Sequence[str] = (), kind: str | None = None) -> tuple[Found, ...]:
        """What stands in the text; raises DetectorUnavailableError."""
        future = self._put(text, known, kind)
        try:
            async with asyncio.timeout(self._limit):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise self._late() from None

    def find_now(self, text: str, *, known: Sequence[str] = (), kind: str | None = None) -> tuple[Found, ...]:
        """As `find`, for callers that are no coroutines; never on an event loop."""
        future = self._put(text, known, kind)
        try:
            return future.result(self._limit)
        except FutureTimeoutError:
            future.cancel()
            raise self._late() from None

    def warm(self) -> None:
        """Load the detector; whoever loads it in time has the deadline for the text alone."""
        self._loaded()

    @property
    def version(self) -> str:
        """Of the rule set; empty while no detector is loaded."""
        return str(getattr(self._detector, "version", "")) if self._detector else ""

    @property
    def _limit(self) -> float:
        # The very first text pays for loading: lists and model come from disk.
        return self._seconds if self._detector else self._seconds + LOAD_SECONDS

    def _put(self, text: str, known: Sequence[str], kind: str | None) -> "Future[tuple[Found, ...]]":
        if len(text) > LARGEST:
            raise DetectorUnavailableError("TOO_LARGE")
        if self._clock() < self._rests_until:
            raise DetectorUnavailableError("RESTING")
        future: Future[tuple[Found, ...]] = Future()
        try:
            self._queue.put_nowait(_Job(text, tuple(known), kind, future))
        except Full:
            raise DetectorUnavailableError("OVERLOAD") from None
        self._start()
        return future

    def _late(self) -> DetectorUnavailableError:
        self._rests_until = self._clock() + REST_SECONDS
        self._empty()
        return DetectorUnavailableError("TIMEOUT")

    def _empty(self) -> None:
        """Whoever still waits would wait in vain."""
        while True:
            try:
                job = self._queue.get_nowait()
            except Empty:
                return
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(DetectorUnavailableError("RESTING"))

    def _start(self) -> None:
        """Threads of our own, and daemons: one that hangs must not keep the process from ending."""
        with self._starting:
            while len(self._workers) < self._threads:
                worker = threading.Thread(target=self._work, name="phi-scan", daemon=True)
                self._workers.append(worker)
                worker.start()

    def _work(self) -> None:
        while True:
            job = self._queue.get()
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                found = self._looked(job)
            except BaseException as error:  # noqa: BLE001 - whatever it is, nobody has looked
                log.error("phi.scan_failed", error_type=type(error).__name__)
                job.future.set_exception(DetectorUnavailableError("ERROR"))
            else:
                job.future.set_result(found)

    def _looked(self, job: _Job) -> tuple[Found, ...]:
        began = time.perf_counter()
        detector = self._loaded()
        found = [
            (start + one.start, start + one.end, one.label, one.score, str(getattr(one, "source", "")))
            for start in range(0, max(len(job.text) - OVERLAP, 1), SEGMENT - OVERLAP)
            for one in detector.find(job.text[start : start + SEGMENT], known=job.known, kind=job.kind)
        ]
        metrics.PHI_SCAN.observe(time.perf_counter() - began)
        return merged(found, len(job.text))

    def _loaded(self) -> Detector:
        with self._loading:
            if self._detector is None:
                self._detector = self._make()
            return self._detector


Stretch = tuple[int, int, str, float, str]  # start, end, label, score, source


def merged(found: Sequence[Stretch], length: int) -> tuple[Found, ...]:
    """In the order of the text and without overlaps. Places that no text of this length has are a detector's fault."""
    kept: list[Found] = []
    for start, end, label, score, source in sorted(found, key=lambda one: (one[0], -one[1])):
        if not 0 <= start < end <= length:
            raise ValueError("A finding lies outside its text.")
        sources = (source,) if source else ()
        if kept and start < kept[-1].end:
            last = kept.pop()
            labels = last.labels if label in last.labels else (*last.labels, label)
            sources = tuple(dict.fromkeys((*last.sources, *sources)))
            kept.append(Found(last.start, max(last.end, end), labels, max(last.score, score), sources))
        else:
            kept.append(Found(start, end, (label,), score, sources))
    return tuple(kept)
