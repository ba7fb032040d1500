"""Structured logs: constant event names, ids as fields, an allow-list of keys, values searched, no exception text.

A line passes two gates (log_fields.py): keys that are not declared are dropped, and a value that is not evidently a
number, an id or a word of ours is searched for identifiers. An error is told by its type and its places in our code
(faults.py). What libraries log is reduced to logger, level and place, because their messages quote input.
"""

import contextlib
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from voiceassist.runtime import faults
from voiceassist.runtime.faults import error_fields
from voiceassist.runtime.log_fields import FIELDS

__all__ = ["LibraryHandler", "Lines", "configure", "error_fields", "get_logger"]
MODULE = re.compile(r"[A-Za-z_]\w{0,40}(?:\.\w{1,40}){0,8}", re.ASCII)


def add_trace(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    from voiceassist.runtime.tracing import current_trace_id

    if trace_id := current_trace_id():
        fields.setdefault("trace_id", trace_id)
    return fields


def configure(service: str, level: str = "info") -> None:
    """Set up JSON lines on standard error for our logs, and take the libraries' and the interpreter's own text."""
    structlog.configure(
        processors=[
            FIELDS,
            # What follows is ours and needs no look.
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_trace,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_names: Lines(sys.stderr),
        cache_logger_on_first_use=False,  # several rooms share a process and tests replace the stream
    )
    root = logging.getLogger()
    root.handlers[:] = [LibraryHandler(service)]
    root.setLevel(logging.WARNING)
    take_handlers()
    faults.install(lambda event, **fields: structlog.get_logger().error(event, service=service, **fields))


def take_handlers() -> None:
    """The handlers that libraries gave their loggers before us: a server's print paths with queries, and tracebacks."""
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        if logger.handlers:
            logger.handlers[:] = []
            logger.propagate = True


class Lines(structlog.WriteLogger):
    """A line that cannot be written (a full disk, a closed pipe) is lost, and the work it tells of goes on."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


class LibraryHandler(logging.Handler):
    """What libraries log is reduced to logger, level and place: their messages may quote input."""

    def __init__(self, service: str) -> None:
        super().__init__(logging.WARNING)  # a logger with a level of its own passes by that of the root
        self.service = service

    def emit(self, record: logging.LogRecord) -> None:
        # Code is named by its module; what has another shape may have been made of somebody's words.
        name = record.name if MODULE.fullmatch(record.name) else "other"
        fields: dict[str, Any] = {"logger": name, "where": f"{faults.file_of(record.filename)}:{record.lineno}"}
        if record.exc_info and record.exc_info[1]:
            fields |= error_fields(record.exc_info[1])
        structlog.get_logger().warning("library.message", service=self.service, **fields)


def get_logger(name: str) -> Any:
    """A logger that takes its configuration at its first line, not at import."""
    return structlog.get_logger(module=name)
