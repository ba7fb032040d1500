"""Integrators' events at the way in: looked through before anything stores them (policy sink `event`).

Block: the event is refused, with where in it something stands and of which kind, never with the value. Redact: values
of its data are replaced, and only what is no value (a key, an attribute, text that is no JSON) is still refused. Nobody
to look, or too much to look at, is a no. Events of our own rooms do not come here: they are typed and carry ids only.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from events.envelope import CloudEvent
from voiceassist.core.errors import FieldError, PayloadTooLargeError
from voiceassist.runtime.egress.decisions import PhiBlockedError
from voiceassist.runtime.egress.events import Field, fields, parsed
from voiceassist.runtime.egress.gate import Gate, replaced
from voiceassist.runtime.egress.scanning import Found

MOST_CHARACTERS = 524_288
MOST_FIELDS = 20_000
MOST_TOLD = 20  # places in one refusal


class EventPhiError(PhiBlockedError):
    """`errors`: JSON pointers into the event (RFC 6901) with the kind of identifier that stands there."""

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        super().__init__("BLOCKED", "event")
        self.detail = "The event holds identifiers of a person and is not stored."
        self.errors = tuple(FieldError(pointer, label) for pointer, label in dict.fromkeys(places))[:MOST_TOLD]


async def screened(gate: Gate, events: Sequence[CloudEvent], *, batch: bool = False) -> tuple[CloudEvent, ...]:
    """The events as they may be stored, all or none; EventPhiError, DetectorUnavailableError, PayloadTooLargeError."""
    return tuple([await _screened(gate, event, f"/{index}" if batch else "") for index, event in enumerate(events)])


async def _screened(gate: Gate, event: CloudEvent, prefix: str) -> CloudEvent:
    data = parsed(event)
    every = list(fields(event, data, beside=_written(event)))
    if not every:
        return event
    if len(every) > MOST_FIELDS or sum(len(one.value) for one in every) > MOST_CHARACTERS:
        raise PayloadTooLargeError("The event holds more text than is looked through.")
    text, spans = _joined(every)
    action, found = await gate.inspect("event", text)
    if not found:
        return event
    if action == "block":
        raise EventPhiError([(prefix + one.pointer, label) for one, label in _places(spans, found)])
    return _redacted(event, data, spans, found, prefix)


def _written(event: CloudEvent) -> dict[str, Any]:
    """Attributes that the publisher chose; whose it is was written by the ingress, and types are names."""
    rest = {name: value for name, value in event.extensions.items() if name not in {"tenantid", "ownerid"}}
    return {"id": event.id, "source": event.source, "subject": event.subject, "type": event.type, **rest}


Spans = list[tuple[int, int, int, Field]]  # where a line begins, where its value does, where that ends


def _joined(every: Sequence[Field]) -> tuple[str, Spans]:
    """A line `name: value` for each: a name says what its value is."""
    lines: list[str] = []
    spans: Spans = []
    at = 0
    for one in every:
        start = at + len(one.name) + 2
        spans.append((at, start, start + len(one.value), one))
        lines.append(f"{one.name}: {one.value}\n")
        at += len(lines[-1])
    return "".join(lines), spans


def _places(spans: Spans, found: Sequence[Found]) -> Iterator[tuple[Field, str]]:
    for first, _, last, field in spans:
        yield from ((field, label) for one in found if one.start < last and one.end > first for label in one.labels)


def _redacted(event: CloudEvent, data: Any, spans: Spans, found: Sequence[Found], prefix: str) -> CloudEvent:
    told = copy.deepcopy(data)
    refused: list[tuple[str, str]] = []
    for first, start, last, field in spans:
        here = [one for one in found if one.start < last and one.end > first]
        if not here:
            continue
        if field.path[0] != "data" or len(field.path) == 1 or any(one.start < start for one in here):
            refused += [(prefix + field.pointer, label) for one in here for label in one.labels]
            continue
        within = [Found(one.start - start, min(one.end, last) - start, one.labels) for one in here]
        _put(told, field.path[1:], replaced(field.value, within, lambda one, _: f"[{one.label}]"))
    if refused:
        raise EventPhiError(refused)
    return msgspec.structs.replace(event, data=msgspec.json.encode(told))


def _put(data: Any, path: Sequence[str | int], value: str) -> None:
    *above, last = path
    for step in above:
        data = data[step]
    data[last] = value
