"""API keys of integrators; the keys themselves are in no event."""

from uuid import UUID

from events.catalog.payload import OTHER, OWNER, TENANT, Count, EventType, Payload


class KeyCreated(Payload, frozen=True, kw_only=True):
    """Somebody made an API key; its scopes are counted, not told."""

    TYPE = "org.voiceassist.key.created.v1"
    key_id: UUID
    tenant_id: UUID
    owner_id: UUID
    scopes: Count


class KeyRevoked(Payload, frozen=True, kw_only=True):
    """An API key opens nothing any more. `revoked_by` is its owner, or an administrator."""

    TYPE = "org.voiceassist.key.revoked.v1"
    key_id: UUID
    tenant_id: UUID
    owner_id: UUID
    revoked_by: UUID | None = None


EVENTS = (
    EventType(
        payload=KeyCreated,
        says=("auth",),
        heard_by=(),
        example=KeyCreated(key_id=OTHER, tenant_id=TENANT, owner_id=OWNER, scopes=2),
    ),
    EventType(
        payload=KeyRevoked,
        says=("auth",),
        heard_by=(),
        example=KeyRevoked(key_id=OTHER, tenant_id=TENANT, owner_id=OWNER, revoked_by=OWNER),
    ),
)
