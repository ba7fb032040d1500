"""One attempt to deliver an event, and what the log has to say about it afterwards."""

import base64
import time
from collections.abc import Callable

import msgspec

from events.broker.entries import TTL, entry_for
from events.broker.jobs import Claimed, Entry, Finish, Job, Postpone
from events.broker.retry import Verdict, judge, retry_after
from events.broker.routes import Route
from events.broker.schema import DEAD, DONE
from events.broker.shared import Shared
from events.envelope import CloudEvent, decode
from voiceassist.core.errors import ValidationError
from voiceassist.runtime import logging, metrics, tracing
from voiceassist.runtime.posting import Answer, NoAnswerError, Target

log = logging.get_logger(__name__)

QUOTED_BYTES = 1024  # of a failed answer, kept for the dead letter (Kafka: cut, then base64)


Count = Callable[[int | None, float], None]


class Attempt:
    """Post once and judge the answer. `count` hears the status (None: no answer) and the seconds it took."""

    __slots__ = ("_delivery", "_event", "_number", "_route", "_shared", "_target")

    def __init__(self, shared: Shared, route: Route, target: Target, delivery: Claimed) -> None:
        self._shared = shared
        self._route = route
        self._target = target
        self._delivery = delivery
        self._number = delivery.attempts + 1

    async def made(self, count: Count) -> Job:
        event = self._delivery.event
        if event is None:
            log.error("event.unreadable", trigger=self._route.name)
            return self._finish(DEAD, None)
        self._event = event
        trace = self._delivery.parcel.trace
        with tracing.continued("event.deliver", trace, trigger=self._route.name, event_type=event.type):
            started = time.perf_counter()
            answer = await self._post()
            spent = time.perf_counter() - started
            count(answer.status if answer else None, spent)
            return self._outcome(answer, round(spent * 1000))

    async def _post(self) -> Answer | None:
        lines, body = self._delivery.parcel.wire
        own = "prefer: reply\r\n"
        if traceparent := tracing.current_traceparent():
            own += f"traceparent: {traceparent}\r\n"
        if self._route.sink.internal:
            own += f"authorization: Bearer {self._shared.identity()}\r\n"
        try:
            return await self._shared.client.send(
                self._target, lines + own.encode(), body, limit=self._route.delivery.timeout
            )
        except NoAnswerError:
            return None

    def _outcome(self, answer: Answer | None, spent_ms: int) -> Job:
        code = answer.status if answer else None
        reply = self._reply(answer)
        verdict = judge(code, has_body=bool(answer and answer.body) and reply is None)
        if reply and not self._shared.has_space():
            verdict = Verdict.RETRY  # a reply that cannot be stored fails the whole delivery
        if verdict is Verdict.DONE:
            return self._finish(DONE, code, reply)
        if verdict is Verdict.RETRY and self._number <= self._route.delivery.retry:
            return self._postponed(answer, spent_ms)
        metrics.EVENTS_DEAD.labels(self._route.name).inc()
        log.warning(
            "event.dead",
            trigger=self._route.name,
            event_type=self._event.type,
            event_id=self._event.id,
            attempt=self._number,
            status=code,
        )
        return self._finish(DEAD, code, self._dead_letter(answer))

    def _postponed(self, answer: Answer | None, spent_ms: int) -> Postpone:
        code, now = answer.status if answer else None, self._shared.now()
        asked = retry_after(answer.headers.get("retry-after") if answer else None, now=now / 1000)
        wait = self._route.delivery.wait(self._number, asked if code in {429, 503} else None)
        return Postpone(self._delivery.seq, self._number, code, now + round(wait * 1000), now, spent_ms)

    def _finish(self, state: int, code: int | None, follow_up: Entry | None = None) -> Finish:
        if self._number > 1:
            metrics.EVENT_ATTEMPTS.labels(self._route.name).observe(self._number)
        key = self._delivery.key
        lane = (self._route.name, key) if key is not None else None
        return Finish(self._delivery.seq, state, self._number, code, self._shared.now(), follow_up, lane)

    def _reply(self, answer: Answer | None) -> Entry | None:
        """An event in a 200 enters the same broker; anything else in the body is no reply."""
        if answer is None or answer.status != 200 or not answer.body:
            return None
        try:
            event = decode(answer.headers, answer.body, legacy=True)
            return self._entry(event, ttl=self._delivery.parcel.ttl - 1)
        except ValidationError:
            return None

    def _dead_letter(self, answer: Answer | None) -> Entry | None:
        sink = self._route.dead_letter
        if sink is None:
            return None
        extensions = {name: value for name, value in self._event.extensions.items() if name != TTL}
        extensions["knativeerrordest"] = self._route.sink.url
        if answer:
            extensions["knativeerrorcode"] = answer.status
            extensions["knativeerrordata"] = base64.b64encode(answer.body[:QUOTED_BYTES]).decode()
        letter = msgspec.structs.replace(self._event, extensions=extensions)
        if sink.broker:
            return entry_for(
                self._shared.routing,
                sink.broker,
                letter,
                now=self._shared.now(),
                trace=tracing.current_traceparent(),
            )
        route = f"{self._route.name}/dead-letter"
        trace = tracing.current_traceparent()
        return Entry(str(self._route.broker), letter, [(route, None)], self._shared.now(), 1, trace)

    def _entry(self, event: CloudEvent, *, ttl: int) -> Entry:
        return entry_for(
            self._shared.routing,
            self._route.broker,
            event,
            now=self._shared.now(),
            ttl=ttl,
            trace=tracing.current_traceparent(),
        )
