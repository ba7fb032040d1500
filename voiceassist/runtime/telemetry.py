"""What leaves by OpenTelemetry passes the gates of a log line: allow-listed attributes, values that were searched.

Our own spans carry ids and counts alone; a library that is instrumented one day writes addresses with their queries,
statements with their parameters and exceptions with their messages. Loaded with the SDK, when a collector is named.
"""

from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import Link, Status

from voiceassist.runtime.log_fields import Fields

# OpenTelemetry's name for the type of an exception; its message and stack trace are in no allow-list.
EXCEPTION_TYPE = "exception.type"


class SearchedSpans(SpanProcessor):
    """Hands on every ended span as a copy: name, attributes, events, links and status without identifiers."""

    def __init__(self, following: SpanProcessor, fields: Fields) -> None:
        self._following = following
        self._fields = fields

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._following.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        self._following.on_end(self.searched(span))

    def shutdown(self) -> None:
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._following.force_flush(timeout_millis)

    def searched(self, span: ReadableSpan) -> ReadableSpan:
        kept = self._fields.kept
        return ReadableSpan(
            name=self._named(span.name),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=kept(span.attributes),
            events=[Event(self._named(each.name), self._event(each), each.timestamp) for each in span.events],
            links=[Link(each.context, kept(each.attributes)) for each in span.links],
            kind=span.kind,
            status=Status(span.status.status_code),  # a description is the text of an exception
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _named(self, name: str) -> str:
        return str(self._fields.kept({"event": name})["event"])

    def _event(self, event: Event) -> dict[str, Any]:
        attributes = dict(event.attributes or {})
        if kind := attributes.get(EXCEPTION_TYPE):
            attributes["error_type"] = kind
        return self._fields.kept(attributes)


class SearchedLogs(LogRecordProcessor):
    """The same for log records, in place: their body is a text that anybody may have put together."""

    def __init__(self, following: LogRecordProcessor, fields: Fields) -> None:
        self._following = following
        self._fields = fields

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        record = log_record.log_record
        record.body = self._fields.text(record.body)
        record.attributes = self._fields.kept(record.attributes)
        record.exception = None
        if record.event_name:
            record.event_name = str(self._fields.kept({"event": record.event_name})["event"])
        self._following.on_emit(log_record)

    def shutdown(self) -> None:
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._following.force_flush(timeout_millis)
