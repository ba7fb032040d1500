"""Structured logs: constant event names, ids as fields, an allow-list of keys, no exception text.

A message or a stack's local variables may hold a patient's name, so an error is logged as its type,
the place in our code and the trace id; nothing else can get through the allow-list.
"""

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger", "module", "service", "trace_id", "session_id", "user_id", "tenant_id",
        "room", "route", "method", "status", "code", "duration_ms", "error_type", "where", "event_id", "event_type",
        "document_id", "job_id", "chunks", "pages", "count", "bytes", "attempt", "engine", "mode", "version", "pid",
        "port", "state", "step", "model", "turn_id", "audio_ms", "setting", "trigger", "reason", "address", "seconds",
    }
)  # fmt: skip


def keep_allowed(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in [key for key in fields if key not in ALLOWED]:
        del fields[key]
    return fields


def add_trace(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    from voiceassist.runtime.tracing import current_trace_id

    if trace_id := current_trace_id():
        fields.setdefault("trace_id", trace_id)
    return fields


def error_fields(error: BaseException) -> dict[str, str]:
    """Type and place of an error, never its text."""
    return {"error_type": type(error).__name__, "where": innermost(error.__traceback__)}


def innermost(traceback: TracebackType | None) -> str:
    place = ""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = f"{code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def configure(service: str, level: str = "info") -> None:
    """Set up JSON lines on standard error for our logs and silence the libraries' own text."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_trace,
            keep_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_names: Lines(sys.stderr),
        cache_logger_on_first_use=False,  # several rooms share a process and tests replace the stream
    )
    root = logging.getLogger()
    root.handlers[:] = [LibraryHandler(service)]
    root.setLevel(logging.WARNING)


class Lines(structlog.WriteLogger):
    """A line that cannot be written (a full disk, a closed pipe) is lost, and the work it tells of goes on."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


class LibraryHandler(logging.Handler):
    """What libraries log is reduced to logger, level and place: their messages may quote input."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name, "where": f"{record.filename}:{record.lineno}"}
        if record.exc_info and record.exc_info[1]:
            fields |= error_fields(record.exc_info[1])
        structlog.get_logger().warning("library.message", service=self.service, **fields)


def get_logger(name: str) -> Any:
    """A logger that takes its configuration at its first line, not at import."""
    return structlog.get_logger(module=name)
