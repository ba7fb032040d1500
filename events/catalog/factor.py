"""What happened to somebody's second factors; no secret, code or name of a device is in an event."""

from typing import Literal
from uuid import UUID

from events.catalog.payload import OWNER, TENANT, EventType, Payload

Change = Literal[
    "authenticator_enrolled",
    "authenticator_removed",
    "passkey_added",
    "passkey_removed",
    "codes_made",
    "code_used",
    "reset",
]


class FactorChanged(Payload, frozen=True, kw_only=True):
    """The second factors of `user_id` changed, by that person or, after `reset`, by an administrator.

    `left` is how many recovery codes are good still; -1 where that has not changed.
    """

    TYPE = "org.voiceassist.factor.changed.v1"
    user_id: UUID
    tenant_id: UUID
    change: Change
    changed_by: UUID
    left: int = -1


EVENTS = (
    EventType(
        payload=FactorChanged,
        says=("auth",),
        heard_by=("notifications",),
        example=FactorChanged(user_id=OWNER, tenant_id=TENANT, change="code_used", changed_by=OWNER, left=7),
    ),
)
