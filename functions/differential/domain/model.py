"""The words of a differential: what the table holds, what was found in a text, what is known of the patient."""

from dataclasses import dataclass, field
from typing import Literal

Urgency = Literal["emergency", "urgent", "routine"]
Frequency = Literal["common", "uncommon", "rare"]
Onset = Literal["sudden", "acute", "subacute", "chronic"]
Sex = Literal["male", "female"]
Weight = Literal["strong", "moderate", "weak"]

URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "routine")
FREQUENCIES: tuple[Frequency, ...] = ("common", "uncommon", "rare")
ONSETS: tuple[Onset, ...] = ("sudden", "acute", "subacute", "chronic")
WEIGHTS: tuple[Weight, ...] = ("strong", "moderate", "weak")
OLDEST = 130.0


@dataclass(frozen=True, slots=True)
class Ages:
    """From `low` to `high` in years, both included; one age is a span of no width."""

    low: float = 0.0
    high: float = OLDEST

    def meets(self, other: "Ages") -> bool:
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    text: str
    body: str
    year: int
    doi: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`features` maps a finding to its weight for, `against` are findings that speak against it.

    `ages` and `sex` exclude, `typical` only weighs; one of `needs` must hold or be open.
    """

    id: str
    name: str
    urgency: Urgency
    frequency: Frequency
    features: dict[str, Weight]
    against: tuple[str, ...]
    onset: frozenset[Onset]
    tests: tuple[str, ...]
    sources: tuple[Source, ...]
    typical: Ages | None = None
    ages: Ages = field(default_factory=Ages)
    sex: Sex | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Presentation:
    name: str
    words: tuple[str, ...]
    candidates: tuple[Diagnosis, ...]
    red_flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything known. `features` maps a finding to its other words; the complaints are findings too.

    `combinations` are findings that are there when all of their parts are.
    """

    presentations: dict[str, Presentation]
    diagnoses: dict[str, Diagnosis]
    features: dict[str, tuple[str, ...]]
    combinations: dict[str, frozenset[str]]
    sources: dict[str, Source]
    version: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Names of findings: affirmed, denied, and mentioned without it being clear which. Never the same name twice."""

    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Patient:
    """None and empty: not known, and then not used."""

    age: Ages | None = None
    sex: Sex | None = None
    onset: frozenset[Onset] = frozenset()
