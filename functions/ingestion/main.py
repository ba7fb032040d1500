"""The door of ingestion: hears of uploaded and deleted documents."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import functions_framework.aio
from starlette.requests import Request

from events.catalog import DocumentDeleted, DocumentFailed, DocumentIndexed, DocumentUploaded
from events.envelope import CloudEvent
from functions.ingestion import sandbox, service, store
from functions.ingestion.domain.blocks import DocumentError
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.core.errors import NotFoundError, UnavailableError, VoiceAssistError
from voiceassist.runtime import logging, metrics, outbox, providers
from voiceassist.runtime.door import Room

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

# The sealed file is not in the object store, or is not what we put there.
FILE_LOST = "DOCUMENT_FILE_LOST"

room = Room(
    "ingestion",
    checks={
        "postgres": lambda: providers.database().ping(),
        "s3": lambda: asyncio.to_thread(providers.objects().ping),
    },
)


@room.on(DocumentUploaded.TYPE)
async def uploaded(event: CloudEvent, payload: DocumentUploaded) -> None:
    """Index a document: passages, job, event and the memory of this delivery in one transaction.

    `first_time` writes its row at the start, so a second delivery of the same event waits for the
    first to end; if the first dies, its row is gone and the second does the work.
    """
    database = providers.database()
    job = store.Job(database, payload.tenant_id, payload.document_id)
    started = time.perf_counter()
    try:
        async with database.transaction(store.actor(payload.tenant_id)) as connection:
            if not await outbox.first_time(connection, room.name, event):
                return
            document = await store.source(connection, payload.document_id, payload.owner_id)
            if document is None:
                return
            await job.begin()
            said = await _index(connection, document, job)
            if said is not None:
                await outbox.add(connection, room.name, said)
    except UnavailableError as error:
        await job.interrupted(error.code)
        raise
    except Exception:
        # Ours to mend, and retried; meanwhile its owner must not read that it is being worked on.
        await job.interrupted(VoiceAssistError.code)
        raise
    metrics.INDEXING_DURATION.observe(time.perf_counter() - started)
    await outbox.nudge(database)


async def _index(connection: "AsyncConnection", document: service.Source, job: store.Job) -> CloudEvent | None:
    """Do the work and word the event about it: indexed, failed for good, or nothing if deleted meanwhile."""
    embedder = providers.embedder()
    passages, code = None, ""
    try:
        file = await asyncio.to_thread(store.fetched, providers.vault(), document)
        with file:
            passages = await service.prepare(
                document, file, read=sandbox.read, embedder=embedder, progress=job.progress
            )
    except DocumentError as error:
        code = error.code
    except (NotFoundError, SealBrokenError):
        code = FILE_LOST
    if not await store.held(connection, document.document_id):
        return None
    if passages is None:
        log.info("ingestion.refused", document_id=str(document.document_id), code=code)
        metrics.INDEXING_JOBS.labels("failed").inc()
        await store.fail(connection, document, code)
        return _event(DocumentFailed(**_ids(document), code=code))
    await store.complete(connection, document, passages, model_id=embedder.model_id)
    metrics.INDEXING_JOBS.labels("completed").inc()
    log.info("ingestion.indexed", document_id=str(document.document_id), chunks=len(passages.chunks))
    return _event(DocumentIndexed(**_ids(document), chunks=len(passages.chunks), pages=passages.pages or 0))


@room.on(DocumentDeleted.TYPE)
async def deleted(event: CloudEvent, payload: DocumentDeleted) -> None:
    """Remove what is left of a document: passages and its sealed file."""
    database = providers.database()
    async with database.transaction(store.actor(payload.tenant_id)) as connection:
        if not await outbox.first_time(connection, room.name, event):
            return
        await store.forget(connection, payload.document_id)
        await asyncio.to_thread(providers.vault().delete, payload.tenant_id, payload.document_id)


def _ids(document: service.Source) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "tenant_id": document.tenant_id,
        "owner_id": document.owner_id,
    }


def _event(payload: DocumentIndexed | DocumentFailed) -> CloudEvent:
    identifier = str(payload.document_id)
    return outbox.event_of(room.name, payload.TYPE, payload, subject=identifier, key=identifier)


@functions_framework.aio.http
async def ingestion(_request: Request) -> Any:
    return room
