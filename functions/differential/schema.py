"""What the door of differential takes and gives."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from functions.differential.domain.model import Onset, Sex, Urgency
from voiceassist.contracts.answers import NOTICE, Contract

LONGEST = 4_000
Slot = Literal["age", "sex", "onset"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]

UNREVIEWED = f"{NOTICE} No clinician has reviewed this table yet."


class DifferentialRequest(Contract):
    """Findings as they are said, by name, or both. What is given by field wins over what the text says.

    `just_answer`: without age, sex or onset too; what is missing is then not used, and the answer says so.
    `explain`: with an explanation of the first candidates.
    """

    text: str = Field(default="", max_length=LONGEST)
    present: tuple[Name, ...] = Field(default=(), max_length=100)
    absent: tuple[Name, ...] = Field(default=(), max_length=100)
    age: float | None = Field(default=None, ge=0, le=130, description="years")
    sex: Sex | None = None
    onset: Onset | None = None
    just_answer: bool = False
    explain: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "DifferentialRequest":
        if not self.text.strip() and not self.present:
            raise ValueError("Findings are needed: as text, or by name.")
        return self


class Understood(Contract):
    """Findings by name; `unclear` were mentioned without it being clear whether they are there, and are not used."""

    present: tuple[str, ...]
    absent: tuple[str, ...]
    unclear: tuple[str, ...]


class Known(Contract):
    """What is known of the patient; an age is a span of years ("in her sixties")."""

    age_from: float | None = None
    age_to: float | None = None
    sex: Sex | None = None
    onset: tuple[Onset, ...] = ()


class Basis(Contract):
    """A source that informed the table's judgement."""

    id: str
    text: str
    body: str
    year: int
    doi: str | None = None


class Candidate(Contract):
    """A diagnosis; `place` is urgent first, `fit` by score alone, both from 1.

    `compatible` is False where the findings speak against it more than for it. `denied` are key features that are
    absent, `missing` those nobody has mentioned, `unusual` says whether age or onset is untypical. `score` counts
    classes of evidence and is no probability.
    """

    id: str
    name: str
    urgency: Urgency
    place: int
    fit: int
    score: int
    compatible: bool
    explains: tuple[str, ...]
    matching: tuple[str, ...]
    against: tuple[str, ...]
    denied: tuple[str, ...]
    missing: tuple[str, ...]
    unusual: tuple[str, ...]
    tests: tuple[str, ...]
    citations: tuple[Basis, ...]


class RedFlags(Contract):
    present: tuple[str, ...]
    to_look_for: tuple[str, ...]


class Explained(Contract):
    """A sentence of an explanation; `candidate` is the id of the one it is about, whose citations are its own."""

    text: str
    candidate: str


class Explanation(Contract):
    """Why the first candidates are considered. `model` names the language model that worded it; None: the table."""

    sentences: tuple[Explained, ...]
    model: str | None = None
    notice: str = ""


class Differential(Contract):
    """`unknown_presentation`: no finding is a complaint that the table has; `known` then lists those it has.

    `not_used` names what of age, sex and onset is not known and had no part.
    """

    status: Literal["ranked", "unknown_presentation"]
    presentations: tuple[str, ...] = ()
    understood: Understood
    patient: Known
    not_used: tuple[Slot, ...] = ()
    red_flags: RedFlags = RedFlags(present=(), to_look_for=())
    candidates: tuple[Candidate, ...] = ()
    explanation: Explanation | None = None
    known: tuple[str, ...] = ()
    version: str
    reviewed: bool = False
    notice: str = UNREVIEWED


class PresentationSummary(Contract):
    name: str
    words: tuple[str, ...]
    candidates: tuple[str, ...]
    red_flags: tuple[str, ...]


class Presentations(Contract):
    """Everything the table knows something about."""

    items: tuple[PresentationSummary, ...]
    version: str
    reviewed: bool = False
