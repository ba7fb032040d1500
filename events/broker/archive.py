"""Looking into the event log: what came in, what became of it, what is dead; and sending it again.

Reads over a connection of its own, so that a search of a week of events holds up no delivery. Events are found by
what is readable on disk (id, type, source, time); their data stays sealed and is never shown.
"""

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from events.broker.database import connect
from events.broker.jobs import Fresh
from events.broker.routes import BrokerName, Routing
from events.broker.schema import DEAD
from events.broker.store import Store
from voiceassist.contracts.event_log import MOST_REPLAYED

STATES = ("waiting", "delivered", "dead", "held", "dropped")
MOST_LISTED = 200

# Conditions stand in a query only where they are asked for, so that it finds its index.
_EVENT_TERMS = {
    "id": "id = :id",
    "source": "source = :source",
    "type": "type = :type",
    "after": "accepted >= :after",
    "before": "accepted < :before",
    "cursor": "seq < :cursor",
}
_EVENTS = """
select seq, broker, id, source, type, accepted, trace,
    (select count(*) from deliveries where event = events.seq) from events
where {terms} order by seq desc limit :limit
"""
_DELIVERY_TERMS = {"event": "d.event = :event", "route": "d.route = :route", "cursor": "d.seq < :cursor"}
_DELIVERIES = """
select d.seq, d.route, d.state, d.attempts, d.due, d.code, d.finished, d.replayed,
    e.seq, e.id, e.source, e.type, e.accepted
from deliveries d join events e on e.seq = d.event
where {terms} order by d.seq desc limit :limit
"""
_ATTEMPTS = "select delivery, number, at, code, duration_ms from attempts where delivery in (select value from json_each(?)) order by delivery, number"  # noqa: E501
# Each by the index of its state: of a week's deliveries nearly all are done.
_COUNTS = """
select route, 0, count(*) from deliveries where state = 0 group by route
union all select route, 2, count(*) from deliveries where state = 2 and replayed is null group by route
union all select route, 3, count(*) from deliveries where key is not null and state in (0, 3) and state = 3
    group by route
"""
_REPLAYS = """
select seq, id, at, subject, tenant, selection, dry_run, matched, replayed from replays
where (:cursor is null or seq < :cursor) order by seq desc limit :limit
"""


class Selection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events to send again. With `dead_letters` only deliveries that ended there, to their own Trigger;
    without, whole events to every Trigger that hears them now, or to `trigger` alone. Times are Unix milliseconds."""

    ids: tuple[str, ...] = ()
    type: str | None = None
    source: str | None = None
    after: int | None = None
    before: int | None = None
    trigger: str | None = None
    dead_letters: bool = False
    discard: bool = False  # these dead letters are given up instead
    limit: int = 1000
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay (or a discard) did; `matched` may be more than `replayed`, which the cap ends."""

    id: str
    matched: int
    replayed: int
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """A delivery to be made once more; `dead` is the one it takes the place of."""

    event: int
    route: str
    key: str | None
    dead: int | None


