"""The writer thread: everybody's jobs in one transaction, one fsync for all of them (group commit)."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from events.broker.store import Job, Store, StoreError
from voiceassist.runtime import logging

log = logging.get_logger(__name__)

MOST_AT_ONCE = 512
IDLE_SECONDS = 0.5
TRIM_EVERY_SECONDS = 3600.0

Notify = Callable[[set[str]], None]


@dataclass(frozen=True, slots=True)
class _Ticket:
    job: Job
    done: "asyncio.Future[None]"


class Writer:
    """`submit` returns a future that is done when the job is on disk. `notify` hears which routes have work."""

    def __init__(self, store: Store, notify: Notify) -> None:
        self._store = store
        self._notify = notify
        self._queue: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._stopping = False

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, job: Job) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(_Ticket(job, done))
        return done

    async def stop(self) -> None:
        """Write what is queued and end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        trimmed = 0.0
        while not self._stopping:
            tickets = self._next()
            if tickets:
                self._write(tickets)
                continue
            self._quietly(self._store.checkpoint)
            if time.monotonic() - trimmed > TRIM_EVERY_SECONDS:
                trimmed = time.monotonic()
                self._quietly(lambda: self._store.trim(int(time.time() * 1000)))

    def _next(self) -> list[_Ticket]:
        """Wait for a job, then take what has gathered meanwhile; empty when it is quiet or over."""
        tickets: list[_Ticket] = []
        try:
            ticket = self._queue.get(timeout=IDLE_SECONDS)
            while True:
                if ticket is None:
                    self._stopping = True
                    return tickets
                tickets.append(ticket)
                if len(tickets) == MOST_AT_ONCE:
                    return tickets
                ticket = self._queue.get_nowait()
        except queue.Empty:
            return tickets

    def _write(self, tickets: list[_Ticket]) -> None:
        fault: StoreError | None = None
        touched: set[str] = set()
        try:
            touched = self._store.apply(ticket.job for ticket in tickets)
        except StoreError as error:
            fault = error
        except Exception as error:  # noqa: BLE001 - a dead writer thread would hang every publisher
            log.error("events.write_failed", **logging.error_fields(error))
            fault = StoreError("The event could not be stored.", retry_after=1)
        self._loop.call_soon_threadsafe(self._settle, tickets, fault, touched)

    def _settle(self, tickets: list[_Ticket], fault: StoreError | None, touched: set[str]) -> None:
        for ticket in tickets:
            if ticket.done.done():
                continue
            if fault:
                ticket.done.set_exception(fault)
            else:
                ticket.done.set_result(None)
        self._notify(touched)

    def _quietly(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - housekeeping is tried again; the log goes on
            log.warning("events.housekeeping_failed", **logging.error_fields(error))
