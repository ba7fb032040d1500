"""The ingress: events come in at POST /<namespace>/<broker> and are on disk before the 202.

Plain ASGI: this is the hottest path of the broker. Answers follow the Knative data plane:
OPTIONS 200, other methods 405, no such address 404 or 400, not an event 400, too large 413, overload 429, no disk 503.
"""

import shutil
import time
from collections.abc import Mapping

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from events import catalog
from events.broker import filters
from events.broker.routes import BrokerName, Routing
from events.broker.store import Append, Entry, Store, StoreError
from events.broker.writer import Writer
from events.envelope import CloudEvent, decode, decode_batch, is_batch
from voiceassist.core.errors import (
    ForbiddenError,
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    ValidationError,
    VoiceAssistError,
)
from voiceassist.runtime import logging, metrics, problem, tokens, tracing
from voiceassist.runtime.settings import Settings

log = logging.get_logger(__name__)

# Requests whose event is not yet on disk: how many, and how much memory they may hold.
MOST_WAITING = 4096
MOST_WAITING_BYTES = 67_108_864
LEAST_FREE_BYTES = 67_108_864
TTL = "knativebrokerttl"
FIRST_TTL = 255
_CHALLENGE = {
    "allow": "POST, OPTIONS",
    "webhook-allowed-origin": "*",
    "webhook-allowed-rate": "*",
}


class Ingress:
    """The ASGI app of the broker process."""

    def __init__(self, settings: Settings, routing: Routing, store: Store, writer: Writer) -> None:
        self._settings = settings
        self._routing = routing
        self._store = store
        self._writer = writer
        self._waiting = 0
        self._reserved = 0
        self._disk_checked = 0.0
        self._disk_full = False
        self._open = {"/health": self._health, "/ready": self._ready, "/metrics": self._metrics}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except VoiceAssistError as error:
            metrics.EVENTS_REJECTED.labels(error.code).inc()
            answer = self._refusal(error)
        except Exception as error:  # noqa: BLE001 - the door is where unexpected errors end
            log.error("ingress.failed", **logging.error_fields(error))
            answer = problem.response(VoiceAssistError())
        await answer(scope, receive, send)

    def _refusal(self, error: VoiceAssistError) -> Response:
        answer = problem.response(error)
        if error.status == 405:
            answer.headers["allow"] = _CHALLENGE["allow"]
        return answer

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        method, path = scope["method"], scope["path"]
        if method in {"GET", "HEAD"} and path in self._open:
            return await self._open[path]()
        if method == "OPTIONS":
            return Response(status_code=200, headers=_CHALLENGE)
        if method != "POST":
            raise MethodNotAllowedError
        broker = self._addressed(path)
        headers = _headers(scope)
        self._authorise(headers)
        size = _announced(headers, self._settings.limits.body_bytes)
        self._admit(size)
        self._waiting += 1
        self._reserved += size
        try:
            body = await _read(receive, size)
            await self._store_all(broker, headers, _events(scope, body))
        finally:
            self._waiting -= 1
            self._reserved -= size
        return Response(status_code=202)

    def _addressed(self, path: str) -> BrokerName:
        parts = path.strip("/").split("/")
        if parts == [""]:
            raise NotFoundError("No broker is addressed.")
        if len(parts) != 2:
            raise ValidationError("The path must be /<namespace>/<broker>.")
        broker = BrokerName(*parts)
        if broker not in self._routing.brokers:
            raise NotFoundError("There is no such broker.")
        return broker

    def _authorise(self, headers: Mapping[str, str]) -> None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("The caller did not identify itself.")
        if not tokens.verify(token, secret=self._settings.internal_secret).is_service:
            raise ForbiddenError("Only parts of the installation publish events.")

    def _admit(self, size: int) -> None:
        if self._waiting >= MOST_WAITING or self._reserved + size > MOST_WAITING_BYTES:
            raise RateLimitedError("Too many events wait to be stored.", retry_after=1)
        if time.monotonic() - self._disk_checked > 1.0:
            self._disk_checked = time.monotonic()
            self._disk_full = shutil.disk_usage(self._store.path.parent).free < LEAST_FREE_BYTES
        if self._disk_full:
            raise StoreError("The disk of the event log is nearly full.", retry_after=30)

    async def _store_all(self, broker: BrokerName, headers: Mapping[str, str], events: tuple[CloudEvent, ...]) -> None:
        context = tracing.parse(headers.get("traceparent"))
        now = int(time.time() * 1000)
        entries = [
            entry_for(self._routing, broker, event, now=now, trace=context.traceparent if context else None)
            for event in events
        ]
        await self._writer.submit(Append(entries))
        for event in events:
            metrics.EVENTS_ACCEPTED.labels(event.type if event.type in catalog.EVENT_TYPES else "other").inc()

    async def _health(self) -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    async def _ready(self) -> Response:
        ready = self._writer.alive and not self._disk_full
        state = {"status": "ready" if ready else "down", "dependencies": {"log": "healthy" if ready else "down"}}
        return Response(msgspec.json.encode(state), 200 if ready else 503, media_type="application/json")

    async def _metrics(self) -> Response:
        body, media_type = metrics.exposition()
        return Response(body, media_type=media_type)


def entry_for(
    routing: Routing,
    broker: BrokerName,
    event: CloudEvent,
    *,
    now: int,
    ttl: int | None = None,
    trace: str | None = None,
) -> Entry:
    """What to store for an event that enters `broker`. A `ttl` given belongs to a reply and counts down."""
    remaining = _remaining(event) if ttl is None else ttl
    if remaining <= 0:
        raise ValidationError("The event has passed too many brokers.", code="TTL_EXCEEDED")
    if TTL in event.extensions:
        rest = {name: value for name, value in event.extensions.items() if name != TTL}
        event = msgspec.structs.replace(event, extensions=rest)
    routes = routing.matching(broker, filters.as_strings(event.attributes()))
    key = event.extensions.get("partitionkey")
    keyed = [(route.name, str(key) if route.ordered and key is not None else None) for route in routes]
    return Entry(str(broker), event, keyed, now, remaining, _carried(event) or trace)


def _remaining(event: CloudEvent) -> int:
    value = event.extensions.get(TTL)
    if value is None:
        return FIRST_TTL
    text = str(value)
    return min(int(text[:4]), FIRST_TTL) - 1 if text.isascii() and text.isdigit() else 0


def _carried(event: CloudEvent) -> str | None:
    """The event's own trace (distributed tracing extension) goes before that of the request."""
    value = event.extensions.get("traceparent")
    context = tracing.parse(value) if isinstance(value, str) else None
    return context.traceparent if context else None


def _events(scope: Scope, body: bytes) -> tuple[CloudEvent, ...]:
    pairs = scope["headers"]
    batch = is_batch(pairs)
    events = decode_batch(pairs, body, legacy=True) if batch else (decode(pairs, body, legacy=True),)
    for index, event in enumerate(events):
        try:
            catalog.check(event.type, event.data)
        except catalog.PayloadError as error:
            raise error.at(index) if batch else error from None
    return events


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _announced(headers: Mapping[str, str], limit: int) -> int:
    """The most bytes this request may send: what it announces, or the limit when it does not say."""
    declared = headers.get("content-length", "")
    if not declared.isdigit():
        return limit
    if len(declared) > 12 or int(declared) > limit:
        raise PayloadTooLargeError
    return int(declared)


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise UnavailableError("The caller went away.")
        body += message.get("body", b"")
        if len(body) > limit:
            raise PayloadTooLargeError
        if not message.get("more_body"):
            return bytes(body)
