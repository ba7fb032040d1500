"""The audit: that it is anchored, and that it is not what it was."""

from uuid import UUID

from events.catalog.payload import TENANT, Code, Count, EventType, Payload


class AuditAnchored(Payload, frozen=True, kw_only=True):
    """Entries `first` to `last` of a chain are signed by checkpoint `number` and locked in object storage."""

    TYPE = "org.voiceassist.audit.anchored.v1"
    tenant_id: UUID
    chain: Count
    number: Count
    first: Count
    last: Count


class AuditBroken(Payload, frozen=True, kw_only=True):
    """Entry `number` of a chain is the first that is not right; said once until a verification is right again."""

    TYPE = "org.voiceassist.audit.broken.v1"
    tenant_id: UUID
    chain: Count
    number: Count
    kind: Code


EVENTS = (
    EventType(
        payload=AuditAnchored,
        says=("audit",),
        heard_by=(),
        example=AuditAnchored(tenant_id=TENANT, chain=0, number=12, first=801, last=812),
    ),
    EventType(
        payload=AuditBroken,
        says=("audit",),
        heard_by=(),
        example=AuditBroken(tenant_id=TENANT, chain=0, number=805, kind="CHANGED"),
    ),
)
