"""What ingestion keeps in PostgreSQL and reads from the object store."""

import json
import tempfile
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

from functions.ingestion.service import Prepared, Source
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.vectors import pgvector, sealing
from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal, service
from voiceassist.runtime.vault import Vault

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# The document and all versions beside it, locked in one order.
_FAMILY = """
select d.id, d.status, d.version from documents d
join documents o on (o.tenant_id, o.owner_id, o.doc_key) = (d.tenant_id, d.owner_id, d.doc_key)
where o.id = :id order by d.id for no key update of d
"""
_SUPERSEDE = """
update documents set status = 'superseded', superseded_by = :by, updated_at = now() where id = any(:ids)
"""


def actor(tenant_id: UUID) -> Principal:
    return service("ingestion", tenant_id)


async def alone(connection: "AsyncConnection", document_id: UUID) -> None:
    """Wait until nobody else indexes this document, and keep others waiting until this transaction ends.

    A process that dies takes its lock along, so a job that still counts as running was left so by a crash.
    """
    from sqlalchemy import text

    await connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:lock, 0))"), {"lock": f"indexing/{document_id}"}
    )


async def source(connection: "AsyncConnection", keys: TenantKeys, document_id: UUID, owner_id: UUID) -> Source | None:
    """The document of this owner, or None: whoever asks for another's is told no more than that there is none.

    One that is indexed is indexed again: its owner's integrator may ask for that. What the broker delivers twice does
    not come here.
    """
    from sqlalchemy import text

    row = (
        (
            await connection.execute(
                text(
                    "select tenant_id, owner_id, title, title_sealed, format, version, source, source_sealed, year,"
                    " visibility, phi_released from documents"
                    " where id = :id and owner_id = :owner and status in ('pending', 'running', 'failed', 'completed')"
                ),
                {"id": document_id, "owner": owner_id},
            )
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    told = sealing.opened_document(keys, document_id, row)
    return Source(
        document_id=document_id,
        tenant_id=row["tenant_id"],
        owner_id=row["owner_id"],
        title=told["title"],
        kind=row["format"],
        version=row["version"],
        source=told["source"],
        year=row["year"],
        visibility=row["visibility"],
        released=row["phi_released"],
    )


async def held(connection: "AsyncConnection", document_id: UUID) -> dict[int, tuple[UUID, str]] | None:
    """Id and status of all versions by their number, which stay so until this transaction ends; None: it is not to be
    indexed any more.

    Asked only when the work is done: its owner must be able to delete it meanwhile.
    """
    from sqlalchemy import text

    rows = (await connection.execute(text(_FAMILY), {"id": document_id})).all()
    family = {row[2]: (row[0], row[1]) for row in rows}
    wanted = any(
        each == document_id and status not in {"superseded", "cancelled", "quarantined"}
        for each, status in family.values()
    )
    return family if wanted else None


async def complete(
    connection: "AsyncConnection",
    keys: TenantKeys,
    document: Source,
    prepared: Prepared,
    family: dict[int, tuple[UUID, str]],
    *,
    model_id: str,
) -> list[tuple[int, UUID, UUID]]:
    """The document can be found, unless a newer version already is; returns what was superseded: version, id, by."""
    from sqlalchemy import text

    count, extracted = len(prepared.chunks), prepared.extracted
    left = await connection.execute(
        text("delete from chunks where document_id = :id and (index >= :count or embedding_model <> :model)"),
        {"id": document.document_id, "count": count, "model": model_id},
    )
    left = await connection.execute(
        text("select count(*) from chunks where document_id = :id"), {"id": document.document_id}
    )
    if left.scalar_one() != count:
        # Somebody removed passages that were stored; the next attempt stores them again.
        raise UnavailableError("Passages of the document are missing.", code="INDEXING_INCOMPLETE")
    await connection.execute(
        text(
            "update documents set status = 'completed', page_count = :pages, updated_at = now(),"
            " source = '', source_sealed = :source, year = coalesce(year, :year) where id = :id"
        ),
        {
            "id": document.document_id,
            "pages": extracted.pages,
            "source": sealing.PUBLISHER.seal(keys, document.document_id, document.source or extracted.source),
            "year": extracted.year,
        },
    )
    await connection.execute(
        text(
            "update indexing_jobs set state = 'completed', step = 'index', total_chunks = :count,"
            " processed_chunks = :count, notes = :notes, error_code = null, completed_at = now(), updated_at = now()"
            " where document_id = :id"
        ),
        {"id": document.document_id, "count": count, "notes": list(extracted.notes)},
    )
    newest = max(
        [version for version, (_, status) in family.items() if status == "completed"] + [document.version],
    )
    by = document.document_id if newest == document.version else family[newest][0]
    old = [
        (version, each, by)
        for version, (each, status) in sorted(family.items())
        if version < newest and (status in {"pending", "running", "completed"} or each == document.document_id)
    ]
    await _supersede(connection, [each for _, each, _ in old], by)
    return old


async def _supersede(connection: "AsyncConnection", document_ids: list[UUID], by: UUID) -> None:
    """Their passages stay, for whoever follows an old citation, and are found no more."""
    from sqlalchemy import text

    await connection.execute(text(_SUPERSEDE), {"ids": document_ids, "by": by})
    await connection.execute(
        text("update chunks set superseded = true, updated_at = now() where document_id = any(:ids)"),
        {"ids": document_ids},
    )
    await connection.execute(
        text(
            "update indexing_jobs set state = 'superseded', updated_at = now()"
            " where document_id = any(:ids) and state in ('pending', 'running')"
        ),
        {"ids": document_ids},
    )


async def fail(connection: "AsyncConnection", document: Source, code: str) -> None:
    """The document is at fault, also one that was found until now."""
    from sqlalchemy import text

    await connection.execute(
        text(
            "update indexing_jobs set state = 'failed', error_code = :code, failed_at = now(), updated_at = now()"
            " where document_id = :id"
        ),
        {"id": document.document_id, "code": code},
    )
    await connection.execute(
        text("update documents set status = 'failed', updated_at = now() where id = :id"),
        {"id": document.document_id},
    )
    await pgvector.remove(connection, document.document_id)


async def quarantine(connection: "AsyncConnection", document: Source, findings: dict[str, int]) -> None:
    """Kept sealed, nothing of it indexed, until the review that this opens; also one that was found until now."""
    from sqlalchemy import text

    values = {"id": document.document_id}
    await connection.execute(
        text("update documents set status = 'quarantined', updated_at = now() where id = :id"), values
    )
    await connection.execute(
        text(
            "update indexing_jobs set state = 'quarantined', step = 'phi_scan', updated_at = now()"
            " where document_id = :id"
        ),
        values,
    )
    await connection.execute(
        text(
            "insert into document_reviews (id, tenant_id, document_id, owner_id, visibility, findings)"
            " values (:review, :tenant, :id, :owner, :visibility, cast(:findings as jsonb))"
            " on conflict (document_id) where decision is null do update set"
            " findings = excluded.findings, updated_at = now()"
        ),
        values
        | {
            "review": ids.new_id(),
            "tenant": document.tenant_id,
            "owner": document.owner_id,
            "visibility": document.visibility,
            "findings": json.dumps(findings),
        },
    )
    await pgvector.remove(connection, document.document_id)


async def give_up(connection: "AsyncConnection", document_id: UUID) -> None:
    """No attempt succeeded; what can be found stays so."""
    from sqlalchemy import text

    await connection.execute(
        text(
            "update documents set status = 'failed', updated_at = now()"
            " where id = :id and status in ('pending', 'running')"
        ),
        {"id": document_id},
    )


async def forget(connection: "AsyncConnection", document_id: UUID) -> None:
    """Usually the deletion of the document took its passages along already."""
    await pgvector.remove(connection, document_id)


def fetched(vault: Vault, keys: TenantKeys, document: Source) -> BinaryIO:
    """The plaintext in a temporary file without a name, at its start. Blocking."""
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        file.writelines(vault.fetch(keys, document.document_id))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
