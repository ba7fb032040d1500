"""Structured mode and batches: the event as one JSON object (JSON format v1.0.2)."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from events.envelope.errors import EnvelopeError
from events.envelope.event import LEGACY_VERSION, CloudEvent, build
from events.envelope.headers import BATCHED, STRUCTURED, media_type
from events.envelope.rules import DATA, is_name


class _Text(msgspec.Struct):
    """The JSON text of an event's data as it stands in the body."""

    data: msgspec.Raw = msgspec.Raw(b"")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise EnvelopeError("", "DUPLICATE")
    return members


# Which member of two with one name counts would be anybody's guess, so both are refused, at any depth.
_parse = json.JSONDecoder(object_pairs_hook=_unique).decode
# It is also the stricter reader: no NaN, no lone surrogates.
_text_of = msgspec.json.Decoder(_Text).decode
_texts_of = msgspec.json.Decoder(list[_Text]).decode
_one_value = msgspec.json.Decoder(msgspec.Raw).decode


def from_body(body: bytes, *, legacy: bool) -> CloudEvent:
    members = _load(body)
    try:
        text = _text_of(body).data
    except (msgspec.MsgspecError, RecursionError):
        raise EnvelopeError("", "NOT_A_JSON_OBJECT") from None
    return _from_object(members, bytes(text), legacy=legacy)


def batch_from_body(body: bytes, *, legacy: bool) -> tuple[CloudEvent, ...]:
    entries = _load(body)
    if not isinstance(entries, list):
        raise EnvelopeError("", "NOT_A_JSON_ARRAY")
    index = next((index for index, entry in enumerate(entries) if not isinstance(entry, dict)), None)
    if index is not None:
        raise EnvelopeError("", "NOT_A_JSON_OBJECT", index=index)
    try:
        texts = _texts_of(body)
    except (msgspec.MsgspecError, RecursionError):
        raise EnvelopeError("", "NOT_JSON") from None
    events = []
    for index, (entry, text) in enumerate(zip(entries, texts, strict=True)):
        try:
            events.append(_from_object(entry, bytes(text.data), legacy=legacy))
        except EnvelopeError as error:
            raise EnvelopeError(error.attribute, error.reason, index=index) from None
    return tuple(events)


def _load(body: bytes) -> Any:
    try:
        return _parse(body.decode())
    except (ValueError, RecursionError):
        raise EnvelopeError("", "NOT_JSON") from None


def _from_object(members: dict[str, Any], text: bytes, *, legacy: bool) -> CloudEvent:
    attributes: dict[str, Any] = {}
    for name, value in members.items():
        if name in DATA:
            continue
        if not is_name(name):
            raise EnvelopeError("", "BAD_ATTRIBUTE_NAME")
        if value is None:  # JSON format 2.2: null stands for an attribute that is not there
            continue
        if isinstance(value, float | list | dict):
            raise EnvelopeError(name, "NOT_A_SIMPLE_VALUE")
        attributes[name] = value
    return build(attributes, _data(members, text, attributes), legacy=legacy)


def _data(members: dict[str, Any], text: bytes, attributes: dict[str, Any]) -> bytes | None:
    value, encoded = members.get("data"), members.get("data_base64")
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
        return text
    if not isinstance(value, str):
        raise EnvelopeError("data", "NOT_A_STRING")
    return value.encode()


def _from_base64(name: str, value: object) -> bytes:
    try:
        if isinstance(value, str):
            return base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        pass
    raise EnvelopeError(name, "NOT_BASE64")


def _is_json(datacontenttype: object) -> bool:
    """No content type means JSON in the JSON format (section 3.1)."""
    if datacontenttype is None:
        return True
    return media_type(datacontenttype if isinstance(datacontenttype, str) else "").endswith(("/json", "+json"))


def encode_structured(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    return {"content-type": STRUCTURED}, msgspec.json.encode(_as_object(event))


def encode_batch(events: Sequence[CloudEvent]) -> tuple[dict[str, str], bytes]:
    return {"content-type": BATCHED}, msgspec.json.encode([_as_object(event) for event in events])


def _as_object(event: CloudEvent) -> dict[str, object]:
    members: dict[str, object] = dict(event.attributes())
    if event.data is None:
        return members
    if _is_json(event.datacontenttype) and _can_be_embedded(event.data):
        members["data"] = msgspec.Raw(event.data)
    elif event.specversion == LEGACY_VERSION:
        members["datacontentencoding"] = "base64"
        members["data"] = base64.b64encode(event.data).decode()
    else:
        members["data_base64"] = base64.b64encode(event.data).decode()
    return members


def _can_be_embedded(data: bytes) -> bool:
    """Only JSON that we would read back ourselves, byte for byte; the rest travels as base64."""
    try:
        return _load(data) is not None and bytes(_one_value(data)) == data
    except (EnvelopeError, msgspec.MsgspecError, RecursionError):
        return False
