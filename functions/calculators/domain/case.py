"""Inputs out of the open case: what a clinician has told of the patient, where the question itself does not say it.

Each fact is read by itself, as a sentence would be, and gives only what its kind can: a problem a yes or no, a value of
the laboratory or a vital sign a number. Drugs, graded findings, days and a clinician's own judgement are never taken
from a case. What was taken says so, with the day from which it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from functions.calculators.domain import reading
from functions.calculators.domain.compute import Problem, read
from functions.calculators.domain.model import Calculator, Input, Quantity, YesNo
from functions.calculators.domain.wording import normalise

NUMBERS = frozenset({"person", "lab", "vital"})
DECIDED = frozenset({"problem", "lab", "vital"})
ONE_YEAR = 1.0


@dataclass(frozen=True, slots=True)
class Fact:
    kind: str
    text: str
    since: date


def taken(calculator: Calculator, said: str, facts: Sequence[Fact]) -> dict[str, Any]:
    """The inputs that the case gives, by name: {"value", "unit", "from_case"}; of several facts the first one counts.

    Nothing where `said` tells of somebody of another age or sex: then it is not about the patient of the case.
    """
    if _is_somebody_else(said, facts):
        return {}
    found: dict[str, Any] = {}
    for fact in facts:
        for name, value in reading.read(calculator, normalise(fact.text)).values.items():
            one = calculator.input(name)
            if one is None or name in found or not _gives(fact.kind, one) or isinstance(read(one, value), Problem):
                continue
            told = dict(value) if isinstance(value, Mapping) else {"value": value}
            found[name] = told | {"from_case": fact.since.isoformat()}
    return found


def _gives(kind: str, one: Input) -> bool:
    if isinstance(one, YesNo):
        return kind in DECIDED and not one.judgement
    return kind in NUMBERS if isinstance(one, Quantity) and not one.follows else kind == "person" and one.name == "sex"


def _is_somebody_else(said: str, facts: Sequence[Fact]) -> bool:
    age, sex = reading.person(said)
    for fact in facts:
        known_age, known_sex = reading.person(normalise(fact.text)) if fact.kind == "person" else (None, None)
        if age is not None and known_age is not None and abs(age - known_age) > ONE_YEAR:
            return True
        if sex is not None and known_sex is not None and sex != known_sex:
            return True
    return False
