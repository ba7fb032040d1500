"""Binary mode: attributes as `ce-` headers, the data as the body (HTTP binding 3.1)."""

import re
from urllib.parse import unquote_to_bytes

from events.envelope.errors import EnvelopeError
from events.envelope.event import CloudEvent, build
from events.envelope.headers import CONTENT_TYPE
from events.envelope.rules import Attribute

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MUST_ENCODE = re.compile(r"[^\x21\x23\x24\x26-\x7e]")
_RESERVED = frozenset({"data", "datacontenttype"})


def from_headers(fields: dict[str, str], body: bytes, *, legacy: bool) -> CloudEvent:
    attributes: dict[str, str] = {}
    for name, value in fields.items():
        if "-" in name:
            if name != CONTENT_TYPE:
                raise EnvelopeError("", "BAD_ATTRIBUTE_NAME")
        elif name in _RESERVED:
            raise EnvelopeError(name, "RESERVED_NAME")
        else:
            attributes[name] = _unescape(name, value)
    if CONTENT_TYPE in fields:
        attributes["datacontenttype"] = fields[CONTENT_TYPE]
    return build(attributes, body or None, legacy=legacy)


def _unescape(name: str, value: str) -> str:
    """HTTP binding 3.1.3.2: undo double quotes (older senders), then one round of percent-decoding."""
    value = value.strip(" \t")
    if not value.isascii():
        raise EnvelopeError(name, "NOT_ASCII")
    if len(value) > 1 and value[0] == '"' == value[-1]:
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if "%" not in value:
        return value
    if _BAD_PERCENT.search(value):
        raise EnvelopeError(name, "BAD_PERCENT_ENCODING")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise EnvelopeError(name, "BAD_PERCENT_ENCODING") from None


def encode_binary(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """Attributes as `ce-` headers, the data as the body, byte for byte."""
    headers = {
        "ce-specversion": event.specversion,
        "ce-id": _escape(event.id),
        "ce-source": _escape(event.source),
        "ce-type": _escape(event.type),
    }
    if event.subject is not None:
        headers["ce-subject"] = _escape(event.subject)
    if event.time is not None:
        headers["ce-time"] = event.time
    if event.dataschema is not None:
        headers["ce-dataschema"] = _escape(event.dataschema)
    for name, value in event.extensions.items():
        headers["ce-" + name] = _escape(value if isinstance(value, str) else _text(value))
    if event.datacontenttype is not None:
        headers[CONTENT_TYPE] = event.datacontenttype
    return headers, event.data or b""


def _text(value: Attribute) -> str:
    """The canonical string of a value that is none (CloudEvents 1.0.2, type system)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _escape(value: str) -> str:
    if not _MUST_ENCODE.search(value):
        return value
    return _MUST_ENCODE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode()), value)
