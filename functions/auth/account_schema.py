"""What the doors of accounts and invitations say and hear."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from voiceassist.contracts.answers import Contract

Named = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Email = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^\s@<>\x00-\x1f\x7f]{1,64}@[^\s@<>\x00-\x1f\x7f]{1,189}$")
]
Profile = Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,40}$")]
Token = Annotated[str, StringConstraints(pattern=r"^vi_[A-Za-z0-9_-]{43}$")]
Username = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{1,31}$")]
Password = Annotated[str, StringConstraints(min_length=12, max_length=256)]


class Account(Contract):
    id: UUID
    name: str
    email: str
    role: str
    profile: str
    status: str
    mfa_enrolled: bool
    last_login_at: datetime | None
    created_at: datetime


class Accounts(Contract):
    items: tuple[Account, ...]
    next_cursor: str | None = None


class NewInvitation(Contract):
    """`role` and `profile` count where the issuer tells no role of its own."""

    name: Named
    email: Email
    role: Literal["admin", "viewer", "user"]
    profile: Profile = ""


class Invitation(Contract):
    id: UUID
    name: str
    email: str
    role: str
    profile: str
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class MadeInvitation(Invitation):
    """`link` is told this once. The token stands behind `#`, which no server is sent."""

    link: str


class Invitations(Contract):
    items: tuple[Invitation, ...]


class Asked(Contract):
    token: Token


class Invited(Contract):
    """Whom the link is for. `registers`: a user name and a password are chosen here, as the issuer is our own."""

    name: str
    email: str
    registers: bool


class Accepted(Contract):
    token: Token
    username: Username | None = None
    password: Password | None = None
