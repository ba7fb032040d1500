"""The JSON schema of a type's data, and the address under which the world knows it."""

from typing import Any

import msgspec

from events.catalog.table import EVENT_TYPES


def schema_uri(event_type: str) -> str:
    """What events say as their `dataschema`; absolute and the same in every installation."""
    return f"urn:voiceassist:schema:{event_type}"


def schema(event_type: str) -> dict[str, Any]:
    """JSON schema (2020-12) of one type's data: closed, as `check` enforces it."""
    entry = EVENT_TYPES[event_type]
    rest = msgspec.json.schema(entry.payload.OPEN) if entry.payload.OPEN else {"additionalProperties": False}
    (_,), components = msgspec.json.schema_components((entry.payload,), ref_template="#/$defs/{name}")
    body = components[entry.payload.__name__]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_uri(event_type),
        **body,
        **rest,
        "title": event_type,
        "examples": [msgspec.to_builtins(entry.example)],
    }
