"""What may be said and heard, for integrators: the event types, and the JSON schema of each."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from events import catalog
from voiceassist.core.errors import MethodNotAllowedError, NotFoundError
from voiceassist.runtime import access
from voiceassist.runtime.host import headers
from voiceassist.runtime.host.admission import CATALOGUE, Admission

LISTING = "/api/v1/events/catalog"
SCHEMAS = "/api/v1/events/schemas/"
# The same by the short address under which events are published.
SHORT_LISTING = LISTING.removeprefix("/api/v1")
SHORT_SCHEMAS = SCHEMAS.removeprefix("/api/v1")


class DescribedType(msgspec.Struct, frozen=True, kw_only=True):
    """A type of event. `schema` is an address; `says` and `heard_by` name rooms."""

    type: str
    title: str
    description: str
    schema: str
    example: dict[str, Any]
    says: tuple[str, ...]
    heard_by: tuple[str, ...]
    external: bool


class DescribedTypes(msgspec.Struct, frozen=True, kw_only=True):
    """Every type of the house, sorted by name."""

    items: tuple[DescribedType, ...]


class Document:
    """A body that changes with the release only, and the tag by which a client knows it again."""

    def __init__(self, content: object, media_type: str) -> None:
        self._body = msgspec.json.encode(content)
        self._media_type = media_type
        self._said = {"etag": f'"{hashlib.sha256(self._body).hexdigest()[:32]}"', "cache-control": "private, no-cache"}

    def answer(self, known: str) -> Response:
        """304 where `known`, the request's If-None-Match, has the tag (RFC 9110, section 13.1.2)."""
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        if self._said["etag"] in tags or "*" in tags:
            return Response(status_code=304, headers=self._said)
        return Response(self._body, headers=self._said, media_type=self._media_type)


class Catalog:
    """ASGI app of the catalogue's routes; signed-in people and keys that may do anything with events read it."""

    def __init__(self, admission: Admission, base_url: str) -> None:
        self._admission = admission
        self._listing = Document(listed(base_url), "application/json")
        self._schemas: Mapping[str, Document] = {
            name: Document(catalog.schema(name), "application/schema+json") for name in catalog.EVENT_TYPES
        }

    def owns(self, path: str) -> bool:
        return path in {LISTING, SHORT_LISTING} or path.startswith((SCHEMAS, SHORT_SCHEMAS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowedError
        caller = await self._admission.admit(scope, CATALOGUE)
        assert caller is not None  # noqa: S101 - nobody is let in here without credentials
        await access.permit(caller.principal, "event.read")
        document = self._document(scope["path"])
        await document.answer(headers.value(scope["headers"], b"if-none-match"))(scope, receive, send)

    def _document(self, path: str) -> Document:
        if path in {LISTING, SHORT_LISTING}:
            return self._listing
        found = self._schemas.get(path.removeprefix("/api/v1").removeprefix(SHORT_SCHEMAS))
        if found is None:
            raise NotFoundError("There is no such event type.")
        return found


def listed(base_url: str) -> DescribedTypes:
    return DescribedTypes(
        items=tuple(
            DescribedType(
                type=name,
                title=_title(entry.payload.__name__),
                description=(entry.payload.__doc__ or "").strip(),
                schema=base_url + SCHEMAS + name,
                example=msgspec.to_builtins(entry.example),
                says=entry.says,
                heard_by=entry.heard_by,
                external=entry.external,
            )
            for name, entry in sorted(catalog.EVENT_TYPES.items())
        )
    )


def _title(name: str) -> str:
    """DocumentUploaded is "Document uploaded"."""
    return re.sub(r"(?<=[a-z])([A-Z])", r" \1", name).capitalize()


def openapi() -> dict[str, Any]:
    """The part of the merged OpenAPI document that no room describes."""
    (body,), components = msgspec.json.schema_components((DescribedTypes,), ref_template="#/components/schemas/{name}")
    listing = _operation("list_event_types", "Every type of event: who says it, who hears it, an example.")
    listing["responses"]["200"]["content"] = {"application/json": {"schema": body}}
    one = _operation("event_schema", "The JSON Schema (2020-12) of a type's data; 404 for a type that is not listed.")
    one["responses"]["200"]["content"] = {"application/schema+json": {"schema": {"type": "object"}}}
    named = {"name": "event_type", "in": "path", "required": True, "schema": {"enum": sorted(catalog.EVENT_TYPES)}}
    one["parameters"] = [named]
    return {
        "paths": {LISTING: {"get": listing}, SCHEMAS + "{event_type}": {"get": one}},
        "components": {"schemas": components},
    }


def _operation(name: str, summary: str) -> dict[str, Any]:
    unchanged = {"description": "As before, by If-None-Match"}
    responses = {"200": {"description": "OK"}, "304": unchanged}
    return {"operationId": name, "summary": summary, "x-action": "event.read", "responses": responses}
