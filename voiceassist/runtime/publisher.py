"""Sends what the outbox holds: at least once, the events of one key in order, no transaction open while it waits.

Rows are leased. A short transaction marks some as held until a moment, they are posted to the broker, and the next
short transaction records its answers and leases more. Whoever dies in between loses the lease in time, and another
publisher sends those rows again.

Order: only the oldest unsent row of a key can be leased. `for update skip locked` over all rows would give the second
event of a key to one publisher while another still sends the first; the head of a key cannot be passed, because the
next row becomes the head only when the one before it is recorded as sent. A row that is held after a failure thus holds
its key, and nothing else: the other keys go on.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from voiceassist.adapters.postgres import Database
from voiceassist.core.identity import service
from voiceassist.runtime import http, logging, workloads
from voiceassist.runtime.posting import Client, NoAnswerError
from voiceassist.runtime.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

STRUCTURED = {"content-type": "application/cloudevents+json"}
ACCEPTED = 202
REFUSED_FOR_GOOD = frozenset({400, 413, 415, 422})
AWAY = frozenset({0, 429, 503})  # not about this event: the broker is gone, full or starting
BATCH = 100
AT_ONCE = 16  # the broker commits in groups: sixteen waiting cost it hardly more than one
ANSWER_SECONDS = 5.0
LEASE_SECONDS = 15.0
SENDING_SECONDS = LEASE_SECONDS - 2 * ANSWER_SECONDS  # nothing is begun later, so nothing is sent without a lease
HOLD_SECONDS = 30.0  # how long a key waits after an answer that nobody expects
LONGEST_SECONDS = HOLD_SECONDS + 1.0

# A row held longer than anything ever is was held before the database's clock went back: it is free.
_LEASE = """
update outbox set held_until = now() + make_interval(secs => :lease) where id in (
    select head.id from outbox head
    where head.published_at is null and head.refused is null
      and (head.held_until is null or head.held_until not between now() and now() + make_interval(secs => :longest))
      and not exists (
        select from outbox earlier where earlier.key = head.key and earlier.position < head.position
          and earlier.published_at is null and earlier.refused is null)
    order by head.position limit :limit for update of head skip locked)
returning id, room, event
"""
_SENT = "update outbox set published_at = now() where id = any(:ids)"
_REFUSED = "update outbox set refused = :status where id = :id"
_HELD = "update outbox set held_until = now() + make_interval(secs => :hold) where id = any(:ids)"
_FREED = "update outbox set held_until = null where id = any(:ids)"


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    room: str
    event: bytes


@dataclass(slots=True)
class Outcome:
    """What became of the rows of a lease; `untried` ones are free again."""

    sent: list[UUID] = field(default_factory=list)
    refused: dict[UUID, int] = field(default_factory=dict)
    held: list[UUID] = field(default_factory=list)
    untried: list[UUID] = field(default_factory=list)
    away: bool = False

    def add(self, row: Row, status: int) -> None:
        if status == ACCEPTED:
            self.sent.append(row.id)
        elif status in REFUSED_FOR_GOOD:
            log.error("outbox.refused", room=row.room, status=status, event_id=str(row.id))
            self.refused[row.id] = status
        elif status in AWAY:
            self.untried.append(row.id)
            self.away = True
        else:
            self.held.append(row.id)


async def publish(database: Database, *, turns: int | None = None, patience: float = ANSWER_SECONDS) -> int:
    """Send until nothing can be sent, or `turns` leases; returns how many events the broker accepted.

    `patience`: seconds that an answer may take. An event that is refused for good keeps the status in `refused`, for
    an operator to see.
    """
    sent, outcome = 0, Outcome()
    for turn in itertools.count():
        enough = outcome.away or turn == turns
        rows = await _turn(database, outcome, limit=0 if enough else BATCH)
        if not rows:
            break
        outcome = await _send(rows, patience)
        sent += len(outcome.sent)
    return sent


async def _turn(database: Database, outcome: Outcome, *, limit: int) -> list[Row]:
    """Record what became of the last lease, and take another of at most `limit` rows."""
    from sqlalchemy import text

    async with database.transaction(service("outbox")) as connection:
        # A mark that is lost with the server's power means that an event is sent twice, which it may be.
        await connection.execute(text("set local synchronous_commit = off"))
        await _record(connection, outcome)
        if not limit:
            return []
        leased = await connection.execute(
            text(_LEASE), {"lease": LEASE_SECONDS, "longest": LONGEST_SECONDS, "limit": limit}
        )
        return [Row(row[0], row[1], bytes(row[2])) for row in leased]


async def _record(connection: "AsyncConnection", outcome: Outcome) -> None:
    from sqlalchemy import text

    if outcome.sent:
        await connection.execute(text(_SENT), {"ids": outcome.sent})
    if outcome.refused:
        refused = [{"id": identifier, "status": status} for identifier, status in outcome.refused.items()]
        await connection.execute(text(_REFUSED), refused)
    if outcome.held:
        await connection.execute(text(_HELD), {"ids": outcome.held, "hold": HOLD_SECONDS})
    if outcome.untried:
        await connection.execute(text(_FREED), {"ids": outcome.untried})


async def _send(rows: list[Row], patience: float) -> Outcome:
    """Post the rows, which are of different keys, side by side."""
    outcome = Outcome()
    until = time.monotonic() + SENDING_SECONDS
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> None:
        async with gate:
            if outcome.away or time.monotonic() >= until:
                outcome.untried.append(row.id)
            else:
                outcome.add(row, await _post(row, patience))

    await asyncio.gather(*map(one, rows))
    return outcome


async def _post(row: Row, patience: float) -> int:
    """The broker's status, 0 where it could not be reached."""
    settings = load_settings()
    sink = settings.broker_url
    if not sink:
        return 0
    issuer = workloads.speaker(settings.workload, row.room)
    identity = http.broker_headers(service(row.room), issuer=issuer, settings=settings)
    try:
        answer = await client().post(sink, identity | STRUCTURED, row.event, limit=patience)
    except NoAnswerError:
        log.warning("outbox.broker_unreachable", room=row.room)
        return 0
    if answer.status != ACCEPTED:
        log.warning("outbox.not_accepted", room=row.room, status=answer.status)
    return answer.status


@lru_cache(maxsize=1)
def client() -> Client:
    return Client(load_settings().ca_file)
