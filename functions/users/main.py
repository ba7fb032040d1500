"""The door of users: accounts follow the tenant's Nextcloud, twice a minute, when asked, and when it says so."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
import msgspec
from fastapi import Depends, Request

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.users import access, directories, schema, service
from functions.users.domain import LONGEST_UID, Directory
from functions.users.service import Kit, Order
from functions.users.store import ROOM
from voiceassist.core.errors import ConflictError, NotFoundError, PermanentEventError, SettingsError, ValidationError
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, logging, metrics, providers
from voiceassist.runtime.http_room import http_app

log = logging.get_logger(__name__)

room = door.Room(ROOM, checks={"postgres": lambda: providers.database().ping()})
app = http_app(room, title="Users", actions=access.ACTIONS)

MINUTELY = "users-minutely"  # the extension `schedule` of the PingSource's events
# A schedule has no seconds, and a look takes some: with one a minute, a change could wait for longer than a minute.
LOOKS = (0.0, 30.0)
LARGEST_NOTICE = 65_536
AT_ONCE = 4  # directories; each holds one connection of the database while it is read, and needs more in between

Caller = Annotated[Principal, Depends(door.principal)]


@lru_cache(maxsize=1)
def kit() -> Kit:
    from functions.users.ocs import Ocs  # the way outside, on first use

    return Kit(
        database=providers.database(),
        auditor=providers.auditor(ROOM),
        source=lambda directory: Ocs(directory, providers.named(directory.url)),
    )


def followed() -> dict[UUID, Directory]:
    return directories.of(room.settings)


def directory_of(caller: Principal) -> Directory:
    found = followed().get(caller.tenant_id)
    if found is None:
        raise NotFoundError("No directory is followed here.", code="NO_DIRECTORY")
    return found


@app.get("/api/v1/users/directory")
async def last_report(caller: Caller) -> schema.Report:
    """What became of the last look that was no dry run."""
    directory_of(caller)
    found = await service.report_of(providers.database(), caller.tenant_id)
    if found is None:
        raise NotFoundError("Nobody has looked at the directory yet.", code="NO_REPORT")
    return found[0]


@app.post("/api/v1/users/directory/dry-run")
async def dry_run(caller: Caller) -> schema.Report:
    """What would be done, person by person; nothing is written."""
    return _alone(await service.run(kit(), directory_of(caller), Order("request", dry_run=True)))


@app.post("/api/v1/users/directory/sync")
async def sync(body: schema.Sync, caller: Caller) -> schema.Report:
    """Look now, and compare everybody with the accounts, not only who changed there."""
    order = Order("request", full=True, force=body.force, by=caller)
    return _alone(await service.run(kit(), directory_of(caller), order))


@app.post("/api/v1/users/directory/changed", status_code=204)
async def changed(request: Request, caller: Caller) -> None:
    """What Nextcloud calls when somebody changed. It says who; what became of them is asked, nothing else believed."""
    directory = directory_of(caller)
    uid = uid_in(await door.read_limited(request, LARGEST_NOTICE))
    if uid is None:
        await service.run(kit(), directory, Order("notice"))
    else:
        await service.changed(kit(), directory, uid)


def uid_in(body: bytes) -> str | None:
    """Whom a notice is about, as the app webhook_listeners writes it (`event.user.uid`, `event.uid`) or a plain `uid`;
    None where it is about nobody in particular."""
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise ValidationError("The notice is no JSON.") from None
    event = told.get("event", told) if isinstance(told, dict) else None
    if not isinstance(event, dict):
        raise ValidationError("The notice is no object.")
    user = event.get("user")
    uid = user.get("uid") if isinstance(user, dict) else event.get("uid", event.get("userId"))
    if uid is None:
        return None
    if not isinstance(uid, str) or not 0 < len(uid) <= LONGEST_UID or not uid.isprintable():
        raise ValidationError("The notice names nobody that there could be.")
    return uid


@room.on(Ping.TYPE)
async def ticked(event: CloudEvent, _payload: Ping) -> None:
    """A tick that comes twice, or while a run is at work, does no harm: only one run follows a directory."""
    if event.extensions.get("schedule") != MINUTELY:
        raise PermanentEventError("This room does not know this schedule.")
    try:
        await look_at_all()
    except SettingsError as error:  # a dead letter a minute would mend nothing
        metrics.DIRECTORY_RUNS.labels("misconfigured").inc()
        log.error("directory.misconfigured", **logging.error_fields(error))


async def look_at_all(
    *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, now: Callable[[], float] = time.monotonic
) -> None:
    """Directories side by side, so that a slow one keeps few others waiting."""
    few, started = asyncio.Semaphore(AT_ONCE), now()

    async def look(directory: Directory) -> schema.Report:
        async with few:
            return await service.run(kit(), directory, Order("schedule"))

    for pause in LOOKS:
        await sleep(max(0.0, started + pause - now()))
        reports = await asyncio.gather(*map(look, followed().values()))
        log.info("directory.all_looked", count=len(reports))
        if not reports:
            return


def _alone(report: schema.Report) -> schema.Report:
    if report.outcome == "busy":
        raise ConflictError("The directory is being followed just now.", code="SYNC_RUNNING")
    return report


@functions_framework.aio.http
async def users(_request: Request) -> Any:
    return room
