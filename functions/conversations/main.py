"""The door of conversations: what I asked and heard, to be read, searched, taken along and deleted."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends, Query, Response
from starlette.requests import Request
from starlette.responses import JSONResponse

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.conversations import access, casework, exporting, schema, service, store
from functions.conversations.kit import kit
from functions.conversations.routes import cases, notes
from functions.conversations.store import ROOM
from voiceassist.core import clock
from voiceassist.core.errors import PermanentEventError
from voiceassist.core.identity import Principal
from voiceassist.core.identity import service as part
from voiceassist.runtime import door, outbox, providers
from voiceassist.runtime.http_room import http_app

room = door.Room(ROOM, checks={"postgres": lambda: providers.database().ping()})
app = http_app(room, title="Conversations", actions=access.ACTIONS)
for routes in (cases, notes):
    app.include_router(routes.router)

# The extensions `schedule` of the PingSources' events.
NIGHTLY, HOURLY = "conversations-nightly", "conversations-hourly"

Caller = Annotated[Principal, Depends(door.principal)]


@app.get("/api/v1/conversations")
async def list_conversations(
    caller: Caller,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = store.PAGE,
) -> schema.Conversations:
    """One's own, the newest first, and for how long they are kept."""
    return await service.listed(kit(), caller, cursor, limit)


@app.post("/api/v1/conversations/search")
async def search(asked: schema.Search, caller: Caller) -> schema.Hits:
    """One's own in which a turn holds every word; what is looked for stands in no address."""
    return await service.search(kit(), caller, asked)


@app.get("/api/v1/conversations/{conversation_id}")
async def show(conversation_id: UUID, caller: Caller) -> schema.Conversation:
    """With its turns, in their order."""
    return await service.shown(kit(), caller, conversation_id)


@app.get(
    "/api/v1/conversations/{conversation_id}/export",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "application/pdf": {}, exporting.FHIR: {}}}},
)
async def export(
    conversation_id: UUID, caller: Caller, kind: Annotated[schema.Format, Query(alias="format")] = "json"
) -> Response:
    """A file to take along; it leaves the protection of this house, and that is on record."""
    found = await service.shown(kit(), caller, conversation_id, action="conversation.exported", format=kind)
    author = await service.name_of(kit(), caller)
    name = f"conversation-{found.started_at:%Y-%m-%d}"
    if kind == "json":
        return JSONResponse(found.model_dump(mode="json"), headers=exporting.file(f"{name}.json"))
    content = await asyncio.to_thread(exporting.pdf, found, author=author)
    if kind == "pdf":
        return Response(content, media_type="application/pdf", headers=exporting.file(f"{name}.pdf"))
    reference = exporting.fhir(found, author=author, content=content, now=clock.now())
    return JSONResponse(reference, media_type=exporting.FHIR, headers=exporting.file(f"{name}.fhir.json"))


@app.delete("/api/v1/conversations/{conversation_id}", status_code=204)
async def delete(conversation_id: UUID, caller: Caller) -> None:
    await service.remove(kit(), caller, conversation_id)


@app.delete("/api/v1/conversations", status_code=204)
async def delete_all(caller: Caller) -> None:
    """Everything of one's own."""
    await service.remove_all(kit(), caller)


@room.on(Ping.TYPE)
async def ticked(event: CloudEvent, _payload: Ping) -> None:
    """The event is remembered with the end of it, so that a broken night is tried again."""
    schedule = event.extensions.get("schedule")
    if schedule not in {NIGHTLY, HOURLY}:
        raise PermanentEventError("This room does not know this schedule.")
    async with providers.database().transaction(part(ROOM)) as connection:
        if await outbox.first_time(connection, ROOM, event):
            await (service.forget_old(providers.database()) if schedule == NIGHTLY else casework.forget_old(kit()))


@functions_framework.aio.http
async def conversations(_request: Request) -> Any:
    return room
