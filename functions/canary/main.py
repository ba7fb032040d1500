"""The door of canary: once an hour the installation is searched for a patient who does not exist."""

import asyncio
from typing import Any

import functions_framework.aio
from starlette.requests import Request

from events.catalog import Ping
from events.envelope import CloudEvent
from voiceassist.core.errors import PermanentEventError
from voiceassist.core.identity import service
from voiceassist.runtime import logging, outbox, providers
from voiceassist.runtime.door import Room

log = logging.get_logger(__name__)

HOURLY = "canary-hourly"  # the extension `schedule` of the PingSource's events

room = Room("canary", checks={"postgres": lambda: providers.database().ping()})
one_at_once = asyncio.Lock()


@room.on(Ping.TYPE)
async def ticked(event: CloudEvent, _payload: Ping) -> None:
    """A tick that comes twice makes two runs and, behind `first_time`, one event."""
    from functions.canary.service import run  # patterns and clients, on first use

    if event.extensions.get("schedule") != HOURLY:
        raise PermanentEventError("This room does not know this schedule.")
    async with one_at_once:
        searched = await run(room.settings)
    database, subject = providers.database(), str(searched.run_id)
    async with database.transaction(service(room.name)) as connection:
        if await outbox.first_time(connection, room.name, event):
            said = outbox.event_of(room.name, searched.TYPE, searched, subject=subject, key=subject)
            await outbox.add(connection, room.name, said)
    await outbox.nudge(database)
    log.info("canary.searched", count=searched.leaks)


@functions_framework.aio.http
async def canary(_request: Request) -> Any:
    return room
