"""Every event type of the house: its payload, who says it, who hears it, one example.

Payloads carry ids, hashes and counts, never clinical text or names. Within `.v1` a payload may only grow, by
fields with a default: doors ignore fields they do not know, so that an older room survives a newer neighbour,
while `check` (used by whoever publishes, and by the broker) refuses them, because a field nobody declared is
where patient data would slip in.
The JSON schemas under events/schemas/ are rendered from here: `python -m events.schemas`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from voiceassist.core.errors import FieldError, ValidationError

Count = Annotated[int, Meta(ge=0)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="lower-case hex SHA-256 of the content")]
Code = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]{1,63}$", description="a code of the house, not a sentence")]
Slug = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
Version = Annotated[str, Meta(pattern="^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$")]
DocumentFormat = Literal["pdf", "docx", "html", "txt", "md"]


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one event type, named by `TYPE`."""

    TYPE: ClassVar[str]


class DocumentUploaded(Payload, frozen=True, kw_only=True):
    """A file is stored and waits to be indexed."""

    TYPE = "org.voiceassist.document.uploaded.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    content_hash: Sha256
    size_bytes: Count
    format: DocumentFormat


class DocumentIndexed(Payload, frozen=True, kw_only=True):
    """A document can be found and cited."""

    TYPE = "org.voiceassist.document.indexed.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    chunks: Count
    pages: Count


class DocumentFailed(Payload, frozen=True, kw_only=True):
    """A document could not be indexed and will not be tried again."""

    TYPE = "org.voiceassist.document.failed.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    code: Code


class DocumentDeleted(Payload, frozen=True, kw_only=True):
    """A document is gone; whoever holds parts of it removes them."""

    TYPE = "org.voiceassist.document.deleted.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID


class CalculatorComputed(Payload, frozen=True, kw_only=True):
    """A calculator gave a result; the inputs are counted, not told."""

    TYPE = "org.voiceassist.calculator.computed.v1"
    calculation_id: UUID
    tenant_id: UUID
    user_id: UUID | None = None
    calculator_id: Slug
    version: Version
    inputs: Count
    assumed: Count = 0


class AnswerGiven(Payload, frozen=True, kw_only=True):
    """A question was answered with sources."""

    TYPE = "org.voiceassist.answer.given.v1"
    answer_id: UUID
    tenant_id: UUID
    user_id: UUID | None = None
    status: Literal["supported", "partial"]
    citations: Count
    passages: Count
    duration_ms: Count


