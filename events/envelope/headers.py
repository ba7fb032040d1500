"""The headers of a request or an answer, as far as they say something about an event."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from events.envelope.errors import EnvelopeError
from events.envelope.rules import is_name

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"

Headers = Mapping[str, str] | Iterable[tuple[bytes, bytes]] | Iterable[tuple[str, str]]

CONTENT_TYPE = "content-type"


def read(headers: Headers) -> dict[str, str]:
    """`content-type` and the attributes of `ce-` headers; an attribute sent twice has no one meaning.

    A `ce-` header that names no attribute keeps its prefix, for binary mode to refuse.
    """
    fields: dict[str, str] = {}
    for raw_name, raw_value in headers.items() if isinstance(headers, Mapping) else headers:
        name = _meaning(raw_name)
        if name is None:
            continue
        if name in fields:
            raise EnvelopeError("" if "-" in name else name, "DUPLICATE")
        fields[name] = raw_value if isinstance(raw_value, str) else raw_value.decode("latin-1")
    return fields


@lru_cache(maxsize=128)
def _meaning(header: str | bytes) -> str | None:
    """Header names are case-insensitive; no attribute's name has a hyphen."""
    name = (header if isinstance(header, str) else header.decode("latin-1")).lower()
    if name == CONTENT_TYPE:
        return name
    if not name.startswith("ce-"):
        return None
    return name[3:] if is_name(name[3:]) else name


@lru_cache(maxsize=64)
def media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
