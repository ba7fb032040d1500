"""The event log: one SQLite file in WAL mode with synchronous=FULL, so that what is committed survives a power cut.

One row per event, one row per (event, Trigger that hears it). Events are sealed (AES-256-GCM); id, type and times
stay readable so that an operator can look an event up without the key.
Each connection is used by one thread only: `apply` writes (the writer thread), `claim` and its like read for the
feeds; who searches the log opens a reader of their own (archive.py).
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from events.broker import schema
from events.broker.database import connect, transaction, unusable
from events.broker.jobs import Append, Change, Claimed, Entry, Fresh, Job, Parcel, Postpone, StoreError
from events.broker.retention import WAITING, Retention
from events.envelope import CloudEvent
from voiceassist.adapters import crypto
from voiceassist.core.errors import SettingsError

# Most bytes of events that one claim takes into memory.
CLAIM_BYTES = 4_194_304

_CANARY = b"events.broker"

_FREE = """
select d.seq, d.attempts, d.key, e.id, e.source, e.trace, e.ttl, e.sealed
from deliveries d join events e on e.seq = d.event
where d.route = ? and d.state = 0 and d.due <= ? and d.seq not in (select value from json_each(?))
order by d.due, d.seq limit ?
"""
# Behind an unfinished one of its key a delivery is held; the writer frees it when that one ends.
_IN_ORDER = """
insert into deliveries (seq, event, route, key, state) values (?1, ?2, ?3, ?4, case when exists (
    select 1 from deliveries p where p.route = ?3 and p.key = ?4 and p.state in (0, 3)) then 3 else 0 end)
"""
_FREE_NEXT = """
update deliveries set state = 0, due = 0 where seq = (
    select seq from deliveries where route = ?1 and key = ?2 and state in (0, 3) order by seq limit 1)
