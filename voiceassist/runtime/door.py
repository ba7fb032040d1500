"""The door of a room: what every call passes before and after the room's own code.

The guard is plain ASGI and wraps the whole app, because a handler for `Exception` inside Starlette
answers and then raises again, after which the framework would log the message with whatever input it
quotes. Event-only rooms use Room alone and never import FastAPI; HTTP rooms add
http_room.py.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events import catalog
from events.envelope import CloudEvent, decode
from voiceassist.core.errors import (
    ForbiddenError,
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    PermanentEventError,
    UnauthenticatedError,
    UnavailableError,
    VoiceAssistError,
)
from voiceassist.core.identity import Principal
from voiceassist.runtime import access, auditing, deliveries, logging, metrics, problem, routing, tokens, tracing
from voiceassist.runtime.settings import Settings, load_settings

log = logging.get_logger(__name__)

EventHandler = Callable[[CloudEvent, Any], Awaitable[None]]
Check = Callable[[], Awaitable[None]]
OPEN_PATHS = frozenset({"/health", "/ready", "/health/ready", "/metrics", "/openapi.json"})
# Where a room hears events besides `/`: a Trigger may name a path of its subscriber.
DELIVERED = "/deliver/"
ACTION = b"x-action"  # what a route is to the policy, told to the gateway (runtime/access/notes.py)
MAX_EVENT_BYTES = 1_048_576
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # any token is one to HTTP


class Room:
    """A room's guard: trace, identity, health, events on `POST /`, problem documents, metrics.

    `checks` maps the name of a needed dependency to a coroutine that raises when it is down.
    """

    def __init__(self, name: str, *, checks: dict[str, Check] | None = None, app: ASGIApp | None = None) -> None:
        self.name = name
        self.checks = checks or {}
        self.app = app
        self.handlers: dict[str, EventHandler] = {}
        self.configured = False

    @property
    def settings(self) -> Settings:
        return load_settings()

    def on(self, event_type: str) -> Callable[[EventHandler], EventHandler]:
        """Register `async def handler(event, payload)` for an event type of the catalogue."""

        def register(handler: EventHandler) -> EventHandler:
            self.handlers[event_type] = handler
            return handler

        return register

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not self.configured:
            logging.configure(self.name, self.settings.telemetry.log_level)
            self.configured = True
        await _Exchange(self, scope, receive, send).run()

    async def readiness(self) -> tuple[bool, dict[str, str]]:
        """Every needed dependency: healthy or down."""
        states: dict[str, str] = {}
        for name, check in self.checks.items():
            try:
                await check()
                states[name] = "healthy"
            except Exception as error:  # noqa: BLE001 - any failure of a check means down
                log.warning("dependency.down", room=self.name, engine=name, **logging.error_fields(error))
                states[name] = "down"
        return all(state == "healthy" for state in states.values()), states


class _Exchange:
    """One request through the guard."""

    def __init__(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        self.room, self.scope, self.receive, self._send = room, scope, receive, send
        self.status = 0
        self.way = routing.Way()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            context = tracing.current()
            told = [(b"x-trace-id", context.trace_id.encode())] if context else []
            if action := self.scope.get("state", {}).get("action"):
                told.append((ACTION, action.encode()))
            if self.way.cloud:
                told.append((routing.WENT.encode(), routing.CLOUD.encode()))
            message["headers"] = [*message.get("headers", ()), *told]
        await self._send(message)

    async def run(self) -> None:
        started = time.perf_counter()
        request = Request(self.scope, self.receive)
        tracing.start_exporter(self.room.settings.telemetry.otlp_endpoint, self.room.name)
        with (
            tracing.scope(tracing.start(request.headers.get("traceparent"))),
            tracing.span("room.request", room=self.room.name),
        ):
            try:
                await self.dispatch(request)
            except VoiceAssistError as error:
                await self.fail(error)
            except Exception as error:  # noqa: BLE001 - the door is where unexpected errors end
                log.error("room.failed", room=self.room.name, **logging.error_fields(error))
                await self.fail(VoiceAssistError())
            self.record(request.method, time.perf_counter() - started)

    async def fail(self, error: VoiceAssistError) -> None:
        if not self.status:
            await problem.response(error)(self.scope, self.receive, self.send)

    def record(self, method: str, seconds: float) -> None:
        """Metrics and one line: the route's pattern, never the path, which holds ids and could hold more."""
        path = self.scope["path"]
        route = path if path in OPEN_PATHS or path == "/" else getattr(self.scope.get("route"), "path", "other")
        if "{path" in route:  # the framework's own catch-all: the app had no such route
            route = "other"
        metrics.HTTP_REQUESTS.labels(self.room.name, route, str(self.status)).inc()
        metrics.HTTP_DURATION.labels(self.room.name, route).observe(seconds)
        if path not in OPEN_PATHS:
            milliseconds = round(seconds * 1000, 1)
            log.info(
                "room.answered",
                room=self.room.name,
                method=method if method in METHODS else "other",
                route=route,
                status=self.status,
                duration_ms=milliseconds,
            )

    async def dispatch(self, request: Request) -> None:
        path = self.scope["path"]
        if path in OPEN_PATHS and request.method in {"GET", "HEAD"} and (path != "/openapi.json" or self.room.app):
            await self.open(path)
            return
        delivered = request.method == "POST" and (path == "/" or path.startswith(DELIVERED))
        known = deliveries.deliverer if delivered else authenticate
        caller = known(request.headers.get("authorization", ""), self.room.settings, self.room.name)
        auditing.came_from(request.headers.get("x-forwarded-for", ""), request.headers.get(access.PURPOSE, ""))
        self.scope.setdefault("state", {})["principal"] = caller
        route = request.headers.get(routing.HEADER, "")
        conversation = request.headers.get(routing.CONVERSATION, "")
        with routing.request(caller.tenant_id, route=route, caller=caller, conversation=conversation) as self.way:
            await self.enter(request, caller, delivered=delivered)

    async def enter(self, request: Request, caller: Principal, *, delivered: bool) -> None:
        path = self.scope["path"]
        if delivered and not deliveries.delivers(caller):
            raise ForbiddenError("Only the broker delivers events.")
        if path == "/" and delivered:
            await hear(self.room, request)
            await Response(status_code=204)(self.scope, self.receive, self.send)
        elif path == "/":
            raise MethodNotAllowedError
        elif self.room.app is None:
            raise NotFoundError
        else:
            await self.room.app(self.scope, self.receive, self.send)

    async def open(self, path: str) -> None:
        if path == "/metrics":
            body, media_type = metrics.exposition()
            answer = Response(body, media_type=media_type)
        elif path == "/openapi.json" and self.room.app:
            await self.room.app(self.scope, self.receive, self.send)
            return
        elif path == "/health":
            answer = Response(b'{"status":"alive"}', media_type="application/json")
        else:
            ready, states = await self.room.readiness()
            body = msgspec.json.encode({"status": "ready" if ready else "down", "dependencies": states})
            answer = Response(body, 200 if ready else 503, media_type="application/json")
        await answer(self.scope, self.receive, self.send)


