"""A payload against the schema of its type: leniently by whoever hears it, strictly by whoever lets it in."""

import re
from typing import TypeVar

import msgspec

from events.catalog.payload import Payload
from events.catalog.table import EVENT_TYPES
from voiceassist.core.errors import FieldError, ValidationError

P = TypeVar("P", bound=Payload)

_MISSING = re.compile(r"Object missing required field `(\w+)`")
_PLACE = re.compile(r" - at `\$((?:\.\w+|\[\d+\])*)(\[\.\.\.\].*)?`\Z")
_STEP = re.compile(r"\w+")


class PayloadError(ValidationError):
    """The data breaks the schema of its type; `errors` points to the field, without its value."""

    code = "INVALID_PAYLOAD"

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__("The data does not match the schema of its event type", errors=(FieldError(pointer, reason),))

    def at(self, index: int) -> "PayloadError":
        """The same fault in the event number `index` of a batch."""
        (field,) = self.errors
        return PayloadError(f"/{index}{field.pointer}", field.code)


def read(payload: type[P], data: bytes | None) -> P:
    """The data of a heard event; fields we do not know are ignored, a newer neighbour may have added them."""
    return _decoded(data, payload)


def check(event_type: str, data: bytes | None) -> None:
    """Refuse data that breaks the schema of its type; types that are not in the catalogue pass."""
    entry = EVENT_TYPES.get(event_type)
    if entry is None:
        return
    payload = entry.payload
    _decoded(data, payload)
    if payload.OPEN is not None:
        _decoded(data, payload.OPEN)
    elif not _decoded(data, dict[str, msgspec.Raw]).keys() <= set(payload.__struct_fields__):
        raise PayloadError("", "UNKNOWN_FIELD")


T = TypeVar("T")


def _decoded(data: bytes | None, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data or b"", type=kind)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        raise PayloadError("", "NOT_JSON") from None


def _fault(message: str) -> PayloadError:
    """msgspec names the place at the very end; it holds declared names and indices, the rest may quote the data."""
    place, missing = _PLACE.search(message), _MISSING.match(message)
    pointer = "".join(f"/{step}" for step in _STEP.findall(place[1])) if place else ""
    if missing and not (place and place[2]):
        pointer += f"/{missing[1]}"
    return PayloadError(pointer, "MISSING" if missing else "INVALID")
