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

from events.envelope.binary import encode_binary
from events.envelope.codec import decode, decode_batch, is_batch
from events.envelope.errors import BatchNotAcceptedError, EnvelopeError
from events.envelope.event import LEGACY_VERSION, VERSION, CloudEvent, json_event
from events.envelope.headers import BATCHED, STRUCTURED, Headers
from events.envelope.rules import Attribute
from events.envelope.structured import encode_batch, encode_structured

__all__ = [
    "BATCHED",
    "LEGACY_VERSION",
    "STRUCTURED",
    "VERSION",
    "Attribute",
    "BatchNotAcceptedError",
    "CloudEvent",
    "EnvelopeError",
    "Headers",
    "decode",
    "decode_batch",
    "encode_batch",
    "encode_binary",
    "encode_structured",
    "is_batch",
    "json_event",
]
