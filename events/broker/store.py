"""The event log: one SQLite file in WAL mode with synchronous=FULL, so that what is committed survives a power cut.

One row per event, one row per (event, Trigger that hears it). Events are sealed (AES-256-GCM); id, type and times
stay readable so that an operator can look an event up without the key.
Two connections, each used by one thread only: `apply` writes (the writer thread), the rest reads.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from events.envelope import CloudEvent
from voiceassist.adapters import crypto
from voiceassist.core.errors import SettingsError, UnavailableError

SCHEMA_VERSION = 1
DAY_MS = 86_400_000
KEEP_EVENTS_MS = 7 * DAY_MS
KEEP_DEAD_MS = 30 * DAY_MS

WAITING, DONE, DEAD = 0, 1, 2

_SCHEMA = """
create table events (
    seq integer primary key, broker text not null, id text not null, source text not null, type text not null,
    accepted integer not null, trace text, ttl integer not null, sealed blob not null);
create table deliveries (
    seq integer primary key, event integer not null references events (seq), route text not null, key text,
    state integer not null default 0, attempts integer not null default 0, due integer not null default 0,
    code integer, finished integer);
-- `due` is 0 until a retry sets it, so that a clock that jumps back holds up no fresh event.
create index waiting on deliveries (route, due, seq) where state = 0;
create index waiting_in_order on deliveries (route, key, seq) where state = 0 and key is not null;
create index of_event on deliveries (event);
create table canary (sealed blob not null);
"""
_CANARY = b"events.broker"

_FREE = """
select seq from deliveries where route = ? and state = 0 and due <= ? order by due, seq limit ?
"""
# The first of each key only: whatever stands behind an unfinished event of its key waits.
_FREE_IN_ORDER = """
select d.seq from deliveries d where d.route = ? and d.state = 0 and d.due <= ? and not exists (
    select 1 from deliveries p where p.route = d.route and p.key = d.key and p.state = 0 and p.seq < d.seq)
order by d.due, d.seq limit ?
"""
_LOADED = """
select d.seq, d.attempts, e.id, e.source, e.trace, e.ttl, e.sealed from deliveries d join events e on e.seq = d.event
where d.seq in ({places}) order by d.due, d.seq
"""

_TRIM_DELIVERIES = """
delete from deliveries where event in (select seq from events where accepted < :old) or (
    event in (select seq from events where accepted < :young)
    and not exists (select 1 from deliveries other where other.event = deliveries.event and other.state != 1))
"""
_TRIM_EVENTS = """
delete from events where not exists (select 1 from deliveries where event = events.seq) and (
    accepted < :old or (accepted < :young and broker not in (select value from json_each(:kept))))
"""


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
    """A delivery has ended; what follows from it (dead letter, reply) is stored in the same transaction."""

    seq: int
    state: int
    attempts: int
    code: int | None
    now: int
    follow_up: Entry | None = None


@dataclass(frozen=True, slots=True)
class Postpone:
    """A delivery failed and is due again."""

    seq: int
    attempts: int
    code: int | None
    due: int


Job = Append | Finish | Postpone


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to be made now; `event` is None when its row does not open (changed on disk)."""

    seq: int
    attempts: int
    event: CloudEvent | None
    trace: str | None
    ttl: int


@dataclass(slots=True)
class Batch:
    """The rows of one transaction, written with as few statements as it takes."""

    events: list[tuple[object, ...]] = field(default_factory=list)
    deliveries: list[tuple[object, ...]] = field(default_factory=list)
    finished: list[tuple[object, ...]] = field(default_factory=list)
    postponed: list[tuple[object, ...]] = field(default_factory=list)