def authenticate(authorization: str, settings: Settings, part: str) -> Principal:
    """Whom a token for this part speaks for; raises UnauthenticatedError."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError("The caller did not identify itself.")
    return tokens.verify(token, audience=part, workload=settings.workload)


async def principal(request: Request) -> Principal:
    """The caller, as the guard established it. Async, or FastAPI would fetch it in a thread, at every request."""
    caller: Principal = request.state.principal
    return caller


async def hear(room: Room, request: Request) -> None:
    """Decode a CloudEvent and hand it to the room; 503 is tried again, 422 is a dead letter."""
    body = await read_limited(request, MAX_EVENT_BYTES)
    event = decode(request.headers.items(), body)
    handler = room.handlers.get(event.type)
    if handler is None:
        raise PermanentEventError("This room does not hear this event type.")
    payload = payload_of(event)
    with tracing.span("event.handle", event_type=event.type, room=room.name):
        try:
            await handler(event, payload)
        except UnavailableError:
            raise
        except VoiceAssistError as error:
            log.warning("event.rejected", room=room.name, event_type=event.type, code=error.code)
            raise PermanentEventError(code=error.code) from None


def payload_of(event: CloudEvent) -> Any:
    declared = catalog.EVENT_TYPES.get(event.type)
    if declared is None:
        raise PermanentEventError("This event type is not in the catalogue.")
    try:
        return catalog.read(declared.payload, event.data)
    except catalog.PayloadError as error:
        raise PermanentEventError("The event's data does not fit its schema.", errors=error.errors) from None


async def read_limited(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise PayloadTooLargeError
        chunks.append(chunk)
    return b"".join(chunks)
