"""What is written to the event log: the jobs of the writer, and what a feed gets back to deliver."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from events.envelope import CloudEvent, encode_binary
from voiceassist.core.errors import UnavailableError


class StoreError(UnavailableError):
    """The log could not be written (no space, disk fault): nothing of the batch is stored."""

    code = "EVENT_STORE_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to store, with the routes that hear it as (route, order key or None)."""

    broker: str
    event: CloudEvent
    routes: Sequence[tuple[str, str | None]]
    now: int  # Unix milliseconds
    ttl: int
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """Store these events, all or none."""

    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Finish:
    """A delivery has ended; what follows from it (dead letter, reply) is stored in the same transaction.

    `lane` is (route, key) of an ordered delivery: the next of its key is free now.
    """

    seq: int
    state: int
    attempts: int
    code: int | None
    now: int
    follow_up: Entry | None = None
    lane: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Postpone:
    """A delivery failed at `now` after `duration_ms` and is due again."""

    seq: int
    attempts: int
    code: int | None
    due: int
    now: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Anything else, rarely: `work` runs in the transaction and its result is the job's. An exception of `work`
    undoes its own statements only."""

    work: Callable[[sqlite3.Connection], object]


Job = Append | Finish | Postpone | Change


class Parcel:
    """An event as all its deliveries share it: opened once, put into HTTP once."""

    __slots__ = ("__dict__", "event", "trace", "ttl")

    def __init__(self, event: CloudEvent | None, trace: str | None, ttl: int) -> None:
        self.event = event  # None when its row does not open (changed on disk)
        self.trace = trace
        self.ttl = ttl

    @cached_property
    def wire(self) -> tuple[bytes, bytes]:
        """Header lines, each ended by CRLF, and the body; binary mode."""
        assert self.event is not None  # noqa: S101 - what does not open is never sent
        headers, body = encode_binary(self.event)
        return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("latin-1"), body

    @property
    def size(self) -> int:
        """Bytes it holds in memory, roughly."""
        return 512 + len((self.event and self.event.data) or b"")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to be made now."""

    seq: int
    attempts: int
    parcel: Parcel
    key: str | None = None

    @property
    def event(self) -> CloudEvent | None:
        return self.parcel.event


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a commit left to deliver: `ready` by route, and the routes that have to `look` into the log."""

    ready: dict[str, list[Claimed]] = field(default_factory=dict)
    look: set[str] = field(default_factory=set)
