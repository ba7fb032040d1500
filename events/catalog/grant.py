"""What applications were granted."""

from uuid import UUID

from events.catalog.payload import OTHER, OWNER, TENANT, EventType, Payload


class GrantReused(Payload, frozen=True, kw_only=True):
    """A refresh token was shown a second time: somebody has a copy. The grant has ended, its sockets are closed."""

    TYPE = "org.voiceassist.grant.reused.v1"
    grant_id: UUID
    tenant_id: UUID
    owner_id: UUID


EVENTS = (
    EventType(
        payload=GrantReused,
        says=("auth",),
        heard_by=(),
        example=GrantReused(grant_id=OTHER, tenant_id=TENANT, owner_id=OWNER),
    ),
)
