"""What the room that reads a directory tells the room that keeps the accounts."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from voiceassist.contracts.answers import Contract

MOST_PEOPLE = 100

State = Literal["active", "disabled", "gone"]
# kept: an administrator's account that was made here. tombstone: waits for an administrator to release it. absent:
# nobody to lock out. elsewhere: another tenant has the subject.
Outcome = Literal[
    "created", "updated", "enabled", "disabled", "deprovisioned", "unchanged", "kept", "tombstone", "absent",
    "elsewhere",
]  # fmt: skip
Text = Annotated[str, Field(max_length=320)]


class Described(Contract):
    """Somebody as a directory describes them; `sub` is how their issuer calls them."""

    sub: Annotated[str, Field(min_length=1, max_length=255)]
    name: Text = ""
    email: Text = ""
    role: Literal["admin", "viewer", "user"] = "viewer"
    profile: Annotated[str, Field(pattern=r"^[a-z_]{0,40}$")] = ""
    state: State


class Apply(Contract):
    """`issuer` is who signs these people in."""

    issuer: Annotated[str, Field(min_length=1, max_length=255)]
    people: Annotated[tuple[Described, ...], Field(min_length=1, max_length=MOST_PEOPLE)]


class Applied(Contract):
    sub: str
    user_id: UUID | None = None
    outcome: Outcome


class AppliedAll(Contract):
    """In the order of what was asked."""

    items: tuple[Applied, ...]
