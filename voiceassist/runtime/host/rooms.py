"""Where rooms live: in this process, in a process of their own (activator), or elsewhere by HTTP.

All three answer an ASGI request for a room; callers see HTTP semantics in every mode.
"""

import asyncio
import importlib
from collections.abc import Callable
from contextlib import nullcontext
from typing import Protocol
from urllib.parse import quote

from functions_framework.aio import create_asgi_app_from_module
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from voiceassist.core.errors import DependencyTimeoutError, NotFoundError, UnavailableError
from voiceassist.runtime import logging, metrics, tracing
from voiceassist.runtime.host.answer import Answer
from voiceassist.runtime.host.forward import Body, forward
from voiceassist.runtime.host.headers import value
from voiceassist.runtime.host.wire import Wire
from voiceassist.runtime.wiring import ROOT, Room, Wiring

log = logging.get_logger(__name__)


class Runner(Protocol):
    """Answers requests for rooms and owns whatever that needs."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def serve(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; UnavailableError when the room cannot."""
        ...

    def states(self) -> dict[str, str]:
        """What each room is doing: running, idle, starting, failed."""
        ...


class InProcess:
    """Every room in this process, each a functions-framework app of its own."""

    def __init__(self, wiring: Wiring, *, load: Callable[[Room], ASGIApp] | None = None) -> None:
        self._wiring = wiring
        self._load = load or load_app
        self._apps: dict[str, ASGIApp] = {}
        # As Knative and the activator hold it: a burst of uploads must not become a burst of indexing.
        limited = (room for room in wiring.rooms.values() if room.concurrency)
        self._slots = {room.name: asyncio.Semaphore(room.concurrency) for room in limited}

    async def start(self) -> None:
        for room in self._wiring.rooms.values():
            try:
                self._apps[room.name] = self._load(room)
            except Exception as error:  # noqa: BLE001 - one broken room must not take the others down
                log.error("room.not_loaded", room=room.name, **logging.error_fields(error))

    async def stop(self) -> None:
        self._apps.clear()

    async def serve(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._apps.get(room.name)
        if app is None:
            raise UnavailableError("The room did not start.", code="ROOM_UNAVAILABLE")
        try:
            async with asyncio.timeout(room.timeout_seconds), self._slots.get(room.name, nullcontext()):
                # Starlette leaves its marks in the scope, so a room gets a fresh one.
                await app(fresh(scope), receive, send)
        except TimeoutError:
            raise DependencyTimeoutError("The room did not answer in time.", code="ROOM_TIMEOUT") from None

    def states(self) -> dict[str, str]:
        return {name: "running" if name in self._apps else "failed" for name in self._wiring.rooms}


class Remote:
    """Rooms that somebody else runs (Compose): by `room_url`."""

    def __init__(self, wiring: Wiring, *, url: Callable[[str], str], wire: Wire) -> None:
        self._wiring = wiring
        self._url = url
        self._wire = wire

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def serve(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        url, body = self._url(room.name), Body(scope, receive)
        await forward(self._wire, url, scope, body, send, seconds=room.timeout_seconds, path=target(scope))

    def states(self) -> dict[str, str]:
        return dict.fromkeys(self._wiring.rooms, "elsewhere")


def load_app(room: Room) -> ASGIApp:
    """The functions-framework app of a room, imported by its package name."""
    name = ".".join(room.source.relative_to(ROOT).with_suffix("").parts)
    module = importlib.import_module(name)
    create: Callable[..., ASGIApp] = create_asgi_app_from_module
    return create(room.target, str(room.source), None, module, module.__spec__)


def fresh(scope: Scope) -> Scope:
    """A request scope without what the layers in front added."""
    kept = ("type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string", "headers")
    return {key: scope[key] for key in kept if key in scope} | {
        "root_path": "",
        "client": scope.get("client"),
        "server": scope.get("server"),
        "state": {},
        "extensions": {},
    }


def target(scope: Scope) -> str:
    """Path and query of a request, as it is sent."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    query: bytes = scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("latin-1")


class RoomsDoor:
    """The internal address of every room, `/<room>/…`; rooms check the caller. `/metrics` is this process's."""

    def __init__(self, wiring: Wiring, runner: Runner) -> None:
        self._wiring = wiring
        self._runner = runner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/metrics":
            body, media_type = metrics.exposition()
            await Response(body, media_type=media_type)(scope, receive, send)
            return
        name, _, rest = scope["path"].removeprefix("/").partition("/")
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        inside: Scope = {
            **fresh(scope),
            "path": "/" + rest,
            "raw_path": b"/" + raw.removeprefix(b"/").partition(b"/")[2],
        }
        answer = Answer(send, secure=False)
        with tracing.scope(tracing.start(value(scope["headers"], b"traceparent"))) as trace:
            # A room in a process of its own goes on with this trace, which the answer names.
            others = [header for header in scope["headers"] if header[0] != b"traceparent"]
            inside["headers"] = [*others, (b"traceparent", trace.traceparent.encode())]
            try:
                await self._runner.serve(self._room(name), inside, receive, answer)
            except (NotFoundError, UnavailableError) as error:
                await answer.refuse(error, scope, receive)

    def _room(self, name: str) -> Room:
        if name not in self._wiring.rooms:
            raise NotFoundError
        return self._wiring.rooms[name]
