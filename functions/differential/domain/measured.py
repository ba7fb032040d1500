"""Findings out of figures: "temperature 39.2", "BP 85/50", "sodium 118"; a normal figure denies the finding.

Limits are those of adults (Evans, NEWS2 and the usual laboratory limits). A figure that no living patient has, or whose
unit is not clear, says nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from voiceassist.core.text import folded

# One reading only, and few of them: a long row of "is is is" must not be tried in every way.
_BETWEEN = r"(?:[ =:]|\b(?:is|was|of|at|about|around|measured|level|count|down|up|to)\b){0,12}"
_NUMBER = r"(?P<value>\d{1,6}(?:[.,]\d{1,3})?)"


@dataclass(frozen=True, slots=True)
class Figure:
    """`judge` takes the value and the unit that stands behind it, and says finding and verdict."""

    words: str
    judge: Callable[[float, str], tuple[tuple[str, bool], ...]]
    adults_only: bool = False


def measured(text: str, *, adult: bool = True) -> Iterator[tuple[str, bool]]:
    """Names of findings with True (affirmed) or False (denied)."""
    plain = re.sub(r"\s+", " ", re.sub(r"(?<=\d),(?=\d{3}\b)", "", folded(text)))
    for figure in _FIGURES:
        if figure.adults_only and not adult:
            continue
        for found in re.finditer(rf"\b(?:{figure.words}){_BETWEEN}{_NUMBER}\s*(?P<unit>[a-z%/]*)", plain):
            yield from figure.judge(float(found["value"].replace(",", ".")), found["unit"])
    if re.search(r"\blast(?:s|ed|ing)?\b[a-z ]{0,20}(?:\d{1,3} ?(?:to|and|-)? ?)?\d{1,3} ?seconds?\b", plain):
        yield "lasting seconds", True
    for found in re.finditer(r"\b(\d{2,3})\s*(?:/|over)\s*(\d{2,3})\b", plain):
        yield from _pressure(float(found[1]), float(found[2]))


def _pressure(systolic: float, diastolic: float) -> Iterator[tuple[str, bool]]:
    if not (30 <= systolic <= 300 and 15 <= diastolic <= 200 and diastolic < systolic):
        return
    yield from _systolic(systolic, "")
    if systolic >= 180 or diastolic >= 120:
        yield "severe hypertension", True
    if systolic >= 160 or diastolic >= 110:
        yield "high blood pressure", True
    if systolic >= 140 or diastolic >= 90:
        yield "hypertension", True
    else:
        yield "severe hypertension", False


def _systolic(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    if not 30 <= value <= 300:
        return ()
    return (("hypotension", value < 90), ("shock", True)) if value < 90 else (("hypotension", False),)


def _temperature(value: float, unit: str) -> tuple[tuple[str, bool], ...]:
    celsius = (value - 32) / 1.8 if unit.startswith("f") or value > 60 else value
    if not 25 <= celsius <= 45:
        return ()
    return (("fever", celsius >= 38.0), ("hypothermia", celsius < 35.0))


def _pulse(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    return (("tachycardia", value > 100), ("bradycardia", value < 50)) if 20 <= value <= 300 else ()


def _breathing(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    return (("tachypnoea", value >= 22), ("slow breathing", value < 9)) if 2 <= value <= 80 else ()


def _saturation(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    return (("hypoxia", value < 92),) if 40 <= value <= 100 else ()


def _coma(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    return (("reduced consciousness", value < 14),) if 3 <= value <= 15 else ()


def _sodium(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    return (("hyponatraemia", value < 135), ("low sodium", value < 130)) if 90 <= value <= 200 else ()


def _potassium(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    if not 1 <= value <= 12:
        return ()
    high, low = value > 5.5, value < 3.5
    return (("hyperkalaemia", high), ("high potassium", high), ("hypokalaemia", low), ("low potassium", low))


def _calcium(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    """mmol/L up to 5, mg/dL from 5.5 on."""
    if 1 <= value <= 5:
        return (("hypercalcaemia", value > 2.65), ("high calcium", value > 2.65))
    return (("hypercalcaemia", value > 10.5), ("high calcium", value > 10.5)) if 5.5 <= value <= 25 else ()


def _haemoglobin(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    grams = value / 10 if value > 30 else value
    return (("anaemia", grams < 12),) if 2 <= grams <= 25 else ()


def _platelets(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    thousands = value / 1000 if value >= 2000 else value
    return (("low platelets", thousands < 150),)


def _cell_volume(value: float, _unit: str) -> tuple[tuple[str, bool], ...]:
    return (("macrocytosis", value > 100), ("microcytosis", value < 80)) if 40 <= value <= 160 else ()


def _glucose(value: float, unit: str) -> tuple[tuple[str, bool], ...]:
    """In mmol/L or mg/dL; without a unit, from 34 to 69 could be either and says nothing."""
    in_mg = unit.startswith("mg") or (not unit.startswith("mmol") and value >= 70)
    if not in_mg and not unit.startswith("mmol") and 34 <= value < 70:
        return ()
    mmol = value / 18.0182 if in_mg else value
    if not 0.2 <= mmol <= 110:
        return ()
    return (("low glucose", mmol < 3.9), ("high glucose", mmol > 11.0), ("normal glucose", 3.9 <= mmol <= 7.8))


_FIGURES = (
    Figure(r"temperature|temp|febrile|fever", _temperature),
    Figure(r"pulse(?: rate)?|heart rate|hr", _pulse, adults_only=True),
    Figure(r"respiratory rate|breathing rate|rr|respirations", _breathing, adults_only=True),
    Figure(r"systolic(?: (?:blood )?pressure)?|sbp", _systolic, adults_only=True),
    Figure(r"spo2|sats?|saturations?|oxygen saturation", _saturation),
    Figure(r"gcs|glasgow coma (?:scale|score)", _coma),
    Figure(r"sodium|na", _sodium),
    Figure(r"potassium|k", _potassium),
    Figure(r"(?:corrected )?calcium|ca", _calcium),
    Figure(r"ha?emoglobin|hb|hgb", _haemoglobin, adults_only=True),
    Figure(r"mcv|mean (?:cell|corpuscular) volume", _cell_volume, adults_only=True),
    Figure(r"platelets?(?: count)?|plt", _platelets),
    Figure(r"(?:blood )?(?:glucose|sugar)|bm", _glucose),
)
