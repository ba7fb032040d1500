"""Documents and their jobs in PostgreSQL; row-level security decides what a caller sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.documents.domain import Upload
from functions.documents.schema import CitationState, Document, Job
from voiceassist.core import ids
from voiceassist.core.identity import Principal
from voiceassist.runtime.vault import object_key

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50

_DOCUMENT = """
select id, owner_id, doc_key, title, file_name, format, size_bytes, page_count, source, year, visibility, status,
       version, superseded_by, created_at, updated_at
from documents
"""
_VERSIONS = f"""
{_DOCUMENT} where (tenant_id, owner_id, doc_key) = (select tenant_id, owner_id, doc_key from documents where id = :id)
order by version desc
"""  # noqa: S608 - constants only
_JOB = """
select id, document_id, state, step, total_pages, processed_pages, total_chunks, processed_chunks, retry_count,
       max_retries, error_code, phi_findings, notes, created_at, started_at, completed_at, failed_at
from indexing_jobs
"""
_SAME_FILE = """
select d.id, j.id as job_id, d.status, d.version, d.content_hash, j.state
from documents d join indexing_jobs j on j.document_id = d.id
where d.owner_id = :owner and d.tenant_id = :tenant and {which}
order by d.version desc, j.id desc limit 1
"""
_INSERT = """
insert into documents (id, tenant_id, owner_id, doc_key, version, content_hash, title, file_name, format, size_bytes,
                       visibility, source, year, object_key)
values (:id, :tenant, :owner, :key, :version, :hash, :title, :name, :format, :size, :visibility, :source, :year,
        :object)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A document that is written, or was before (`duplicate`)."""

    document_id: UUID
    job_id: UUID
    status: str
    version: int
    duplicate: bool
    job_state: str = "pending"


async def add(connection: "AsyncConnection", caller: Principal, document_id: UUID, upload: Upload) -> Row:
    """Write document and job, as the next version of its key; the same file as the newest version changes nothing.

    Two uploads under one key wait for each other, so that versions are counted without a gap.
    """
    from sqlalchemy import text

    values = {
        "id": document_id,
        "tenant": caller.tenant_id,
        "owner": caller.user_id,
        "key": upload.key,
        "hash": upload.content_hash,
        "title": upload.label.title,
        "name": upload.label.name,
        "format": upload.format,
        "size": upload.size_bytes,
        "visibility": upload.label.visibility,
        "source": upload.label.source,
        "year": upload.label.year,
        "object": object_key(caller.tenant_id, document_id),
    }
    await connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:lock, 0))"), {"lock": f"{caller.user_id}/{upload.key}"}
    )
    newest = await _known(connection, "d.doc_key = :key", values)
    same = newest if newest is not None and newest["content_hash"] == upload.content_hash else None
    if same is None and not upload.label.doc_key:
        live = "d.content_hash = :hash and d.status <> 'superseded'"
        same = await _known(connection, live, values)
    if same is not None:
        return Row(same["id"], same["job_id"], same["status"], same["version"], duplicate=True, job_state=same["state"])
    version = newest["version"] + 1 if newest is not None else 1
    await connection.execute(text(_INSERT), values | {"version": version})
    job_id = ids.new_id()
    await connection.execute(
        text("insert into indexing_jobs (id, tenant_id, owner_id, document_id) values (:job, :tenant, :owner, :id)"),
        {"job": job_id, "tenant": caller.tenant_id, "owner": caller.user_id, "id": document_id},
    )
    return Row(document_id, job_id, "pending", version, duplicate=False)


async def _known(connection: "AsyncConnection", which: str, values: dict[str, Any]) -> dict[str, Any] | None:
    rows = await _rows(connection, _SAME_FILE.format(which=which), **values)
    return rows[0] if rows else None


async def listed(
    connection: "AsyncConnection", caller: Principal, before: UUID | None, limit: int, *, superseded: bool = False
) -> list[Document]:
    rows = await _rows(
        connection,
        f"{_DOCUMENT} where (cast(:before as uuid) is null or id < :before)"
        " and (:superseded or status <> 'superseded') order by id desc limit :limit",
        before=before,
        limit=limit,
        superseded=superseded,
    )
    return [_document(row, caller) for row in rows]


async def one(connection: "AsyncConnection", caller: Principal, document_id: UUID) -> Document | None:
    rows = await _rows(connection, f"{_DOCUMENT} where id = :id", id=document_id)
    return _document(rows[0], caller) if rows else None


async def versions(connection: "AsyncConnection", caller: Principal, document_id: UUID) -> list[Document]:
    """All versions of the document's key, the newest first."""
    rows = await _rows(connection, _VERSIONS, id=document_id)
    return [_document(row, caller) for row in rows]


