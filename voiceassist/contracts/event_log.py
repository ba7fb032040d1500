"""Operations on events over HTTP: what the broker's log tells and takes (`/api/v1/events`).

msgspec instead of pydantic: the broker answers with these, and the gateway describes them.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

DeliveryState = Literal["waiting", "delivered", "dead", "held", "dropped"]
Status = Annotated[int, Meta(description="HTTP status; null: no answer")]
MOST_REPLAYED = 10_000


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Closed and frozen."""


class Event(Model, frozen=True):
    """An event of the log, without its data."""

    cursor: int
    broker: str
    id: str
    source: str
    type: str
    accepted_at: datetime
    trace: str | None
    deliveries: int


class EventPage(Model, frozen=True):
    items: list[Event]
    next_cursor: str | None


class FailedAttempt(Model, frozen=True):
    number: int
    at: datetime
    status: Status | None
    duration_ms: int


class EventName(Model, frozen=True):
    cursor: int
    id: str
    source: str
    type: str
    accepted_at: datetime


class Delivery(Model, frozen=True):
    """An event on its way to one Trigger's subscriber. `held`: behind an unfinished one of its key; `dropped`: its
    Trigger was deleted, or it was given up. `replay` names the replay that sent a dead letter again."""

    cursor: int
    trigger: str
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    status: Status | None
    finished_at: datetime | None
    replay: str | None
    event: EventName
    failed_attempts: list[FailedAttempt]


class DeliveryPage(Model, frozen=True):
    items: list[Delivery]
    next_cursor: str | None


class Trigger(Model, frozen=True):
    """A Trigger in force: ready or why not, what waits for it, what it could not get rid of."""

    trigger: str
    broker: str | None
    subscriber: str | None
    ready: bool
    reason: str | None
    ordered: bool
    waiting: int
    dead: int


class TriggerList(Model, frozen=True):
    items: list[Trigger]
    next_cursor: str | None
    wiring_faults: dict[str, str]


class ReplayRequest(Model, frozen=True):
    """What to send again; something must be chosen. With `dead_letters` only deliveries that ended there, to their
    own Trigger; without, whole events to every Trigger that hears them now, or to `trigger` alone."""

    ids: tuple[str, ...] = ()
    type: str | None = None
    source: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    trigger: str | None = None
    dead_letters: bool = False
    limit: Annotated[int, Meta(ge=1, le=MOST_REPLAYED)] = 1000
    dry_run: bool = False


class ReplayResult(Model, frozen=True):
    """`capped`: more matched than `limit` let through. `events` are the first 200 ids."""

    id: str
    dry_run: bool
    matched: int
    replayed: int
    capped: bool
    events: list[str]


class DiscardRequest(Model, frozen=True):
    """Which dead letters to give up; something must be chosen. What was sent again already is none any more."""

    ids: tuple[str, ...] = ()
    type: str | None = None
    source: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    trigger: str | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_REPLAYED)] = 1000
    dry_run: bool = False


class DiscardResult(Model, frozen=True):
    """`capped`: more matched than `limit` let through. `events` are the first 200 ids."""

    id: str
    dry_run: bool
    matched: int
    discarded: int
    capped: bool
    events: list[str]


class ReplayRecord(Model, frozen=True):
    """`replayed`: how many were sent again, or given up where the action is a discard."""

    action: Literal["replay", "discard"]
    cursor: int
    id: str
    at: datetime
    subject: str
    tenant: str
    selection: dict[str, Any]
    dry_run: bool
    matched: int
    replayed: int


class ReplayPage(Model, frozen=True):
    items: list[ReplayRecord]
    next_cursor: str | None
