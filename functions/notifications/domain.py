"""What is worth telling somebody; the words are the page's, in the reader's language."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from events.catalog import DocumentFailed, DocumentIndexed, DocumentQuarantined, EmergencyOpened, FactorChanged

INDEXED = "document.indexed"
FAILED = "document.failed"
QUARANTINED = "document.quarantined"
EMERGENCY = "emergency.opened"
FACTOR_CHANGED = "factor.changed"

# Counted from the moment it was read; unread ones, from when they were made.
KEEP_READ = timedelta(days=30)
KEEP_UNREAD = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class News:
    """A notification before it is stored; `data` holds codes and counts, never text of a document."""

    tenant_id: UUID
    owner_id: UUID
    kind: str
    document_id: UUID | None
    data: dict[str, int | str] = field(default_factory=dict)


def of_indexed(payload: DocumentIndexed) -> News:
    data: dict[str, int | str] = {"chunks": payload.chunks, "pages": payload.pages}
    return News(payload.tenant_id, payload.owner_id, INDEXED, payload.document_id, data)


def of_failed(payload: DocumentFailed) -> News:
    return News(payload.tenant_id, payload.owner_id, FAILED, payload.document_id, {"code": payload.code})


def of_quarantined(payload: DocumentQuarantined) -> News:
    data: dict[str, int | str] = {"findings": payload.findings}
    return News(payload.tenant_id, payload.owner_id, QUARANTINED, payload.document_id, data)


def of_emergency(payload: EmergencyOpened, to: UUID) -> News:
    """For the owner, and for an administrator who sees over it."""
    own = "yes" if to == payload.owner_id else "no"
    data: dict[str, int | str] = {"grant": str(payload.grant_id), "opened_by": str(payload.opened_by), "yours": own}
    return News(payload.tenant_id, to, EMERGENCY, None, data)


def of_factor(payload: FactorChanged) -> News:
    """Whoever did it: a factor that somebody else added or took away is noticed by its owner first."""
    data: dict[str, int | str] = {"change": payload.change}
    if payload.left >= 0:
        data["left"] = payload.left
    if payload.changed_by != payload.user_id:
        data["by"] = "administrator"
    return News(payload.tenant_id, payload.user_id, FACTOR_CHANGED, None, data)
