"""What the documents API says."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from voiceassist.contracts.answers import Contract


class Accepted(Contract):
    """An upload that will be indexed, or was before (`duplicate`)."""

    id: UUID
    job_id: UUID
    status: str
    version: int = 1
    duplicate: bool = False


class Document(Contract):
    """`doc_key` names the document over its versions; `superseded_by` is the version that took this one's place."""

    id: UUID
    doc_key: str
    title: str
    file_name: str
    format: str
    size_bytes: int
    pages: int | None
    source: str
    year: int | None
    visibility: str
    status: str
    version: int
    superseded_by: UUID | None
    own: bool
    created_at: datetime
    updated_at: datetime


class Documents(Contract):
    items: tuple[Document, ...]
    next_cursor: str | None = None


class Job(Contract):
    """`dead`: given up after `max_retries` and a minute at least, `error_code` says why. `phi_findings` counts
    identifiers by kind; null: not scanned. `notes` say what a reader should know, e.g. OCR."""

    id: UUID
    document_id: UUID
    state: Literal["pending", "running", "completed", "failed", "dead", "cancelled", "superseded", "quarantined"]
    step: str
    total_pages: int
    processed_pages: int
    total_chunks: int
    processed_chunks: int
    retry_count: int
    max_retries: int
    error_code: str | None
    phi_findings: dict[str, int] | None
    notes: tuple[str, ...]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None


class Jobs(Contract):
    items: tuple[Job, ...]
    next_cursor: str | None = None


class Change(Contract):
    """Sentences that one version has and the other has not, under one heading; `page` is where they stand."""

    kind: Literal["added", "removed"]
    heading: str
    page: int | None
    text: str


class Diff(Contract):
    """From version `old` to version `new`, in the order of the new text; `truncated` when there are more changes."""

    old: int
    new: int
    unchanged: int = Field(description="sentences that both versions have")
    changes: tuple[Change, ...]
    truncated: bool = False


class Cited(Contract):
    chunk_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)]


class CitationState(Contract):
    """`superseded`: a newer version took the place of the cited one. `deleted`: gone, or not for this caller."""

    chunk_id: UUID
    state: Literal["current", "superseded", "deleted"]
    document_id: UUID | None = None
    version: int | None = None
    superseded_by: UUID | None = None


class CitationStates(Contract):
    items: tuple[CitationState, ...]


class NewUpload(Contract):
    """A file that will come in parts. `sha256` is checked when the upload is completed."""

    file_name: Annotated[str, StringConstraints(max_length=1000)]
    size_bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    title: Annotated[str, StringConstraints(max_length=1000)] = ""
    visibility: Literal["private", "shared"] = "private"
    doc_key: Annotated[str, StringConstraints(max_length=120)] = ""
    source: Annotated[str, StringConstraints(max_length=1000)] = ""
    year: int | None = None


class Part(Contract):
    """`sha256` is that of the plaintext as it came."""

    number: int
    size_bytes: int
    sha256: str


class OpenUpload(Contract):
    """Parts 1 to `parts`, each of `part_bytes` and the last of what is left; `received` are those that are stored."""

    id: UUID
    file_name: str
    size_bytes: int
    part_bytes: int
    parts: int
    received: tuple[Part, ...]
    expires_at: datetime


class OpenUploads(Contract):
    items: tuple[OpenUpload, ...]


Reason = Literal["treatment", "authors_and_contacts", "false_alarm", "consent", "wrong_upload", "not_needed", "other"]


class Held(Contract):
    """A document in quarantine. Neither its title nor its file's name are told: they may name a patient."""

    review_id: UUID
    document_id: UUID
    owner_id: UUID
    format: str
    size_bytes: int
    version: int
    visibility: str
    findings: dict[str, int]
    held_at: datetime


class Quarantine(Contract):
    items: tuple[Held, ...]
    next_cursor: str | None = None


class Release(Contract):
    """`patient_data`: what was found is patients'; the document goes into its owner's own index and nowhere else."""

    judgement: Literal["patient_data", "no_patient_data"]
    reason: Reason


class Discard(Contract):
    reason: Reason


class Decision(Contract):
    """`visibility` is what the document was uploaded with; `judgement` is null where it was deleted."""

    review_id: UUID
    document_id: UUID
    owner_id: UUID
    visibility: str
    findings: dict[str, int]
    decision: Literal["released", "deleted"]
    judgement: Literal["patient_data", "no_patient_data"] | None
    reason: Reason
    reviewer_id: UUID
    decided_at: datetime


class Decisions(Contract):
    items: tuple[Decision, ...]
    next_cursor: str | None = None
