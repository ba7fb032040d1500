"""What a calculator is: data, and one pure formula.

A calculator's file under `catalogue/` states its inputs, formula, bands, citations and worked examples once;
the JSON Schema, the spoken questions, the form, the pages and the tests are all read from there. What a file leaves
out follows from its labels and its title (docs/guides/new-calculator.md); ranges, sources and examples do not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.wording import normalise

Value = float | int | str
# Inputs as the formula receives them: numbers in their canonical unit, booleans, option names, days as
# `datetime.date`. An optional input that nobody gave is absent.
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Range:
    """Both ends belong to it."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def spoken(*phrases: str) -> tuple[str, ...]:
    """Patterns that find these phrases in normalised speech, said without a pause; the longest first."""
    said = {re.escape(" ".join(re.findall(r"\w\S*", normalise(phrase)))) for phrase in phrases}
    return tuple(sorted(said, key=lambda pattern: (-len(pattern), pattern)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """`words` are regular expressions over normalised speech (wording.py) that name the input.

    `unstated` tells what the formula takes when an optional input is not given; it is stated as an assumption.
    """

    name: str
    label: str
    question: str
    words: tuple[str, ...] = ()
    required: bool = True
    unstated: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity(Input):
    """A number with a unit.

    Outside `possible` the input is refused, outside `usual` the result carries a warning.
    `bare` lists the units in which a spoken number without a unit may be taken (the first whose usual range
    holds it). `fixed` are phrases that stand for a number in the canonical unit ("room air" for 21 %).
    `follows` names the dose behind which "twice a day" stands, for an input of the kind "times a day".
    """

    question: str = ""
    quantity: str
    unit: str
    possible: Range
    usual: Range
    bare: tuple[str, ...] | None = None
    bare_after: tuple[str, ...] = ()
    whole: bool = False
    fixed: tuple[tuple[str, float], ...] = ()
    follows: str | None = None

    def __post_init__(self) -> None:
        """Without a question of its own it is asked for, and without words recognised, by its label."""
        if not self.question:
            object.__setattr__(self, "question", f"What is the {self.label}?")
        if not self.words:
            object.__setattr__(self, "words", spoken(self.label, self.name.replace("_", " ")))

    @property
    def bare_units(self) -> tuple[str, ...]:
        return (self.unit,) if self.bare is None else self.bare


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Input):
    """Without `words` it is recognised by its options alone ("prednisone"); `behind`: only behind its words."""

    options: tuple[Option, ...]
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Input):
    """A day of the calendar, as `YYYY-MM-DD`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number in speech that decides a yes/no criterion, e.g. "gcs 14"; `pattern` has one group, the number."""

    pattern: str
    holds: Callable[[float], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo(Input):
    """A criterion. `judgement`: the clinician's own opinion, asked for and never taken as "no" from silence.

    `unclear` words mention the criterion without deciding it ("hypertension" where only uncontrolled
    hypertension counts), `absent` words deny it ("alert and oriented").
    """

    question: str = ""
    judgement: bool = False
    unclear: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    measured: tuple[Measured, ...] = ()

    def __post_init__(self) -> None:
        """Without a question of its own it is asked for, and without words recognised, by its label."""
        if not self.question:
            object.__setattr__(self, "question", f"Is there {self.label}?")
        if not self.words:
            object.__setattr__(self, "words", spoken(self.label, self.name.replace("_", " ")))


@dataclass(frozen=True, slots=True)
class Band:
    """Interpretation from `floor` upwards (above it where `inclusive` is False) to the next band.

    `when` limits it to one value of an input: ("sex", "female"). A band of a text result has that text as floor.
    """

    floor: float | str
    text: str
    inclusive: bool = True
    when: tuple[str, str] | None = None

    def reached(self, value: Value, values: Values) -> bool:
        if self.when and values.get(self.when[0]) != self.when[1]:
            return False
        if isinstance(self.floor, str) or isinstance(value, str):
            return value == self.floor
        return value >= self.floor if self.inclusive else value > self.floor


@dataclass(frozen=True, slots=True)
class Reference:
    text: str
    year: int
    doi: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: inputs as the API takes them, the expected value, and where it comes from.

    `printed` is the result as the source prints it, rounded as there; without it that is the value. `differs` says
    why the value does not round to it. `bound`: the least or the most a score can give, not a patient.
    """

    inputs: Mapping[str, Any]
    value: Value
    source: str
    origin: Origin = Origin.DERIVED
    printed: str = ""
    differs: str = ""
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a value means as somebody else printed it; the band of that value says it in the words of `says`."""

    value: Value
    says: str
    source: str
    origin: Origin


def outcomes(source: str, origin: Origin, *rows: tuple[Value, str]) -> tuple[Outcome, ...]:
    """The rows (value, what the band says) that one source prints."""
    return tuple(Outcome(value, says, source, origin) for value, says in rows)


def no_notes(_values: Values, _value: Value) -> tuple[str, ...]:
    return ()


def no_needs(_values: Values) -> tuple[Input, ...]:
    return ()


def no_refusal(_values: Values) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """`notes` are warnings that depend on the inputs or the result; `caveats` always hold and are shown beside it.

    `decimals` rounds for display only; the value itself is never rounded outside the formula's own rules.

    `equation` is the formula as a reader checks it, `licence` a note where the score has an owner. `needs` are inputs
    that only some values of the others require; `refuses` tells, by the name of an input, why values that are possible
    one by one cannot be computed together. `say` words the value where a number with its unit does not ("12 May 2026").
    `outcomes` are what its bands were compared with.

    `names` are regular expressions over normalised speech. `weak` names are everyday words ("map") that count
    only beside a clear wish to compute. `input_in_name` marks names that are also an input ("corrected calcium").
    Without `names` it is called by its title and its aliases, of which a single word counts as weak.
    """

    id: str
    version: str = "1.0.0"
    title: str
    short: str = ""
    summary: str
    aliases: tuple[str, ...] = ()
    inputs: tuple[Input, ...]
    formula: Callable[[Values], Value]
    equation: str = ""
    citations: tuple[Reference, ...]
    examples: tuple[Example, ...]
    outcomes: tuple[Outcome, ...] = ()
    unit: str | None = None
    decimals: int = 0
    bands: tuple[Band, ...] = ()
    caveats: tuple[str, ...] = ()
    licence: str = ""
    names: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    input_in_name: bool = False
    notes: Callable[[Values, Value], tuple[str, ...]] = field(default=no_notes)
    needs: Callable[[Values], tuple[Input, ...]] = field(default=no_needs)
    refuses: Callable[[Values], Mapping[str, str]] = field(default=no_refusal)
    say: Callable[[Value], str] | None = None

    def __post_init__(self) -> None:
        if not self.short:
            object.__setattr__(self, "short", self.title)
        if not self.names:
            several = [one for one in self.aliases if len(normalise(one).split()) > 1]
            object.__setattr__(self, "names", spoken(self.title, self.short, *several))
            object.__setattr__(self, "weak", self.weak + spoken(*(one for one in self.aliases if one not in several)))

    def input(self, name: str) -> Input | None:
        return next((one for one in self.inputs if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Family:
    """A name that fits several calculators: ask which. `hints` decide without asking when they are in the text."""

    names: tuple[str, ...]
    members: tuple[str, ...]
    question: str
    hints: Mapping[str, str] = field(default_factory=dict)
