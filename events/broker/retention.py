"""What leaves the event log and when, and how its disk space comes back. Used in the writer's thread only.

Delivered events stay a week, dead letters a month; what waits stays. A log that needs room drops what is delivered
before its time, oldest first.
"""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from events.broker.database import BUSY_MS, transaction

DAY_MS = 86_400_000
KEEP_EVENTS_MS = 7 * DAY_MS
KEEP_DEAD_MS = 30 * DAY_MS
# Looked at in one transaction to make room: so many events, and no more once so many bytes were dropped.
STRETCH = 2048
STRETCH_BYTES = 16_777_216
MOST_PAGES_FREED = 4096  # of 4 KiB, at one housekeeping
LONGEST_WAL = 100_663_296  # bytes
FOLD_MS = 250

# By the indexes of what waits and what is held.
WAITING = """
select route, sum(waiting) from (
    select route, count(*) as waiting from deliveries where state = 0 group by route
    union all select route, count(*) from deliveries where key is not null and state in (0, 3) and state = 3
        group by route) group by route
"""
# What waits for a Trigger that exists is never dropped; `gone` tells the others.
_TRIM_DELIVERIES = """
delete from deliveries where event in (select seq from events where accepted < :young) and (
    state in (1, 4) and not exists (
        select 1 from deliveries other where other.event = deliveries.event and other.state not in (1, 4))
    or event in (select seq from events where accepted < :old) and (
        state in (1, 2, 4) or route not in (select value from json_each(:known))))
"""
_TRIM_EVENTS = """
delete from events where not exists (select 1 from deliveries where event = events.seq) and (
    accepted < :old or (accepted < :young and broker not in (select value from json_each(:kept))))
"""
# What nobody waits for any more, in a stretch of the log; of what was dead, when it was sent again. Letters at a
# dead-letter broker keep their time.
_STRETCH = """
select seq, length(sealed), broker not in (select value from json_each(:kept))
    and not exists (select 1 from deliveries where event = events.seq and state not in (1, 4)
        and not (state = 2 and replayed is not null))
from events where seq > :above order by seq limit :limit
"""
DROP = (
    "delete from attempts where delivery in (select d.seq from deliveries d where d.event in (select value from json_each(?)))",  # noqa: E501
    "delete from deliveries where event in (select value from json_each(?))",
    "delete from events where seq in (select value from json_each(?))",
)
_TRIM_ATTEMPTS = "delete from attempts where not exists (select 1 from deliveries where seq = attempts.delivery)"


class Retention:
    """`kept_longer` are the brokers that dead letters go to, `kept` the same as a JSON array."""

    def __init__(self, path: Path, write: sqlite3.Connection, kept_longer: frozenset[str]) -> None:
        self._wal = path.with_name(f"{path.name}-wal")
        self._write = write
        self.kept = json.dumps(sorted(kept_longer))
        self._looked_through = 0

    def trim(self, now: int, *, known: Iterable[str] | None = None) -> int:
        """Drop finished events after 7 days; dead ones, and what lies at a dead-letter broker, after 30.

        What waits stays; what waits for a Trigger that is not among `known` any more goes after 30 days too.
        """
        routes = [route for route, _ in self._write.execute(WAITING)]
        ages = {
            "young": now - KEEP_EVENTS_MS,
            "old": now - KEEP_DEAD_MS,
            "kept": self.kept,
            "known": json.dumps(sorted(routes if known is None else known)),
        }
        with transaction(self._write):
            self._write.execute(_TRIM_DELIVERIES, ages)
            dropped = self._write.execute(_TRIM_EVENTS, ages).rowcount
            if dropped:
                self._write.execute(_TRIM_ATTEMPTS)
        self._vacuum()
        return dropped

    def make_room(self) -> int:
        """Drop what is delivered before its time: one stretch of the log a call, after its last one the first again.
        Returns how many events went.

        Small steps, each folded in before the next: on a disk that is nearly full the WAL must not grow.
        """
        looked_at, spent, size = 0, [], 0
        window = {"above": self._looked_through, "kept": self.kept, "limit": STRETCH}
        for seq, length, is_spent in self._write.execute(_STRETCH, window).fetchall():
            looked_at = seq
            if is_spent:
                spent.append(seq)
                size += length
            if size > STRETCH_BYTES:
                break
        self._looked_through = looked_at
        if spent:
            with transaction(self._write):
                for statement in DROP:
                    self._write.execute(statement, (json.dumps(spent),))
            self._fold("restart")
        self._vacuum()
        self._fold("restart")
        return len(spent)

    def shorten(self) -> None:
        """Under load that never pauses some reader is always in the way of a checkpoint, and the WAL only grows: then
        readers wait for once."""
        if self._wal.stat().st_size > LONGEST_WAL:
            self._fold("truncate")

    def _fold(self, mode: str) -> None:
        """Put the WAL into the database; after a restart it is written from its beginning, without new disk space."""
        self._write.execute(f"pragma busy_timeout={FOLD_MS}")
        self._write.execute(f"pragma wal_checkpoint({mode})")
        self._write.execute(f"pragma busy_timeout={BUSY_MS}")

    def _vacuum(self) -> None:
        # As a script: `execute` steps once, and each step frees one page.
        self._write.executescript(f"pragma incremental_vacuum({MOST_PAGES_FREED});")