async def passages(connection: "AsyncConnection", document_id: UUID) -> list[dict[str, Any]]:
    """Heading, page and text of every passage, in the order of the document."""
    return await _rows(
        connection, "select heading, page, content from chunks where document_id = :id order by index", id=document_id
    )


async def citations(connection: "AsyncConnection", chunk_ids: Sequence[UUID]) -> tuple[CitationState, ...]:
    """What became of cited passages; one that the caller may not see is told like one that is gone."""
    rows = await _rows(
        connection,
        "select c.id, c.document_id, d.version, d.superseded_by, c.superseded or d.status = 'superseded' as old"
        " from chunks c join documents d on d.id = c.document_id"
        " where c.id = any(:ids) and d.status in ('completed', 'superseded')",
        ids=list(chunk_ids),
    )
    found = {
        row["id"]: CitationState(
            chunk_id=row["id"],
            state="superseded" if row["old"] else "current",
            document_id=row["document_id"],
            version=row["version"],
            superseded_by=row["superseded_by"],
        )
        for row in rows
    }
    return tuple(found.get(each, CitationState(chunk_id=each, state="deleted")) for each in chunk_ids)


async def remove(connection: "AsyncConnection", caller: Principal, document_id: UUID) -> list[UUID]:
    """Delete a document with all its older versions, or one superseded version alone; returns what is gone.

    Jobs and passages go with the rows, so that no answer cites them from this moment on.
    """
    rows = await _rows(
        connection,
        "with asked as (select tenant_id, owner_id, doc_key, version, status from documents"
        "    where id = :id and owner_id = :owner)"
        " delete from documents d using asked a where d.id = :id and d.owner_id = :owner or a.status <> 'superseded'"
        "    and (d.tenant_id, d.owner_id, d.doc_key) = (a.tenant_id, a.owner_id, a.doc_key) and d.version < a.version"
        " returning d.id",
        id=document_id,
        owner=caller.user_id,
    )
    return [row["id"] for row in rows]


async def jobs(connection: "AsyncConnection", before: UUID | None, limit: int, state: str | None = None) -> list[Job]:
    rows = await _rows(
        connection,
        f"{_JOB} where (cast(:before as uuid) is null or id < :before)"
        " and (cast(:state as text) is null or state = :state) order by id desc limit :limit",
        before=before,
        limit=limit,
        state=state,
    )
    return [Job(**row) for row in rows]


async def job(connection: "AsyncConnection", job_id: UUID) -> Job | None:
    rows = await _rows(connection, f"{_JOB} where id = :id", id=job_id)
    return Job(**rows[0]) if rows else None


async def cancel(connection: "AsyncConnection", caller: Principal, job_id: UUID) -> bool:
    """Stop a job that has not ended. What it wrote goes; one that indexed a document again leaves it as it is."""
    rows = await _rows(
        connection,
        "update indexing_jobs set state = 'cancelled', updated_at = now()"
        " where id = :id and owner_id = :owner and state in ('pending', 'running') returning document_id",
        id=job_id,
        owner=caller.user_id,
    )
    for row in rows:
        ended = await _rows(
            connection,
            "update documents set status = 'cancelled', updated_at = now()"
            " where id = :id and status in ('pending', 'running') returning id",
            id=row["document_id"],
        )
        for document in ended:
            await _run(connection, "delete from chunks where document_id = :id", id=document["id"])
    return bool(rows)


async def restart(connection: "AsyncConnection", caller: Principal, job_id: UUID) -> dict[str, Any] | None:
    """Make an ended job wait again, with all its retries; returns what its event says."""
    rows = await _rows(
        connection,
        "update indexing_jobs set state = 'pending', step = 'upload', retry_count = 0, error_code = null,"
        " failed_at = null, updated_at = now()"
        " where id = :id and owner_id = :owner and state in ('failed', 'dead', 'cancelled') returning document_id",
        id=job_id,
        owner=caller.user_id,
    )
    if not rows:
        return None
    said = await _rows(
        connection,
        "update documents set status = case when status = 'completed' then status else 'pending' end,"
        " updated_at = now() where id = :id returning id, content_hash, size_bytes, format, version",
        id=rows[0]["document_id"],
    )
    return said[0]


async def _run(connection: "AsyncConnection", statement: str, **parameters: Any) -> None:
    from sqlalchemy import text

    await connection.execute(text(statement), parameters)


async def _rows(connection: "AsyncConnection", statement: str, **parameters: Any) -> list[dict[str, Any]]:
    from sqlalchemy import text

    return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]


def _document(row: dict[str, Any], caller: Principal) -> Document:
    return Document(own=row.pop("owner_id") == caller.user_id, pages=row.pop("page_count"), **row)
