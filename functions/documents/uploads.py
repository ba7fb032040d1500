"""Uploads in parts: announced, stored part by part in any order, completed or given up. A room may stop in between."""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from uuid import UUID

from functions.documents import upload_store
from functions.documents.domain import (
    SNIFF_BYTES,
    Label,
    Upload,
    clean_name,
    key_of,
    one_line,
    sniffed,
    title_of,
    visibility_of,
    year_of,
)
from functions.documents.schema import NewUpload
from functions.documents.upload_store import Announced
from voiceassist.adapters.crypto import FRAME_BYTES
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.postgres import Database
from voiceassist.core import clock
from voiceassist.core.errors import ConflictError, FieldError, NotFoundError, PayloadTooLargeError, ValidationError
from voiceassist.core.identity import Principal, service
from voiceassist.runtime.settings import Limits
from voiceassist.runtime.vault import Vault

# S3 takes no smaller part, but for the last.
LEAST_PART = 5 * FRAME_BYTES
# Each holds its part in memory.
PARTS_AT_ONCE = 16
# RFC 9530: `Content-Digest: sha-256=:<base64>:`.
_DIGEST = re.compile(r"(?:^|,\s*)sha-256=:([A-Za-z0-9+/]{43}=):")
NAMED = 100  # missing parts that a refusal names


def part_bytes(limits: Limits) -> int:
    """Whole frames, so that parts are sealed independently of each other."""
    return max(LEAST_PART, limits.part_bytes // FRAME_BYTES * FRAME_BYTES)


def label_of(request: NewUpload, *, may_share: bool) -> Label:
    name = clean_name(request.file_name)
    return Label(
        name=name,
        title=title_of(request.title, name),
        visibility=visibility_of(request.visibility, may_share=may_share),
        doc_key=key_of(request.doc_key),
        source=one_line(request.source),
        year=year_of("" if request.year is None else str(request.year)),
    )


async def begin(
    database: Database,
    vault: Vault,
    keys: TenantKeys,
    caller: Principal,
    request: NewUpload,
    *,
    upload_id: UUID,
    limits: Limits,
) -> Announced:
    """Announce a file; what nobody goes on with is given back first."""
    label = label_of(request, may_share=caller.role == "admin")
    if request.size_bytes > limits.upload_bytes:
        raise PayloadTooLargeError("The file is larger than allowed.")
    await sweep(database, vault, caller.tenant_id)
    async with database.transaction(caller) as connection:
        if len(await upload_store.opened(connection, keys, caller)) >= limits.open_uploads:
            raise ConflictError("Complete or give up one of your open uploads first.", code="TOO_MANY_UPLOADS")
    announced = Announced(
        upload_id=upload_id,
        tenant_id=caller.tenant_id,
        label=label,
        size_bytes=request.size_bytes,
        part_bytes=part_bytes(limits),
        content_hash=bytes.fromhex(request.sha256) if request.sha256 else None,
        store_id=await asyncio.to_thread(vault.begin, caller.tenant_id, upload_id),
        expires_at=clock.now() + upload_store.KEEP,
    )
    try:
        async with database.transaction(caller) as connection:
            await upload_store.announce(connection, keys, caller, announced)
    except BaseException:
        await asyncio.to_thread(vault.abandon, caller.tenant_id, upload_id)
        raise
    return announced


async def one(database: Database, keys: TenantKeys, caller: Principal, upload_id: UUID) -> Announced:
    async with database.transaction(caller) as connection:
        found = await upload_store.opened(connection, keys, caller, upload_id)
    if not found:
        raise NotFoundError("There is no such open upload of yours.")
    return found[0]


def digest_of(header: str) -> bytes:
    """The SHA-256 of a Content-Digest header."""
    match = _DIGEST.search(header)
    try:
        return base64.b64decode(match[1], validate=True) if match else _missing_digest()
    except binascii.Error:
        return _missing_digest()


def _missing_digest() -> bytes:
    raise ValidationError("A part needs its Content-Digest, sha-256=:<base64>:.", code="DIGEST_MISSING")


async def put(
    database: Database,
    vault: Vault,
    keys: TenantKeys,
    caller: Principal,
    upload: Announced,
    number: int,
    data: bytes,
    digest: bytes,
) -> None:
    """Check and store a part, in place of an earlier one with its number."""
    if len(data) != upload.size_of(number):
        raise ValidationError("The part has not the size that its number has.", code="PART_SIZE")
    if await asyncio.to_thread(lambda: hashlib.sha256(data).digest()) != digest:
        raise ValidationError("The part did not arrive as it was sent.", code="DIGEST_MISMATCH")
    if number == 1:
        sniffed(data[:SNIFF_BYTES], upload.label.name)
    etag = await asyncio.to_thread(
        lambda: vault.store_part(
            keys,
            upload.upload_id,
            upload.store_id,
            number,
            data,
            part_bytes=upload.part_bytes,
            last=number == upload.parts,
        )
    )
    async with database.transaction(caller) as connection:
        if not await upload_store.received(connection, caller, upload.upload_id, number, digest, etag):
            raise NotFoundError("There is no such open upload of yours.")


async def assembled(vault: Vault, keys: TenantKeys, upload: Announced) -> Upload:
    """Make the parts one file, and read it once as it is stored: its digest is its identity."""
    if upload.missing:
        raise ConflictError(
            "Parts are missing.",
            code="PARTS_MISSING",
            errors=tuple(FieldError(f"/parts/{number}", "MISSING") for number in upload.missing[:NAMED]),
        )
    await asyncio.to_thread(vault.finish, upload.tenant_id, upload.upload_id, upload.store_id, upload.etags)
    digest, start = await asyncio.to_thread(lambda: _inspected(vault.fetch(keys, upload.upload_id)))
    if upload.content_hash not in {None, digest}:
        raise ValidationError("The file is not the one that was announced.", code="DIGEST_MISMATCH")
    return Upload(
        label=upload.label,
        format=sniffed(start, upload.label.name),
        size_bytes=upload.size_bytes,
        content_hash=digest,
    )


def _inspected(frames: Iterator[bytes]) -> tuple[bytes, bytes]:
    digest, start = hashlib.sha256(), b""
    for frame in frames:
        digest.update(frame)
        start = start or frame[:SNIFF_BYTES]
    return digest.digest(), start


async def give_up(database: Database, vault: Vault, actor: Principal, tenant_id: UUID, upload_id: UUID) -> None:
    """The store first: a row without parts is swept later, parts without a row would stay for ever."""
    await asyncio.to_thread(vault.abandon, tenant_id, upload_id)
    async with database.transaction(actor) as connection:
        await upload_store.close(connection, upload_id)


async def sweep(database: Database, vault: Vault, tenant_id: UUID) -> int:
    """Give up what nobody went on with for a day; returns how many."""
    actor = service("documents", tenant_id)
    async with database.transaction(actor) as connection:
        found = await upload_store.expired(connection)
    for tenant, upload_id in found:
        await give_up(database, vault, actor, tenant, upload_id)
    return len(found)


async def sweep_all(database: Database, vault: Vault) -> int:
    async with database.transaction(service("documents")) as connection:
        tenants = await upload_store.tenants(connection)
    return sum([await sweep(database, vault, tenant) for tenant in tenants])
