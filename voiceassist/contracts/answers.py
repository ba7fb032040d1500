"""Passages, citations and answers: what retrieval gives and what voice, page and CLI show."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Visibility = Literal["public", "shared", "private"]
AnswerStatus = Literal["supported", "partial", "abstained"]
Intent = Literal[
    "diagnosis", "treatment", "drug_info", "guideline", "case_consultation", "calculation", "action", "general"
]

FilterValue = Annotated[str, Field(min_length=1, max_length=80)]

NOTICE = "Clinical judgment required."
# The code of a 503 after the first start, until the library can be searched.
LIBRARY_STARTING = "LIBRARY_STARTING"


class Contract(BaseModel):
    """Closed and frozen: a field nobody declared is a fault, not an extension."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Passage(Contract):
    chunk_id: str
    document_id: str
    title: str
    heading: str = ""
    page: int | None = None
    text: str
    score: float
    source: str
    year: int | None = None
    version: str | None = None
    starter: bool = False
    visibility: Visibility = "public"


class Found(Contract):
    """What a search found, best first; `complete` is False when a source could not be searched."""

    items: tuple[Passage, ...]
    complete: bool = True


class Citation(Contract):
    """One numbered source of an answer; `snippet` is verbatim text of the passage.

    `evidence` is the class of recommendation and level of evidence where the quoted text states them.
    """

    n: int = Field(ge=1)
    document_id: str
    chunk_id: str
    title: str
    section: str | None = None
    page: int | None = None
    source: str
    year: int | None = None
    version: str | None = None
    snippet: str = Field(max_length=500)
    starter: bool = False
    superseded: bool = False
    evidence: str | None = None


class Hop(Contract):
    """A further step of a search: what was asked in it, and how many passages only it found."""

    queries: tuple[str, ...]
    added: int = Field(ge=0)


class Answer(Contract):
    """`text` carries markers such as [1]; `spoken` is the same without them, for the voice.

    `model` names the language model that worded it; None: the sentences are quoted.
    `hops` are the further steps of a question that one search cannot answer.
    """

    status: AnswerStatus
    text: str
    spoken: str
    citations: tuple[Citation, ...] = ()
    notice: str = NOTICE
    model: str | None = None
    hops: tuple[Hop, ...] = ()


class Spoken(Contract):
    """What a function answers that is asked by voice. `text` is said and shown; it may mark `citations` by [1].

    `asks` names what `text` asks for. The function keeps nothing: it is asked again with the question and the reply.
    """

    text: str = Field(min_length=1, max_length=2000)
    citations: tuple[Citation, ...] = ()
    notice: str = ""
    asks: str = Field(default="", max_length=40)


class Question(Contract):
    """`intent`: what the asker wants, where that is known; it decides which sources and sections come first.

    `prefer`: kinds of source that come before those of the intent, in this order; nothing is left out for it.
    """

    question: str = Field(min_length=1, max_length=2000)
    intent: Intent | None = None
    prefer: tuple[FilterValue, ...] = Field(default=(), max_length=3)


class SearchRequest(Contract):
    """Empty filters limit nothing. `source` are kinds of source (guideline, note); `owner` me: my documents alone."""

    query: str = Field(min_length=1, max_length=2000)
    limit: int = Field(default=8, ge=1, le=50)
    specialty: tuple[FilterValue, ...] = Field(default=(), max_length=20)
    source: tuple[FilterValue, ...] = Field(default=(), max_length=20)
    year_from: int | None = Field(default=None, ge=1800, le=2200)
    year_to: int | None = Field(default=None, ge=1800, le=2200)
    owner: Literal["anyone", "me"] = "anyone"

    @model_validator(mode="after")
    def _years_in_order(self) -> Self:
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise ValueError("year_from lies after year_to.")
        return self
