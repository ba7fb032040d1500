"""What every event of a room says about itself."""

from uuid import UUID

import pytest

from events.catalog import EVENT_TYPES, AnswerAbstained, CalculatorComputed, DocumentDeleted, schema
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import outbox, tracing

OWNER = UUID("01900000-0000-7000-8000-0000000000a1")
# What is about a whole organisation, and what is about the installation, is nobody's own.
OF_A_TENANT = {
    "org.voiceassist.audit.anchored.v1",
    "org.voiceassist.audit.broken.v1",
    "org.voiceassist.directory.held.v1",
}
OF_NOBODY = {"org.voiceassist.canary.searched.v1"}


def said(event_type):
    return outbox.event_of("a-room", event_type, EVENT_TYPES[event_type].example, subject="s", key="k")


@pytest.mark.parametrize("event_type", [name for name, entry in EVENT_TYPES.items() if entry.says])
def test_every_event_of_a_room_names_tenant_owner_and_schema(event_type):
    event = said(event_type)
    tenant = {} if event_type in OF_NOBODY else {"tenantid": str(DEFAULT_TENANT)}
    owner = {} if event_type in OF_NOBODY | OF_A_TENANT else {"ownerid": str(OWNER)}
    assert event.extensions == {"partitionkey": "k"} | tenant | owner
    assert event.dataschema == schema(event_type)["$id"]
    assert event.source == "/voiceassist/a-room"


def test_an_event_about_nobody_has_no_owner():
    nobody = CalculatorComputed(
        calculation_id=UUID(int=1), tenant_id=UUID(int=2), calculator_id="bmi", version="1.0.0", inputs=2
    )
    event = outbox.event_of("calculators", CalculatorComputed.TYPE, nobody, subject="s", key="k")
    assert event.extensions == {"partitionkey": "k", "tenantid": str(UUID(int=2))}


def test_the_trace_of_the_request_goes_along():
    with tracing.scope(tracing.start(None)):
        assert said(AnswerAbstained.TYPE).extensions["traceparent"] == tracing.current_traceparent()


def test_a_payload_of_another_type_cannot_be_said():
    with pytest.raises(TypeError):
        outbox.event_of("a-room", AnswerAbstained.TYPE, EVENT_TYPES[DocumentDeleted.TYPE].example, subject="s", key="k")
