"""The FastAPI side of a room's door; apart from door.py so that event rooms do not pay for FastAPI."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import FieldError, SettingsError, ValidationError, VoiceAssistError
from voiceassist.runtime import access, logging, problem
from voiceassist.runtime.door import Room

log = logging.get_logger(__name__)
# The framework's own spans hold path and query of the address, which may hold more than ids; the guard writes ours.
OUR_OWN: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
DECLARED = re.compile(r"[a-z][a-z0-9_]{0,40}|[0-9]+")


def http_app(room: Room, *, title: str, actions: str | Mapping[str, str], version: str = "1") -> FastAPI:
    """A FastAPI app behind the room's guard, whose own errors are problem documents too.

    `actions` tells for each route (`GET /api/v1/documents`) what it is to the policy; a route it does not name cannot
    be declared. One word stands for every route.
    """
    app = App(title=title, version=version, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=OUR_OWN)

    async def known(_request: Request, error: Exception) -> Response:
        return problem.response(error if isinstance(error, VoiceAssistError) else VoiceAssistError())

    async def invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type below
        return problem.response(ValidationError("The request has wrong or missing fields.", errors=fields_of(error)))

    async def bare(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type below
        return problem.response(problem.of_status(error.status_code))

    async def unexpected(_request: Request, error: Exception) -> Response:
        log.error("room.failed", room=room.name, **logging.error_fields(error))
        return problem.response(VoiceAssistError())

    app.router.route_class = guarded(actions)
    app.add_exception_handler(VoiceAssistError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, bare)
    app.add_exception_handler(Exception, unexpected)
    room.app = app
    return app


class Guarded(APIRoute):
    """A route that asks the policy before anything of the request is read."""

    actions: ClassVar[str | Mapping[str, str]] = {}

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.action = action_of(path, options.get("methods") or {"GET"}, self.actions)
        told = {**(options.pop("openapi_extra", None) or {}), "x-action": self.action}
        super().__init__(path, endpoint, openapi_extra=told, **options)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in (self.methods or ()):  # another one is answered 405
            request = Request(scope)
            request.state.action = self.action
            purpose = request.headers.get(access.PURPOSE, "")
            await access.permit(request.state.principal, self.action, purpose=purpose)
        await super().handle(scope, receive, send)


class App(FastAPI):
    """Refuses a router whose routes ask nobody."""

    def include_router(self, router: APIRouter, **options: Any) -> None:
        if not issubclass(router.route_class, Guarded):  # it may still get routes later
            raise SettingsError("A router of a room is made by http_room.router (docs/reference/access.md).")
        super().include_router(router, **options)


def router(actions: Mapping[str, str]) -> APIRouter:
    """Routes in a module of their own, for `app.include_router`; without a prefix, so that actions name them whole."""
    return APIRouter(route_class=guarded(actions))


def guarded(actions: str | Mapping[str, str]) -> type[Guarded]:
    return type("Guarded", (Guarded,), {"actions": actions})


def action_of(path: str, methods: Iterable[str], actions: str | Mapping[str, str]) -> str:
    """The one action of a route; SettingsError keeps a room with an undeclared route from starting."""
    if isinstance(actions, str):
        return actions
    found = {actions.get(f"{method} {path}", "") for method in methods}
    if len(found) != 1 or "" in found:
        raise SettingsError(f"The route {path} has no action for the policy (docs/reference/access.md).")
    return found.pop()


def fields_of(error: RequestValidationError) -> tuple[FieldError, ...]:
    """Pointer and code of each fault; FastAPI's own answer would echo the input."""
    return tuple(
        FieldError(pointer(fault["loc"], fault["type"]), str(fault["type"]).upper()) for fault in error.errors()
    )


def pointer(location: Sequence[str | int], kind: str) -> str:
    """Where the fault is, in names of ours: a name the caller made up is input and left out."""
    ours = location[:-1] if kind == "extra_forbidden" else location
    return "".join(f"/{part if DECLARED.fullmatch(str(part)) else '*'}" for part in ours)
