"""CloudEvents 1.0 over HTTP, strict: binary, structured and batched mode (HTTP binding and JSON format, v1.0.2).

    CloudEvent                    an event whose attributes are known to be valid
    decode(headers, body)         one event, binary or structured
    decode_batch(headers, body)   a batch, all or nothing
    encode_binary / encode_structured / encode_batch   -> (headers, body)
    json_event(...)               an event whose data we serialise

Data stays bytes: decoding it is the payload model's job. `time` stays text, so that what comes in goes out unchanged.
An empty body and no body are the same event on the wire; both decode to `data=None` in binary mode.
Errors name the attribute by a JSON pointer and a code, and never quote what was sent.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from voiceassist.core.errors import FieldError, UnsupportedFormatError, ValidationError

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
VERSION = "1.0"
# 0.3 may enter at the broker, which passes it on as it came; doors speak 1.0 only.
LEGACY_VERSION = "0.3"

Attribute = str | int | bool
Headers = Mapping[str, str] | Iterable[tuple[bytes, bytes]] | Iterable[tuple[str, str]]

_REQUIRED = ("id", "source", "type")
_CORE = frozenset({*_REQUIRED, "specversion", "subject", "time", "datacontenttype", "dataschema"})
_DATA = frozenset({"data", "data_base64"})
_INT32 = range(-(2**31), 2**31)

_NAME = re.compile(r"[a-z0-9]+\Z")
# Control characters, lone surrogates and noncharacters: not allowed in any String attribute.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+\Z")
_URI_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)\Z",
    re.ASCII,
)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MUST_ENCODE = re.compile(r"[^\x21\x23\x24\x26-\x7e]")


class EnvelopeError(ValidationError):
    """Not a CloudEvent: 400. `attribute` and `reason` tell where and why, without the value."""

    code = "INVALID_EVENT"

    def __init__(self, attribute: str, reason: str, *, index: int | None = None) -> None:
        self.attribute = attribute
        self.reason = reason
        where = f"/{attribute}" if attribute else ""
        if index is not None:
            where = f"/{index}{where}"
        super().__init__("The request is not a valid CloudEvent", errors=(FieldError(where, reason),))


class BatchNotAcceptedError(UnsupportedFormatError):
    """A batch at a door that takes one event: 415."""

    def __init__(self) -> None:
        super().__init__("A batch of events is not accepted here")


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. Building one checks every attribute, so an instance is always encodable."""

    id: str
    source: str
    type: str
    specversion: str = VERSION
    subject: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    data: bytes | None = None
    extensions: dict[str, Attribute] = {}

    def __post_init__(self) -> None:
        _check(self)

    def attributes(self) -> dict[str, Attribute]:
        """Every attribute that is present, extensions included; what filters look at."""
        present: dict[str, Attribute] = {
            "specversion": self.specversion,
            "id": self.id,
            "source": self.source,
            "type": self.type,
        }
        for name in ("subject", "time", "datacontenttype", "dataschema"):
            value = getattr(self, name)
            if value is not None:
                present[name] = value
        present.update(self.extensions)
        return present


def _check(event: CloudEvent) -> None:
    if event.specversion not in {VERSION, LEGACY_VERSION}:
        raise EnvelopeError("specversion", "UNKNOWN_VERSION")
    for name in _REQUIRED:
        _check_text(name, getattr(event, name))
    if not _URI_REFERENCE.match(event.source):
        raise EnvelopeError("source", "NOT_A_URI_REFERENCE")
    for name in ("subject", "datacontenttype"):
        value = getattr(event, name)
        if value is not None:
            _check_text(name, value)
    if event.datacontenttype is not None and not event.datacontenttype.isascii():
        raise EnvelopeError("datacontenttype", "NOT_ASCII")  # it travels as a header, which has no escape for it
    if event.dataschema is not None and not (
        isinstance(event.dataschema, str)
        and _URI_SCHEME.match(event.dataschema)
        and _URI_REFERENCE.match(event.dataschema)
    ):
        raise EnvelopeError("dataschema", "NOT_A_URI")
    if event.time is not None:
        _check_time(event.time)
    for name, extension in event.extensions.items():
        _check_extension(name, extension)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise EnvelopeError(name, "NOT_A_STRING")
    if not value:
        raise EnvelopeError(name, "EMPTY")
    if _FORBIDDEN.search(value):
        raise EnvelopeError(name, "FORBIDDEN_CHARACTER")


def _check_time(value: object) -> None:
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is None:
        raise EnvelopeError("time", "NOT_RFC_3339")
    try:
        datetime.fromisoformat(match.group(1))
    except ValueError:
        raise EnvelopeError("time", "NOT_RFC_3339") from None


