"""What ingestion keeps in PostgreSQL and reads from the object store."""

import tempfile
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

from functions.ingestion.service import Passages, Source
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import pgvector
from voiceassist.core.identity import Principal, service
from voiceassist.runtime.vault import Vault

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


def actor(tenant_id: UUID) -> Principal:
    return service("ingestion", tenant_id)


async def source(connection: "AsyncConnection", document_id: UUID, owner_id: UUID) -> Source | None:
    """The document of this owner, or None: whoever asks for another's is told no more than that there is none.

    One that is indexed is indexed again: its owner's integrator may ask for that. What the broker delivers twice does
    not come here.
    """
    from sqlalchemy import text

    row = (
        await connection.execute(
            text(
                "select tenant_id, owner_id, title, format, version from documents"
                " where id = :id and owner_id = :owner and status in ('pending', 'running', 'failed', 'completed')"
            ),
            {"id": document_id, "owner": owner_id},
        )
    ).first()
    return None if row is None else Source(document_id, row[0], row[1], row[2], row[3], row[4])


async def held(connection: "AsyncConnection", document_id: UUID) -> bool:
    """Whether the document is still there, and stays so until this transaction ends.

    Asked only when the work is done: its owner must be able to delete it meanwhile. Of two that index it at once, the
    second waits here and then replaces the passages of the first.
    """
    from sqlalchemy import text

    row = await connection.execute(
        text("select 1 from documents where id = :id for no key update"), {"id": document_id}
    )
    return row.first() is not None


class Job:
    """The indexing job of a document; progress commits by itself so that its owner can watch."""

    def __init__(self, database: Database, tenant_id: UUID, document_id: UUID) -> None:
        self._database = database
        self._actor = actor(tenant_id)
        self._document_id = document_id

    async def begin(self) -> None:
        await self._run(
            "update indexing_jobs set state = 'running', step = 'extract', started_at = coalesce(started_at, now()),"
            " error_code = null, failed_at = null, updated_at = now() where document_id = :id"
        )

    async def progress(self, step: str, total: int, done: int) -> None:
        await self._run(
            "update indexing_jobs set step = :step, total_chunks = :total, processed_chunks = :done,"
            " updated_at = now() where document_id = :id and state = 'running'",
            step=step,
            total=total,
            done=done,
        )

    async def interrupted(self, code: str) -> None:
        """A fault outside the document; the broker will deliver again."""
        await self._run(
            "update indexing_jobs set state = 'pending', retry_count = retry_count + 1, error_code = :code,"
            " updated_at = now() where document_id = :id and state = 'running'",
            code=code,
        )

    async def _run(self, statement: str, **parameters: object) -> None:
        from sqlalchemy import text

        async with self._database.transaction(self._actor) as connection:
            await connection.execute(text(statement), {"id": self._document_id, **parameters})


async def complete(connection: "AsyncConnection", document: Source, passages: Passages, *, model_id: str) -> None:
    from sqlalchemy import text

    await pgvector.remove(connection, document.document_id)
    await pgvector.write(connection, passages.chunks, passages.vectors, model_id=model_id)
    count = len(passages.chunks)
    await connection.execute(
        text(
            "update indexing_jobs set state = 'completed', step = 'index', total_chunks = :count,"
            " processed_chunks = :count, error_code = null, completed_at = now(), updated_at = now()"
            " where document_id = :id"
        ),
        {"id": document.document_id, "count": count},
    )
    await connection.execute(
        text("update documents set status = 'completed', page_count = :pages, updated_at = now() where id = :id"),
        {"id": document.document_id, "pages": passages.pages},
    )


async def fail(connection: "AsyncConnection", document: Source, code: str) -> None:
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


async def forget(connection: "AsyncConnection", document_id: UUID) -> None:
    """Usually the deletion of the document took its passages along already."""
    await pgvector.remove(connection, document_id)


def fetched(vault: Vault, document: Source) -> BinaryIO:
    """The plaintext in a temporary file without a name, at its start. Blocking."""
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        file.writelines(vault.fetch(document.tenant_id, document.document_id))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