class Store:
    """`open` it once per process; `apply` from one thread, `claim` and the other readers from one other."""

    def __init__(self, path: Path, key: bytes, *, kept_longer: frozenset[str] = frozenset()) -> None:
        self.path = path
        self._kept_longer = kept_longer
        self._key = key
        self._write = _connect(path)
        self._prepare()
        self._read = _connect(path)
        self._event_seq = self._highest("events")
        self._delivery_seq = self._highest("deliveries")

    def _prepare(self) -> None:
        try:
            self._write.execute("pragma journal_mode=wal")
            version = self._write.execute("pragma user_version").fetchone()[0]
            if version == 0:
                self._create()
            elif version != SCHEMA_VERSION:
                raise SettingsError("The event log was written by another version of the broker.")
            sealed = self._write.execute("select sealed from canary").fetchone()
            crypto.unseal(sealed[0] if sealed else b"", key=self._key, place="canary")
        except sqlite3.Error as error:
            raise _unusable(error) from None
        except crypto.SealBrokenError:
            raise SettingsError("The event log is sealed under another key-encryption key.") from None

    def _create(self) -> None:
        canary = crypto.seal(_CANARY, key=self._key, place="canary").hex()
        # One script, one transaction: a log without its canary would look like one of another key.
        script = ["begin;", _SCHEMA, f"insert into canary values (x'{canary}');"]  # noqa: S608 - our own hex
        self._write.executescript("\n".join([*script, f"pragma user_version={SCHEMA_VERSION};", "commit;"]))

    def _highest(self, table: str) -> int:
        row = self._write.execute(f"select coalesce(max(seq), 0) from {table}").fetchone()  # noqa: S608 - our own names
        return int(row[0])

    def close(self) -> None:
        self._read.close()
        self._write.close()

    # --- the writer thread ---------------------------------------------------------------------------------------

    def apply(self, jobs: Iterable[Job]) -> set[str]:
        """Commit all jobs in one transaction; returns the routes that have something new to do."""
        batch = Batch()
        touched: set[str] = set()
        counters = self._event_seq, self._delivery_seq
        for job in jobs:
            touched |= self._collect(job, batch)
        try:
            self._commit(batch)
        except sqlite3.Error:
            self._event_seq, self._delivery_seq = counters
            raise StoreError("The event could not be stored.", retry_after=1) from None
        return touched

    def _collect(self, job: Job, batch: Batch) -> set[str]:
        if isinstance(job, Append):
            return {route for entry in job.entries for route in self._append(entry, batch)}
        if isinstance(job, Postpone):
            batch.postponed.append((job.attempts, job.code, job.due, job.seq))
            return set()
        batch.finished.append((job.state, job.attempts, job.code, job.now, job.seq))
        return self._append(job.follow_up, batch) if job.follow_up else set()

    def _append(self, entry: Entry, batch: Batch) -> set[str]:
        event = entry.event
        self._event_seq += 1
        sealed = crypto.seal(msgspec.msgpack.encode(event), key=self._key, place=_place(event.id, event.source))
        row = (self._event_seq, entry.broker, event.id, event.source, event.type, entry.now)
        batch.events.append((*row, entry.trace, entry.ttl, sealed))
        for route, key in entry.routes:
            self._delivery_seq += 1
            batch.deliveries.append((self._delivery_seq, self._event_seq, route, key))
        return {route for route, _ in entry.routes}

    def _commit(self, batch: Batch) -> None:
        write = self._write
        write.execute("begin immediate")
        try:
            write.executemany("insert into events values (?,?,?,?,?,?,?,?,?)", batch.events)
            write.executemany("insert into deliveries (seq, event, route, key) values (?,?,?,?)", batch.deliveries)
            write.executemany(
                "update deliveries set state=?, attempts=?, code=?, finished=? where seq=?", batch.finished
            )
            write.executemany("update deliveries set attempts=?, code=?, due=? where seq=?", batch.postponed)
            write.execute("commit")
        except sqlite3.Error:
            if write.in_transaction:
                write.execute("rollback")
            raise

    def checkpoint(self) -> None:
        """Fold the WAL into the database without making anybody wait."""
        self._write.execute("pragma wal_checkpoint(passive)")

    def trim(self, now: int) -> int:
        """Drop finished events after 7 days; dead ones, and what lies at a dead-letter broker, after 30."""
        ages = {"young": now - KEEP_EVENTS_MS, "old": now - KEEP_DEAD_MS, "kept": json.dumps(sorted(self._kept_longer))}
        self._write.execute("begin immediate")
        self._write.execute(_TRIM_DELIVERIES, ages)
        dropped = self._write.execute(_TRIM_EVENTS, ages).rowcount
        self._write.execute("commit")
        return dropped

    # --- the reader thread ---------------------------------------------------------------------------------------

    def claim(self, route: str, *, now: int, busy: frozenset[int], limit: int, ordered: bool = False) -> list[Claimed]:
        """Up to `limit` due deliveries that are not already being made, oldest first."""
        query = _FREE_IN_ORDER if ordered else _FREE
        rows = self._read.execute(query, (route, now, limit + len(busy))).fetchall()
        free = [seq for (seq,) in rows if seq not in busy][:limit]
        if not free:
            return []
        loaded = self._read.execute(_LOADED.format(places=",".join("?" * len(free))), free)
        return [self._claimed(*row) for row in loaded]

    def _claimed(
        self, seq: int, attempts: int, event_id: str, source: str, trace: str | None, ttl: int, sealed: bytes
    ) -> Claimed:
        try:
            plain = crypto.unseal(sealed, key=self._key, place=_place(event_id, source))
        except crypto.SealBrokenError:
            return Claimed(seq, attempts, None, trace, ttl)
        return Claimed(seq, attempts, msgspec.msgpack.decode(plain, type=CloudEvent), trace, ttl)

    def next_due(self, route: str, *, now: int) -> int | None:
        """When the earliest delivery that is not due yet falls due, in Unix milliseconds."""
        row = self._read.execute(
            "select min(due) from deliveries where route = ? and state = 0 and due > ?", (route, now)
        ).fetchone()
        return row[0] if row else None

    def waiting(self) -> dict[str, int]:
        """Unfinished deliveries by route."""
        return dict(self._read.execute("select route, count(*) from deliveries where state = 0 group by route"))


def _place(event_id: str, source: str) -> str:
    return f"events|{source}|{event_id}"


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.touch(mode=0o600)  # the WAL takes its mode from the database
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
        connection.execute("pragma synchronous=full")
        # Checkpoints happen when it is quiet (Writer); this is only the bound under steady load, about 64 MiB.
        connection.execute("pragma wal_autocheckpoint=16000")
    except (sqlite3.Error, OSError) as error:
        raise _unusable(error) from None
    return connection


def _unusable(error: sqlite3.Error | OSError) -> SettingsError:
    if isinstance(error, sqlite3.OperationalError | OSError):
        return SettingsError("The event log cannot be opened: no such folder, no space or no permission.")
    return SettingsError("The event log is damaged; restore it from a backup or move it away.")
