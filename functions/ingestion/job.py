"""The indexing job of a document: what its owner can watch, and stop. Each step commits by itself."""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from functions.ingestion.service import StoppedError
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import pgvector, sealing
from voiceassist.core.identity import Principal
from voiceassist.ports.embedding import Model
from voiceassist.ports.vectors import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.ext.asyncio import AsyncConnection

Result = TypeVar("Result")

# How soon a cancelled job stops in the middle of a step.
LOOK_SECONDS = 1.0
# The code of an attempt that ended with its process, and told nobody why.
LOST = "INDEXING_INTERRUPTED"
# The broker uses three retries up within seconds, and a store that starts again may be away for longer.
PATIENCE_SECONDS = 60.0

_GIVE_BACK = """
update indexing_jobs set
    state = case when tired then 'dead' else 'pending' end,
    retry_count = least(retry_count + 1, max_retries),
    failing_since = coalesce(failing_since, now()),
    failed_at = case when tired then now() end,
    error_code = :code, updated_at = now()
from (
    select document_id as of, retry_count >= max_retries
        and coalesce(failing_since, now()) <= now() - make_interval(secs => :patience) as tired
    from indexing_jobs where document_id = :id
) known
where document_id = of and state = 'running'
returning state
"""
_BEGIN = """
update indexing_jobs set
    retry_count = case when state = 'pending' then retry_count else 0 end,
    failing_since = case when state = 'pending' then failing_since end,
    state = 'running', step = 'extract', started_at = coalesce(started_at, now()),
    total_chunks = 0, processed_chunks = 0, error_code = null, failed_at = null, updated_at = now()
where document_id = :id and state not in ('cancelled', 'superseded')
returning 1
"""


class GivenUpError(Exception):
    """Too many attempts ended with their process: the job is dead now."""


class Job:
    """Writes nothing any more once the job is not running: then `StoppedError`."""

    def __init__(self, database: Database, keyring: Keyring, actor: Principal, document_id: UUID, model: Model) -> None:
        self._database = database
        self._keyring = keyring
        self._actor = actor
        self._document_id = document_id
        self._model = model

    async def begin(self) -> None:
        """Raises StoppedError when it was cancelled, GivenUpError when its process died in every attempt.

        One that still counts as running was left so by such an attempt, because documents are indexed one at a time.
        """
        async with self._database.transaction(self._actor) as connection:
            state = await self._first(connection, _GIVE_BACK, code=LOST, patience=PATIENCE_SECONDS)
            begun = state != "dead" and await self._first(connection, _BEGIN)
        if state == "dead":
            raise GivenUpError
        if not begun:
            raise StoppedError

    async def interrupted(self, code: str) -> bool:
        """A fault outside the document; the broker delivers again. False: it did so often enough, the job is dead."""
        async with self._database.transaction(self._actor) as connection:
            state: str | None = await self._first(connection, _GIVE_BACK, code=code, patience=PATIENCE_SECONDS)
        return state != "dead"

    async def progress(self, step: str, total: int, done: int) -> None:
        changes = "step = :step, total_chunks = :total, processed_chunks = :done"
        await self._while_running(changes, step=step, total=total, done=done)

    async def paged(self, total: int, done: int) -> None:
        await self._while_running("total_pages = :total, processed_pages = :done", total=total, done=done)

    async def scanned(self, findings: dict[str, int]) -> None:
        counts = json.dumps(findings)
        await self._while_running("phi_findings = cast(:counts as jsonb)", counts=counts)

    async def known(self, chunks: Sequence[Chunk]) -> frozenset[str]:
        from sqlalchemy import text

        keys = await self._keyring.of(self._actor.tenant_id)
        async with self._database.transaction(self._actor) as connection:
            rows = await connection.execute(
                text(
                    "select id, page, index, heading, heading_sealed, content, content_sealed from chunks"
                    " where document_id = :id and embedding_model = :model and not superseded"
                ),
                {"id": self._document_id, "model": self._model.id},
            )
            stored = {
                str(row["id"]): (*sealing.opened_passage(keys, row["id"], row), row["page"], row["index"])
                for row in rows.mappings()
            }
        return frozenset(chunk.chunk_id for chunk in chunks if stored.get(chunk.chunk_id) == _told(chunk))

    async def keep(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None:
        """Store passages; they are found when the document is completed. A cancellation waits for the batch."""
        keys = await self._keyring.of(self._actor.tenant_id)
        async with self._database.transaction(self._actor) as connection:
            running = "select 1 from indexing_jobs where document_id = :id and state = 'running' for share"
            if await self._first(connection, running) is None:
                raise StoppedError
            await pgvector.write(connection, keys, chunks, vectors, model=self._model)

    async def watched(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do the work, and stop in the middle of it when the job is cancelled."""
        task, watch = asyncio.ensure_future(work), asyncio.create_task(self._watch())
        try:
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                watch.result()
                raise StoppedError
            return task.result()
        finally:
            task.cancel()
            watch.cancel()
            await asyncio.gather(task, watch, return_exceptions=True)

    async def _watch(self) -> None:
        """Ends when the job is not running any more."""
        state: Any = "running"
        while state == "running":
            await asyncio.sleep(LOOK_SECONDS)
            async with self._database.transaction(self._actor) as connection:
                state = await self._first(connection, "select state from indexing_jobs where document_id = :id")

    async def _while_running(self, changes: str, **parameters: object) -> None:
        statement = (
            f"update indexing_jobs set {changes}, updated_at = now()"  # noqa: S608 - constants only
            " where document_id = :id and state = 'running' returning 1"
        )
        async with self._database.transaction(self._actor) as connection:
            if await self._first(connection, statement, **parameters) is None:
                raise StoppedError

    async def _first(self, connection: "AsyncConnection", statement: str, **parameters: object) -> Any:
        from sqlalchemy import text

        row = (await connection.execute(text(statement), {"id": self._document_id, **parameters})).first()
        return None if row is None else row[0]


def _told(chunk: Chunk) -> tuple[str, str, int | None, int]:
    """What two passages have in common when their vectors and places are the same."""
    return chunk.heading, chunk.text, chunk.page, chunk.position
