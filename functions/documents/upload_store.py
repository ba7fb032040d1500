"""Uploads in parts, as PostgreSQL knows them: what was announced, and which parts are stored."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.documents.domain import Label
from functions.documents.schema import OpenUpload, Part
from voiceassist.adapters.encryption.columns import Column
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# The label of an upload; what an older release announced in clear is read so, and gone within a day.
LABEL = {
    "file_name": Column("uploads", "file_name_sealed", plain="file_name"),
    "title": Column("uploads", "title_sealed", plain="title"),
    "doc_key": Column("uploads", "doc_key_sealed", plain="doc_key"),
    "source": Column("uploads", "source_sealed", plain="source"),
}
SEALED = tuple(LABEL.values())

_OPEN = """
select id, tenant_id, file_name, file_name_sealed, title, title_sealed, visibility, doc_key, doc_key_sealed, source,
       source_sealed, year, size_bytes, part_bytes, content_hash, store_id, expires_at
from uploads where owner_id = :owner and expires_at > now()
"""
_INSERT = """
insert into uploads (id, tenant_id, owner_id, file_name_sealed, title_sealed, visibility, doc_key_sealed, source_sealed,
                     year, size_bytes, part_bytes, content_hash, store_id, expires_at)
values (:id, :tenant, :owner, :file_name_sealed, :title_sealed, :visibility, :doc_key_sealed, :source_sealed, :year,
        :size, :part, :hash, :store_id, :expires)
"""
_INSERT_PART = """
insert into upload_parts (upload_id, number, tenant_id, owner_id, content_hash, etag)
values (:id, :number, :tenant, :owner, :hash, :etag)
on conflict (upload_id, number) do update set
    content_hash = excluded.content_hash, etag = excluded.etag, updated_at = now()
"""
# From the last part on.
KEEP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Announced:
    """An upload that has begun. `hashes` and `etags` are of the parts that are stored, by their numbers from 1."""

    upload_id: UUID
    tenant_id: UUID
    label: Label
    size_bytes: int
    part_bytes: int
    content_hash: bytes | None
    store_id: str
    expires_at: datetime
    hashes: dict[int, bytes] = field(default_factory=dict)
    etags: dict[int, str] = field(default_factory=dict)

    @property
    def parts(self) -> int:
        return -(-self.size_bytes // self.part_bytes)

    def size_of(self, number: int) -> int:
        """Bytes of a part; 0 of one that there is not."""
        if not 1 <= number <= self.parts:
            return 0
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)

    @property
    def missing(self) -> list[int]:
        return [number for number in range(1, self.parts + 1) if number not in self.hashes]

    def shown(self) -> OpenUpload:
        received = tuple(
            Part(number=number, size_bytes=self.size_of(number), sha256=digest.hex())
            for number, digest in sorted(self.hashes.items())
        )
        return OpenUpload(
            id=self.upload_id,
            file_name=self.label.name,
            size_bytes=self.size_bytes,
            part_bytes=self.part_bytes,
            parts=self.parts,
            received=received,
            expires_at=self.expires_at,
        )


async def announce(connection: "AsyncConnection", keys: TenantKeys, caller: Principal, announced: Announced) -> None:
    from sqlalchemy import text

    label = announced.label
    told = {"file_name": label.name, "title": label.title, "doc_key": label.doc_key, "source": label.source}
    values: dict[str, Any] = {
        column.name: column.seal(keys, announced.upload_id, told[name]) for name, column in LABEL.items()
    }
    values |= {
        "id": announced.upload_id,
        "tenant": caller.tenant_id,
        "owner": caller.user_id,
        "visibility": label.visibility,
        "year": label.year,
        "size": announced.size_bytes,
        "part": announced.part_bytes,
        "hash": announced.content_hash,
        "store_id": announced.store_id,
        "expires": announced.expires_at,
    }
    await connection.execute(text(_INSERT), values)


async def opened(
    connection: "AsyncConnection", keys: TenantKeys, caller: Principal, upload_id: UUID | None = None
) -> list[Announced]:
    """The caller's open uploads, or one of them."""
    from sqlalchemy import text

    which = f"{_OPEN} and (cast(:id as uuid) is null or id = :id) order by id desc"
    rows = (await connection.execute(text(which), {"owner": caller.user_id, "id": upload_id})).mappings().all()
    parts = await connection.execute(
        text("select upload_id, number, content_hash, etag from upload_parts where upload_id = any(:ids)"),
        {"ids": [row["id"] for row in rows]},
    )
    found = {row["id"]: _announced(keys, row) for row in rows}
    for upload, number, digest, etag in parts:
        found[upload].hashes[number] = digest
        found[upload].etags[number] = etag
    return list(found.values())


async def received(
    connection: "AsyncConnection", caller: Principal, upload_id: UUID, number: int, digest: bytes, etag: str
) -> bool:
    """Note down a stored part and keep the upload for another day; False when it was given up meanwhile."""
    from sqlalchemy import text

    values = {"id": upload_id, "owner": caller.user_id, "tenant": caller.tenant_id}
    kept = await connection.execute(
        text(
            "update uploads set expires_at = now() + cast(:keep as interval), updated_at = now()"
            " where id = :id and owner_id = :owner returning 1"
        ),
        values | {"keep": KEEP},
    )
    if kept.first() is None:
        return False
    await connection.execute(text(_INSERT_PART), values | {"number": number, "hash": digest, "etag": etag})
    return True


async def close(connection: "AsyncConnection", upload_id: UUID) -> bool:
    """Forget an upload, with what is known of its parts; False when somebody did before."""
    from sqlalchemy import text

    row = await connection.execute(text("delete from uploads where id = :id returning 1"), {"id": upload_id})
    return row.first() is not None


async def expired(connection: "AsyncConnection", limit: int = 1000) -> list[tuple[UUID, UUID]]:
    """Tenant and id of uploads that nobody goes on with."""
    from sqlalchemy import text

    rows = await connection.execute(
        text("select tenant_id, id from uploads where expires_at <= now() limit :limit"), {"limit": limit}
    )
    return [(row[0], row[1]) for row in rows]


async def tenants(connection: "AsyncConnection") -> list[UUID]:
    from sqlalchemy import text

    return list((await connection.execute(text("select id from tenants"))).scalars())


def _announced(keys: TenantKeys, row: Any) -> Announced:
    told = {name: column.open_or(keys, row["id"], row[column.name], row[name]) for name, column in LABEL.items()}
    return Announced(
        upload_id=row["id"],
        tenant_id=row["tenant_id"],
        label=Label(told["file_name"], told["title"], row["visibility"], told["doc_key"], told["source"], row["year"]),
        size_bytes=row["size_bytes"],
        part_bytes=row["part_bytes"],
        content_hash=row["content_hash"],
        store_id=row["store_id"],
        expires_at=row["expires_at"],
    )
