"""What happens to an uploaded document."""

from typing import Literal
from uuid import UUID

from events.catalog.payload import DOCUMENT, OTHER, OWNER, TENANT, Code, Count, EventType, Payload, Sha256

DocumentFormat = Literal["pdf", "docx", "html", "txt", "md"]


class DocumentUploaded(Payload, frozen=True, kw_only=True):
    """A file is stored and waits to be indexed."""

    TYPE = "org.voiceassist.document.uploaded.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    content_hash: Sha256
    size_bytes: Count
    format: DocumentFormat
    version: Count = 1


class DocumentIndexed(Payload, frozen=True, kw_only=True):
    """A document can be found and cited."""

    TYPE = "org.voiceassist.document.indexed.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    chunks: Count
    pages: Count


class DocumentSuperseded(Payload, frozen=True, kw_only=True):
    """A newer version took the place of a document: it is found no more, and citations of it are old."""

    TYPE = "org.voiceassist.document.superseded.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    superseded_by: UUID
    version: Count


class DocumentFailed(Payload, frozen=True, kw_only=True):
    """A document could not be indexed and will not be tried again."""

    TYPE = "org.voiceassist.document.failed.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    code: Code


class DocumentQuarantined(Payload, frozen=True, kw_only=True):
    """A document holds more identifiers than policy lets into an index: it is kept sealed until somebody decides.

    `findings` is their number.
    """

    TYPE = "org.voiceassist.document.quarantined.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    findings: Count


class DocumentCleared(Payload, frozen=True, kw_only=True):
    """A reviewer let a document out of quarantine; it will be indexed now."""

    TYPE = "org.voiceassist.document.cleared.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    reviewer_id: UUID


class DocumentDeleted(Payload, frozen=True, kw_only=True):
    """A document is gone; whoever holds parts of it removes them."""

    TYPE = "org.voiceassist.document.deleted.v1"
    document_id: UUID
    tenant_id: UUID
    owner_id: UUID


EVENTS = (
    EventType(
        payload=DocumentUploaded,
        says=("documents",),
        heard_by=("ingestion",),
        example=DocumentUploaded(
            document_id=DOCUMENT,
            tenant_id=TENANT,
            owner_id=OWNER,
            content_hash="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            size_bytes=48213,
            format="pdf",
        ),
        external=True,  # an integrator about a document of the owner behind its key, to have it indexed again
    ),
    EventType(
        payload=DocumentIndexed,
        says=("ingestion",),
        heard_by=("notifications",),
        example=DocumentIndexed(document_id=DOCUMENT, tenant_id=TENANT, owner_id=OWNER, chunks=57, pages=20),
    ),
    EventType(
        payload=DocumentSuperseded,
        says=("ingestion",),
        heard_by=(),
        example=DocumentSuperseded(
            document_id=DOCUMENT, tenant_id=TENANT, owner_id=OWNER, superseded_by=OTHER, version=1
        ),
    ),
    EventType(
        payload=DocumentFailed,
        says=("ingestion",),
        heard_by=("notifications",),
        example=DocumentFailed(document_id=DOCUMENT, tenant_id=TENANT, owner_id=OWNER, code="NO_TEXT_FOUND"),
    ),
    EventType(
        payload=DocumentQuarantined,
        says=("ingestion",),
        heard_by=("notifications",),
        example=DocumentQuarantined(document_id=DOCUMENT, tenant_id=TENANT, owner_id=OWNER, findings=7),
    ),
    EventType(
        payload=DocumentCleared,
        says=("documents",),
        heard_by=(),
        example=DocumentCleared(document_id=DOCUMENT, tenant_id=TENANT, owner_id=OWNER, reviewer_id=OTHER),
    ),
    EventType(
        payload=DocumentDeleted,
        says=("documents",),
        heard_by=("ingestion",),
        example=DocumentDeleted(document_id=DOCUMENT, tenant_id=TENANT, owner_id=OWNER),
    ),
)
