"""How well a calculator, its examples or a row of the renal table is backed: with what it was compared, and when."""

from dataclasses import dataclass
from enum import StrEnum

FROM_MEMORY = "from memory, to be reviewed"


class Grade(StrEnum):
    """What was read, the strongest first. Only the first two are the primary text or a body that answers for it."""

    LABEL = "text of the label or of its manufacturer"
    BODY = "guideline or hospital's dosing guide"
    SECOND = "another public reading of the label, not the label itself"


class Origin(StrEnum):
    """Who published the result of a worked example. All but the last did it without us."""

    PAPER = "paper"
    GUIDELINE = "guideline or the body that issues it"
    LABEL = "drug label"
    TEXTBOOK = "textbook"
    MANUAL = "manual"
    TEACHING = "teaching page or examination question"
    SOFTWARE = "independent implementation"
    DERIVED = "worked by us"


PRIMARY = frozenset({Origin.PAPER, Origin.GUIDELINE, Origin.LABEL})
TAUGHT = frozenset({Origin.TEXTBOOK, Origin.MANUAL, Origin.TEACHING})


@dataclass(frozen=True, slots=True)
class Check:
    """`looked` is the month; `only` the part that was compared, where it was not all of it."""

    grade: Grade
    source: str
    looked: str
    doi: str | None = None
    only: str = ""

    def told(self) -> str:
        part = f" ({self.only} only)" if self.only else ""
        doi = f", doi:{self.doi}" if self.doi else ""
        return f"checked: {self.looked}{part}, {self.grade}: {self.source}{doi}"
