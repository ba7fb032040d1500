"""Documents and their jobs in PostgreSQL; row-level security decides what a caller sees."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.documents.domain import Upload
from functions.documents.schema import Document, Job
from voiceassist.core import ids
from voiceassist.core.identity import Principal
from voiceassist.runtime.vault import object_key

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50

_DOCUMENT = """
select id, owner_id, title, file_name, format, size_bytes, page_count, visibility, status, version,
       created_at, updated_at
from documents
"""
_JOB = """
select id, document_id, state, step, total_chunks, processed_chunks, retry_count, error_code, created_at,
       started_at, completed_at, failed_at
from indexing_jobs
"""


async def existing(
    connection: "AsyncConnection", caller: Principal, content_hash: bytes
) -> tuple[UUID, UUID, str] | None:
    """Document, job and status of the same file of the same owner."""
    from sqlalchemy import text

    row = (
        await connection.execute(
            text(
                "select d.id, j.id, d.status from documents d join indexing_jobs j on j.document_id = d.id"
                " where d.owner_id = :owner and d.content_hash = :hash order by j.id desc limit 1"
            ),
            {"owner": caller.user_id, "hash": content_hash},
        )
    ).first()
    return None if row is None else (row[0], row[1], row[2])


async def add(connection: "AsyncConnection", caller: Principal, document_id: UUID, upload: Upload) -> UUID | None:
    """Write document and job; returns the job's id, or None if the same file came in at the same moment."""
    from sqlalchemy import text

    values = {
        "id": document_id,
        "tenant": caller.tenant_id,
        "owner": caller.user_id,
        "key": f"upload-{upload.content_hash.hex()[:32]}",
        "hash": upload.content_hash,
        "title": upload.title,
        "name": upload.name,
        "format": upload.format,
        "size": upload.size_bytes,
        "visibility": upload.visibility,
        "object": object_key(caller.tenant_id, document_id),
    }
    inserted = await connection.execute(
        text(
            "insert into documents (id, tenant_id, owner_id, doc_key, content_hash, title, file_name, format,"
            " size_bytes, visibility, object_key) values (:id, :tenant, :owner, :key, :hash, :title, :name, :format,"
            " :size, :visibility, :object) on conflict (tenant_id, owner_id, content_hash) do nothing returning id"
        ),
        values,
    )
    if inserted.first() is None:
        return None
    job_id = ids.new_id()
    await connection.execute(
        text("insert into indexing_jobs (id, tenant_id, owner_id, document_id) values (:job, :tenant, :owner, :id)"),
        {"job": job_id, "tenant": caller.tenant_id, "owner": caller.user_id, "id": document_id},
    )
    return job_id


async def listed(connection: "AsyncConnection", caller: Principal, before: UUID | None, limit: int) -> list[Document]:
    rows = await _rows(
        connection,
        f"{_DOCUMENT} where cast(:before as uuid) is null or id < :before order by id desc limit :limit",
        before=before,
        limit=limit,
    )
    return [_document(row, caller) for row in rows]


async def one(connection: "AsyncConnection", caller: Principal, document_id: UUID) -> Document | None:
    rows = await _rows(connection, f"{_DOCUMENT} where id = :id", id=document_id)
    return _document(rows[0], caller) if rows else None


async def remove(connection: "AsyncConnection", caller: Principal, document_id: UUID) -> bool:
    """Jobs and passages go with the row, so that no answer cites it from this moment on."""
    from sqlalchemy import text

    row = await connection.execute(
        text("delete from documents where id = :id and owner_id = :owner returning id"),
        {"id": document_id, "owner": caller.user_id},
    )
    return row.first() is not None


async def jobs(connection: "AsyncConnection", before: UUID | None, limit: int) -> list[Job]:
    rows = await _rows(
        connection,
        f"{_JOB} where cast(:before as uuid) is null or id < :before order by id desc limit :limit",
        before=before,
        limit=limit,
    )
    return [Job(**row) for row in rows]


async def job(connection: "AsyncConnection", job_id: UUID) -> Job | None:
    rows = await _rows(connection, f"{_JOB} where id = :id", id=job_id)
    return Job(**rows[0]) if rows else None


async def _rows(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]


def _document(row: dict[str, Any], caller: Principal) -> Document:
    return Document(own=row.pop("owner_id") == caller.user_id, pages=row.pop("page_count"), **row)