class Archive:
    """Reads from one thread of its own; `replayed` is a job for the writer."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path = path
        self._store = store
        self._connection: sqlite3.Connection | None = None

    @property
    def _read(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path)
            self._connection.execute("pragma query_only=on")
        return self._connection

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    def events(self, wanted: Mapping[str, Any], *, limit: int) -> list[dict[str, Any]]:
        """Newest first: cursor, id, source, type, times; never the data."""
        rows = self._read.execute(_EVENTS.format(terms=_terms(_EVENT_TERMS, wanted)), {**wanted, "limit": limit})
        names = ("cursor", "broker", "id", "source", "type", "accepted_ms", "trace", "deliveries")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def deliveries(self, wanted: Mapping[str, Any], *, limit: int) -> list[dict[str, Any]]:
        """Newest first, each with its failed attempts."""
        state = wanted.get("state")
        # As a literal: only then is it seen that the index of that state will do.
        terms = _terms(_DELIVERY_TERMS, wanted) + ("" if state is None else f" and d.state = {int(state)}")
        rows = self._read.execute(_DELIVERIES.format(terms=terms), {**wanted, "limit": limit}).fetchall()
        failed: dict[int, list[dict[str, Any]]] = {}
        for delivery, number, at, code, duration in self._read.execute(_ATTEMPTS, (json.dumps([r[0] for r in rows]),)):
            attempt = {"number": number, "at_ms": at, "status": code, "duration_ms": duration}
            failed.setdefault(delivery, []).append(attempt)
        return [_delivery(row, failed.get(row[0], [])) for row in rows]

    def counts(self) -> dict[tuple[str, str], int]:
        """How many deliveries of each Trigger wait, are held or are dead and not sent again."""
        return {(route, STATES[state]): count for route, state, count in self._read.execute(_COUNTS)}

    def replays(self, wanted: Mapping[str, Any], *, limit: int) -> list[dict[str, Any]]:
        rows = self._read.execute(_REPLAYS, {"cursor": wanted.get("cursor"), "limit": limit})
        names = ("cursor", "id", "at_ms", "subject", "tenant", "selection", "dry_run", "matched", "replayed")
        return [dict(zip(names, row, strict=True)) | _asked(row[5]) | {"dry_run": bool(row[6])} for row in rows]

    def chosen(self, selection: Selection, routing: Routing) -> list[Again]:
        """What a replay of `selection` would send, oldest first; one more than MOST_REPLAYED tells that there is more.

        Here and not in the writer's transaction: it may look through a week of events, and nobody is to wait for that.
        """
        found = self._dead(selection) if selection.dead_letters else self._whole(selection, routing)
        return list(itertools.islice(found, MOST_REPLAYED + 1))

    def _dead(self, selection: Selection) -> Iterator[Again]:
        terms = _terms(_CHOSEN, _chosen(selection)) + ("" if selection.trigger is None else " and d.route = :route")
        rows = self._read.execute(
            f"select d.event, d.route, d.key, d.seq from deliveries d join events e on e.seq = d.event"  # noqa: S608
            f" where d.state = {DEAD} and d.replayed is null and {terms} order by d.seq",
            _chosen(selection) | {"route": selection.trigger},
        )
        return (Again(*row) for row in rows)

    def _whole(self, selection: Selection, routing: Routing) -> Iterator[Again]:
        rows = self._read.execute(
            f"select e.seq, e.broker, e.id, e.source, e.trace, e.ttl, e.sealed from events e"  # noqa: S608 - our own
            f" where {_terms(_CHOSEN, _chosen(selection))} order by e.seq",
            _chosen(selection),
        )
        for seq, broker, *sealed in rows:
            event = self._store.opened(*sealed).event
            if event is None:
                continue
            namespace, _, name = broker.partition("/")
            key = event.extensions.get("partitionkey")
            lane = None if key is None else routing.lane(str(key))
            for route in routing.matching(BrokerName(namespace, name), event.attributes()):
                if selection.trigger in (None, route.name):
                    yield Again(seq, route.name, lane if route.ordered else None, None)


def replayed(
    selection: Selection, chosen: Sequence[Again], *, subject: str, tenant: str, record_id: str, now: int
) -> Callable[[sqlite3.Connection], tuple[Replay, Fresh]]:
    """The work of a Change: new deliveries of old events under their own id, and the record of who asked."""

    def work(connection: sqlite3.Connection) -> tuple[Replay, Fresh]:
        found = chosen[: min(selection.limit, MOST_REPLAYED)]
        done = [] if selection.dry_run else [each for each in found if _again(connection, each, record_id)]
        told = record(
            connection, selection, found, subject=subject, tenant=tenant, record_id=record_id, now=now,
            matched=len(chosen), done=len(done),
        )  # fmt: skip
        return told, Fresh(look={each.route for each in done})

    return work


def record(
    connection: sqlite3.Connection, selection: Selection, found: Sequence[Again], *,
    subject: str, tenant: str, record_id: str, now: int, matched: int, done: int,
) -> Replay:  # fmt: skip
    """Write down who asked for what, in the transaction that does it, and tell it."""
    asked = msgspec.json.encode(_kept(connection, selection, matched)).decode()
    connection.execute(
        "insert into replays (at, subject, tenant, selection, dry_run, matched, replayed, id)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        (now, subject, tenant, asked, selection.dry_run, matched, done, record_id),
    )
    ids = connection.execute(
        "select id from events where seq in (select value from json_each(?)) order by seq",
        (json.dumps(sorted({each.event for each in found})[:MOST_LISTED]),),
    )
    return Replay(record_id, matched, done, tuple(row[0] for row in ids))


def _kept(connection: sqlite3.Connection, selection: Selection, matched: int) -> Selection:
    """Words that fit no event could be a patient's name, and the record is never changed: they are not kept."""
    if not matched:
        return msgspec.structs.replace(selection, ids=(), type=None, source=None)
    known = "select id from events where id in (select value from json_each(?))"
    ids = {row[0] for row in connection.execute(known, (json.dumps(selection.ids),))}
    return msgspec.structs.replace(selection, ids=tuple(each for each in selection.ids if each in ids))


def _again(connection: sqlite3.Connection, each: Again, replay_id: str) -> bool:
    """Once more, unless it was sent again or dropped since it was chosen."""
    if each.dead is not None:
        mark = "update deliveries set replayed = ? where seq = ? and replayed is null"
        if not connection.execute(mark, (replay_id, each.dead)).rowcount:
            return False
    added = connection.execute(_ADD, {"event": each.event, "route": each.route, "key": each.key})
    return bool(added.rowcount)


_ADD = """
insert into deliveries (event, route, key, state)
select seq, :route, :key, case when exists (
    select 1 from deliveries p where p.route = :route and p.key = :key and p.state in (0, 3)) then 3 else 0 end
from events where seq = :event
"""
_CHOSEN = {
    "ids": "e.id in (select value from json_each(:ids))",
    "type": "e.type = :type",
    "source": "e.source = :source",
    "after": "e.accepted >= :after",
    "before": "e.accepted < :before",
}


def _asked(selection: str) -> dict[str, Any]:
    asked = json.loads(selection)
    return {"action": "discard" if asked.pop("discard", False) else "replay", "selection": asked}


def _chosen(selection: Selection) -> dict[str, Any]:
    named = {name: getattr(selection, name) for name in ("type", "source", "after", "before")}
    return named | {"ids": json.dumps(selection.ids) if selection.ids else None}


def _terms(known: Mapping[str, str], wanted: Mapping[str, Any]) -> str:
    """Those conditions that something is wanted for; our own texts only."""
    return " and ".join(["1", *(term for name, term in known.items() if wanted.get(name) is not None)])


def _delivery(row: Sequence[Any], failed: Iterable[dict[str, Any]]) -> dict[str, Any]:
    seq, route, state, attempts, due, code, finished, replay, event, event_id, source, kind, accepted = row
    return {
        "cursor": seq,
        "trigger": route,
        "state": STATES[state],
        "attempts": attempts,
        "due_ms": due if state == 0 and due else None,
        "status": code,
        "finished_ms": finished,
        "replay": replay,
        "event": {"cursor": event, "id": event_id, "source": source, "type": kind, "accepted_ms": accepted},
        "failed_attempts": list(failed),
    }
