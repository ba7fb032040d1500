"""Spans and log records of OpenTelemetry: what a careless library writes into them does not leave."""

import contextlib

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, Status, StatusCode

from functions.phi.domain.model import redacted
from functions.phi.domain.scan import detect
from voiceassist.runtime.log_fields import Fields
from voiceassist.runtime.telemetry import SearchedLogs, SearchedSpans

NAME, SSN = "Quackenbush", "123-45-6789"
FIELDS = Fields(lambda text: redacted(text, detect(text)))


@pytest.fixture
def spans():
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SearchedSpans(SimpleSpanProcessor(exporter), FIELDS))
    return provider.get_tracer("tests"), exporter


@pytest.mark.req("P8.2", "P8.4")
def test_a_span_keeps_ids_and_counts_and_loses_the_rest(spans):
    tracer, exporter = spans
    other = tracer.start_span("other")
    other.end()
    link = Link(other.get_span_context(), {"db.statement": NAME, "reason": SSN})
    with contextlib.suppress(ValueError), tracer.start_as_current_span(f"GET /patients/{SSN}", links=[link]) as span:
        span.set_attribute("http.url", f"https://example.org/?name={NAME}")
        span.set_attribute("room", "phi")
        span.set_attribute("count", 3)
        span.set_attribute("reason", f"for {SSN}")
        span.add_event("step.done", {"text": NAME, "reason": SSN})
        span.set_status(Status(StatusCode.ERROR, f"refused {NAME}"))
        raise ValueError(f"{NAME} {SSN}")
    _, told = exporter.get_finished_spans()
    assert told.name == "GET /patients/[SSN]"
    assert dict(told.attributes) == {"room": "phi", "count": 3, "reason": "for [SSN]"}
    assert [(event.name, dict(event.attributes)) for event in told.events] == [
        ("step.done", {"reason": "[SSN]"}),
        ("exception", {"error_type": "ValueError"}),
    ]
    assert told.status.status_code is StatusCode.ERROR
    assert not told.status.description
    assert [dict(one.attributes) for one in told.links] == [{"reason": "[SSN]"}]
    for planted in (NAME, SSN):
        assert planted not in told.to_json()


def test_parent_times_and_ids_are_those_of_the_span(spans):
    tracer, exporter = spans
    with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner"):
        pass
    inner, outer = exporter.get_finished_spans()
    assert inner.parent.span_id == outer.context.span_id
    assert inner.end_time >= inner.start_time
    assert inner.instrumentation_scope.name == "tests"


@pytest.mark.req("P8.4")
def test_a_log_record_is_searched_and_its_exception_dropped():
    exporter, provider = InMemoryLogRecordExporter(), LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SearchedLogs(SimpleLogRecordProcessor(exporter), FIELDS))
    provider.get_logger("tests").emit(
        severity_number=SeverityNumber.ERROR,
        body=f"for {SSN}",
        event_name="room.failed",
        attributes={"room": "phi", "exception.message": NAME, "patient": NAME},
        exception=ValueError(NAME),
    )
    (told,) = exporter.get_finished_logs()
    record = told.log_record
    assert (record.body, record.event_name, dict(record.attributes)) == ("for [SSN]", "room.failed", {"room": "phi"})
    assert NAME not in told.to_json()
