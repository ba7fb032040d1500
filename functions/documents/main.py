"""The door of documents: upload, list, show, compare, delete, and how far indexing is."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import functions_framework.aio
from fastapi import Depends, Query
from starlette.requests import Request

from events.catalog import DocumentCleared, DocumentDeleted, DocumentUploaded, Ping
from events.envelope import CloudEvent
from functions.documents import access, bodies, diff, quarantine, schema, service, store, upload_store, uploads
from functions.documents.domain import Upload
from functions.documents.recording import record
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.core import ids
from voiceassist.core.errors import (
    ForbiddenError,
    NotFoundError,
    PermanentEventError,
    UnsupportedFormatError,
    ValidationError,
)
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, logging, outbox, providers
from voiceassist.runtime.http_room import http_app

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

room = door.Room(
    "documents",
    checks={
        "postgres": lambda: providers.database().ping(),
        "s3": lambda: asyncio.to_thread(providers.objects().ping),
    },
)
app = http_app(room, title="Documents", actions=access.ACTIONS)

Caller = Annotated[Principal, Depends(door.principal)]
Cursor = Annotated[UUID | None, Query()]
Limit = Annotated[int, Query(ge=1, le=200)]
State = Annotated[
    Literal["pending", "running", "completed", "failed", "dead", "cancelled", "superseded", "quarantined"] | None,
    Query(),
]
Against = Annotated[int | None, Query(ge=1)]
INDEXED = frozenset({"completed", "superseded"})
NIGHTLY = "uploads"  # the extension `schedule` of the PingSource's events
parts_at_once = asyncio.Semaphore(uploads.PARTS_AT_ONCE)


async def writer(caller: Caller) -> Principal:
    if caller.user_id is None or caller.role not in {"user", "admin"}:
        raise ForbiddenError("Your role may read documents and not change them.")
    return caller


async def reviewer(caller: Caller) -> Principal:
    if caller.user_id is None or caller.role != "admin":
        raise ForbiddenError("Only administrators decide about documents in quarantine.")
    return caller


async def keys_of(caller: Caller) -> TenantKeys:
    """Asked for before any transaction begins."""
    return await providers.keyring().of(caller.tenant_id)


Writer = Annotated[Principal, Depends(writer)]
Reviewer = Annotated[Principal, Depends(reviewer)]
Keys = Annotated[TenantKeys, Depends(keys_of)]


@app.post("/api/v1/documents", status_code=202, openapi_extra=bodies.UPLOAD_FORM)
async def upload(request: Request, caller: Writer, keys: Keys) -> schema.Accepted:
    """Store a file, sealed, and have it indexed. The same file again changes nothing; another file under the same
    `doc_key` becomes the next version, and takes the place of the one before when it is indexed."""
    limit = room.settings.limits.upload_bytes
    service.refuse_declared(request.headers.get("content-length"), limit)
    document_id = ids.new_id()
    received = await service.receive(
        request.stream(),
        request.headers.get("content-type", ""),
        limit=limit,
        may_share=caller.role == "admin",
        store=lambda pieces: providers.vault().store(keys, document_id, pieces),
    )
    return await _accepted(keys, caller, document_id, received)


async def _accepted(keys: TenantKeys, caller: Principal, document_id: UUID, received: Upload) -> schema.Accepted:
    """Record a stored file; one that is not recorded is discarded."""
    try:
        async with providers.database().transaction(caller) as connection:
            row = await _recorded(connection, keys, caller, document_id, received)
    except BaseException:
        await _discard(caller, document_id)
        raise
    return await _stored(caller, document_id, received, row)


async def _stored(caller: Principal, document_id: UUID, received: Upload, row: store.Row) -> schema.Accepted:
    if row.duplicate:
        await _discard(caller, document_id)
    else:
        log.info("document.stored", document_id=str(document_id), bytes=received.size_bytes)
    await outbox.nudge(providers.database())
    return schema.Accepted(
        id=row.document_id, job_id=row.job_id, status=row.status, version=row.version, duplicate=row.duplicate
    )


async def _recorded(
    connection: "AsyncConnection", keys: TenantKeys, caller: Principal, document_id: UUID, received: Upload
) -> store.Row:
    row = await store.add(connection, keys, caller, document_id, received)
    facts = {"version": row.version, "duplicate": row.duplicate, "bytes": received.size_bytes}
    if not row.duplicate:
        values = {"id": row.document_id, "content_hash": received.content_hash, "size_bytes": received.size_bytes}
        await _say_uploaded(connection, caller, values | {"format": received.format, "version": row.version})
    elif row.job_state in {"dead", "cancelled"}:
        # Whoever sends it again wants it indexed, and nothing was wrong with the file.
        await _restarted(connection, caller, row.job_id)
        row = replace(row, status="pending")
    await record(connection, caller, "document.stored", [row.document_id], facts=facts)
    return row


async def _restarted(connection: "AsyncConnection", caller: Principal, job_id: UUID) -> bool:
    values = await store.restart(connection, caller, job_id)
    if values is not None:
        await _say_uploaded(connection, caller, values)
    return values is not None


async def _say_uploaded(
    connection: "AsyncConnection", caller: Principal, row: dict[str, Any], owner_id: UUID | None = None
) -> None:
    payload = DocumentUploaded(
        document_id=row["id"],
        tenant_id=caller.tenant_id,
        owner_id=owner_id or store.user_of(caller),
        content_hash=row["content_hash"].hex(),
        size_bytes=row["size_bytes"],
        format=row["format"],
        version=row["version"],
    )
    await _say(connection, payload)


async def _say(connection: "AsyncConnection", payload: DocumentUploaded | DocumentCleared | DocumentDeleted) -> None:
    subject = str(payload.document_id)
    await outbox.add(
        connection, room.name, outbox.event_of(room.name, payload.TYPE, payload, subject=subject, key=subject)
    )


async def _discard(caller: Principal, document_id: UUID) -> None:
    """The object of a document that was not recorded; if this fails too, an unreadable orphan stays."""
    await asyncio.to_thread(providers.vault().delete, caller.tenant_id, document_id)


@app.post("/api/v1/documents/uploads", status_code=201)
async def begin_upload(request: schema.NewUpload, caller: Writer, keys: Keys) -> schema.OpenUpload:
    """Announce a file that will come in parts, of up to 500 MB: each is a request of its own, in any order, and may be
    sent again. An upload that is not gone on with for a day is given up."""
    announced = await uploads.begin(
        providers.database(),
        providers.vault(),
        keys,
        caller,
        request,
        upload_id=ids.new_id(),
        limits=room.settings.limits,
    )
    return announced.shown()


@app.get("/api/v1/documents/uploads")
async def list_uploads(caller: Writer, keys: Keys) -> schema.OpenUploads:
    """The caller's open uploads, with the parts that are stored: where to go on after an interruption."""
    async with providers.database().transaction(caller) as connection:
        found = await upload_store.opened(connection, keys, caller)
    return schema.OpenUploads(items=tuple(one.shown() for one in found))


