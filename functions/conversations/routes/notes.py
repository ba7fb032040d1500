"""The doors of notes: drafted from what was told and answered, edited, signed, taken along."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.responses import JSONResponse

from functions.conversations import access, exporting, note_exporting, note_store, notework, service
from functions.conversations import note_schema as schema
from functions.conversations.kit import kit
from voiceassist.core import clock
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, http_room

router = http_room.router(access.ACTIONS)
Caller = Annotated[Principal, Depends(door.principal)]


@router.get("/api/v1/notes")
async def list_notes(
    caller: Caller,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = note_store.PAGE,
) -> schema.Notes:
    """One's own, drafts and signed ones, the newest first."""
    return await notework.listed(kit(), caller, cursor, limit)


@router.post("/api/v1/notes", status_code=201)
async def draft_note(asked: schema.NewNote, caller: Caller) -> schema.Note:
    """Out of facts, results and cited sentences, word by word; gone after 24 hours unless it is signed."""
    return await notework.drafted(kit(), caller, asked)


@router.get("/api/v1/notes/{note_id}")
async def show_note(note_id: UUID, caller: Caller) -> schema.Note:
    return await notework.shown(kit(), caller, note_id)


@router.put("/api/v1/notes/{note_id}")
async def edit_note(note_id: UUID, asked: schema.Edited, caller: Caller) -> schema.Note:
    return await notework.edited(kit(), caller, note_id, asked)


@router.post("/api/v1/notes/{note_id}/sign")
async def sign_note(note_id: UUID, asked: schema.Signature, caller: Caller) -> schema.Note:
    """By a physician; the note then changes no more and is kept for six years."""
    return await notework.signed(kit(), caller, note_id, asked)


@router.get(
    "/api/v1/notes/{note_id}/export",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "application/pdf": {}, exporting.FHIR: {}}}},
)
async def export_note(
    note_id: UUID, caller: Caller, kind: Annotated[schema.FileFormat, Query(alias="format")] = "pdf"
) -> Response:
    """A file to take along; it leaves the protection of this house, and that is on record."""
    found = await notework.shown(kit(), caller, note_id, "note.exported", format=kind)
    author = await service.name_of(kit(), caller)
    name = f"note-{found.created_at:%Y-%m-%d}"
    if kind == "json":
        return JSONResponse(found.model_dump(mode="json"), headers=exporting.file(f"{name}.json"))
    content = await asyncio.to_thread(note_exporting.pdf, found, author=author)
    if kind == "pdf":
        return Response(content, media_type="application/pdf", headers=exporting.file(f"{name}.pdf"))
    reference = note_exporting.fhir(found, author=author, content=content, now=clock.now())
    return JSONResponse(reference, media_type=exporting.FHIR, headers=exporting.file(f"{name}.fhir.json"))


@router.delete("/api/v1/notes/{note_id}", status_code=204)
async def delete_note(note_id: UUID, caller: Caller) -> None:
    """A draft; a signed note is kept."""
    await notework.removed(kit(), caller, note_id)
