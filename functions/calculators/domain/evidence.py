"""How well a row of the renal table or a calculator is backed: with what it was compared, when, and what was found."""

from dataclasses import dataclass
from enum import StrEnum

FROM_MEMORY = "from memory, to be reviewed"


class Grade(StrEnum):
    """What was read, the strongest first. Only the first two are the primary text or a body that answers for it."""

    LABEL = "text of the label or of its manufacturer"
    BODY = "guideline or hospital's dosing guide"
    SECOND = "another public reading of the label, not the label itself"


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