class AnswerAbstained(Payload, frozen=True, kw_only=True):
    """A question found no sufficient evidence, and the house said so."""

    TYPE = "org.voiceassist.answer.abstained.v1"
    answer_id: UUID
    tenant_id: UUID
    user_id: UUID | None = None
    reason: Code
    passages: Count
    duration_ms: Count


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the catalogue. `external`: said by somebody outside the house, so no room says it."""

    payload: type[Payload]
    says: tuple[str, ...]
    heard_by: tuple[str, ...]
    example: Payload
    external: bool = False

    @property
    def type(self) -> str:
        return self.payload.TYPE


class PayloadError(ValidationError):
    """The data breaks the schema of its type; `errors` points to the field, without its value."""

    code = "INVALID_PAYLOAD"

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__("The data does not match the schema of its event type", errors=(FieldError(pointer, reason),))

    def at(self, index: int) -> "PayloadError":
        """The same fault in the event number `index` of a batch."""
        (field,) = self.errors
        return PayloadError(f"/{index}{field.pointer}", field.code)


_DOCUMENT = UUID("0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69")
_OTHER = UUID("0199a3c2-8e2f-7b51-8c7f-4e2d3b5c6a78")
_TENANT = UUID("01900000-0000-7000-8000-000000000001")
_OWNER = UUID("01900000-0000-7000-8000-0000000000a1")

_TABLE = (
    EventType(
        payload=DocumentUploaded,
        says=("documents",),
        heard_by=("ingestion",),
        example=DocumentUploaded(
            document_id=_DOCUMENT,
            tenant_id=_TENANT,
            owner_id=_OWNER,
            content_hash="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            size_bytes=48213,
            format="pdf",
        ),
    ),
    EventType(
        payload=DocumentIndexed,
        says=("ingestion",),
        heard_by=("notifications",),
        example=DocumentIndexed(document_id=_DOCUMENT, tenant_id=_TENANT, owner_id=_OWNER, chunks=57, pages=20),
    ),
    EventType(
        payload=DocumentFailed,
        says=("ingestion",),
        heard_by=("notifications",),
        example=DocumentFailed(document_id=_DOCUMENT, tenant_id=_TENANT, owner_id=_OWNER, code="NO_TEXT_FOUND"),
    ),
    EventType(
        payload=DocumentDeleted,
        says=("documents",),
        heard_by=("ingestion",),
        example=DocumentDeleted(document_id=_DOCUMENT, tenant_id=_TENANT, owner_id=_OWNER),
    ),
    EventType(
        payload=CalculatorComputed,
        says=("calculators",),
        heard_by=(),
        example=CalculatorComputed(
            calculation_id=_OTHER,
            tenant_id=_TENANT,
            user_id=_OWNER,
            calculator_id="cha2ds2-vasc",
            version="1.0.0",
            inputs=7,
        ),
    ),
    EventType(
        payload=AnswerGiven,
        says=("retrieval",),
        heard_by=(),
        example=AnswerGiven(
            answer_id=_OTHER,
            tenant_id=_TENANT,
            user_id=_OWNER,
            status="supported",
            citations=2,
            passages=8,
            duration_ms=412,
        ),
    ),
    EventType(
        payload=AnswerAbstained,
        says=("retrieval",),
        heard_by=(),
        example=AnswerAbstained(
            answer_id=_OTHER,
            tenant_id=_TENANT,
            user_id=_OWNER,
            reason="NO_EVIDENCE",
            passages=0,
            duration_ms=95,
        ),
    ),
)

EVENT_TYPES: Mapping[str, EventType] = MappingProxyType({entry.type: entry for entry in _TABLE})

P = TypeVar("P", bound=Payload)


def read(payload: type[P], data: bytes | None) -> P:
    """The data of a heard event; fields we do not know are ignored (see above)."""
    try:
        return msgspec.json.decode(data or b"", type=payload)
    except msgspec.ValidationError as error:
        raise PayloadError(_pointer(error), "INVALID") from None
    except (msgspec.DecodeError, RecursionError):
        raise PayloadError("", "NOT_JSON") from None


def check(event_type: str, data: bytes | None) -> None:
    """Refuse data that breaks the schema of its type; types that are not in the catalogue pass."""
    entry = EVENT_TYPES.get(event_type)
    if entry is None:
        return
    read(entry.payload, data)
    known = set(entry.payload.__struct_fields__)
    if not msgspec.json.decode(data or b"", type=dict[str, msgspec.Raw]).keys() <= known:
        raise PayloadError("", "UNKNOWN_FIELD")


def _pointer(error: msgspec.ValidationError) -> str:
    """msgspec ends its message with "- at `$.field`"; only the declared field name is taken from it."""
    _, found, path = str(error).rpartition("`$.")
    field = path.rstrip("`")
    return f"/{field}" if found and field.isidentifier() else ""


def schema(event_type: str) -> dict[str, Any]:
    """JSON schema (2020-12) of one type's data: closed, as `check` enforces it."""
    entry = EVENT_TYPES[event_type]
    (_,), components = msgspec.json.schema_components((entry.payload,), ref_template="#/$defs/{name}")
    body = components[entry.payload.__name__]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:voiceassist:schema:{event_type}",
        **body,
        "title": event_type,
        "additionalProperties": False,
        "examples": [msgspec.to_builtins(entry.example)],
    }
