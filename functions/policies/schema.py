"""What the policies API says and is told."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from voiceassist.contracts.answers import Contract

FileName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}\.(rego|json)$")]
FileText = Annotated[str, StringConstraints(max_length=200_000)]
State = Literal["proposed", "published", "replaced", "rejected"]
Reason = Annotated[str, StringConstraints(min_length=10, max_length=500, strip_whitespace=True)]


class Draft(Contract):
    """The files of a bundle, whole: *.rego with their tests, and the *.json they read."""

    files: dict[FileName, FileText] = Field(min_length=1, max_length=20)


class Fault(Contract):
    code: Literal["NOT_COMPILED", "NOT_PORTABLE", "TEST_FAILED", "NOT_COVERED", "TOO_SLOW", "LOCKS_OUT"]
    file: str = ""
    line: int | None = None
    name: str = ""


class Verdict(Contract):
    """`coverage` is the share of lines that the bundle's tests reach, `milliseconds` a decision takes (p99)."""

    revision: str
    faults: tuple[Fault, ...]
    coverage: float
    milliseconds: float


class Changed(Contract):
    """A request that would be decided otherwise; `recorded` where somebody really asked it."""

    action: str
    role: str
    profile: str
    key: bool
    purpose: str
    allowed_before: bool
    allowed_after: bool
    reasons: tuple[str, ...]
    recorded: bool


class DryRun(Contract):
    verdict: Verdict
    needs_second: bool
    recorded: int
    changed: tuple[Changed, ...]


class Policy(Contract):
    id: UUID | None
    number: int
    revision: str
    state: State
    needs_second: bool
    author_id: UUID | None
    approver_id: UUID | None
    created_at: datetime | None
    published_at: datetime | None


class Whole(Policy):
    files: dict[str, str]


class Policies(Contract):
    items: tuple[Policy, ...]
    next_cursor: str | None = None


class Recorded(Contract):
    """Shapes of requests that were decided lately; no person, no record, no text."""

    items: tuple[dict[str, Any], ...]


class Emergency(Contract):
    """Open somebody's records for half an hour. The reason is kept for the disclosure report."""

    owner_id: UUID
    reason: Reason


class Grant(Contract):
    id: UUID
    user_id: UUID
    owner_id: UUID
    reason: str
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None


class Grants(Contract):
    items: tuple[Grant, ...]
    next_cursor: str | None = None
