"""What phi hears: that a stored text is to be looked through. It says what came of it, in kinds and counts."""

import asyncio

from events.catalog import PhiScanCompleted, PhiScanRequested
from events.envelope import CloudEvent
from functions.phi import claims
from functions.phi.claims import Claims
from functions.phi.scanning import rules_in_force
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.core.errors import NotFoundError, PermanentEventError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import logging, metrics, outbox, providers
from voiceassist.runtime.deidentification import engine
from voiceassist.runtime.door import Room

log = logging.get_logger(__name__)

NOT_FOUND, BROKEN = "OBJECT_NOT_FOUND", "OBJECT_BROKEN"
_one_at_once = asyncio.Semaphore(1)


def store() -> Claims:
    return Claims(providers.objects())


def listen(room: Room) -> None:
    @room.on(PhiScanRequested.TYPE)
    async def requested(event: CloudEvent, payload: PhiScanRequested) -> None:
        """Counts and the memory of the delivery in one transaction; the object goes after it."""
        database = providers.database()
        keys = await providers.keyring().of(payload.tenant_id)
        async with database.transaction(service(room.name, payload.tenant_id)) as connection:
            if await outbox.first_time(connection, room.name, event):
                completed = await _looked_through(payload, keys)
                subject = str(payload.scan_id)
                said = outbox.event_of(room.name, completed.TYPE, completed, subject=subject, key=subject)
                await outbox.add(connection, room.name, said)
        await _forget(payload)
        await outbox.nudge(database)


async def _looked_through(payload: PhiScanRequested, keys: TenantKeys) -> PhiScanCompleted:
    rules = rules_in_force()
    find = engine().find

    def work() -> tuple[dict[str, int], int]:
        chunks = store().fetch(keys, payload.owner_id, payload.object_id)
        return claims.counts(chunks, lambda text: rules.kept(find(text, kind=payload.kind)))

    try:
        async with _one_at_once:
            counts, characters = await asyncio.to_thread(work)
    except NotFoundError:
        raise PermanentEventError("There is no such object of this owner.", code=NOT_FOUND) from None
    except SealBrokenError:
        raise PermanentEventError("The object is not as it was stored.", code=BROKEN) from None
    for label, count in counts.items():
        metrics.PHI_DETECTED.labels(label, "event").inc(count)
    return PhiScanCompleted(
        scan_id=payload.scan_id,
        tenant_id=payload.tenant_id,
        owner_id=payload.owner_id,
        object_id=payload.object_id,
        findings=sum(counts.values()),
        characters=characters,
        rules=rules.digest,
        **{label.lower(): count for label, count in counts.items()},
    )


async def _forget(payload: PhiScanRequested) -> None:
    """What cannot be deleted now is sealed and stays; the scan is done."""
    try:
        await asyncio.to_thread(store().delete, payload.tenant_id, payload.owner_id, payload.object_id)
    except UnavailableError:
        log.warning("scan.object_left", scan_id=str(payload.scan_id))
