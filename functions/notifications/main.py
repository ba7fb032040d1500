"""The door of notifications: what happened to my documents, and what I have seen of it."""

from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends, Query
from starlette.requests import Request

from functions.notifications import access, listeners, schema, store
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, providers
from voiceassist.runtime.http_room import http_app

room = door.Room(listeners.ROOM, checks={"postgres": lambda: providers.database().ping()})
app = http_app(room, title="Notifications", actions=access.ACTIONS)
listeners.listen(room)

Caller = Annotated[Principal, Depends(door.principal)]


@app.get("/api/v1/notifications")
async def list_notifications(
    caller: Caller,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = store.PAGE,
    unread_only: Annotated[bool, Query()] = False,
) -> schema.Notifications:
    async with providers.database().transaction(caller) as connection:
        rows = await store.listed(connection, cursor, limit, unread_only=unread_only)
        unread = await store.unread(connection)
    sealed = any(row["title_sealed"] for row in rows)
    keys = await providers.keyring().of(caller.tenant_id) if sealed else None
    items = tuple(schema.Notification.model_validate(store.titled(keys, row)) for row in rows)
    return schema.Notifications(
        items=items, unread=unread, next_cursor=str(items[-1].id) if len(items) == limit else None
    )


@app.post("/api/v1/notifications/{notification_id}/read", status_code=204)
async def read(notification_id: UUID, caller: Caller) -> None:
    async with providers.database().transaction(caller) as connection:
        if not await store.mark_read(connection, notification_id):
            raise NotFoundError("There is no such notification for you.")


@functions_framework.aio.http
async def notifications(_request: Request) -> Any:
    return room
