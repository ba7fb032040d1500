"""What the doors of notes hear and say; `Content` is also what is sealed."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from voiceassist.contracts.answers import Citation, Contract

Format = Literal["ap", "soap"]
State = Literal["draft", "signed"]
SectionName = Literal["subjective", "objective", "assessment", "plan"]
FileFormat = Literal["json", "pdf", "fhir"]

WATERMARK = "AI-assisted draft"
MOST_SENTENCES = 100  # of a section
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]


class Origin(Contract):
    """Where a sentence comes from: a fact of the case or a turn of the conversation, by its id; or the author."""

    kind: Literal["fact", "answer", "calculator", "author"]
    id: str = ""
    at: datetime | None = None


class Sentence(Contract):
    """`citations` are numbers of the note's `sources`; `edited`: the words are not those of its origin any more."""

    id: str
    text: str
    origin: Origin
    citations: tuple[int, ...] = ()
    edited: bool = False


class Section(Contract):
    name: SectionName
    sentences: tuple[Sentence, ...]


class Content(Contract):
    title: str
    format: Format
    sections: tuple[Section, ...]
    sources: tuple[Citation, ...] = ()
    signed_by: str | None = None


class NewNote(Contract):
    """Drafted from a conversation, a case, or both; a conversation about a case brings that along."""

    format: Format = "ap"
    conversation_id: UUID | None = None
    case_id: UUID | None = None


class EditedSentence(Contract):
    """With the `id` of a sentence of the note, or without one for a new sentence."""

    id: Annotated[str, Field(max_length=64)] | None = None
    text: Words


class EditedSection(Contract):
    name: SectionName
    sentences: tuple[EditedSentence, ...] = Field(max_length=MOST_SENTENCES)


class Edited(Contract):
    """The whole note as it shall be; `revision` is that of the note which was edited."""

    revision: int
    sections: tuple[EditedSection, ...] = Field(max_length=4)


class Signature(Contract):
    """Whoever signs has read this revision."""

    revision: int


class Summary(Contract):
    """A note in a list; a draft is deleted at `expires_at`, a signed note is kept until then."""

    id: UUID
    title: str
    format: Format
    state: State
    case_id: UUID | None
    conversation_id: UUID | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    signed_at: datetime | None


class Notes(Contract):
    items: tuple[Summary, ...]
    next_cursor: str | None = None


class Note(Summary):
    """`watermark` stands on every page until the note is signed."""

    revision: int
    sections: tuple[Section, ...]
    sources: tuple[Citation, ...]
    watermark: str | None
    signed_by: str | None
