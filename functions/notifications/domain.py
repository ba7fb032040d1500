"""What is worth telling somebody; the words are the page's, in the reader's language."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from events.catalog import DocumentFailed, DocumentIndexed

INDEXED = "document.indexed"
FAILED = "document.failed"

# Counted from the moment it was read; unread ones, from when they were made.
KEEP_READ = timedelta(days=30)
KEEP_UNREAD = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class News:
    """A notification before it is stored; `data` holds codes and counts, never text of a document."""

    tenant_id: UUID
    owner_id: UUID
    kind: str
    document_id: UUID
    data: dict[str, int | str] = field(default_factory=dict)


def of_indexed(payload: DocumentIndexed) -> News:
    data: dict[str, int | str] = {"chunks": payload.chunks, "pages": payload.pages}
    return News(payload.tenant_id, payload.owner_id, INDEXED, payload.document_id, data)


def of_failed(payload: DocumentFailed) -> News:
    return News(payload.tenant_id, payload.owner_id, FAILED, payload.document_id, {"code": payload.code})
