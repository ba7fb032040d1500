"""The event itself: attributes known to be valid, and data that stays bytes."""

from collections.abc import Mapping
from typing import Any

import msgspec

from events.envelope import rules
from events.envelope.errors import EnvelopeError
from events.envelope.rules import Attribute

VERSION = "1.0"
# 0.3 may enter at the broker, which passes it on as it came; doors speak 1.0 only.
LEGACY_VERSION = "0.3"
_VERSIONS = frozenset({VERSION, LEGACY_VERSION})


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
        if self.specversion not in _VERSIONS:
            raise EnvelopeError("specversion", "UNKNOWN_VERSION")
        rules.check_text("id", self.id)
        rules.check_source(self.source)
        rules.check_text("type", self.type)
        if self.subject is not None:
            rules.check_text("subject", self.subject)
        if self.datacontenttype is not None:
            rules.check_content_type(self.datacontenttype)
        if self.dataschema is not None:
            rules.check_schema(self.dataschema)
        if self.time is not None:
            rules.check_time(self.time)
        for name, value in self.extensions.items():
            rules.check_extension(name, value)

    def attributes(self) -> dict[str, Attribute]:
        """Every attribute that is present, extensions included; what filters look at."""
        present: dict[str, Attribute] = {
            "specversion": self.specversion,
            "id": self.id,
            "source": self.source,
            "type": self.type,
        }
        if self.subject is not None:
            present["subject"] = self.subject
        if self.time is not None:
            present["time"] = self.time
        if self.datacontenttype is not None:
            present["datacontenttype"] = self.datacontenttype
        if self.dataschema is not None:
            present["dataschema"] = self.dataschema
        present.update(self.extensions)
        return present


def build(attributes: dict[str, Any], data: bytes | None, *, legacy: bool) -> CloudEvent:
    """The event that these attributes make; what is left of them when the known ones are taken are extensions."""
    for name in ("specversion", *rules.REQUIRED):
        if name not in attributes:
            raise EnvelopeError(name, "MISSING")
    take = attributes.pop
    version = take("specversion")
    if version not in (_VERSIONS if legacy else {VERSION}):
        raise EnvelopeError("specversion", "UNKNOWN_VERSION")
    return CloudEvent(
        id=take("id"),
        source=take("source"),
        type=take("type"),
        specversion=version,
        subject=take("subject", None),
        time=take("time", None),
        datacontenttype=take("datacontenttype", None),
        dataschema=take("dataschema", None),
        data=data,
        extensions=attributes,
    )


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
