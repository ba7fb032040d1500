"""What the clinical calculators did."""

from uuid import UUID

from events.catalog.payload import OTHER, OWNER, TENANT, Count, EventType, Payload, Slug, Version


class CalculatorComputed(Payload, frozen=True, kw_only=True):
    """A calculator gave a result; the inputs are counted, not told."""

    TYPE = "org.voiceassist.calculator.computed.v1"
    calculation_id: UUID
    tenant_id: UUID
    user_id: UUID | None = None
    calculator_id: Slug
    version: Version
    inputs: Count
    assumed: Count = 0


EVENTS = (
    EventType(
        payload=CalculatorComputed,
        says=("calculators",),
        heard_by=(),
        example=CalculatorComputed(
            calculation_id=OTHER,
            tenant_id=TENANT,
            user_id=OWNER,
            calculator_id="cha2ds2-vasc",
            version="1.0.0",
            inputs=7,
        ),
    ),
)
