"""What the auth room says and hears."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from voiceassist.contracts.answers import Contract
from voiceassist.runtime.credentials import Purpose
from voiceassist.runtime.sessions import Session

LONGEST_DAYS = 365

# Base64url of SHA-256, or nothing.
Thumbprint = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_-]{43})?$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Scope = Annotated[str, StringConstraints(max_length=64)]


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


def me(session: Session) -> Me:
    user = User(id=session.user_id, name=session.name, email=session.email, role=session.role, profile=session.profile)
    return Me(user=user, csrf_token=session.csrf)


# ASCII digits only: `\d` would take the digits of other scripts too.
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$", max_length=6, strict=True)]
Bytes = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=65_536, strict=True)]
Transport = Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,20}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Code(Contract):
    code: Digits


class _FromBrowser(BaseModel):
    """Named as the browser names it; it may add fields we do not need."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Answered(_FromBrowser):
    """What an authenticator answered, in base64url."""

    client_data: Annotated[Bytes, Field(alias="clientDataJSON")]
    authenticator_data: Bytes | None = None
    signature: Bytes | None = None
    attestation_object: Bytes | None = None
    transports: Annotated[tuple[Transport, ...], Field(max_length=8)] = ()


class Credential(_FromBrowser):
    """A PublicKeyCredential as its `toJSON()` writes it (WebAuthn level 3, section 5.1.8)."""

    id: Bytes
    raw_id: Bytes
    type: Literal["public-key"]
    response: Answered

    def told(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)


class Proof(Contract):
    """One second factor: a code of the authenticator app, a recovery code, or the answer of a passkey."""

    code: Digits | None = None
    recovery_code: Annotated[str, StringConstraints(min_length=16, max_length=32)] | None = None
    passkey: Credential | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.code, self.recovery_code, self.passkey)) != 1:
            raise ValueError("exactly one factor")
        return self


class Passkey(Contract):
    """`synced`: the key is kept by an account too, not on one device alone."""

    id: UUID
    name: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None


class Factors(Contract):
    authenticator_since: datetime | None
    passkeys: tuple[Passkey, ...]
    recovery_codes_left: int


class Offered(Contract):
    """How a begun sign-in can go on; `enrol`: there is no factor yet, one is set up now."""

    code: bool
    passkey: bool
    recovery_code: bool
    enrol: bool


class Secret(Contract):
    """A new secret for an authenticator app, told this once. `qr` is the `d` of an SVG path, `size` its side."""

    secret: str
    uri: str
    qr: str
    size: int


class NewPasskey(Contract):
    name: Label
    credential: Credential


class NewName(Contract):
    name: Label


class RecoveryCodes(Contract):
    """Told this once."""

    recovery_codes: tuple[str, ...]


class Enrolled(Contract):
    """A factor counts from now on. `recovery_codes` come with the first one, `session` where it completed a sign-in."""

    recovery_codes: tuple[str, ...] = ()
    session: Me | None = None


class SteppedUp(BaseModel):
    """The CSRF token that counts from now on."""

    csrf_token: str


class SignIn(Contract):
    """Where somebody is signed in. `ends_at` if nothing is done there any more; `current` is the one that asks."""

    id: str
    device: str
    started_at: datetime
    last_used_at: datetime
    ends_at: datetime
    current: bool


class SignIns(Contract):
    items: tuple[SignIn, ...]


class Ended(Contract):
    ended: int


class WantedTicket(Contract):
    purpose: Purpose = "voice"


class MadeTicket(Contract):
    """Sent as the subprotocol `voiceassist-ticket.<ticket>`, beside `realtime`."""

    ticket: str
    expires_in: int


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
    session_id: str = ""
    jkt: str = ""


class NewKey(Contract):
    """`scopes` are what the key may do; it ends by itself.

    With `dpop_jkt`, the thumbprint (RFC 7638) of a key pair of yours, every call needs a proof of it (RFC 9449).
    """

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=32)]
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)]
    dpop_jkt: Thumbprint = ""


class ApiKey(Contract):
    """A key as it can be shown later: never the key itself. `dpop_jkt` is the key pair it is bound to, if any."""

    id: UUID
    name: str
    owner_id: UUID
    owner: str
    scopes: tuple[str, ...]
    dpop_jkt: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class MadeKey(ApiKey):
    """`key` is told this once."""

    key: str


class ApiKeys(Contract):
    items: tuple[ApiKey, ...]
    next_cursor: str | None = None


class NewGrant(Contract):
    """An application of one's own that asks for access tokens without a browser; `dpop_jkt` as for keys."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=32)]
    dpop_jkt: Thumbprint = ""


class AppGrant(Contract):
    """What an application was granted; `id` is its `client_id`. `ended_because` is empty while it holds."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    dpop_jkt: str
    created_at: datetime
    expires_at: datetime
    ended_because: str


class MadeGrant(AppGrant):
    """`refresh_token` is told this once, and is good for one use."""

    refresh_token: str


class AppGrants(Contract):
    items: tuple[AppGrant, ...]
