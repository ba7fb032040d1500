"""The door of audit: search the record, account for disclosures, verify; and, each minute, anchor what was added."""

import asyncio
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends
from starlette.requests import Request

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.audit import access, anchoring, archiving, domain, schema, service, verifying
from functions.audit.anchoring import Anchoring
from functions.audit.store import ROOM
from functions.audit.verifying import Means
from voiceassist.adapters.signatures import Signer, Verifier
from voiceassist.core import clock
from voiceassist.core.errors import ForbiddenError, PermanentEventError, SettingsError
from voiceassist.core.identity import Principal
from voiceassist.core.identity import service as part
from voiceassist.runtime import door, logging, outbox, providers
from voiceassist.runtime.audit_keys import AuditKeys
from voiceassist.runtime.http_room import http_app
from voiceassist.runtime.settings import HEX, Audit

log = logging.get_logger(__name__)

room = door.Room(
    ROOM,
    checks={
        "postgres": lambda: providers.database().ping(),
        "s3": lambda: asyncio.to_thread(providers.anchors()[0].ping),
    },
)
app = http_app(room, title="Audit", actions=access.ACTIONS)


one_at_once = asyncio.Semaphore(1)

Caller = Annotated[Principal, Depends(door.principal)]


@lru_cache(maxsize=1)
def keys() -> AuditKeys:
    return AuditKeys(room.settings.audit)


def signer(settings: Audit) -> Signer:
    if not HEX.fullmatch(settings.signing_key):
        raise SettingsError("VOICEASSIST_AUDIT__SIGNING_KEY must be 64 hex digits.")
    return Signer(bytes.fromhex(settings.signing_key))


def verifier(settings: Audit) -> Verifier:
    """Trusts our own key and those that signed before."""
    public = [bytes.fromhex(key) for part in settings.trusted_keys.split(",") if HEX.fullmatch(key := part.strip())]
    if HEX.fullmatch(settings.signing_key):
        public.append(signer(settings).public)
    if not public:
        raise SettingsError("VOICEASSIST_AUDIT__TRUSTED_KEYS must hold the public key of the checkpoints.")
    return Verifier(*public)


def anchored() -> Anchoring:
    settings = room.settings.audit
    return Anchoring(providers.database(), keys(), signer(settings), providers.anchors(), settings.years)


def means() -> Means:
    return Means(providers.database(), keys(), verifier(room.settings.audit), providers.anchors()[0])


@app.post("/api/v1/audit/search")
async def search(asked: schema.Search, caller: Caller) -> schema.Entries:
    """The newest first: everything for administrators and auditors, redacted for viewers, for the others their own."""
    return await service.search(providers.database(), keys(), providers.auditor(ROOM), caller, asked)


@app.post("/api/v1/audit/disclosures")
async def disclosures(asked: schema.Disclosed, caller: Caller) -> schema.Report:
    """Who had what of a patient or a document, and why; six years back unless told otherwise."""
    auditor = providers.auditor(ROOM)
    return await service.disclosures(providers.database(), keys(), auditor, caller, asked, now=clock.now())


@app.get("/api/v1/audit/verification")
async def verification(caller: Caller) -> schema.Verification:
    """What the last verification found and how far the anchors are."""
    return await service.state(providers.database(), caller)


@app.post("/api/v1/audit/verification")
async def verify(caller: Caller) -> schema.Verification:
    """Verify everything of the tenant now, one caller at a time; large records are verified nightly and by the CLI."""
    if domain.view_of(caller) != "whole":
        raise ForbiddenError("Only administrators have the audit verified.")
    async with one_at_once:
        await service.verify(means(), providers.auditor(ROOM), caller)
    return await service.state(providers.database(), caller)


@room.on(Ping.TYPE)
async def ticked(event: CloudEvent, _payload: Ping) -> None:
    """What is due; the event is remembered with the end of it, so that a broken night is tried again."""
    async with providers.database().transaction(part(ROOM)) as connection:
        if await outbox.first_time(connection, ROOM, event):
            await due(event)
    await outbox.nudge(providers.database())


async def due(event: CloudEvent) -> None:
    match event.extensions.get("schedule"):
        case "audit-minutely":
            await anchoring.all_tenants(anchored())
        case "audit-nightly":
            moved = await archiving.all_tenants(anchored())
            log.info("audit.archived", count=moved)
            for tenant_id in await verifying.tenants(providers.database()):
                await night(tenant_id)
        case _:
            raise PermanentEventError("This room does not know this schedule.")


async def night(tenant_id: UUID) -> None:
    result = await verifying.tenant(means(), tenant_id)
    broken = [(one.chain, one.fault) for one in result.chains if one.fault]
    for chain, fault in broken:
        await anchoring.broken(providers.database(), tenant_id, chain, fault)
    await service.kept(providers.database(), result)


@functions_framework.aio.http
async def audit(_request: Request) -> Any:
    return room