def _check_extension(name: str, value: object) -> None:
    if not _NAME.match(name):
        raise EnvelopeError("", "BAD_ATTRIBUTE_NAME")
    if name in _CORE or name == "data":
        raise EnvelopeError(name, "RESERVED_NAME")
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        if value not in _INT32:
            raise EnvelopeError(name, "OUT_OF_RANGE")
        return
    if not isinstance(value, str):
        raise EnvelopeError(name, "NOT_A_SIMPLE_VALUE")
    if _FORBIDDEN.search(value):
        raise EnvelopeError(name, "FORBIDDEN_CHARACTER")


def json_event(
    payload: object,
    *,
    id: str,  # noqa: A002 - the attribute's own name
    source: str,
    type: str,  # noqa: A002 - the attribute's own name
    time: str | None = None,
    subject: str | None = None,
    dataschema: str | None = None,
    extensions: Mapping[str, Attribute] | None = None,
) -> CloudEvent:
    """Serialise `payload` (a msgspec Struct or plain JSON types) as the event's data."""
    return CloudEvent(
        id=id,
        source=source,
        type=type,
        time=time,
        subject=subject,
        dataschema=dataschema,
        datacontenttype="application/json",
        data=msgspec.json.encode(payload),
        extensions=dict(extensions or {}),
    )


# --- in ----------------------------------------------------------------------------------------------------------


def is_batch(headers: Headers) -> bool:
    return _media_type(_lowered(headers).get("content-type")) == BATCHED


def decode(headers: Headers, body: bytes, *, legacy: bool = False) -> CloudEvent:
    """Read one event. `legacy` admits specversion 0.3, which is never upgraded."""
    fields = _lowered(headers)
    media_type = _media_type(fields.get("content-type"))
    if media_type == BATCHED:
        raise BatchNotAcceptedError
    if media_type == STRUCTURED:
        return _from_object(_json_object(body), legacy=legacy)
    return _from_headers(fields, body, legacy=legacy)


def decode_batch(headers: Headers, body: bytes, *, legacy: bool = False) -> tuple[CloudEvent, ...]:
    """Read a batch; one bad event refuses it whole, the pointer begins with its index."""
    if not is_batch(headers):
        raise EnvelopeError("", "NOT_A_BATCH")
    _load(body)
    try:
        entries = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError):
        raise EnvelopeError("", "NOT_A_JSON_ARRAY") from None
    events = []
    for index, entry in enumerate(entries):
        try:
            events.append(_from_object(_members(bytes(entry)), legacy=legacy))
        except EnvelopeError as error:
            raise EnvelopeError(error.attribute, error.reason, index=index) from None
    return tuple(events)


