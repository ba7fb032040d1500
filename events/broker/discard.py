"""Giving up dead letters before their month: who chose it is on the record, and their space is free for new events."""

import json
import sqlite3
from collections.abc import Callable, Sequence

from events.broker.archive import Again, Replay, Selection, record
from events.broker.retention import DROP
from voiceassist.contracts.event_log import MOST_REPLAYED

_GIVE_UP = "update deliveries set state = 4, finished = ? where seq = ? and state = 2 and replayed is null"
# The letters that lie at a dead-letter broker, once no delivery of their event is dead any more and nobody hears them.
_LETTERS = """
select distinct letter.seq from events given cross join events letter on letter.id = given.id
where given.seq in (select value from json_each(:events)) and letter.source = given.source
    and letter.seq <> given.seq and letter.broker in (select value from json_each(:kept))
    and not exists (select 1 from deliveries d where d.event = given.seq and d.state = 2 and d.replayed is null)
    and not exists (select 1 from deliveries d where d.event = letter.seq and d.state not in (1, 4))
"""


def discarded(
    selection: Selection, chosen: Sequence[Again], *, kept: str, subject: str, tenant: str, record_id: str, now: int
) -> Callable[[sqlite3.Connection], Replay]:
    """The work of a Change; `kept` are the brokers of dead letters, a JSON array of names."""

    def work(connection: sqlite3.Connection) -> Replay:
        found = chosen[: min(selection.limit, MOST_REPLAYED)]
        done = [] if selection.dry_run else [each for each in found if _given_up(connection, each, now)]
        told = record(
            connection, selection, found, subject=subject, tenant=tenant, record_id=record_id, now=now,
            matched=len(chosen), done=len(done),
        )  # fmt: skip
        events = json.dumps(sorted({each.event for each in done}))
        letters = json.dumps([row[0] for row in connection.execute(_LETTERS, {"kept": kept, "events": events})])
        for statement in DROP:
            connection.execute(statement, (letters,))
        return told

    return work


def _given_up(connection: sqlite3.Connection, each: Again, now: int) -> bool:
    """Unless it was sent again or given up since it was chosen."""
    return bool(connection.execute(_GIVE_UP, (now, each.dead)).rowcount)
