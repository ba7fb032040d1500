"""One attempt to deliver an event, and what the log has to say about it afterwards."""

import base64
import re
import time
from collections.abc import Callable

import msgspec

from events import publishers
from events.broker.entries import TTL, entry_for
from events.broker.jobs import Claimed, Entry, Finish, Job, Postpone
from events.broker.retry import Verdict, judge, retry_after
from events.broker.routes import BrokerName, Route
from events.broker.schema import DEAD, DONE
from events.broker.shared import Shared
from events.envelope import CloudEvent, decode
from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime import logging, metrics, tracing
from voiceassist.runtime.egress import screening
from voiceassist.runtime.egress.scanning import DetectorUnavailableError
from voiceassist.runtime.posting import Answer, NoAnswerError, Target

log = logging.get_logger(__name__)

QUOTED_BYTES = 1024  # of a failed answer, kept for the dead letter (Kafka: cut, then base64)
MOST_NOTES = 16  # headers of a failed answer that become attributes of the dead letter
_NOTE = re.compile(r"kne-(?!(?:subject|time|datacontenttype|dataschema|data)\Z)([a-z0-9]{1,20})\Z")

Count = Callable[[int | None, float], None]


class Attempt:
    """Post once and judge the answer. `count` hears the status (None: no answer) and the seconds it took.

    A reply is in memory until it is on disk: call `release` then.
    """

    __slots__ = ("_answer", "_delivery", "_event", "_number", "_route", "_shared", "_target")

    def __init__(self, shared: Shared, route: Route, target: Target, delivery: Claimed) -> None:
        self._shared = shared
        self._route = route
        self._target = target
        self._delivery = delivery
        self._number = delivery.attempts + 1
        self._answer: Answer | None = None

    async def made(self, count: Count) -> Job:
        event = self._delivery.event
        if event is None:
            log.error("event.unreadable", trigger=self._route.name)
            return self._finish(DEAD, None)
        self._event = event
        trace = self._delivery.parcel.trace
        with tracing.continued("event.deliver", trace, trigger=self._route.name, event_type=event.type):
            started = time.perf_counter()
            answer = self._answer = await self._post()
            spent = time.perf_counter() - started
            count(answer.status if answer else None, spent)
            try:
                reply = await self._reply(answer)
            except DetectorUnavailableError:  # nobody could look at the reply now: delivered again, not lost
                answer, reply = None, None
            job = self._outcome(answer, round(spent * 1000), reply)
        if not (isinstance(job, Finish) and job.follow_up):
            self.release()
        return job

    def release(self) -> None:
        if self._answer:
            self._shared.client.release(self._answer)
            self._answer = None

    def failed(self) -> Job:
        """What nobody foresaw counts as no answer: it is tried again as often as the Trigger says, and no more."""
        if self._delivery.event is None:
            return self._finish(DEAD, None)
        self._event = self._delivery.event
        return self._outcome(None, 0)

    async def _post(self) -> Answer | None:
        lines, body = self._delivery.parcel.wire
        own = "prefer: reply\r\n"
        if traceparent := tracing.current_traceparent():
            own += f"traceparent: {traceparent}\r\n"
        if room := self._route.sink.room:
            own += f"authorization: Bearer {self._shared.identity(room)}\r\n"
        try:
            return await self._shared.client.send(
                self._target, lines + own.encode(), body, limit=self._route.delivery.timeout
            )
        except NoAnswerError:
            return None

    def _outcome(self, answer: Answer | None, spent_ms: int, reply: Entry | None = None) -> Job:
        code = answer.status if answer else None
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

    async def _reply(self, answer: Answer | None) -> Entry | None:
        """An event in a 200 enters the same broker; anything else in the body is no reply."""
        if answer is None or answer.status != 200 or not answer.body:
            return None
        try:
            event = decode(answer.headers, answer.body, legacy=True)
            admitted = publishers.admitted_reply(event, to=self._event, ours=bool(self._route.sink.room))
            if not self._route.sink.room:
                (admitted,) = await screening.screened(self._shared.gate(), [admitted])
            return self._entry(self._route.broker, admitted)
        except DetectorUnavailableError:
            raise
        except VoiceAssistError:  # no event, several, a broken payload, not theirs to say, or about somebody
            return None

    def _dead_letter(self, answer: Answer | None) -> Entry | None:
        sink = self._route.dead_letter
        if sink is None:
            return None
        extensions = {name: value for name, value in self._event.extensions.items() if name != TTL}
        extensions["knativeerrordest"] = self._route.sink.url
        if answer and not 200 <= answer.status < 300:  # of a success it could not read Kafka tells no more
            if self._route.sink.room:  # others have no say in our attributes
                extensions = _notes(answer, self._event) | extensions
            extensions["knativeerrorcode"] = answer.status
            extensions["knativeerrordata"] = base64.b64encode(answer.body[:QUOTED_BYTES]).decode()
        letter = msgspec.structs.replace(self._event, extensions=extensions)
        if sink.broker:
            return self._entry(sink.broker, letter)
        route = f"{self._route.name}/dead-letter"
        trace = tracing.current_traceparent()
        return Entry(str(self._route.broker), letter, [(route, None)], self._shared.now(), 1, trace)

    def _entry(self, broker: BrokerName, event: CloudEvent) -> Entry | None:
        """What came of a delivery has one less way to go, so that Triggers that feed each other come to an end."""
        left = self._delivery.parcel.ttl - 1
        if left <= 0:
            return None
        shared, trace = self._shared, tracing.current_traceparent()
        return entry_for(shared.routing, broker, event, now=shared.now(), ttl=left, trace=trace)


def _notes(answer: Answer, event: CloudEvent) -> dict[str, str | int | bool]:
    """Headers `kne-name` of the answer, as attributes that the event does not have (Kafka)."""
    taken = event.attributes().keys()
    found = ((_NOTE.match(name), value) for name, value in answer.headers.items())
    notes = [(note[1], value) for note, value in found if note and value.isascii() and value.isprintable()]
    return dict([(name, value[:QUOTED_BYTES]) for name, value in notes if name not in taken][:MOST_NOTES])