def _lowered(headers: Headers) -> dict[str, str]:
    """Header names are case-insensitive; an attribute sent twice has no one meaning."""
    fields: dict[str, str] = {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    for raw_name, raw_value in pairs:
        name = (raw_name if isinstance(raw_name, str) else raw_name.decode("latin-1")).lower()
        if name in fields:
            if name.startswith("ce-") or name == "content-type":
                raise EnvelopeError(name.removeprefix("ce-") if _NAME.match(name[3:]) else "", "DUPLICATE")
            continue
        fields[name] = raw_value if isinstance(raw_value, str) else raw_value.decode("latin-1")
    return fields


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _from_headers(fields: Mapping[str, str], body: bytes, *, legacy: bool) -> CloudEvent:
    attributes: dict[str, Any] = {}
    for header, value in fields.items():
        if not header.startswith("ce-"):
            continue
        name = header[3:]
        if not _NAME.match(name):
            raise EnvelopeError("", "BAD_ATTRIBUTE_NAME")
        if name in {"data", "datacontenttype"}:
            raise EnvelopeError(name, "RESERVED_NAME")
        attributes[name] = _unescape(name, value)
    if "content-type" in fields:
        attributes["datacontenttype"] = fields["content-type"]
    return _build(attributes, body or None, legacy=legacy)


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


def _json_object(body: bytes) -> dict[str, msgspec.Raw]:
    _load(body)
    return _members(body)


def _load(body: bytes) -> None:
    """Refuse what is not JSON and every object with a key twice: which one counts would be anybody's guess."""
    try:
        json.loads(body.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise EnvelopeError("", "NOT_JSON") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise EnvelopeError("", "DUPLICATE")
    return members


def _members(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError):
        raise EnvelopeError("", "NOT_A_JSON_OBJECT") from None


def _from_object(members: dict[str, msgspec.Raw], *, legacy: bool) -> CloudEvent:
    attributes: dict[str, Any] = {}
    for name, raw in members.items():
        if name in _DATA:
            continue
        if not _NAME.match(name):
            raise EnvelopeError("", "BAD_ATTRIBUTE_NAME")
        value = msgspec.json.decode(raw)
        if value is None:  # JSON format 2.2: null stands for an attribute that is not there
            continue
        if isinstance(value, float | list | dict):
            raise EnvelopeError(name, "NOT_A_SIMPLE_VALUE")
        attributes[name] = value
    data = _data(members, attributes)
    return _build(attributes, data, legacy=legacy)


def _data(members: Mapping[str, msgspec.Raw], attributes: dict[str, Any]) -> bytes | None:
    value, encoded = (_present(members, name) for name in ("data", "data_base64"))
    if value is not None and encoded is not None:
        raise EnvelopeError("data_base64", "DATA_TWICE")
    if encoded is not None:
        return _from_base64("data_base64", encoded)
    if value is None:
        return None
    if attributes.get("specversion") == LEGACY_VERSION and attributes.get("datacontentencoding") == "base64":
        del attributes["datacontentencoding"]  # true of the JSON text, not of the bytes it stood for
        return _from_base64("data", value)
    if _is_json(attributes.get("datacontenttype")):
        return value
    try:
        return msgspec.json.decode(value, type=str).encode()
    except msgspec.MsgspecError:
        raise EnvelopeError("data", "NOT_A_STRING") from None


def _present(members: Mapping[str, msgspec.Raw], name: str) -> bytes | None:
    raw = members.get(name)
    if raw is None or bytes(raw) == b"null":
        return None
    return bytes(raw)


def _from_base64(name: str, raw: bytes) -> bytes:
    try:
        return base64.b64decode(msgspec.json.decode(raw, type=str).encode("ascii"), validate=True)
    except (msgspec.MsgspecError, binascii.Error, UnicodeEncodeError):
        raise EnvelopeError(name, "NOT_BASE64") from None


def _is_json(datacontenttype: object) -> bool:
    """No content type means JSON in the JSON format (section 3.1)."""
    if datacontenttype is None:
        return True
    media_type = _media_type(datacontenttype if isinstance(datacontenttype, str) else "")
    return media_type.endswith(("/json", "+json"))


def _build(attributes: dict[str, Any], data: bytes | None, *, legacy: bool) -> CloudEvent:
    for name in ("specversion", *_REQUIRED):
        if name not in attributes:
            raise EnvelopeError(name, "MISSING")
    accepted = {VERSION, LEGACY_VERSION} if legacy else {VERSION}
    if attributes["specversion"] not in accepted:
        raise EnvelopeError("specversion", "UNKNOWN_VERSION")
    core = {name: attributes.pop(name) for name in _CORE & attributes.keys()}
    return CloudEvent(**core, data=data, extensions=attributes)


# --- out ---------------------------------------------------------------------------------------------------------


def encode_binary(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """Attributes as `ce-` headers, the data as the body, byte for byte."""
    headers = {f"ce-{name}": _escape(value) for name, value in event.attributes().items() if name != "datacontenttype"}
    if event.datacontenttype is not None:
        headers["content-type"] = event.datacontenttype
    return headers, event.data or b""


def _escape(value: Attribute) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not _MUST_ENCODE.search(value):
        return value
    return _MUST_ENCODE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode()), value)


def encode_structured(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    return {"content-type": STRUCTURED}, msgspec.json.encode(_as_object(event))


def encode_batch(events: Sequence[CloudEvent]) -> tuple[dict[str, str], bytes]:
    return {"content-type": BATCHED}, msgspec.json.encode([_as_object(event) for event in events])


def _as_object(event: CloudEvent) -> dict[str, object]:
    members: dict[str, object] = dict(event.attributes())
    if event.data is None:
        return members
    if _is_json(event.datacontenttype) and _valid_json(event.data):
        members["data"] = msgspec.Raw(event.data)
    elif event.specversion == LEGACY_VERSION:
        members["datacontentencoding"] = "base64"
        members["data"] = base64.b64encode(event.data).decode()
    else:
        members["data_base64"] = base64.b64encode(event.data).decode()
    return members


def _valid_json(data: bytes) -> bool:
    """Only what we would read back ourselves is embedded; the rest travels as base64, byte for byte."""
    try:
        _load(data)
        return bytes(msgspec.json.decode(data, type=msgspec.Raw)).strip() not in {b"", b"null"}
    except (EnvelopeError, msgspec.MsgspecError, RecursionError):
        return False
