"""What happened to an account; names and addresses are in no event."""

from typing import Literal
from uuid import UUID

from events.catalog.payload import OTHER, OWNER, TENANT, EventType, Payload


class UserCreated(Payload, frozen=True, kw_only=True):
    """Somebody has an account from now on, by an invitation."""

    TYPE = "org.voiceassist.user.created.v1"
    user_id: UUID
    tenant_id: UUID
    invited_by: UUID


class UserDisabled(Payload, frozen=True, kw_only=True):
    """Somebody can sign in no more; `deprovisioned` for good, until an administrator releases the tombstone.

    Where the directory wants it (`by`), `disabled_by` is the nil UUID: no person did it here.
    """

    TYPE = "org.voiceassist.user.disabled.v1"
    user_id: UUID
    tenant_id: UUID
    disabled_by: UUID
    state: Literal["disabled", "deprovisioned"]
    by: Literal["administrator", "directory"] = "administrator"


class UserUpdated(Payload, frozen=True, kw_only=True):
    """An account changed its state otherwise: it may sign in again, or its subject was released to a new person."""

    TYPE = "org.voiceassist.user.updated.v1"
    user_id: UUID
    tenant_id: UUID
    updated_by: UUID
    change: Literal["enabled", "released"]


class UserSynced(Payload, frozen=True, kw_only=True):
    """An account follows its directory, and something of it changed there; who is locked out is said once more as
    user.disabled."""

    TYPE = "org.voiceassist.user.synced.v1"
    user_id: UUID
    tenant_id: UUID
    change: Literal["created", "updated", "enabled", "disabled", "deprovisioned"]


EVENTS = (
    EventType(
        payload=UserCreated,
        says=("auth",),
        heard_by=(),
        example=UserCreated(user_id=OWNER, tenant_id=TENANT, invited_by=OTHER),
    ),
    EventType(
        payload=UserDisabled,
        says=("auth",),
        heard_by=(),
        example=UserDisabled(user_id=OWNER, tenant_id=TENANT, disabled_by=OTHER, state="disabled"),
    ),
    EventType(
        payload=UserUpdated,
        says=("auth",),
        heard_by=(),
        example=UserUpdated(user_id=OWNER, tenant_id=TENANT, updated_by=OTHER, change="enabled"),
    ),
    EventType(
        payload=UserSynced,
        says=("auth",),
        heard_by=(),
        example=UserSynced(user_id=OWNER, tenant_id=TENANT, change="updated"),
    ),
)
