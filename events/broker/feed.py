"""The deliveries of one Trigger: taken from the log or straight from the writer, posted, and marked.

The log is the only queue. What the writer has just stored is handed over in memory, so that nothing is read back
that was written a moment ago; when a feed cannot keep up it takes nothing more that way and reads the log again.
A crash forgets nothing: whatever was not marked as ended is due again.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from events.broker.attempt import Attempt
from events.broker.jobs import Claimed, Finish, Job, Postpone, StoreError
from events.broker.routes import Route
from events.broker.shared import Shared
from events.broker.writer import Writer
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.posting import Target

if TYPE_CHECKING:
    from prometheus_client import Counter

log = logging.get_logger(__name__)

PARALLEL = 32  # deliveries of one Trigger under way
AHEAD = 1024  # and those in memory: to be made, under way, or answered but not yet marked in the log
WORTHWHILE = 128  # less room than this is not worth a look into the log
MOST_CLAIMED = 128
FAULT_SECONDS = 1.0


class Feed:
    """One route's deliveries; `route` may be replaced while it runs."""

    def __init__(self, shared: Shared, route: Route, writer: Writer) -> None:
        self.route = route
        self._shared = shared
        self._writer = writer
        self._busy: set[int] = set()
        self._left: set[int] | None = None  # while the log is read: what stopped being busy since
        self._ready: deque[Claimed] = deque()
        self._behind = True  # there may be more in the log than in memory
        self._refused = 0
        self._wake = asyncio.Event()
        self.under_way: set[asyncio.Task[None]] = set()
        self.target = Target.of(route.sink.url)
        self._counters: dict[int | None, Counter] = {}
        self._seconds = metrics.EVENT_DELIVERY.labels(route.name)

    def replace(self, route: Route) -> None:
        if route is self.route:
            return
        self.route = route
        self.target = Target.of(route.sink.url)

    def retire(self) -> None:
        """Its Trigger is gone: what is under way ends, what is not begun is left to the log."""
        while self._ready:
            delivery = self._ready.popleft()
            self._shared.release(delivery.parcel.size)
            self._busy.discard(delivery.seq)
        self._behind = True
        # Triggers come and go over the API: their metrics go with them, or they only gather.
        for code in self._counters:
            metrics.EVENTS_DELIVERED.remove(self.route.name, str(code or "none"))
        for metric in (metrics.EVENT_DELIVERY, metrics.EVENTS_DEAD, metrics.EVENT_ATTEMPTS):
            with contextlib.suppress(KeyError):
                metric.remove(self.route.name)

    def count(self, code: int | None, seconds: float) -> None:
        """One attempt was answered, or not (None)."""
        counter = self._counters.get(code)
        if counter is None:
            counter = self._counters[code] = metrics.EVENTS_DELIVERED.labels(self.route.name, str(code or "none"))
        counter.inc()
        self._seconds.observe(seconds)

    def offer(self, fresh: Iterable[Claimed]) -> None:
        """What was stored just now; what there is no room for is looked up in the log later."""
        for delivery in fresh:
            if delivery.seq in self._busy:
                continue  # read from the log between its commit and this call
            if self._behind or len(self._busy) >= AHEAD or not self._shared.room_for(delivery.parcel):
                self.look()
                break
            self._take(delivery)
        self._start_more()

    def look(self) -> None:
        """The log holds something that is not in memory."""
        self._behind = True
        self._refused += 1
        self._wake.set()

    async def run(self) -> None:
        """Look after the log: what memory had no room for, what became free, and what is due again."""
        while True:
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001 - a feed that ends would silence its Trigger
                log.error("feed.failed", trigger=self.route.name, **logging.error_fields(error))
                await asyncio.sleep(FAULT_SECONDS)

    async def _round(self) -> None:
        self._wake.clear()
        now, room = self._shared.now(), AHEAD - len(self._busy)
        limit = self._shared.claimable(len(self._busy), MOST_CLAIMED) if room >= WORTHWHILE else 0
        if limit:
            busy, refused, route = frozenset(self._busy), self._refused, self.route.name
            store = self._shared.store
            left: set[int] = set()
            self._left = left
            claimed = await self._shared.read(lambda: store.claim(route, now=now, busy=busy, limit=limit))
            for delivery in claimed:
                # What was made and marked while the log was read stands in the answer as it was before.
                if delivery.seq not in self._busy and delivery.seq not in left:
                    self._take(delivery)
            self._left = None
            self._start_more()
            if claimed:
                return
            if self._refused == refused:
                self._behind = False
        elif room >= WORTHWHILE:
            self._shared.wake_with_room(self._wake)
        await self._wait(now)

    async def _wait(self, now: int) -> None:
        """Until something new is in the log, room is free for what is there, or a retry falls due."""
        due = await self._shared.read(lambda: self._shared.store.next_due(self.route.name, now=now))
        try:
            async with asyncio.timeout(max(0.001, (due - self._shared.now()) / 1000) if due else None):
                await self._wake.wait()
        except TimeoutError:
            return

    def _take(self, delivery: Claimed) -> None:
        self._busy.add(delivery.seq)
        self._ready.append(delivery)
        self._shared.hold(delivery.parcel.size)

    def _start_more(self) -> None:
        while self._ready and len(self.under_way) < PARALLEL and not self._shared.stopping:
            if not self._shared.lines.take(len(self.under_way), self._start_more):
                return
            task = asyncio.create_task(self._work())
            self.under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("feed.failed", trigger=self.route.name, **logging.error_fields(error))
        self._shared.lines.give_back()
        self._start_more()

    async def _work(self) -> None:
        """Deliver one after the other while there are any."""
        while self._ready and not self._shared.stopping:
            delivery = self._ready.popleft()
            attempt = Attempt(self._shared, self.route, self.target, delivery)
            try:
                job = await self._made(attempt)
            except BaseException:
                attempt.release()
                asyncio.get_running_loop().call_later(FAULT_SECONDS, self._forget, delivery)
                raise
            marked = self._mark(delivery, job, attempt)
            if isinstance(job, Finish) and job.follow_up:
                await asyncio.wait([marked])  # what follows is in memory until then

    async def _made(self, attempt: Attempt) -> Job:
        try:
            return await attempt.made(self.count)
        except Exception as error:  # noqa: BLE001 - what nobody foresaw must not be tried again for ever
            log.error("feed.failed", trigger=self.route.name, **logging.error_fields(error))
            return attempt.failed()

    def _mark(self, delivery: Claimed, job: Job, attempt: Attempt) -> "asyncio.Future[object]":
        marked = self._writer.submit(job)
        marked.add_done_callback(lambda done: self._marked(done, delivery, job, attempt))
        return marked

    def _marked(self, done: "asyncio.Future[object]", delivery: Claimed, job: Job, attempt: Attempt) -> None:
        if not done.cancelled() and isinstance(done.exception(), StoreError):
            # The subscriber has answered: it is not asked again because our disk is full, only written again.
            asyncio.get_running_loop().call_later(FAULT_SECONDS, self._mark, delivery, job, attempt)
            return
        attempt.release()
        self._shared.release(delivery.parcel.size)
        self._busy.discard(delivery.seq)
        if self._left is not None:
            self._left.add(delivery.seq)
        if self._behind or isinstance(job, Postpone):
            self._wake.set()

    def _forget(self, delivery: Claimed) -> None:
        """Not delivered: the log has it."""
        self._shared.release(delivery.parcel.size)
        self._busy.discard(delivery.seq)
        self.look()
