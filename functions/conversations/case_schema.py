"""What the doors of cases and rounds hear and say."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from voiceassist.contracts.answers import Contract
from voiceassist.contracts.cases import FactKind

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class NewFact(Contract):
    """`text` as a clinician says it: "creatinine 1.4 mg/dL". `at`: when it was so; without it, now."""

    kind: FactKind
    text: Words
    at: AwareDatetime | None = None


class NewFacts(Contract):
    facts: tuple[NewFact, ...] = Field(min_length=1, max_length=50)


class Fact(NewFact):
    id: UUID
    told_at: datetime


class NewCase(Contract):
    """`rounds`: of the rounds that are under way, and gone with them."""

    title: Title
    rounds: bool = False
    facts: tuple[NewFact, ...] = Field(default=(), max_length=50)


class Retitled(Contract):
    title: Title


class Summary(Contract):
    """A case in a list; it is deleted at `expires_at` unless it is used before."""

    id: UUID
    title: str
    rounds: bool
    created_at: datetime
    updated_at: datetime
    expires_at: datetime


class Case(Summary):
    """`facts`: newest first."""

    facts: tuple[Fact, ...]


class Cases(Contract):
    """`keep_days`: how long after its last use a case is deleted; 0: none is kept here beyond rounds."""

    items: tuple[Summary, ...]
    next_cursor: str | None = None
    keep_days: int


class Rounds(Contract):
    """`seconds_left` by the server's clock; 0, without times: no rounds are under way."""

    started_at: datetime | None = None
    expires_at: datetime | None = None
    seconds_left: int = 0