@app.get("/api/v1/documents/uploads/{upload_id}")
async def open_upload(upload_id: UUID, caller: Writer, keys: Keys) -> schema.OpenUpload:
    return (await uploads.one(providers.database(), keys, caller, upload_id)).shown()


@app.put("/api/v1/documents/uploads/{upload_id}/parts/{number}", openapi_extra=bodies.PART_BODY)
async def put_part(upload_id: UUID, number: int, request: Request, caller: Writer, keys: Keys) -> schema.Part:
    """Store a part, sealed. Its answer means that it need not be sent again, whatever becomes of this process."""
    digest = uploads.digest_of(request.headers.get("content-digest", ""))
    upload = await uploads.one(providers.database(), keys, caller, upload_id)
    size = upload.size_of(number)
    if not size:
        raise ValidationError("The upload has no part of this number.", code="PART_NUMBER")
    async with parts_at_once:
        data = await door.read_limited(request, size)
        await uploads.put(providers.database(), providers.vault(), keys, caller, upload, number, data, digest)
    return schema.Part(number=number, size_bytes=size, sha256=digest.hex())


@app.post("/api/v1/documents/uploads/{upload_id}/complete", status_code=202)
async def complete_upload(upload_id: UUID, caller: Writer, keys: Keys) -> schema.Accepted:
    """All parts are there: record the file under the upload's id and have it indexed, as an upload in one piece."""
    upload = await uploads.one(providers.database(), keys, caller, upload_id)
    try:
        received = await uploads.assembled(providers.vault(), keys, upload)
    except (ValidationError, UnsupportedFormatError):
        await uploads.give_up(providers.database(), providers.vault(), caller, caller.tenant_id, upload_id)
        raise
    async with providers.database().transaction(caller) as connection:
        if not await upload_store.close(connection, upload_id):
            raise NotFoundError("There is no such open upload of yours.")
        row = await _recorded(connection, keys, caller, upload_id, received)
    return await _stored(caller, upload_id, received, row)


