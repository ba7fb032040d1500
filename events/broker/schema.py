"""The tables of the event log, and how an older log becomes one of this version."""

import sqlite3
from collections.abc import Callable

VERSION = 2

# What became of a delivery. HELD stands behind an unfinished one of its key; DROPPED lost its Trigger.
WAITING, DONE, DEAD, HELD, DROPPED = 0, 1, 2, 3, 4

TABLES = """
create table events (
    seq integer primary key, broker text not null, id text not null, source text not null, type text not null,
    accepted integer not null, trace text, ttl integer not null, sealed blob not null);
create table deliveries (
    seq integer primary key, event integer not null references events (seq), route text not null, key text,
    state integer not null default 0, attempts integer not null default 0, due integer not null default 0,
    code integer, finished integer, replayed text);
-- `due` is 0 until a retry sets it, so that a clock that jumps back holds up no fresh event.
create index waiting on deliveries (route, due, seq) where state = 0;
create index of_event on deliveries (event);
create table canary (sealed blob not null);
"""
_SECOND = """
create index in_order on deliveries (route, key, seq) where key is not null and state in (0, 3);
create index dead on deliveries (route, seq) where state = 2;
create index by_id on events (id);
-- Attempts that failed; the last one of a delivery stands in its own row.
create table attempts (
    delivery integer not null, number integer not null, at integer not null, code integer, duration_ms integer not null,
    primary key (delivery, number)) without rowid;
-- Triggers that were applied over the API; those of the wiring stand in files.
create table triggers (
    namespace text not null, name text not null, body text not null, created integer not null, changed integer not null,
    primary key (namespace, name)) without rowid;
-- Who sent what again: only ever added to.
create table replays (
    seq integer primary key, at integer not null, subject text not null, tenant text not null, selection text not null,
    dry_run integer not null, matched integer not null, replayed integer not null, id text not null unique);
create trigger replays_stay before update on replays begin select raise(abort, 'append only'); end;
create trigger replays_remain before delete on replays begin select raise(abort, 'append only'); end;
"""
_FROM_FIRST = """
drop index waiting_in_order;
alter table deliveries add column replayed text;
"""
_HOLD = """
update deliveries set state = 3 where state = 0 and key is not null and exists (
    select 1 from deliveries p where p.route = deliveries.route and p.key = deliveries.key and p.state = 0
    and p.seq < deliveries.seq);
"""


def create(connection: sqlite3.Connection, canary: bytes) -> None:
    """One script, one transaction: a log without its canary would look like one of another key."""
    seal = f"insert into canary values (x'{canary.hex()}');"  # noqa: S608 - our own hex
    _script(connection, TABLES, _SECOND, seal)


def upgrade(connection: sqlite3.Connection, version: int) -> bool:
    """Bring the log of an older broker to this version, whole or not at all; False for an unknown version."""
    steps: dict[int, Callable[[], None]] = {1: lambda: _script(connection, _FROM_FIRST, _SECOND, _HOLD)}
    if version == VERSION:
        return True
    if version not in steps:
        return False
    steps[version]()
    return True


def _script(connection: sqlite3.Connection, *parts: str) -> None:
    connection.executescript("\n".join(["begin immediate;", *parts, f"pragma user_version={VERSION};", "commit;"]))
