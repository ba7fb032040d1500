"""Cold archive: entries of a year ago leave the database for locked objects, once these were read back and verified."""

import asyncio
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec

from functions.audit import store
from functions.audit.anchoring import YEAR_DAYS, Anchoring
from functions.audit.domain import archive_key
from functions.audit.store import ROOM, Archive
from voiceassist.adapters import crypto
from voiceassist.adapters.locked_objects import LockedObjects
from voiceassist.core import clock
from voiceassist.core.errors import NotFoundError, UnavailableError, VoiceAssistError
from voiceassist.core.hash_chain import Record, Walk
from voiceassist.core.identity import service
from voiceassist.runtime import logging
from voiceassist.runtime.audit_keys import AuditKeys

log = logging.get_logger(__name__)

MOST = 10_000  # entries of one archive
MISSING, BROKEN = "AUDIT_ARCHIVE_MISSING", "AUDIT_ARCHIVE_BROKEN"


class _Line(msgspec.Struct, array_like=True):
    number: int
    key: str
    body: bytes
    mac: bytes


class ArchiveError(VoiceAssistError):
    """An archive is not there, does not open, or does not hold what was put into it."""

    code = BROKEN


@dataclass(frozen=True, slots=True)
class _Made:
    archive: Archive
    sealed: bytes
    newest: str


async def all_tenants(anchoring: Anchoring) -> int:
    """How many entries left."""
    async with anchoring.database.transaction(service(ROOM)) as connection:
        found = await store.tenants(connection)
    return sum([await tenant(anchoring, tenant_id) for tenant_id in found])


async def tenant(anchoring: Anchoring, tenant_id: UUID) -> int:
    async with anchoring.database.transaction(service(ROOM, tenant_id)) as connection:
        found = await store.chains(connection)
    moved = 0
    for one in found:
        while count := await _move(anchoring, tenant_id, one.chain):
            moved += count
    return moved


async def _move(anchoring: Anchoring, tenant_id: UUID, chain: int) -> int:
    """The next archive of a chain: stored, read back, on record; then its entries leave. 0: nothing is old enough."""
    async with anchoring.database.transaction(service(ROOM, tenant_id)) as connection:
        await store.hold(connection, alone=True)
        before = (await store.archives(connection, chain))[-1:]
        if before and (gone := await store.leave(connection, tenant_id, chain, before[0])):
            return gone  # a crash came between archive and leaving
        head = store.head_of(before[0] if before else None)
        anchored = await store.last_checkpoint(connection, chain, anchored=True)
        limit = anchored.checkpoint.last if anchored else 0
        last = await store.old_enough(connection, chain, head.number, limit, MOST)
        records = await store.some_records(connection, chain, head.number + 1, last) if last else []
        if not records:
            return 0
        if Walk(lambda name: anchoring.keys.find(tenant_id, name), head).through(records):
            log.error("audit.not_archived", tenant_id=str(tenant_id), count=len(records))
            return 0  # what does not verify stays where it is, for whoever looks into it
        made = await asyncio.to_thread(_made, anchoring.keys, tenant_id, chain, records)
        await asyncio.to_thread(_stored, anchoring, tenant_id, made, records)
        await store.add_archive(connection, tenant_id, chain, made.archive, newest=made.newest)
        return await store.leave(connection, tenant_id, chain, made.archive)


def _made(keys: AuditKeys, tenant_id: UUID, chain: int, records: Sequence[Record]) -> _Made:
    key = archive_key(str(tenant_id), chain, records[0].number, records[-1].number)
    plain = zlib.compress(msgspec.msgpack.encode([_Line(*record) for record in records]), 6)
    name, secret = keys.archive(tenant_id)
    sealed = name.encode() + b"\n" + crypto.Box(secret).seal(plain, place=key)
    archive = Archive(
        first=records[0].number,
        last=records[-1].number,
        head=records[-1].mac,
        digest=hashlib.sha256(sealed).digest(),
        object_key=key,
    )
    newest = max(msgspec.json.decode(record.body)["at"] for record in records)
    return _Made(archive, sealed, newest)


def _stored(anchoring: Anchoring, tenant_id: UUID, made: _Made, records: Sequence[Record]) -> None:
    """In every store; the first one's is read back and must open to the very same entries."""
    until = clock.now() + timedelta(days=anchoring.years * YEAR_DAYS)
    for place in anchoring.stores:
        place.put(made.archive.object_key, made.sealed, until=until)
    try:
        same = opened(anchoring.stores[0], anchoring.keys, tenant_id, made.archive, exact=False) == list(records)
    except ArchiveError:
        same = False
    if not same:
        raise UnavailableError("The archive is not what was put into it.", code=BROKEN)


def opened(
    place: LockedObjects | None, keys: AuditKeys, tenant_id: UUID, archive: Archive, *, exact: bool = True
) -> list[Record]:
    """The entries of an archive; ArchiveError. `exact`: the sealed object is the one whose digest is on record."""
    if place is None:
        raise UnavailableError("The archives are not to be asked.", code=MISSING)
    try:
        sealed = place.get(archive.object_key)
    except NotFoundError:
        raise ArchiveError(code=MISSING) from None
    name, _, rest = sealed.partition(b"\n")
    secret = keys.find_archive(tenant_id, name.decode("ascii", "replace"))
    if secret is None or (exact and hashlib.sha256(sealed).digest() != archive.digest):
        raise ArchiveError
    try:
        plain = crypto.Box(secret).unseal(rest, place=archive.object_key)
        lines = msgspec.msgpack.decode(zlib.decompress(plain), type=list[_Line])
    except (crypto.SealBrokenError, zlib.error, msgspec.MsgspecError):
        raise ArchiveError from None
    return [Record(line.number, line.key, line.body, line.mac) for line in lines]
