"""What the notifications API says."""

from datetime import datetime
from uuid import UUID

from voiceassist.contracts.answers import Contract


class Notification(Contract):
    """`document_title` is looked up when listed, so that it never travels in an event."""

    id: UUID
    kind: str
    document_id: UUID | None
    document_title: str | None
    data: dict[str, int | str]
    read_at: datetime | None
    created_at: datetime


class Notifications(Contract):
    items: tuple[Notification, ...]
    unread: int
    next_cursor: str | None = None
