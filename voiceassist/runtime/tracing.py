"""One trace id across gateway, room, event and database.

W3C Trace Context is parsed and written by hand (55 characters) so that a cold room does not load the
OpenTelemetry SDK before its first answer; spans are recorded through the OpenTelemetry API, and the
SDK with its exporter starts only where VOICEASSIST_TELEMETRY__OTLP_ENDPOINT is set.
"""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager as ContextManager
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")


@dataclass(frozen=True, slots=True)
class TraceContext:
    trace_id: str
    span_id: str
    sampled: bool = True

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)


def parse(traceparent: str | None) -> TraceContext | None:
    """A valid `traceparent` header (W3C Trace Context, level 1) or None."""
    match = TRACEPARENT.match(traceparent or "")
    if not match or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return None
    return TraceContext(match[1], match[2], int(match[3], 16) & 1 == 1)


def start(traceparent: str | None) -> TraceContext:
    """Continue the caller's trace, or begin one; the span id is ours."""
    parent = parse(traceparent)
    trace_id = parent.trace_id if parent else os.urandom(16).hex()
    return TraceContext(trace_id, os.urandom(8).hex(), parent.sampled if parent else True)


def current() -> TraceContext | None:
    return _current.get()


def current_trace_id() -> str:
    context = _current.get()
    return context.trace_id if context else ""


def current_traceparent() -> str | None:
    context = _current.get()
    return context.traceparent if context else None


class scope:  # noqa: N801 - used like a function
    """`with scope(context):` makes it the current one. A class, because a generator costs three times as much."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: TraceContext) -> None:
        self._context = context

    def __enter__(self) -> TraceContext:
        self._token = _current.set(self._context)
        return self._context

    def __exit__(self, *_error: object) -> None:
        _current.reset(self._token)


class _Exporter:
    """Whether this process exports spans; several rooms may share the process, the first starts it."""

    running = False


def start_exporter(endpoint: str, service: str) -> None:
    """Start the SDK once; called inside a request or at a server's start, never at import (cold start)."""
    if not endpoint or _Exporter.running:
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from voiceassist.runtime.log_fields import FIELDS
    from voiceassist.runtime.telemetry import SearchedSpans

    sending = BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint), schedule_delay_millis=1000)
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(SearchedSpans(sending, FIELDS))
    trace.set_tracer_provider(provider)
    _Exporter.running = True


@contextmanager
def span(name: str, **attributes: str | float | bool) -> Iterator[TraceContext]:
    """A child span with a constant name and ids or counts as attributes, never text."""
    parent = _current.get() or start(None)
    with _recorded(name, parent, attributes) as context, scope(context):
        yield context


def continued(name: str, traceparent: str | None, **attributes: str | float | bool) -> ContextManager[TraceContext]:
    """A span as child of a trace that came with a message, or of a new one; cheap where nothing is exported."""
    if not _Exporter.running:
        return scope(start(traceparent))
    return _continued(name, traceparent, attributes)


@contextmanager
def _continued(name: str, traceparent: str | None, attributes: dict[str, str | float | bool]) -> Iterator[TraceContext]:
    with scope(parse(traceparent) or start(None)), span(name, **attributes) as context:
        yield context


@contextmanager
def _recorded(
    name: str, parent: TraceContext, attributes: dict[str, str | int | float | bool]
) -> Iterator[TraceContext]:
    if not _Exporter.running:
        yield TraceContext(parent.trace_id, os.urandom(8).hex(), parent.sampled)
        return
    from opentelemetry import trace

    remote = trace.SpanContext(
        int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=trace.TraceFlags(1)
    )
    context = trace.set_span_in_context(trace.NonRecordingSpan(remote))
    # record_exception would write the exception's text into the span.
    with tracer().start_as_current_span(
        name, context=context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as active:
        identity = active.get_span_context()
        yield TraceContext(f"{identity.trace_id:032x}", f"{identity.span_id:016x}", parent.sampled)


def tracer() -> "Tracer":
    from opentelemetry import trace

    return trace.get_tracer("voiceassist")
