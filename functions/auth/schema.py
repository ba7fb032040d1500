"""What the auth room says and hears."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from voiceassist.contracts.answers import Contract

LONGEST_DAYS = 365


class User(BaseModel):
    id: str
    name: str
    email: str
    role: str
    profile: str


class Me(BaseModel):
    """Who is signed in; `csrf_token` goes into the header X-CSRF-Token of every write."""

    user: User
    csrf_token: str


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    # ASCII digits only: `\d` would take the digits of other scripts too.
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$", max_length=6, strict=True)]


class Key(BaseModel):
    key: Annotated[str, StringConstraints(max_length=256)]


class KeyState(BaseModel):
    """Whose key it is and what it may do; nothing but `active: false` about a key that is not good."""

    active: bool
    user_id: str = ""
    tenant_id: str = ""
    role: str = "viewer"
    profile: str = ""
    scopes: list[str] = []


class NewKey(Contract):
    """`scopes` are what the key may do; it ends by itself."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    scopes: Annotated[tuple[Annotated[str, StringConstraints(max_length=64)], ...], Field(min_length=1, max_length=32)]
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)]


class ApiKey(Contract):
    """A key as it can be shown later: never the key itself."""

    id: UUID
    name: str
    owner_id: UUID
    owner: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class MadeKey(ApiKey):
    """`key` is told this once."""

    key: str


class ApiKeys(Contract):
    items: tuple[ApiKey, ...]
    next_cursor: str | None = None
