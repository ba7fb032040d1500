"""What the documents API says."""

from datetime import datetime
from uuid import UUID

from voiceassist.contracts.answers import Contract


class Accepted(Contract):
    """An upload that will be indexed, or was before (`duplicate`)."""

    id: UUID
    job_id: UUID
    status: str
    duplicate: bool = False


class Document(Contract):
    id: UUID
    title: str
    file_name: str
    format: str
    size_bytes: int
    pages: int | None
    visibility: str
    status: str
    version: int
    own: bool
    created_at: datetime
    updated_at: datetime


class Documents(Contract):
    items: tuple[Document, ...]
    next_cursor: str | None = None


class Job(Contract):
    id: UUID
    document_id: UUID
    state: str
    step: str
    total_chunks: int
    processed_chunks: int
    retry_count: int
    error_code: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None


class Jobs(Contract):
    items: tuple[Job, ...]
    next_cursor: str | None = None
