"""Deliveries: one feed a Trigger takes what is due from the log and posts it to the subscriber.

The log is the only queue. A feed keeps in memory just what is being delivered now, so a crash forgets nothing:
whatever was not marked done is due again.
"""

import asyncio
import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from events.broker.client import Answer, Client, NoAnswerError
from events.broker.ingress import TTL, entry_for
from events.broker.retry import Verdict, judge, retry_after
from events.broker.routes import Route, Routing
from events.broker.store import DEAD, DONE, Claimed, Entry, Finish, Job, Postpone, Store, StoreError
from events.broker.writer import Writer
from events.envelope import CloudEvent, decode, encode_binary
from voiceassist.core.errors import ValidationError
from voiceassist.core.identity import service
from voiceassist.runtime import logging, metrics, tokens, tracing
from voiceassist.runtime.settings import Settings

log = logging.get_logger(__name__)

PARALLEL = 32  # deliveries of one Trigger under way
AHEAD = 256  # and those answered but not yet marked in the log
STOP_SECONDS = 4.0  # the supervisor gives 5; what is cut off is delivered again after the next start
TOKEN_SECONDS = 30.0
QUOTED_BYTES = 1024  # of a failed answer, kept for the dead letter (Kafka: cut, then base64)

T = TypeVar("T")


