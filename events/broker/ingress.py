"""The ingress: events come in at POST /<namespace>/<broker> and are on disk before the 202.

This is the hottest path of the broker. Answers follow the Knative data plane: OPTIONS 200, other methods 405, no such
address 404 or 400, not an event 400, too large 413, overload or a full log 429, no disk 503.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events import catalog, publishers
from events.broker.entries import entry_for
from events.broker.jobs import Append
from events.broker.routes import BrokerName, Routing
from events.broker.space import Space
from events.broker.writer import Writer
from events.envelope import CloudEvent, is_batch
from voiceassist.core.errors import (
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    UnavailableError,
    ValidationError,
)
from voiceassist.core.identity import Principal
from voiceassist.runtime import metrics, routing, tracing
from voiceassist.runtime.egress import screening

if TYPE_CHECKING:
    from voiceassist.runtime.egress import Gate

# Requests whose event is not yet on disk: how many, and how much memory they may hold.
MOST_WAITING = 4096
MOST_WAITING_BYTES = 67_108_864
BODY_SECONDS = 15.0  # a body that does not come keeps memory from others

RawHeaders = Sequence[tuple[bytes, bytes]]


class Ingress:
    """Takes events for the brokers of `routing`, which may be replaced while it runs."""

    def __init__(
        self,
        routing: Routing,
        writer: Writer,
        space: Space,
        *,
        now: Callable[[], int],
        largest: int,
        gate: Callable[[], "Gate"],
    ) -> None:
        self.routing = routing
        self._gate = gate
        self._writer = writer
        self._space = space
        self._now = now
        self._largest = largest
        self._waiting = 0
        self._reserved = 0

    def addressed(self, path: str) -> BrokerName:
        """The broker of a path."""
        parts = path.strip("/").split("/")
        if parts == [""]:
            raise NotFoundError("No broker is addressed.")
        if len(parts) != 2:
            raise ValidationError("The path must be /<namespace>/<broker>.")
        broker = BrokerName(*parts)
        if broker not in self.routing.brokers:
            raise NotFoundError("There is no such broker.")
        return broker

    async def take(self, scope: Scope, receive: Receive, broker: BrokerName, principal: Principal) -> ASGIApp:
        """Read, check and store what a publisher sends."""
        headers: RawHeaders = scope["headers"]
        size = announced(headers, self._largest)
        first = await receive()  # who announces a body and sends nothing is set nothing aside for
        self._admit(size)
        self._waiting += 1
        self._reserved += size
        try:
            body = await rest(first, receive, size)
            await self._store(broker, headers, await self._events(headers, body, principal))
        finally:
            self._waiting -= 1
            self._reserved -= size
        return accepted_answer

    def _admit(self, size: int) -> None:
        if self._waiting >= MOST_WAITING or self._reserved + size > MOST_WAITING_BYTES:
            raise RateLimitedError("Too many events wait to be stored.", retry_after=1)
        if full := self._space.full:
            raise full

    async def _events(self, headers: RawHeaders, body: bytes, principal: Principal) -> tuple[CloudEvent, ...]:
        """What our own parts say is typed; what others say is marked as theirs and looked through."""
        events = publishers.checked(headers, body)
        if principal.is_service:
            return events
        admitted = [publishers.admitted(principal, event) for event in events]
        with routing.request(principal.tenant_id, caller=principal):
            return await screening.screened(self._gate(), admitted, batch=is_batch(headers))

    async def _store(self, broker: BrokerName, headers: RawHeaders, events: tuple[CloudEvent, ...]) -> None:
        context = tracing.parse(value(headers, b"traceparent"))
        trace = context.traceparent if context else None
        now = self._now()
        await self._writer.submit(
            Append([entry_for(self.routing, broker, event, now=now, trace=trace) for event in events])
        )
        for event in events:
            accepted(event.type)


async def accepted_answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    """202 without a body, put together once."""
    await send({"type": "http.response.start", "status": 202, "headers": _EMPTY})
    await send({"type": "http.response.body", "body": b""})


_EMPTY = ((b"content-length", b"0"),)


def accepted(event_type: str) -> None:
    metrics.EVENTS_ACCEPTED.labels(event_type if event_type in catalog.EVENT_TYPES else "other").inc()


def value(headers: RawHeaders, name: bytes) -> str:
    """The first value of a header, or an empty string."""
    for key, content in headers:
        if key == name:
            return content.decode("latin-1")
    return ""


def announced(headers: RawHeaders, limit: int) -> int:
    """The most bytes this request may send: what it announces, or the limit when it does not say."""
    declared = value(headers, b"content-length")
    if not declared.isdigit():
        return limit
    if len(declared) > 12 or int(declared) > limit:
        raise PayloadTooLargeError
    return int(declared)


async def read(receive: Receive, limit: int) -> bytes:
    """A request's body of at most `limit` bytes."""
    return await rest(await receive(), receive, limit)


async def rest(message: Message, receive: Receive, limit: int) -> bytes:
    """The body that `message` begins."""
    if message["type"] == "http.request" and not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        if len(whole) > limit:
            raise PayloadTooLargeError
        return whole
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _gathered(message, receive, limit)
    except TimeoutError:
        raise UnavailableError("The body did not come in time.", retry_after=1) from None


async def _gathered(message: Message, receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise UnavailableError("The caller went away.")
        body += message.get("body", b"")
        if len(body) > limit:
            raise PayloadTooLargeError
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()
