"""docs/reference/events.md, rendered from the catalogue: `python -m events.schemas` writes it."""

import json
from pathlib import Path
from typing import Any

import msgspec

from events.catalog import EVENT_TYPES, EventType, schema

PLACE = Path(__file__).resolve().parents[2] / "docs/reference/events.md"
HEAD = """# Events

Rendered from `events/catalog/` by `python -m events.schemas`; do not edit.

CloudEvents 1.0. Payloads carry ids, hashes and counts, never clinical text or names. Within `.v1` a payload only grows,
by fields with a default: a change that takes something away is not written. Delivery is at least once: consumers drop
duplicates by (source, id). An unknown field is refused by publishers and by the broker, and ignored by the rooms that
hear the event.

Every event of a room carries the extension `tenantid`, and `ownerid` where its payload has an owner or a user, so that
Triggers can [filter](filters.md) by them; `partitionkey` orders delivery, `traceparent` joins the trace. Its
`dataschema` is `urn:voiceassist:schema:<type>`, the `$id` of its JSON schema.

| route | answer |
|---|---|
| `GET /api/v1/events/catalog` | 200 with `items`, one for each type, sorted by name |
| `GET /api/v1/events/schemas/{type}` | 200 `application/schema+json` (2020-12); 404 for a type that is not below |

An item has `type`, `title`, `description`, `schema` (its address), `example`, `says`, `heard_by` and `external`. Both
routes answer without `/api/v1` too, to signed-in people and to API keys with any scope of `events:`. `If-None-Match`
with the `ETag` of an earlier answer gives 304. The same schemas are in `events/schemas/`.
"""


def render() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_section(EVENT_TYPES[name]) for name in sorted(EVENT_TYPES))])


def write(place: Path = PLACE) -> None:
    """Nothing to do where the documents are not: in an image, in an installed package."""
    if place.parent.is_dir():
        place.write_text(render())


def _section(entry: EventType) -> str:
    return "\n".join(
        [
            f"## {entry.type}",
            "",
            (entry.payload.__doc__ or "").strip(),
            "",
            f"Said by: {_speakers(entry)}. Heard by: {_rooms(entry.heard_by)}.",
            "",
            *_fields(entry),
            "",
            "```json",
            json.dumps(msgspec.to_builtins(entry.example), indent=2),
            "```",
            "",
        ]
    )


def _fields(entry: EventType) -> list[str]:
    described = schema(entry.type)
    if entry.payload.OPEN is not None:
        return ["An object with fields of the sender's choice; each value is an id."]
    required = set(described.get("required", ()))
    rows = [
        f"| `{name}` | {_kind(field)} | {'yes' if name in required else 'no'} |"
        for name, field in described["properties"].items()
    ]
    return ["| field | type | required |", "|---|---|---|", *rows]


def _speakers(entry: EventType) -> str:
    outside = "somebody outside the house"
    if not entry.says:
        return outside
    return f"{_rooms(entry.says)} or {outside}" if entry.external else _rooms(entry.says)


def _rooms(names: tuple[str, ...]) -> str:
    return ", ".join(f"[{name}](rooms/{name}.md)" for name in names) or "nobody yet"


def _kind(field: dict[str, Any]) -> str:
    """A field's schema in a few words."""
    if "anyOf" in field:
        return " or ".join(_kind(one) for one in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    kind = str(field.get("format") or field.get("type"))
    if "minimum" in field:
        kind = f"{kind} from {field['minimum']}"
    if "pattern" in field:
        kind = f"{kind} matching `{field['pattern']}`"
    return kind
