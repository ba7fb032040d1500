"""What the room takes and gives. A patient's identifier comes in a body, never in an address."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Code = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[a-z][a-z_.]*$")]
Reference = Annotated[str, Field(min_length=3, max_length=120, pattern=r"^[a-z][a-z_]{1,30}:[A-Za-z0-9._-]{1,80}$")]
Patient = Annotated[str, Field(min_length=1, max_length=100)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Search(Model):
    """All that is given must fit; `action` may be a noun with its dot (`document.`), `actor` a user id or a subject."""

    after: AwareDatetime | None = None
    before: AwareDatetime | None = None
    action: Code | None = None
    actor: str | None = Field(default=None, min_length=1, max_length=255)
    outcome: Literal["success", "refused", "not_found", "failed"] | None = None
    object: Reference | None = None
    patient: Patient | None = Field(default=None, repr=False)
    cursor: str | None = Field(default=None, max_length=80)
    limit: int = Field(default=50, ge=1, le=200)


class Actor(Model):
    iss: str
    sub: str
    user: str
    role: str
    profile: str
    act: str


class Entry(BaseModel):
    """One act as it is on record; who may read redacted entries sees `hidden` in places."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    at: str
    chain: int
    number: int
    action: str
    outcome: str
    by: Actor
    part: str = Field(validation_alias="in")
    objects: tuple[str, ...]
    patient: str
    purpose: str
    session: str
    network: str
    trace: str
    facts: dict[str, Any]


class Entries(Model):
    items: tuple[Entry, ...]
    next_cursor: str | None = None


class Disclosed(Model):
    """Of whom to ask: a patient by the hospital's identifier, or one document."""

    patient: Patient | None = Field(default=None, repr=False)
    object: Reference | None = None
    after: AwareDatetime | None = None
    before: AwareDatetime | None = None


class Disclosure(Model):
    """`accounted`: it belongs into the accounting of 45 CFR 164.528; the others the hospital itself may see."""

    at: str
    to: str
    role: str
    profile: str
    action: str
    objects: tuple[str, ...]
    purpose: str
    outcome: str
    accounted: bool
    entry: str


class Report(Model):
    """Oldest first; `capped` when there were more."""

    after: datetime
    before: datetime
    disclosures: tuple[Disclosure, ...]
    accounted: int
    capped: bool


class FaultTold(Model):
    kind: str
    number: int
    id: str | None = None


class ChainState(BaseModel):
    """`last` is the last entry, `anchored` the last one that is locked away."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    chain: int
    last: int = 0
    entries: int | None = None
    anchored: int = 0
    anchored_at: datetime | None = None
    fault: FaultTold | None = None


class Verification(Model):
    """`ok`: no entry was found wrong; `complete`: the anchors were asked, too. Null where none was made yet."""

    ok: bool | None
    complete: bool | None
    verified_at: datetime | None
    chains: tuple[ChainState, ...]
