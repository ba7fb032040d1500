"""Looking into the event log: what came in, what became of it, what is dead; and sending it again.

Reads over a connection of its own, so that a search of a week of events holds up no delivery. Events are found by
what is readable on disk (id, type, source, time); their data stays sealed and is never shown.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from events.broker.jobs import Fresh
from events.broker.routes import BrokerName, Routing
from events.broker.schema import DEAD
from events.broker.store import Store, connect
from voiceassist.contracts.event_log import MOST_REPLAYED

STATES = ("waiting", "delivered", "dead", "held", "dropped")
MOST_LISTED = 200

_EVENTS = """
select seq, broker, id, source, type, accepted, trace,
    (select count(*) from deliveries where event = events.seq) from events
where (:id is null or id = :id) and (:source is null or source = :source) and (:type is null or type = :type)
    and (:after is null or accepted >= :after) and (:before is null or accepted < :before)
    and (:cursor is null or seq < :cursor)
order by seq desc limit :limit
"""
_DELIVERIES = """
select d.seq, d.route, d.state, d.attempts, d.due, d.code, d.finished, d.replayed,
    e.seq, e.id, e.source, e.type, e.accepted
from deliveries d join events e on e.seq = d.event
where (:event is null or d.event = :event) and (:route is null or d.route = :route)
    and (:state is null or d.state = :state) and (:cursor is null or d.seq < :cursor)
order by d.seq desc limit :limit
"""
_ATTEMPTS = "select delivery, number, at, code, duration_ms from attempts where delivery in (select value from json_each(?)) order by delivery, number"  # noqa: E501
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
    limit: int = 1000
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay did; `matched` may be more than `replayed`, which the cap ends."""

    id: str
    matched: int
    replayed: int
    events: tuple[str, ...]


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
        rows = self._read.execute(_EVENTS, _asked(wanted, "id source type after before cursor", limit=limit))
        names = ("cursor", "broker", "id", "source", "type", "accepted_ms", "trace", "deliveries")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def deliveries(self, wanted: Mapping[str, Any], *, limit: int) -> list[dict[str, Any]]:
        """Newest first, each with its failed attempts."""
        rows = self._read.execute(_DELIVERIES, _asked(wanted, "event route state cursor", limit=limit)).fetchall()
        failed: dict[int, list[dict[str, Any]]] = {}
        for delivery, number, at, code, duration in self._read.execute(_ATTEMPTS, (json.dumps([r[0] for r in rows]),)):
            attempt = {"number": number, "at_ms": at, "status": code, "duration_ms": duration}
            failed.setdefault(delivery, []).append(attempt)
        return [_delivery(row, failed.get(row[0], [])) for row in rows]

    def counts(self) -> dict[tuple[str, str], int]:
        """How many deliveries of each Trigger wait, are held or are dead and not sent again."""
        rows = self._read.execute(
            "select route, state, count(*) from deliveries where state in (0, 2, 3) and replayed is null"
            " group by route, state"
        )
        return {(route, STATES[state]): count for route, state, count in rows}

    def replays(self, wanted: Mapping[str, Any], *, limit: int) -> list[dict[str, Any]]:
        rows = self._read.execute(_REPLAYS, _asked(wanted, "cursor", limit=limit))
        names = ("cursor", "id", "at_ms", "subject", "tenant", "selection", "dry_run", "matched", "replayed")
        return [
            dict(zip(names, row, strict=True)) | {"selection": json.loads(row[5]), "dry_run": bool(row[6])}
            for row in rows
        ]


def replayed(
    selection: Selection, routing: Routing, store: Store, *, subject: str, tenant: str, replay_id: str, now: int
) -> Callable[[sqlite3.Connection], tuple[Replay, Fresh]]:
    """The work of a Change: new deliveries of old events under their own id, and the record of who asked."""

    def work(connection: sqlite3.Connection) -> tuple[Replay, Fresh]:
        found = (
            _dead(connection, selection) if selection.dead_letters else _whole(connection, selection, store, routing)
        )
        matched = len(found)
        found = found[: min(selection.limit, MOST_REPLAYED)]
        done = [] if selection.dry_run else found
        for event, route, key, dead in done:
            _again(connection, event, route, key)
            if dead is not None:
                connection.execute("update deliveries set replayed = ? where seq = ?", (replay_id, dead))
        connection.execute(
            "insert into replays (at, subject, tenant, selection, dry_run, matched, replayed, id)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                now,
                subject,
                tenant,
                msgspec.json.encode(selection).decode(),
                selection.dry_run,
                matched,
                len(done),
                replay_id,
            ),
        )
        ids = connection.execute(
            "select id from events where seq in (select value from json_each(?)) order by seq",
            (json.dumps(sorted({event for event, *_ in found})[:MOST_LISTED]),),
        )
        told = Replay(replay_id, matched, len(done), tuple(row[0] for row in ids))
        return told, Fresh(look={route for _, route, *_ in done})

    return work


Again = tuple[int, str, str | None, int | None]
"""Event, route, order key, and the dead delivery this one replaces."""


def _again(connection: sqlite3.Connection, event: int, route: str, key: str | None) -> None:
    held = "case when exists (select 1 from deliveries p where p.route = ?2 and p.key = ?3 and p.state in (0, 3)) then 3 else 0 end"  # noqa: E501
    connection.execute(
        f"insert into deliveries (event, route, key, state) values (?1, ?2, ?3, {held})",  # noqa: S608 - our own text
        (event, route, key),
    )


def _dead(connection: sqlite3.Connection, selection: Selection) -> list[Again]:
    rows = connection.execute(
        "select d.event, d.route, d.key, d.seq from deliveries d join events e on e.seq = d.event"  # noqa: S608 - our own
        f" where d.state = {DEAD} and d.replayed is null and (:route is null or d.route = :route) and {_CHOSEN}"
        " order by d.seq",
        _chosen(selection) | {"route": selection.trigger},
    )
    return [(event, route, key, seq) for event, route, key, seq in rows]


def _whole(connection: sqlite3.Connection, selection: Selection, store: Store, routing: Routing) -> list[Again]:
    rows = connection.execute(
        f"select e.seq, e.broker, e.id, e.source, e.trace, e.ttl, e.sealed from events e where {_CHOSEN} order by e.seq",  # noqa: S608, E501
        _chosen(selection),
    )
    found: list[Again] = []
    for seq, broker, *sealed in rows:
        event = store.opened(*sealed).event
        if event is None:
            continue
        namespace, _, name = broker.partition("/")
        key = event.extensions.get("partitionkey")
        lane = None if key is None else routing.lane(str(key))
        found += [
            (seq, route.name, lane if route.ordered else None, None)
            for route in routing.matching(BrokerName(namespace, name), event.attributes())
            if selection.trigger in (None, route.name)
        ]
        if len(found) > MOST_REPLAYED:
            break
    return found


_CHOSEN = """
(:ids is null or e.id in (select value from json_each(:ids))) and (:type is null or e.type = :type)
and (:source is null or e.source = :source) and (:after is null or e.accepted >= :after)
and (:before is null or e.accepted < :before)
"""


def _chosen(selection: Selection) -> dict[str, Any]:
    named = {name: getattr(selection, name) for name in ("type", "source", "after", "before")}
    return named | {"ids": json.dumps(selection.ids) if selection.ids else None}


def _asked(wanted: Mapping[str, Any], names: str, *, limit: int) -> dict[str, Any]:
    return {name: wanted.get(name) for name in names.split()} | {"limit": limit}


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