"""
_FINISHED = """
update deliveries set state = ?, attempts = ?, code = ?, finished = ? where seq in (select value from json_each(?))
"""


@dataclass(slots=True)
class Batch:
    """The rows of one transaction, written with as few statements as it takes."""

    events: list[tuple[object, ...]] = field(default_factory=list)
    deliveries: list[tuple[object, ...]] = field(default_factory=list)
    in_order: list[tuple[object, ...]] = field(default_factory=list)
    finished: dict[tuple[object, ...], list[int]] = field(default_factory=dict)
    lanes: list[tuple[str, str]] = field(default_factory=list)
    postponed: list[Postpone] = field(default_factory=list)
    fresh: Fresh = field(default_factory=Fresh)


class Store:
    """`open` it once per process; `apply` from one thread, `claim` and the other readers from one other."""

    def __init__(self, path: Path, key: bytes, *, kept_longer: frozenset[str] = frozenset()) -> None:
        self.path = path
        self._box = crypto.Box(key)
        self.used_bytes = 0  # on disk, free pages left out; since the last housekeeping only what came is counted
        self._write = connect(path)
        self.retention = Retention(path, self._write, kept_longer)
        try:
            self._prepare()
            self._read = connect(path)
            self._event_seq = self._highest("events")
            self._delivery_seq = self._highest("deliveries")
            self.measure()
        except sqlite3.Error as error:
            raise unusable(error) from None

    def _prepare(self) -> None:
        try:
            version = self._write.execute("pragma user_version").fetchone()[0]
            if version == 0:
                self._write.execute("pragma auto_vacuum=incremental")  # counts only before the first page is written
            self._write.execute("pragma journal_mode=wal")
            if version == 0:
                schema.create(self._write, self._box.seal(_CANARY, place="canary"))
            elif not schema.upgrade(self._write, version):
                raise SettingsError("The event log was written by another version of the broker.")
            sealed = self._write.execute("select sealed from canary").fetchone()
            self._box.unseal(sealed[0] if sealed else b"", place="canary")
        except crypto.SealBrokenError:
            raise SettingsError("The event log is sealed under another key-encryption key.") from None

    def _highest(self, table: str) -> int:
        row = self._write.execute(f"select coalesce(max(seq), 0) from {table}").fetchone()  # noqa: S608 - our own names
        return int(row[0])

    def close(self) -> None:
        self._read.close()
        self._write.close()

    # --- the writer thread ---------------------------------------------------------------------------------------

    def apply(self, jobs: Iterable[Job]) -> Fresh:
        """Commit all jobs in one transaction; returns what there is to deliver now."""
        return self.write(list(jobs))[0]

    def write(self, jobs: Sequence[Job]) -> tuple[Fresh, dict[int, object]]:
        """`apply`, and beside it what each Change gave (or the exception it raised), by the job's place."""
        batch = Batch()
        counters = self._event_seq, self._delivery_seq
        changes: dict[int, object] = {}
        try:
            for job in jobs:
                self._collect(job, batch)
            with transaction(self._write):
                self._commit(batch)
                for place, job in enumerate(jobs):
                    if isinstance(job, Change):
                        changes[place] = self._change(job)
                        self._delivery_seq = self._highest("deliveries")
        except BaseException as error:
            self._event_seq, self._delivery_seq = counters
            if isinstance(error, sqlite3.Error):
                raise StoreError("The event could not be stored.", retry_after=1) from None
            raise
        return batch.fresh, changes

    def _change(self, job: Change) -> object:
        write = self._write
        write.execute("savepoint change")
        try:
            result = job.work(write)
        except sqlite3.OperationalError:
            raise  # no space: true of the whole batch
        except Exception as error:  # noqa: BLE001 - whoever asked gets it; the batch goes on
            write.execute("rollback to change")
            result = error
        write.execute("release change")
        return result

    def _collect(self, job: Job, batch: Batch) -> None:
        if isinstance(job, Append):
            for entry in job.entries:
                self._append(entry, batch)
        elif isinstance(job, Postpone):
            batch.postponed.append(job)
        elif not isinstance(job, Change):
            batch.finished.setdefault((job.state, job.attempts, job.code, job.now), []).append(job.seq)
            if job.lane:
                batch.lanes.append(job.lane)
                batch.fresh.look.add(job.lane[0])
            if job.follow_up:
                self._append(job.follow_up, batch)

    def _append(self, entry: Entry, batch: Batch) -> None:
        event = entry.event
        self._event_seq += 1
        sealed = self._box.seal(msgspec.msgpack.encode(event), place=_place(event.id, event.source))
        row = (self._event_seq, entry.broker, event.id, event.source, event.type, entry.now)
        batch.events.append((*row, entry.trace, entry.ttl, sealed))
        self.used_bytes += len(sealed)
        parcel = Parcel(event, entry.trace, entry.ttl)
        for route, key in entry.routes:
            self._delivery_seq += 1
            if key is None:
                batch.deliveries.append((self._delivery_seq, self._event_seq, route))
                batch.fresh.ready.setdefault(route, []).append(Claimed(self._delivery_seq, 0, parcel))
            else:
                batch.in_order.append((self._delivery_seq, self._event_seq, route, key))
                batch.fresh.look.add(route)

    def _commit(self, batch: Batch) -> None:
        write = self._write
        for outcome, seqs in batch.finished.items():
            write.execute(_FINISHED, (*outcome, json.dumps(seqs)))
        for lane in batch.lanes:
            write.execute(_FREE_NEXT, lane)
        _insert(write, "events", 9, batch.events)
        _insert(write, "deliveries (seq, event, route)", 3, batch.deliveries)
        write.executemany(_IN_ORDER, batch.in_order)
        for late in batch.postponed:
            write.execute(
                "update deliveries set attempts=?, code=?, due=? where seq=?",
                (late.attempts, late.code, late.due, late.seq),
            )
            write.execute(
                "insert or replace into attempts values (?, ?, ?, ?, ?)",
                (late.seq, late.attempts, late.now, late.code, late.duration_ms),
            )

    def checkpoint(self) -> None:
        """Fold the WAL into the database without making anybody wait."""
        self._write.execute("pragma wal_checkpoint(passive)")

    def clamp_due(self, route: str, latest: int) -> None:
        """After a start: no retry is due later than the Trigger's longest pause from now (the clock was set back)."""
        self._write.execute(
            "update deliveries set due = ? where route = ? and state = 0 and due > ?", (latest, route, latest)
        )

    def measure(self) -> None:
        """Update `used_bytes`."""
        pages, free, size = (
            self._write.execute(f"pragma {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        self.used_bytes = int((pages - free) * size)

    # --- the reader thread ---------------------------------------------------------------------------------------

    def claim(self, route: str, *, now: int, busy: frozenset[int], limit: int) -> list[Claimed]:
        """Up to `limit` due deliveries that are not already being made, oldest first; at most CLAIM_BYTES, but one."""
        claimed: list[Claimed] = []
        taken = 0
        for seq, attempts, key, *event in self._read.execute(_FREE, (route, now, json.dumps(list(busy)), limit)):
            taken += len(event[-1])
            if claimed and taken > CLAIM_BYTES:
                break
            claimed.append(Claimed(seq, attempts, self.opened(*event), key))
        return claimed

    def opened(self, event_id: str, source: str, trace: str | None, ttl: int, sealed: bytes) -> Parcel:
        try:
            plain = self._box.unseal(sealed, place=_place(event_id, source))
        except crypto.SealBrokenError:
            return Parcel(None, trace, ttl)
        return Parcel(msgspec.msgpack.decode(plain, type=CloudEvent), trace, ttl)

    def next_due(self, route: str, *, now: int) -> int | None:
        """When the earliest delivery that is not due yet falls due, in Unix milliseconds."""
        row = self._read.execute(
            "select due from deliveries where route = ? and state = 0 and due > ? order by due limit 1", (route, now)
        ).fetchone()
        return row[0] if row else None

    def waiting(self) -> dict[str, int]:
        """Unfinished deliveries by route."""
        return dict(self._read.execute(WAITING).fetchall())

    def applied_triggers(self) -> list[dict[str, object]]:
        """The Triggers that came over the API."""
        return [
            json.loads(body) for (body,) in self._read.execute("select body from triggers order by namespace, name")
        ]


def _insert(connection: sqlite3.Connection, table: str, width: int, rows: list[tuple[object, ...]]) -> None:
    """Many rows by few statements: each statement is a fight for the interpreter's lock with the loop thread."""
    place, left = 0, len(rows)
    row = f"({','.join('?' * width)})"
    while left:
        count = min(128, 1 << (left.bit_length() - 1))  # powers of two: few different statements to prepare
        values = [value for entry in rows[place : place + count] for value in entry]
        connection.execute(f"insert into {table} values {','.join([row] * count)}", values)  # noqa: S608 - our own names
        place += count
        left -= count


def _place(event_id: str, source: str) -> str:
    return f"events|{source}|{event_id}"
