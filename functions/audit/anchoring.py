"""Each minute: what was added is looked at once more, signed, and put where the database does not reach."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from events.catalog import AuditAnchored, AuditBroken
from functions.audit import store
from functions.audit.domain import anchor_key
from functions.audit.store import ROOM
from voiceassist.adapters.locked_objects import LockedObjects
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.signatures import Signer
from voiceassist.core import checkpoints, clock
from voiceassist.core.checkpoints import MOST, Signed
from voiceassist.core.errors import UnavailableError
from voiceassist.core.hash_chain import Fault, Head, Walk
from voiceassist.core.identity import service
from voiceassist.runtime import logging, metrics, outbox
from voiceassist.runtime.audit_keys import AuditKeys

log = logging.get_logger(__name__)

YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Anchoring:
    """`stores`: the one that counts, then the copy. `years`: how long anchors are locked."""

    database: Database
    keys: AuditKeys
    signer: Signer
    stores: Sequence[LockedObjects]
    years: int = 6


async def all_tenants(anchoring: Anchoring) -> None:
    """A tenant whose chain is broken or whose anchors fail does not keep the others from theirs."""
    async with anchoring.database.transaction(service(ROOM)) as connection:
        found = await store.tenants(connection)
    failed: UnavailableError | None = None
    for tenant_id in found:
        try:
            await tenant(anchoring, tenant_id)
        except UnavailableError as error:
            log.error("audit.unanchored", tenant_id=str(tenant_id), code=error.code)
            failed = error
    if failed:
        raise failed


async def tenant(anchoring: Anchoring, tenant_id: UUID) -> None:
    async with anchoring.database.transaction(service(ROOM, tenant_id)) as connection:
        found = await store.chains(connection)
    for one in found:
        fault = await _sign(anchoring, tenant_id, one.chain) or await _anchor(anchoring, tenant_id, one.chain)
        if fault:
            await broken(anchoring.database, tenant_id, one.chain, fault)


async def _sign(anchoring: Anchoring, tenant_id: UUID, chain: int) -> Fault | None:
    """Checkpoints over what has none; what does not verify gets none."""
    while True:
        async with anchoring.database.transaction(service(ROOM, tenant_id)) as connection:
            await store.signing(connection, tenant_id, chain)
            last = await store.last_checkpoint(connection, chain)
            after = last.checkpoint if last else None
            head = Head(after.last, bytes.fromhex(after.head)) if after else Head()
            found = await store.some_records(connection, chain, head.number + 1, head.number + MOST)
            if not found:
                return None
            if fault := Walk(lambda name: anchoring.keys.find(tenant_id, name), head).through(found):
                return fault
            now = clock.timestamp(clock.now())
            checkpoint = checkpoints.over(
                found, tenant=str(tenant_id), chain=chain, after=after, time=now, key=anchoring.signer.key_id
            )
            await store.add_checkpoint(connection, Signed(checkpoint, anchoring.signer.sign(checkpoint.body)))
        if len(found) < MOST:
            return None


async def _anchor(anchoring: Anchoring, tenant_id: UUID, chain: int) -> Fault | None:
    """Signed checkpoints go to every store, in order. One that the store knows otherwise: the database was set back."""
    async with anchoring.database.transaction(service(ROOM, tenant_id)) as connection:
        waiting = await store.unanchored(connection, chain)
    for signed in waiting:
        if not await asyncio.to_thread(_put, anchoring, signed, clock.now()):
            return Fault("not_as_anchored", signed.checkpoint.first)
        now = signed.checkpoint
        said = AuditAnchored(tenant_id=tenant_id, chain=chain, number=now.number, first=now.first, last=now.last)
        key = f"{tenant_id}/{chain}"
        async with anchoring.database.transaction(service(ROOM, tenant_id)) as connection:
            await store.anchored(connection, chain, now.number)
            await outbox.add(connection, ROOM, outbox.event_of(ROOM, said.TYPE, said, subject=key, key=key))
    return None


def _put(anchoring: Anchoring, signed: Signed, now: datetime) -> bool:
    """False where a store holds another document in its place."""
    one = signed.checkpoint
    key = anchor_key(one.tenant, one.chain, one.number)
    until = now + timedelta(days=anchoring.years * YEAR_DAYS)
    return all(
        place.put(key, signed.document, until=until) or place.get(key) == signed.document for place in anchoring.stores
    )


async def broken(database: Database, tenant_id: UUID, chain: int, fault: Fault) -> None:
    """Told once: an alert, an event, and the state that everybody sees from now on."""
    metrics.AUDIT_VERIFIED.set(0)
    log.error("audit.chain_broken", tenant_id=str(tenant_id), reason=fault.kind, count=fault.number)
    result = {
        "ok": False,
        "complete": True,
        "chains": [{"chain": chain, "fault": {"kind": fault.kind, "number": fault.number}}],
    }
    async with database.transaction(service(ROOM, tenant_id)) as connection:
        known = await store.last_verification(connection)
        if known and not known[1]["ok"]:
            return
        await store.add_verification(connection, tenant_id, ok=False, entries=0, result=result)
        said = AuditBroken(tenant_id=tenant_id, chain=chain, number=fault.number, kind=fault.kind.upper())
        key = f"{tenant_id}/{chain}"
        await outbox.add(connection, ROOM, outbox.event_of(ROOM, said.TYPE, said, subject=key, key=key))
