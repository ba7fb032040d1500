"""What a drug label says about the dose at a given kidney function: the shape of the table and how it is read.

The table stands in `renal_table/`. Labels were studied with creatinine clearance by Cockcroft-Gault, so that drives
the doses; the few labels that were rewritten for eGFR say so in `by`. Texts are in our own words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from functions.calculators.domain.model import Values, spoken

UNRECORDED = "label revision not recorded"
VERIFY = "Verify against the current label."


class By(StrEnum):
    """What decides the dose."""

    CLEARANCE = "creatinine clearance"
    EGFR = "eGFR"
    CRITERIA = "criteria of its own"
    PHARMACY = "levels, by the pharmacy"


@dataclass(frozen=True, slots=True)
class Step:
    """The dose from `floor` mL/min upwards (only above it where `above` is True) to the next step."""

    floor: float
    text: str
    above: bool = False

    def reached(self, function: float) -> bool:
        return function > self.floor if self.above else function >= self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A dose for one indication or regimen. `steps` rise from 0, so that they leave neither gap nor overlap.

    `rule` replaces them where the label's criteria are others; `needs` are the inputs it reads.
    """

    name: str = "usual"
    words: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    rule: Callable[[Values], str] | None = None
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """`label` names product, company and section; `dialysis` is told only where the label gives a dose for it.

    `actual_weight`: the label, or the trials it rests on, computed the clearance with the actual body weight.
    """

    name: str
    brands: tuple[str, ...] = ()
    uses: tuple[Use, ...]
    label: str
    revised: str = UNRECORDED
    by: By = By.CLEARANCE
    actual_weight: bool = False
    dialysis: str = ""
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return spoken(self.name, *self.brands)

    def use(self, name: str | None) -> Use | None:
        """The use of that name; without a name the only one there is."""
        if name is None:
            return self.uses[0] if len(self.uses) == 1 else None
        return next((one for one in self.uses if one.name == name), None)


def steps(*rising: tuple[float, str] | tuple[float, str, bool]) -> tuple[Step, ...]:
    """Steps as (floor, text), or (floor, text, True) for "above the floor"."""
    return tuple(Step(*one) for one in rising)


def one_use(*rising: tuple[float, str] | tuple[float, str, bool], notes: tuple[str, ...] = ()) -> tuple[Use, ...]:
    """The uses of a drug whose label has one table."""
    return (Use(steps=steps(*rising), notes=notes),)


def dose(use: Use, function: float, values: Values) -> str:
    """The text for a kidney function in mL/min; 0 or less counts as 0."""
    if use.rule:
        return use.rule(values)
    return [step.text for step in use.steps if step.reached(max(function, 0.0))][-1]