@app.delete("/api/v1/documents/uploads/{upload_id}", status_code=204)
async def abort_upload(upload_id: UUID, caller: Writer, keys: Keys) -> None:
    """Give up an upload; nothing of it is left."""
    await uploads.one(providers.database(), keys, caller, upload_id)
    await uploads.give_up(providers.database(), providers.vault(), caller, caller.tenant_id, upload_id)


@room.on(Ping.TYPE)
async def ticked(event: CloudEvent, _payload: Ping) -> None:
    """Once a night, uploads that nobody goes on with are given back."""
    if event.extensions.get("schedule") != NIGHTLY:
        raise PermanentEventError("This room does not know this schedule.")
    count = await uploads.sweep_all(providers.database(), providers.vault())
    log.info("uploads.forgotten", count=count)


@app.get("/api/v1/documents")
async def list_documents(
    caller: Caller,
    keys: Keys,
    cursor: Cursor = None,
    limit: Limit = store.PAGE,
    superseded: Annotated[bool, Query()] = False,
) -> schema.Documents:
    """The newest first; `superseded` lists replaced versions too."""
    async with providers.database().transaction(caller) as connection:
        found = await store.listed(connection, keys, caller, cursor, limit, superseded=superseded)
        await record(connection, caller, "document.listed", [one.id for one in found])
    return schema.Documents(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@app.post("/api/v1/documents/citations")
async def citations(request: schema.Cited, caller: Caller) -> schema.CitationStates:
    """Whether what an earlier answer cited still stands: the version, whether another took its place, or gone."""
    async with providers.database().transaction(caller) as connection:
        return schema.CitationStates(items=await store.citations(connection, request.chunk_ids))


@app.get("/api/v1/documents/quarantine")
async def held(caller: Reviewer, cursor: Cursor = None, limit: Limit = store.PAGE) -> schema.Quarantine:
    """Documents that wait for somebody's decision, the newest first: kinds and counts of what was found in them."""
    async with providers.database().transaction(quarantine.actor(caller)) as connection:
        found = await quarantine.waiting(connection, cursor, limit)
        await record(connection, caller, "quarantine.listed", [one.document_id for one in found])
    return schema.Quarantine(items=tuple(found), next_cursor=str(found[-1].review_id) if len(found) == limit else None)


@app.get("/api/v1/documents/quarantine/decisions")
async def decisions(caller: Reviewer, cursor: Cursor = None, limit: Limit = store.PAGE) -> schema.Decisions:
    """Who decided what, when and why; also about documents that are gone."""
    async with providers.database().transaction(quarantine.actor(caller)) as connection:
        found = await quarantine.decided(connection, cursor, limit)
        await record(connection, caller, "quarantine.decisions_listed", [one.document_id for one in found])
    return schema.Decisions(items=tuple(found), next_cursor=str(found[-1].review_id) if len(found) == limit else None)


@app.post("/api/v1/documents/quarantine/{document_id}/release", status_code=202)
async def release(document_id: UUID, request: schema.Release, caller: Reviewer) -> schema.Decision:
    """Let a document be indexed: into its owner's own index alone where it holds patients' data, else as uploaded."""
    async with providers.database().transaction(quarantine.actor(caller)) as connection:
        decision, row = await quarantine.release(connection, caller, document_id, request)
        cleared = DocumentCleared(
            document_id=document_id,
            tenant_id=caller.tenant_id,
            owner_id=row["owner_id"],
            reviewer_id=store.user_of(caller),
        )
        await _say(connection, cleared)
        await _say_uploaded(connection, caller, row, row["owner_id"])
        await record(connection, caller, "quarantine.released", [document_id], facts={"judgement": request.judgement})
    await outbox.nudge(providers.database())
    return decision


@app.post("/api/v1/documents/quarantine/{document_id}/delete")
async def discard(document_id: UUID, request: schema.Discard, caller: Reviewer) -> schema.Decision:
    """Delete a document in quarantine; the sealed file follows with the event, the record of the decision stays."""
    async with providers.database().transaction(quarantine.actor(caller)) as connection:
        decision = await quarantine.discard(connection, caller, document_id, request)
        gone = DocumentDeleted(document_id=document_id, tenant_id=caller.tenant_id, owner_id=decision.owner_id)
        await _say(connection, gone)
        await record(connection, caller, "quarantine.deleted", [document_id])
    await outbox.nudge(providers.database())
    return decision


@app.get("/api/v1/documents/{document_id}")
async def document(document_id: UUID, caller: Caller, keys: Keys) -> schema.Document:
    async with providers.database().transaction(caller) as connection:
        found = await store.one(connection, keys, caller, document_id)
        await record(connection, caller, "document.read", [document_id], found=found is not None)
    if found is None:
        raise NotFoundError("There is no such document for you.")
    return found


@app.get("/api/v1/documents/{document_id}/versions")
async def versions(document_id: UUID, caller: Caller, keys: Keys) -> schema.Documents:
    """All versions of a document, the newest first."""
    async with providers.database().transaction(caller) as connection:
        found = await store.versions(connection, keys, caller, document_id)
        named = [document_id, *(one.id for one in found)]
        await record(connection, caller, "document.versions_listed", named, found=bool(found))
    if not found:
        raise NotFoundError("There is no such document for you.")
    return schema.Documents(items=tuple(found))


@app.get("/api/v1/documents/{document_id}/diff")
async def compare(document_id: UUID, caller: Caller, keys: Keys, against: Against = None) -> schema.Diff:
    """What this version has that `against` had not, and the other way round; without it, against the one before."""
    async with providers.database().transaction(caller) as connection:
        every = [one for one in await store.versions(connection, keys, caller, document_id) if one.status in INDEXED]
        new = next((one for one in every if one.id == document_id), None)
        if new is None:
            raise NotFoundError("There is no such indexed document for you.")
        older = [one for one in every if one.version == against or (against is None and one.version < new.version)]
        if not older:
            raise NotFoundError("There is no such indexed version to compare with.", code="NO_SUCH_VERSION")
        passages = [await store.passages(connection, keys, one.id) for one in (older[0], new)]
        await record(connection, caller, "document.compared", [new.id, older[0].id])
    return await asyncio.to_thread(diff.between, *passages, versions=(older[0].version, new.version))


@app.delete("/api/v1/documents/{document_id}", status_code=204)
async def delete(document_id: UUID, caller: Writer) -> None:
    """Gone from answers at once, with its older versions; the sealed files follow with the events."""
    async with providers.database().transaction(caller) as connection:
        gone = await store.remove(connection, caller, document_id)
        if not gone:
            await record(None, caller, "document.deleted", [document_id], found=False)
            raise NotFoundError("There is no such document of yours.")
        for each in gone:
            await _say(
                connection,
                DocumentDeleted(document_id=each, tenant_id=caller.tenant_id, owner_id=store.user_of(caller)),
            )
        await record(connection, caller, "document.deleted", gone)
    await outbox.nudge(providers.database())


@app.get("/api/v1/jobs")
async def jobs(caller: Caller, cursor: Cursor = None, limit: Limit = store.PAGE, state: State = None) -> schema.Jobs:
    """The newest first, all or those in one state: `dead` are the ones that were given up."""
    async with providers.database().transaction(caller) as connection:
        found = await store.jobs(connection, cursor, limit, state)
    return schema.Jobs(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@app.get("/api/v1/jobs/{job_id}")
async def job(job_id: UUID, caller: Caller) -> schema.Job:
    async with providers.database().transaction(caller) as connection:
        found = await store.job(connection, job_id)
    if found is None:
        raise NotFoundError("There is no such job for you.")
    return found


@app.post("/api/v1/jobs/{job_id}/cancel")
async def cancel(job_id: UUID, caller: Writer) -> schema.Job:
    """Stop a job that waits or runs; what it wrote goes. Its document can be indexed later: `retry`."""
    async with providers.database().transaction(caller) as connection:
        changed = await store.cancel(connection, caller, job_id)
        found = await store.job_after(connection, job_id, changed=changed)
        await record(connection, caller, "document.indexing_cancelled", [found.document_id])
    return found


@app.post("/api/v1/jobs/{job_id}/retry", status_code=202)
async def retry(job_id: UUID, caller: Writer) -> schema.Job:
    """Begin a job again that failed, was given up or was cancelled."""
    async with providers.database().transaction(caller) as connection:
        changed = await _restarted(connection, caller, job_id)
        found = await store.job_after(connection, job_id, changed=changed)
        await record(connection, caller, "document.indexing_restarted", [found.document_id])
    await outbox.nudge(providers.database())
    return found


@functions_framework.aio.http
async def documents(_request: Request) -> Any:
    return room
