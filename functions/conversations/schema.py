"""What the doors of conversations hear and say."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from voiceassist.contracts.answers import Citation, Contract
from voiceassist.contracts.calculations import CalculatorResult
from voiceassist.runtime.memory import Role

Format = Literal["json", "pdf", "fhir"]


class Clarification(Contract):
    question: str
    options: tuple[str, ...] = ()
    slot: str = ""


class Item(Contract):
    """A turn. `text`: the words that were said or written, and of an answer those that were heard.

    `seq` is the number of its last change in its conversation; `interrupted`: the rest of the answer was not heard.
    """

    id: str
    seq: int
    role: Role
    text: str
    interrupted: bool = False
    citations: tuple[Citation, ...] = ()
    notice: str = ""
    answer: str | None = None  # supported, partial or abstained, where the answer rests on sources
    result: CalculatorResult | None = None
    clarification: Clarification | None = None


class Summary(Contract):
    """A conversation in a list; `title` is how its first question begins.

    `summary`: results and cited sentences out of it, word by word; empty where there are none, or none is made yet.
    """

    id: UUID
    title: str
    summary: str = ""
    items: int
    started_at: datetime
    updated_at: datetime
    expires_at: datetime


class Conversations(Contract):
    """`keep_days`: how long after its last turn a conversation is deleted; 0: none is kept here."""

    items: tuple[Summary, ...]
    next_cursor: str | None = None
    keep_days: int


class Conversation(Summary):
    turns: tuple[Item, ...]


class Search(Contract):
    """Every word must occur in a turn; small and capital letters and accents are the same."""

    query: str = Field(min_length=1, max_length=200)
    limit: int = Field(default=20, ge=1, le=50)


class Hit(Summary):
    """`snippet`: the words around the first one that was found."""

    item_id: str
    snippet: str


class Hits(Contract):
    """`complete` is False where older conversations were not looked through any more."""

    items: tuple[Hit, ...]
    complete: bool
