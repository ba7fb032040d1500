"""The FastAPI side of a room's door; apart from door.py so that event rooms do not pay for FastAPI."""

import re
from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from voiceassist.core.errors import FieldError, ValidationError, VoiceAssistError
from voiceassist.runtime import logging, problem
from voiceassist.runtime.door import Room

log = logging.get_logger(__name__)
# The framework's own spans hold path and query of the address, which may hold more than ids; the guard writes ours.
OUR_OWN: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
DECLARED = re.compile(r"[a-z][a-z0-9_]{0,40}|[0-9]+")


def http_app(room: Room, *, title: str, version: str = "1") -> FastAPI:
    """A FastAPI app behind the room's guard, whose own errors are problem documents too."""
    app = FastAPI(
        title=title, version=version, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=OUR_OWN
    )

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

    app.add_exception_handler(VoiceAssistError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, bare)
    app.add_exception_handler(Exception, unexpected)
    room.app = app
    return app


def fields_of(error: RequestValidationError) -> tuple[FieldError, ...]:
    """Pointer and code of each fault; FastAPI's own answer would echo the input."""
    return tuple(
        FieldError(pointer(fault["loc"], fault["type"]), str(fault["type"]).upper()) for fault in error.errors()
    )


def pointer(location: Sequence[str | int], kind: str) -> str:
    """Where the fault is, in names of ours: a name the caller made up is input and left out."""
    ours = location[:-1] if kind == "extra_forbidden" else location
    return "".join(f"/{part if DECLARED.fullmatch(str(part)) else '*'}" for part in ours)
