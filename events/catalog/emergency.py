"""Break-glass: somebody looks at records of somebody else. The reason is in no event."""

from uuid import UUID

from events.catalog.payload import OTHER, OWNER, TENANT, EventType, Payload


class EmergencyOpened(Payload, frozen=True, kw_only=True):
    """The records of `owner_id` are open to `opened_by` for 30 minutes; owner and administrators are told."""

    TYPE = "org.voiceassist.emergency.opened.v1"
    grant_id: UUID
    tenant_id: UUID
    owner_id: UUID
    opened_by: UUID


EVENTS = (
    EventType(
        payload=EmergencyOpened,
        says=("policies",),
        heard_by=("notifications",),
        example=EmergencyOpened(grant_id=OTHER, tenant_id=TENANT, owner_id=OWNER, opened_by=OTHER),
    ),
)