class Dispatcher:
    """All feeds, the connections and the reader thread they share."""

    def __init__(self, settings: Settings, routing: Routing, store: Store) -> None:
        self.routing = routing
        self.store = store
        self.client = Client(settings.ca_file)
        self._secret = settings.internal_secret
        self._token = ("", 0.0)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="event-reader")
        self._feeds = {name: Feed(self, route) for name, route in routing.routes.items()}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, writer: Writer) -> None:
        self._tasks = [asyncio.create_task(feed.run(writer), name=name) for name, feed in self._feeds.items()]

    def notify(self, routes: set[str]) -> None:
        for name in routes:
            if feed := self._feeds.get(name):
                feed.wake.set()

    async def stop(self) -> None:
        """Take nothing new and let deliveries under way end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        under_way = [task for feed in self._feeds.values() for task in feed.under_way]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        self.client.close()
        self._reader.shutdown()

    async def read(self, query: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, query)

    def identity(self) -> str:
        token, until = self._token
        if time.monotonic() >= until:
            token = tokens.mint(service("broker"), issuer="broker", secret=self._secret)
            self._token = (token, time.monotonic() + TOKEN_SECONDS)
        return token


class Feed:
    """The deliveries of one route."""

    def __init__(self, dispatcher: Dispatcher, route: Route) -> None:
        self._dispatcher = dispatcher
        self._route = route
        self._busy: set[int] = set()
        self._slots = asyncio.Semaphore(PARALLEL)
        self.wake = asyncio.Event()
        self.under_way: set[asyncio.Task[None]] = set()

    async def run(self, writer: Writer) -> None:
        while True:
            try:
                await self._round(writer)
            except Exception as error:  # noqa: BLE001 - a feed that ends would silence its Trigger
                log.error("feed.failed", trigger=self._route.name, **logging.error_fields(error))
                await asyncio.sleep(1.0)

    async def _round(self, writer: Writer) -> None:
        self.wake.clear()
        claimed = await self._claim()
        for delivery in claimed:
            await self._slots.acquire()
            self._busy.add(delivery.seq)
            task = asyncio.create_task(self._deliver(delivery, writer))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        if not claimed:
            await self._wait()

    async def _claim(self) -> list[Claimed]:
        limit = min(PARALLEL, AHEAD - len(self._busy))
        if limit <= 0:
            return []
        now, busy = _now(), frozenset(self._busy)
        store, route = self._dispatcher.store, self._route
        return await self._dispatcher.read(
            lambda: store.claim(route.name, now=now, busy=busy, limit=limit, ordered=route.ordered)
        )

    async def _wait(self) -> None:
        """Until something new is stored, an answer is marked, or a retry falls due."""
        now = _now()
        due = await self._dispatcher.read(lambda: self._dispatcher.store.next_due(self._route.name, now=now))
        try:
            async with asyncio.timeout((due - now) / 1000 if due else None):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, delivery: Claimed, writer: Writer) -> None:
        try:
            try:
                job = await self._attempt(delivery)
            finally:
                self._slots.release()
            await writer.submit(job)
        except StoreError:
            # Not marked, so it is delivered again once the log can be written; not at once, the disk needs air.
            await asyncio.sleep(1.0)
        finally:
            self._busy.discard(delivery.seq)
            self.wake.set()

    async def _attempt(self, delivery: Claimed) -> Job:
        event, started = delivery.event, time.perf_counter()
        if event is None:
            log.error("event.unreadable", trigger=self._route.name)
            return Finish(delivery.seq, DEAD, delivery.attempts, None, _now())
        with (
            tracing.scope(tracing.start(delivery.trace)),
            tracing.span("event.deliver", trigger=self._route.name, event_type=event.type),
        ):
            answer = await self._post(event)
            code = answer.status if answer else None
            metrics.EVENTS_DELIVERED.labels(self._route.name, str(code or "none")).inc()
            metrics.EVENT_DELIVERY.labels(self._route.name).observe(time.perf_counter() - started)
            return self._outcome(delivery, event, answer)

    async def _post(self, event: CloudEvent) -> Answer | None:
        route = self._route
        headers, body = encode_binary(event)
        headers["prefer"] = "reply"
        if traceparent := tracing.current_traceparent():
            headers["traceparent"] = traceparent
        if route.sink.internal:
            headers["authorization"] = f"Bearer {self._dispatcher.identity()}"
        try:
            return await self._dispatcher.client.post(route.sink.url, headers, body, limit=route.delivery.timeout)
        except NoAnswerError:
            return None

    def _outcome(self, delivery: Claimed, event: CloudEvent, answer: Answer | None) -> Job:
        attempt = delivery.attempts + 1
        code = answer.status if answer else None
        reply = self._reply(delivery, answer)
        verdict = judge(code, has_body=bool(answer and answer.body) and reply is None)
        if verdict is Verdict.DONE:
            return Finish(delivery.seq, DONE, attempt, code, _now(), reply)
        if verdict is Verdict.RETRY and attempt <= self._route.delivery.retry:
            asked = retry_after(answer.headers.get("retry-after") if answer else None, now=time.time())
            wait = self._route.delivery.wait(attempt, asked if code in {429, 503} else None)
            return Postpone(delivery.seq, attempt, code, _now() + round(wait * 1000))
        metrics.EVENTS_DEAD.labels(self._route.name).inc()
        log.warning(
            "event.dead",
            trigger=self._route.name,
            event_type=event.type,
            event_id=event.id,
            attempt=attempt,
            status=code,
        )
        return Finish(delivery.seq, DEAD, attempt, code, _now(), self._dead_letter(event, answer))

    def _reply(self, delivery: Claimed, answer: Answer | None) -> Entry | None:
        """An event in a 200 enters the same broker; anything else in the body is no reply."""
        if answer is None or answer.status != 200 or not answer.body:
            return None
        try:
            event = decode(answer.headers, answer.body, legacy=True)
            return entry_for(
                self._dispatcher.routing,
                self._route.broker,
                event,
                now=_now(),
                ttl=delivery.ttl - 1,
                trace=tracing.current_traceparent(),
            )
        except ValidationError:
            return None

    def _dead_letter(self, event: CloudEvent, answer: Answer | None) -> Entry | None:
        sink = self._route.dead_letter
        if sink is None:
            return None
        extensions = {name: value for name, value in event.extensions.items() if name != TTL}
        extensions["knativeerrordest"] = self._route.sink.url
        if answer:
            extensions["knativeerrorcode"] = answer.status
            extensions["knativeerrordata"] = base64.b64encode(answer.body[:QUOTED_BYTES]).decode()
        letter = msgspec.structs.replace(event, extensions=extensions)
        trace = tracing.current_traceparent()
        if sink.broker:
            return entry_for(self._dispatcher.routing, sink.broker, letter, now=_now(), trace=trace)
        return Entry(str(self._route.broker), letter, [(f"{self._route.name}/dead-letter", None)], _now(), 1, trace)


def _now() -> int:
    return int(time.time() * 1000)
