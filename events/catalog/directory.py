"""What became of following a directory of people."""

from typing import Literal
from uuid import UUID

from events.catalog.payload import OTHER, TENANT, Count, EventType, Payload


class DirectoryHeld(Payload, frozen=True, kw_only=True):
    """A directory's answer would have locked out so many people at once that nothing of it was done; said once, until
    an answer is followed again. `locked` of `active` accounts that follow it."""

    TYPE = "org.voiceassist.directory.held.v1"
    run_id: UUID
    tenant_id: UUID
    code: Literal["TOO_MANY_LOCKED", "EMPTY_ANSWER"]
    active: Count
    locked: Count


EVENTS = (
    EventType(
        payload=DirectoryHeld,
        says=("users",),
        heard_by=(),
        example=DirectoryHeld(run_id=OTHER, tenant_id=TENANT, code="TOO_MANY_LOCKED", active=412, locked=97),
    ),
)
