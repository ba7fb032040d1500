"""State and the event about it in one transaction; the event is sent after the commit.

`add` writes the row, `nudge` sends what is due right after the commit (so a listener hears within
milliseconds), and the always-on host runs `relay`, which heals whatever a crash left unsent. The
broker may thus get an event twice; consumers drop duplicates by (source, id) with `first_time`.
"""

import asyncio
import math
import time
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from events import catalog
from events.envelope import Attribute, CloudEvent, encode_structured
from voiceassist.adapters.postgres import Database
from voiceassist.core import clock, ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import logging, publisher, tracing

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

OURS = "/voiceassist/"  # nobody else may name a source that begins so (events/publishers.py)
# Somebody waits for the room's answer: what a few turns do not send, the relay does.
NUDGE_TURNS = 3
NUDGE_PATIENCE = 1.0
TRIM_EVERY_SECONDS = 3600.0
KEEP_SENT_DAYS = 7
KEEP_HANDLED_DAYS = 60  # twice as long as the broker keeps a dead letter that somebody may send again


def event_of(room: str, event_type: str, payload: msgspec.Struct, *, subject: str, key: str) -> CloudEvent:
    """A CloudEvent of the catalogue said by `room`; `key` orders delivery (partitionkey extension)."""
    if catalog.EVENT_TYPES[event_type].payload is not type(payload):
        raise TypeError(event_type)
    extensions: dict[str, Attribute] = {"partitionkey": key, **_whose(payload)}
    if traceparent := tracing.current_traceparent():
        extensions["traceparent"] = traceparent
    return CloudEvent(
        id=str(ids.new_id()),
        source=f"{OURS}{room}",
        type=event_type,
        subject=subject,
        time=clock.timestamp(clock.now()),
        datacontenttype="application/json",
        dataschema=catalog.schema_uri(event_type),
        data=msgspec.json.encode(payload),
        extensions=extensions,
    )


def _whose(payload: msgspec.Struct) -> dict[str, str]:
    """The tenant and the owner of what an event is about, where Triggers can filter by them."""
    tenant = getattr(payload, "tenant_id", None)
    owner = getattr(payload, "owner_id", None) or getattr(payload, "user_id", None)
    return {name: str(value) for name, value in (("tenantid", tenant), ("ownerid", owner)) if value is not None}


async def add(connection: "AsyncConnection", room: str, event: CloudEvent) -> None:
    from sqlalchemy import text

    await connection.execute(
        text("insert into outbox (id, room, key, event) values (:id, :room, :key, :event)"),
        {
            "id": UUID(event.id),
            "room": room,
            "key": event.extensions["partitionkey"],
            "event": encode_structured(event)[1],
        },
    )


async def first_time(connection: "AsyncConnection", room: str, event: CloudEvent) -> bool:
    """Remember (room, source, id) in the room's own transaction; False when it was handled before.

    Integrators choose their sources, so two may use the same: each has ids of its own, told apart by the owner that the
    ingress wrote into the event.
    """
    from sqlalchemy import text

    source = event.source
    if not source.startswith(OURS):
        source = f"{event.extensions.get('ownerid', '')} {source}"

    row = await connection.execute(
        text(
            "insert into processed_events (room, source, event_id) values (:room, :source, :id)"
            " on conflict do nothing returning 1"
        ),
        {"room": room, "source": source, "id": event.id},
    )
    return row.first() is not None


async def nudge(database: Database) -> None:
    """What a room calls after its commit. It cannot fail: the work is done, and what is not sent now is sent later."""
    try:
        await publisher.publish(database, turns=NUDGE_TURNS, patience=NUDGE_PATIENCE)
    except UnavailableError:
        log.warning("outbox.database_unreachable")


async def relay(database: Database, *, every_seconds: float = 2.0) -> None:
    """Run for ever in the always-on host: send what rooms could not, and once an hour forget what is long done."""
    trimmed = -math.inf  # a clock that began with the machine may be younger than an hour
    while True:
        try:
            await publisher.publish(database)
            if time.monotonic() - trimmed > TRIM_EVERY_SECONDS:
                await trim(database)
                trimmed = time.monotonic()
        except UnavailableError:
            log.warning("outbox.database_unreachable")
        await asyncio.sleep(every_seconds)


async def trim(database: Database) -> None:
    """Drop what was sent, and what was handled so long ago that no broker delivers it again; refused rows stay."""
    from sqlalchemy import text

    async with database.transaction(service("outbox")) as connection:
        await connection.execute(
            text("delete from outbox where published_at < now() - make_interval(days => :days)"),
            {"days": KEEP_SENT_DAYS},
        )
        await connection.execute(
            text("delete from processed_events where handled_at < now() - make_interval(days => :days)"),
            {"days": KEEP_HANDLED_DAYS},
        )
