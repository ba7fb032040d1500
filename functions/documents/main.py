"""The door of documents: upload, list, show, delete, and how far indexing is."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends, Query
from starlette.requests import Request

from events.catalog import DocumentDeleted, DocumentUploaded
from functions.documents import schema, service, store
from functions.documents.domain import Upload
from voiceassist.core import ids
from voiceassist.core.errors import ForbiddenError, NotFoundError
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, logging, outbox, providers
from voiceassist.runtime.http_room import http_app

log = logging.get_logger(__name__)

room = door.Room(
    "documents",
    checks={
        "postgres": lambda: providers.database().ping(),
        "s3": lambda: asyncio.to_thread(providers.objects().ping),
    },
)
app = http_app(room, title="Documents")

Caller = Annotated[Principal, Depends(door.principal)]
Cursor = Annotated[UUID | None, Query()]
Limit = Annotated[int, Query(ge=1, le=200)]


async def writer(caller: Caller) -> Principal:
    if caller.user_id is None or caller.role not in {"user", "admin"}:
        raise ForbiddenError("Your role may read documents and not change them.")
    return caller


Writer = Annotated[Principal, Depends(writer)]

UPLOAD_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "title": {"type": "string", "maxLength": 200},
                        "visibility": {"type": "string", "enum": ["private", "shared"], "default": "private"},
                    },
                }
            }
        },
    }
}


@app.post("/api/v1/documents", status_code=202, openapi_extra=UPLOAD_FORM)
async def upload(request: Request, caller: Writer) -> schema.Accepted:
    """Store a file, sealed, and have it indexed; the same file again changes nothing."""
    limit = room.settings.limits.upload_bytes
    service.refuse_declared(request.headers.get("content-length"), limit)
    document_id = ids.new_id()
    received = await service.receive(
        request.stream(),
        request.headers.get("content-type", ""),
        limit=limit,
        may_share=caller.role == "admin",
        store=lambda pieces: providers.vault().store(caller.tenant_id, document_id, pieces),
    )
    try:
        accepted = await _recorded(caller, document_id, received)
    except BaseException:
        await _discard(caller, document_id)
        raise
    if accepted.duplicate:
        await _discard(caller, document_id)
    else:
        log.info("document.stored", document_id=str(document_id), bytes=received.size_bytes)
        await outbox.nudge(providers.database())
    return accepted


async def _recorded(caller: Principal, document_id: UUID, received: Upload) -> schema.Accepted:
    async with providers.database().transaction(caller) as connection:
        job_id = await store.add(connection, caller, document_id, received)
        if job_id is None:
            known = await store.existing(connection, caller, received.content_hash)
            if known is None:
                raise NotFoundError("The document was deleted at this moment; send it again.")
            return schema.Accepted(id=known[0], job_id=known[1], status=known[2], duplicate=True)
        payload = DocumentUploaded(
            document_id=document_id,
            tenant_id=caller.tenant_id,
            owner_id=_user(caller),
            content_hash=received.content_hash.hex(),
            size_bytes=received.size_bytes,
            format=received.format,
        )
        event = outbox.event_of(room.name, payload.TYPE, payload, subject=str(document_id), key=str(document_id))
        await outbox.add(connection, room.name, event)
    return schema.Accepted(id=document_id, job_id=job_id, status="pending")


async def _discard(caller: Principal, document_id: UUID) -> None:
    """The object of a document that was not recorded; if this fails too, an unreadable orphan stays."""
    await asyncio.to_thread(providers.vault().delete, caller.tenant_id, document_id)


@app.get("/api/v1/documents")
async def list_documents(caller: Caller, cursor: Cursor = None, limit: Limit = store.PAGE) -> schema.Documents:
    async with providers.database().transaction(caller) as connection:
        found = await store.listed(connection, caller, cursor, limit)
    return schema.Documents(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@app.get("/api/v1/documents/{document_id}")
async def document(document_id: UUID, caller: Caller) -> schema.Document:
    async with providers.database().transaction(caller) as connection:
        found = await store.one(connection, caller, document_id)
    if found is None:
        raise NotFoundError("There is no such document for you.")
    return found


@app.delete("/api/v1/documents/{document_id}", status_code=204)
async def delete(document_id: UUID, caller: Writer) -> None:
    """Gone from answers at once; the sealed file follows with the event."""
    async with providers.database().transaction(caller) as connection:
        if not await store.remove(connection, caller, document_id):
            raise NotFoundError("There is no such document of yours.")
        payload = DocumentDeleted(document_id=document_id, tenant_id=caller.tenant_id, owner_id=_user(caller))
        event = outbox.event_of(room.name, payload.TYPE, payload, subject=str(document_id), key=str(document_id))
        await outbox.add(connection, room.name, event)
    await outbox.nudge(providers.database())


@app.get("/api/v1/jobs")
async def jobs(caller: Caller, cursor: Cursor = None, limit: Limit = store.PAGE) -> schema.Jobs:
    async with providers.database().transaction(caller) as connection:
        found = await store.jobs(connection, cursor, limit)
    return schema.Jobs(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@app.get("/api/v1/jobs/{job_id}")
async def job(job_id: UUID, caller: Caller) -> schema.Job:
    async with providers.database().transaction(caller) as connection:
        found = await store.job(connection, job_id)
    if found is None:
        raise NotFoundError("There is no such job for you.")
    return found


def _user(caller: Principal) -> UUID:
    assert caller.user_id is not None  # noqa: S101 - `writer` made sure
    return caller.user_id


@functions_framework.aio.http
async def documents(_request: Request) -> Any:
    return room
