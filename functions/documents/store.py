"""Documents and their jobs in PostgreSQL; row-level security decides what a caller sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.documents import upload_store
from functions.documents.domain import Upload
from functions.documents.schema import CitationState, Document, Job
from voiceassist.adapters.encryption import words
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.vectors import sealing
from voiceassist.core import ids
from voiceassist.core.errors import ConflictError, NotFoundError
from voiceassist.core.identity import Principal
from voiceassist.runtime.vault import object_key

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 50
# What rotations have to find: also the columns of passages, which have no other room.
SEALED = (*sealing.SEALED, *upload_store.SEALED)

_DOCUMENT = """
select id, owner_id, doc_key, doc_key_sealed, title, title_sealed, file_name, file_name_sealed, source, source_sealed,
       format, size_bytes, page_count, year, visibility, status, version, superseded_by, created_at, updated_at
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
insert into documents (id, tenant_id, owner_id, doc_key, doc_key_sealed, version, content_hash, title_sealed,
                       file_name_sealed, source_sealed, words, format, size_bytes, visibility, year, object_key)
values (:id, :tenant, :owner, :key, :doc_key_sealed, :version, :hash, :title_sealed, :file_name_sealed, :source_sealed,
        setweight(cast(:words as tsvector), 'A'), :format, :size, :visibility, :year, :object)
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


async def add(
    connection: "AsyncConnection", keys: TenantKeys, caller: Principal, document_id: UUID, upload: Upload
) -> Row:
    """Write document and job, as the next version of its key; the same file as the newest version changes nothing.

    Two uploads under one key wait for each other, so that versions are counted without a gap.
    """
    from sqlalchemy import text

    owner_id = user_of(caller)
    values = {
        "id": document_id,
        "tenant": caller.tenant_id,
        "owner": owner_id,
        "key": sealing.key_index(keys, owner_id, upload.key),
        "hash": upload.content_hash,
        "format": upload.format,
        "size": upload.size_bytes,
        "visibility": upload.label.visibility,
        "year": upload.label.year,
        "object": object_key(caller.tenant_id, document_id),
    }
    await connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": values["key"]})
    # Versions that an older release wrote in clear join the key first.
    await sealing.seal_documents(connection, keys, owner_id=owner_id, key=upload.key)
    newest = await _known(connection, "d.doc_key = :key", values)
    same = newest if newest is not None and newest["content_hash"] == upload.content_hash else None
    if same is None and not upload.label.doc_key:
        live = "d.content_hash = :hash and d.status <> 'superseded'"
        same = await _known(connection, live, values)
    if same is not None:
        return Row(same["id"], same["job_id"], same["status"], same["version"], duplicate=True, job_state=same["state"])
    version = newest["version"] + 1 if newest is not None else 1
    (blind,) = await words.vectors(connection, keys, [upload.label.title])
    sealed = sealing.sealed_document(
        keys,
        document_id,
        title=upload.label.title,
        file_name=upload.label.name,
        source=upload.label.source,
        doc_key=upload.key,
    )
    await connection.execute(text(_INSERT), values | sealed | {"version": version, "words": blind})
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
    connection: "AsyncConnection",
    keys: TenantKeys,
    caller: Principal,
    before: UUID | None,
    limit: int,
    *,
    superseded: bool = False,
) -> list[Document]:
    rows = await _rows(
        connection,
        f"{_DOCUMENT} where (cast(:before as uuid) is null or id < :before)"
        " and (:superseded or status <> 'superseded') order by id desc limit :limit",
        before=before,
        limit=limit,
        superseded=superseded,
    )
    return [_document(row, keys, caller) for row in rows]


async def one(connection: "AsyncConnection", keys: TenantKeys, caller: Principal, document_id: UUID) -> Document | None:
    rows = await _rows(connection, f"{_DOCUMENT} where id = :id", id=document_id)
    return _document(rows[0], keys, caller) if rows else None


async def versions(
    connection: "AsyncConnection", keys: TenantKeys, caller: Principal, document_id: UUID
) -> list[Document]:
    """All versions of the document's key, the newest first."""
    rows = await _rows(connection, _VERSIONS, id=document_id)
    return [_document(row, keys, caller) for row in rows]


async def passages(connection: "AsyncConnection", keys: TenantKeys, document_id: UUID) -> list[dict[str, Any]]:
    """Heading, page and text of every passage, in the order of the document."""
    rows = await _rows(
        connection,
        "select id, page, heading, heading_sealed, content, content_sealed from chunks"
        " where document_id = :id order by index",
        id=document_id,
    )
    opened = [(row["page"], *sealing.opened_passage(keys, row["id"], row)) for row in rows]
    return [{"heading": heading, "page": page, "content": content} for page, heading, content in opened]


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


async def is_recorded(connection: "AsyncConnection", document_id: UUID) -> bool:
    """Whether a stored file is a document's, or an upload's that is not complete."""
    rows = await _rows(
        connection,
        "select 1 from documents where id = :id union all select 1 from uploads where id = :id",
        id=document_id,
    )
    return bool(rows)


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


async def job_after(connection: "AsyncConnection", job_id: UUID, *, changed: bool) -> Job:
    """The job as it is after a change; ConflictError where its state allowed none."""
    found = await job(connection, job_id)
    if found is None:
        raise NotFoundError("There is no such job for you.")
    if not changed:
        raise ConflictError("The job is in a state in which this cannot be done.", code="JOB_STATE")
    return found


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
        "update indexing_jobs set state = 'pending', step = 'upload', retry_count = 0, failing_since = null,"
        " error_code = null, failed_at = null, updated_at = now()"
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


def _document(row: dict[str, Any], keys: TenantKeys, caller: Principal) -> Document:
    row |= sealing.opened_document(keys, row["id"], row)
    shown = {name: value for name, value in row.items() if not name.endswith("_sealed")}
    return Document(own=shown.pop("owner_id") == caller.user_id, pages=shown.pop("page_count"), **shown)


def user_of(caller: Principal) -> UUID:
    assert caller.user_id is not None  # noqa: S101 - who writes is a person: the door made sure
    return caller.user_id
