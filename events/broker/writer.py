"""The writer thread: everybody's jobs in one transaction, one fsync for all of them (group commit)."""

import asyncio
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from events.broker.jobs import Append, Fresh, Job, StoreError
from events.broker.store import Store
from voiceassist.runtime import logging

log = logging.get_logger(__name__)

MOST_AT_ONCE = 512  # jobs
MOST_ROWS_AT_ONCE = 8192  # deliveries: an event that thousands of Triggers hear is a batch of its own
IDLE_SECONDS = 0.5
TRIM_EVERY_SECONDS = 3600.0
MEASURE_EVERY_SECONDS = 1.0
MOST_STRETCHES = 4  # of the log looked through each time for room: publishers wait meanwhile

Notify = Callable[[Fresh], None]
Clock = Callable[[], int]
Known = Callable[[], list[str]]
Tight = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Ticket:
    job: Job
    done: "asyncio.Future[Any]"


class Writer:
    """`submit` returns a future that is done when the job is on disk; a Change's result is the future's.

    `notify` gets what there is to deliver, in the loop's thread; `now` is Unix milliseconds; `known` names the
    routes whose waiting deliveries must never be trimmed; `tight` tells that the log needs room.
    """

    def __init__(
        self, store: Store, notify: Notify, *, now: Clock, known: Known | None = None, tight: Tight | None = None
    ) -> None:
        self._store = store
        self._notify = notify
        self._now = now
        self._known = known
        self._tight = tight
        self._queue: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._stopping = False

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, job: Job) -> "asyncio.Future[Any]":
        done: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(_Ticket(job, done))
        return done

    async def stop(self) -> None:
        """Write what is queued and end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        trimmed = measured = -math.inf  # a clock that began with the machine may be younger than an hour
        while not self._stopping:
            tickets = self._next()
            now = time.monotonic()
            if tickets:
                self._write(tickets)
            else:
                self._quietly(self._store.checkpoint)
            # Also under load that never pauses: a log that is never looked after fills its disk.
            if now - measured > MEASURE_EVERY_SECONDS:
                measured = now
                self._quietly(self._measure)
            if now - trimmed > TRIM_EVERY_SECONDS:
                trimmed = now
                self._quietly(self._trim)

    def _measure(self) -> None:
        retention = self._store.retention
        retention.shorten()
        self._store.measure()
        dropped = 0
        for _ in range(MOST_STRETCHES):
            if self._tight is None or not self._tight():
                break
            dropped += retention.make_room()
            self._store.measure()
        if dropped:
            log.warning("events.dropped_early", count=dropped)

    def _trim(self) -> None:
        self._store.retention.trim(self._now(), known=self._known() if self._known else None)

    def _next(self) -> list[_Ticket]:
        """Wait for a job, then take what has gathered meanwhile; empty when it is quiet or over."""
        tickets: list[_Ticket] = []
        rows = 0
        try:
            ticket = self._queue.get(timeout=IDLE_SECONDS)
            while True:
                if ticket is None:
                    self._stopping = True
                    return tickets
                tickets.append(ticket)
                rows += sum(len(entry.routes) for entry in ticket.job.entries) if isinstance(ticket.job, Append) else 1
                if len(tickets) >= MOST_AT_ONCE or rows >= MOST_ROWS_AT_ONCE:
                    return tickets
                ticket = self._queue.get_nowait()
        except queue.Empty:
            return tickets

    def _write(self, tickets: list[_Ticket]) -> None:
        fault: StoreError | None = None
        fresh = Fresh()
        results: dict[int, object] = {}
        try:
            fresh, results = self._store.write([ticket.job for ticket in tickets])
        except StoreError as error:
            fault = error
        except Exception as error:  # noqa: BLE001 - a dead writer thread would hang every publisher
            if len(tickets) > 1:
                for ticket in tickets:  # one of them is at fault, the others are not
                    self._write([ticket])
                return
            log.error("events.write_failed", **logging.error_fields(error))
            fault = StoreError("The event could not be stored.", retry_after=1)
        self._loop.call_soon_threadsafe(self._settle, tickets, fault, fresh, results)

    def _settle(
        self, tickets: list[_Ticket], fault: StoreError | None, fresh: Fresh, results: dict[int, object]
    ) -> None:
        for place, ticket in enumerate(tickets):
            if ticket.done.done():
                continue
            result = fault or results.get(place)
            if isinstance(result, Exception):
                ticket.done.set_exception(result)
            else:
                ticket.done.set_result(result)
        self._notify(fresh)

    def _quietly(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - housekeeping is tried again; the log goes on
            log.warning("events.housekeeping_failed", **logging.error_fields(error))
