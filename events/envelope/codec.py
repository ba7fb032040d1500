"""Which mode a request is in, and what it then holds."""

from events.envelope import binary, headers, structured
from events.envelope.errors import BatchNotAcceptedError, EnvelopeError
from events.envelope.event import CloudEvent
from events.envelope.headers import BATCHED, CONTENT_TYPE, STRUCTURED, Headers, media_type


def is_batch(sent: Headers) -> bool:
    return media_type(headers.read(sent).get(CONTENT_TYPE)) == BATCHED


def decode(sent: Headers, body: bytes, *, legacy: bool = False) -> CloudEvent:
    """Read one event. `legacy` admits specversion 0.3, which is never upgraded."""
    fields = headers.read(sent)
    kind = media_type(fields.get(CONTENT_TYPE))
    if kind == BATCHED:
        raise BatchNotAcceptedError
    if kind == STRUCTURED:
        return structured.from_body(body, legacy=legacy)
    return binary.from_headers(fields, body, legacy=legacy)


def decode_batch(sent: Headers, body: bytes, *, legacy: bool = False) -> tuple[CloudEvent, ...]:
    """Read a batch; one bad event refuses it whole, the pointer begins with its index."""
    if not is_batch(sent):
        raise EnvelopeError("", "NOT_A_BATCH")
    return structured.batch_from_body(body, legacy=legacy)
