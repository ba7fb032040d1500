"""Questions about figures: the kind asked for, the stage that is meant, the band in which a patient's value lies."""

from decimal import Decimal

from functions.retrieval.domain.question import Question, held, members
from voiceassist.core.quantities import Quantity, located, quantities
from voiceassist.core.text import terms

_TIMES = frozenset({"s", "min", "h", "d", "week", "month", "year"})
_MASSES = frozenset("mg g mcg kg ng mL L unit mmol mEq %".split())


def has_wanted(question: Question, text: str) -> float:
    """1 where the sentence has the kind of quantity that is asked for, a part where it has another."""
    if not question.wants:
        return 0.0
    found = quantities(text)
    if question.wants == "number":
        return 1.0 if found else 0.0
    return 1.0 if any(_is_of(question.wants, one) for one in found) else 0.3 if found else 0.0


def _is_of(kind: str, quantity: Quantity) -> bool:
    unit = quantity.unit.split("/")[0]
    return unit in _MASSES if kind == "dose" else unit in _TIMES or unit == "times"


def member(question: Question, text: str) -> int:
    """1 where the sentence speaks of the stage, grade or type that is asked for, -1 where of another one only."""
    asked = members(question.text)
    if not asked:
        return 0
    said = members(text)
    if said & asked:
        return 1
    return -1 if {series for series, _ in said} & {series for series, _ in asked} else 0


def fits(question: Question, text: str) -> int:
    """1 where a band of the sentence holds the value that the question gives, -1 where its bands are all others.

    "Creatinine clearance of 40": `50 mL/min or less` holds it, `above 50 mL/min` does not.
    """
    answers = [
        _holds(band, value.values[0])
        for measure, value in _given(question)
        if held(question, measure, frozenset(terms(text)))
        for band in (found.quantity for found in located(text))
        if _is_band(band) and _comparable(band, value)
    ]
    return 0 if not answers else 1 if any(answers) else -1


def _given(question: Question) -> list[tuple[str, Quantity]]:
    """Single values of a question, each with the term before it."""
    found = []
    for one in located(question.text):
        before = terms(question.text[: one.start])
        if len(one.quantity.values) == 1 and not one.quantity.bound and before:
            found.append((before[-1], one.quantity))
    return found


def _is_band(quantity: Quantity) -> bool:
    return bool(quantity.bound) or len(quantity.values) == 2


def _comparable(band: Quantity, value: Quantity) -> bool:
    unit = band.unit.split("/")[0]
    return band.unit == value.unit if value.unit else unit not in _TIMES | (_MASSES - {"mL", "%"})


def _holds(band: Quantity, value: Decimal) -> bool:
    if len(band.values) == 2:
        return min(band.values) <= value <= max(band.values)
    return value <= band.values[0] if band.bound == "<" else value >= band.values[0]
