"""One OpenAPI document of all rooms and of what the gateway answers itself, at /api/v1/openapi.json (SPEC P3.3)."""

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import logging
from voiceassist.runtime.host.rooms import Runner
from voiceassist.runtime.wiring import Room, Wiring

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.get_logger(__name__)

AT_ONCE = 2  # a cold room takes a core while it starts
SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-va_session"},
    "key": {"type": "http", "scheme": "bearer", "description": "An API key (va_…) with the scope of the route"},
}


class OpenApi:
    """`own` describes, by a tag, what this process answers or forwards itself."""

    def __init__(self, wiring: Wiring, runner: Runner, own: dict[str, dict[str, Any]] | None = None) -> None:
        self._wiring = wiring
        self._own = own or {}
        self._runner = runner
        self._merged: dict[str, Any] | None = None
        self._asking = asyncio.Lock()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        await (await self._answer())(scope, receive, send)

    async def _answer(self) -> Response:
        async with self._asking:
            if self._merged is None:
                self._merged = await self.document()
        return JSONResponse(self._merged)

    async def document(self) -> dict[str, Any]:
        """Ask every room that has routes; raises UnavailableError when one does not answer."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def ask(room: Room) -> dict[str, Any]:
            async with slots:
                return await self._ask(room)

        rooms = [room for room in self._wiring.rooms.values() if room.routes]
        documents = dict(zip([room.name for room in rooms], await asyncio.gather(*map(ask, rooms)), strict=True))
        return merge(documents | self._own)

    async def _ask(self, room: Room) -> dict[str, Any]:
        import httpx

        transport = httpx.ASGITransport(partial(self._runner.serve, room))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{room.name}") as client:
            answer = await client.get("/openapi.json")
        if answer.status_code != 200:
            log.warning("openapi.missing", room=room.name, status=answer.status_code)
            raise UnavailableError("A room does not describe itself now.", code="ROOM_UNAVAILABLE")
        document: dict[str, Any] = answer.json()
        return document


def merge(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One document; a schema name that means two things in two rooms gets the room's name in front."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "VoiceAssist", "version": "1"},
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": SCHEMES},
        "security": [{"session": []}, {"key": []}],
    }
    schemas: dict[str, Any] = merged["components"]["schemas"]
    for room, document in sorted(documents.items()):
        own = _without_conflicts(room, document, schemas)
        schemas.update(own.get("components", {}).get("schemas", {}))
        for path, operations in own.get("paths", {}).items():
            for operation in operations.values():
                operation.setdefault("tags", [room])
            merged["paths"][path] = operations
    return merged


def _without_conflicts(room: str, document: dict[str, Any], taken: dict[str, Any]) -> dict[str, Any]:
    schemas = document.get("components", {}).get("schemas", {})
    text = json.dumps(document)
    for name, schema in schemas.items():
        if name in taken and taken[name] != schema:
            text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{room.title()}{name}"')
    renamed: dict[str, Any] = json.loads(text)
    if schemas:
        renamed["components"]["schemas"] = {
            (f"{room.title()}{name}" if name in taken and taken[name] != schemas[name] else name): schema
            for name, schema in renamed["components"]["schemas"].items()
        }
    return renamed
