"""The door of ingestion: hears of uploaded and deleted documents."""

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import functions_framework.aio
from starlette.requests import Request

from events.catalog import (
    DocumentDeleted,
    DocumentFailed,
    DocumentIndexed,
    DocumentQuarantined,
    DocumentSuperseded,
    DocumentUploaded,
    Ping,
)
from events.envelope import CloudEvent
from functions.ingestion import older, phi, reembedding, sandbox, service, store
from functions.ingestion.domain.blocks import DocumentError
from functions.ingestion.job import LOST, GivenUpError, Job
from functions.ingestion.service import QuarantinedError, StoppedError
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.vectors import index_models
from voiceassist.core.errors import NotFoundError, PermanentEventError, UnavailableError, VoiceAssistError
from voiceassist.core.identity import Principal
from voiceassist.ports.embedding import Embedder
from voiceassist.runtime import logging, metrics, outbox, providers, routing
from voiceassist.runtime.door import Room
from voiceassist.runtime.egress import PhiBlockedError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

Said = DocumentIndexed | DocumentFailed | DocumentQuarantined | DocumentSuperseded

# The sealed file is not in the object store, or is not what we put there.
FILE_LOST = "DOCUMENT_FILE_LOST"
HOURLY = "hourly"  # the extension `schedule` of the PingSource's events
# Well within the timeout of the Trigger; what is left is done with the next tick.
REEMBED_SECONDS = 400.0

room = Room(
    "ingestion",
    checks={
        "postgres": lambda: providers.database().ping(),
        "s3": lambda: asyncio.to_thread(providers.objects().ping),
    },
)


@room.on(DocumentUploaded.TYPE)
async def uploaded(event: CloudEvent, payload: DocumentUploaded) -> None:
    """Index a document: job, event and the memory of this delivery in one transaction, passages batch by batch before.

    `first_time` writes its row at the start, so a second delivery of the same event waits for the
    first to end; if the first dies, its row is gone and the second goes on where it was.
    """
    database = providers.database()
    actor = store.actor(payload.tenant_id)
    embedder = await _embedder(actor)
    job = Job(database, providers.keyring(), actor, payload.document_id, embedder.model)
    started = time.perf_counter()
    try:
        keys = await providers.keyring().of(payload.tenant_id)
        async with database.transaction(actor) as connection:
            if not await outbox.first_time(connection, room.name, event):
                return
            await store.alone(connection, payload.document_id)
            document = await store.source(connection, keys, payload.document_id, payload.owner_id)
            if document is None:
                return
            await job.begin()
            for said in await _index(connection, keys, document, job, embedder):
                await outbox.add(connection, room.name, _event(said))
    except StoppedError:
        return  # cancelled between the two looks at it
    except GivenUpError:
        await _give_up(payload, LOST)
    except Exception as error:
        # Ours to mend, and retried; meanwhile its owner must not read that it is being worked on.
        code = error.code if isinstance(error, UnavailableError) else VoiceAssistError.code
        if await job.interrupted(code):
            raise
        await _give_up(payload, code)
    metrics.INDEXING_DURATION.observe(time.perf_counter() - started)
    await outbox.nudge(database)


async def _embedder(actor: Principal) -> Embedder:
    """While another model takes over, the one that still serves the tenant: its passages are found at once."""
    async with providers.database().transaction(actor) as connection:
        return providers.embedder_of((await index_models.serving(connection)).model_id)


async def _give_up(payload: DocumentUploaded, code: str) -> None:
    """The job is dead: its owner is told why, and the event becomes a dead letter that operators see."""
    database = providers.database()
    async with database.transaction(store.actor(payload.tenant_id)) as connection:
        await store.give_up(connection, payload.document_id)
        failed = DocumentFailed(
            document_id=payload.document_id, tenant_id=payload.tenant_id, owner_id=payload.owner_id, code=code
        )
        await outbox.add(connection, room.name, _event(failed))
    metrics.INDEXING_JOBS.labels("dead").inc()
    await outbox.nudge(database)
    raise PermanentEventError(code=code)


async def _index(
    connection: "AsyncConnection", keys: TenantKeys, document: service.Source, job: Job, embedder: Embedder
) -> list[Said]:
    """Do the work and tell what came of it: indexed, held back, failed for good, or nothing if deleted or cancelled
    meanwhile."""
    prepared, code, findings = None, "", None
    try:
        prepared = await job.watched(_prepared(keys, document, job, embedder))
    except (DocumentError, PhiBlockedError) as error:
        code = error.code
    except (NotFoundError, SealBrokenError):
        code = FILE_LOST
    except QuarantinedError as held:
        findings = held.findings
    except StoppedError:
        log.info("ingestion.stopped", document_id=str(document.document_id))
        return []
    family = await store.held(connection, document.document_id)
    if family is None:
        return []
    if findings is not None:
        return [await _quarantined(connection, document, findings)]
    if prepared is None:
        log.info("ingestion.refused", document_id=str(document.document_id), code=code)
        metrics.INDEXING_JOBS.labels("failed").inc()
        await store.fail(connection, document, code)
        return [DocumentFailed(**_ids(document), code=code)]
    old = await store.complete(connection, keys, document, prepared, family, model_id=embedder.model_id)
    metrics.INDEXING_JOBS.labels("completed").inc()
    log.info("ingestion.indexed", document_id=str(document.document_id), chunks=len(prepared.chunks))
    indexed = DocumentIndexed(**_ids(document), chunks=len(prepared.chunks), pages=prepared.extracted.pages or 0)
    return [
        indexed,
        *(
            DocumentSuperseded(**_ids(document) | {"document_id": each}, superseded_by=by, version=version)
            for version, each, by in old
        ),
    ]


async def _quarantined(
    connection: "AsyncConnection", document: service.Source, findings: dict[str, int]
) -> DocumentQuarantined:
    await store.quarantine(connection, document, findings)
    metrics.INDEXING_JOBS.labels("quarantined").inc()
    count = sum(findings.values())
    log.info("ingestion.quarantined", document_id=str(document.document_id), count=count)
    return DocumentQuarantined(**_ids(document), findings=count)


async def _prepared(keys: TenantKeys, document: service.Source, job: Job, embedder: Embedder) -> service.Prepared:
    policy = room.settings.ingestion
    file = await asyncio.to_thread(store.fetched, providers.vault(), keys, document)
    with file, routing.request(document.tenant_id):  # its own policy says what may leave
        return await service.prepare(
            document,
            file,
            read=partial(sandbox.read, languages=policy.ocr_languages),
            scan=partial(phi.findings, principal=store.actor(document.tenant_id)),
            policy=service.Policy(policy.phi, frozenset(policy.phi_allowed.replace(" ", "").split(","))),
            embedder=embedder,
            longest=embedder.model.max_tokens,
            desk=job,
        )


@room.on(Ping.TYPE)
async def ticked(event: CloudEvent, _payload: Ping) -> None:
    if event.extensions.get("schedule") != HOURLY:
        raise PermanentEventError("This room does not know this schedule.")
    database, keyring = providers.database(), providers.keyring()
    await older.seal(database, keyring)
    await reembedding.run(database, keyring, providers.embedder(), seconds=REEMBED_SECONDS)


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


def _event(payload: Said) -> CloudEvent:
    identifier = str(payload.document_id)
    return outbox.event_of(room.name, payload.TYPE, payload, subject=identifier, key=identifier)


@functions_framework.aio.http
async def ingestion(_request: Request) -> Any:
    return room
