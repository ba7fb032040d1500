"""Units: one exact factor each, per kind of quantity, and how people write and say them (ADR 0010).

Small on purpose and behind two functions; a unit library stands beside it in the tests. Factors: mass and length by
definition (NIST SP 811, table B.8). Between mass and amount of substance they depend on the substance and are those of
the equations' own papers and of AMA Manual of Style table 2: creatinine 88.4 umol/L, urea nitrogen 2.8 mg/dL per
mmol/L, glucose 18.0182, cholesterol 38.67, triglycerides 88.57, calcium 4.008, bilirubin 17.1 umol/L; haemoglobin
1.611 g/dL per mmol/L (of its monomer); insulin 6.00 pmol/L per mIU/L (Knopp 2019); albumin/creatinine 8.84 mg/g per
mg/mmol (KDIGO 2024).
"""

import re
import unicodedata
from functools import cache
from types import MappingProxyType

# kind -> unit -> how many of the first unit one of it is
QUANTITIES: MappingProxyType[str, MappingProxyType[str, float]] = MappingProxyType(
    {
        kind: MappingProxyType(table)
        for kind, table in {
            "mass": {"kg": 1.0, "g": 0.001, "lb": 0.45359237},
            "length": {"cm": 1.0, "m": 100.0, "mm": 0.1, "in": 2.54, "ft": 30.48},
            "age": {"years": 1.0, "months": 1 / 12, "weeks": 7 / 365.25, "days": 1 / 365.25},
            "creatinine": {"mg/dL": 1.0, "µmol/L": 1 / 88.4, "mmol/L": 1000 / 88.4},
            "urea nitrogen": {"mg/dL": 1.0, "mmol/L": 2.8},
            "bilirubin": {"mg/dL": 1.0, "µmol/L": 1 / 17.1},
            "albumin": {"g/dL": 1.0, "g/L": 0.1},
            "calcium": {"mg/dL": 1.0, "mmol/L": 4.008, "mEq/L": 2.004},
            "electrolyte": {"mmol/L": 1.0, "mEq/L": 1.0},
            "glucose": {"mg/dL": 1.0, "mmol/L": 18.0182, "g/L": 100.0},
            "cholesterol": {"mg/dL": 1.0, "mmol/L": 38.67, "g/L": 100.0},
            "triglycerides": {"mg/dL": 1.0, "mmol/L": 88.57, "g/L": 100.0},
            "insulin": {"mIU/L": 1.0, "µIU/mL": 1.0, "pmol/L": 1 / 6.0},
            "haemoglobin": {"g/dL": 1.0, "g/L": 0.1, "mmol/L": 1.611},
            "temperature": {"°C": 1.0, "°F": 5 / 9, "K": 1.0},
            "share": {"%": 1.0, "fraction": 100.0},
            "dose": {"mg": 1.0, "µg": 0.001, "g": 1000.0},
            "patch": {"µg/h": 1.0},
            "times a day": {"/day": 1.0},
            "infusion": {"µg/kg/min": 1.0},
            "urine": {"mL/day": 1.0, "L/day": 1000.0, "mL/h": 24.0},
            "mass index": {"kg/m²": 1.0},
            "period": {"days": 1.0, "weeks": 7.0},
            "pressure": {"mmHg": 1.0, "kPa": 7.500616827},
            "blood gas": {"mmHg": 1.0, "kPa": 7.500616827},
            "rate": {"/min": 1.0},
            "duration": {"ms": 1.0, "s": 1000.0},
            "cell count": {"10^9/L": 1.0, "10^3/µL": 1.0, "/µL": 0.001, "/L": 1e-9, "/m³": 1e-12},
            "enzyme": {"U/L": 1.0, "µkat/L": 60.0},
            "albumin to creatinine ratio": {"mg/g": 1.0, "mg/mmol": 8.84},
            "filtration": {"mL/min/1.73 m²": 1.0},
            "clearance": {"mL/min": 1.0},
            "number": {"": 1.0},
        }.items()
    }
)
# Scales whose zero lies elsewhere: added before the factor.
OFFSETS = MappingProxyType({"°F": -32.0, "K": -273.15})

_AMOUNTS = {
    "mg": r"mgs?|milligrams?|milligrammes?",
    "µg": r"ug|mcg|micrograms?",
    "g": r"gm?s?|grams?|grammes?",
    "µmol": r"umols?|micro ?mol(?:e|ar|es)?s?|mcmol",
    "mmol": r"mmols?|milli ?mol(?:e|ar|es)?s?",
    "mEq": r"meqs?|milli ?equivalents?",
    "mL": r"mls?|millilit(?:er|re)s?",
    "U": r"iu|u|units?|international units?",
    "mIU": r"m ?i?us?|milli ?(?:international )?units?",
    "µIU": r"u ?i?us?|micro ?(?:international )?units?",
    "pmol": r"pmols?|pico ?mol(?:e|ar|es)?s?",
    "µkat": r"ukat|microkatals?",
}
_PER = {
    "dL": r"dl|deci ?lit(?:er|re)s?",
    "L": r"l|lit(?:er|re)s?",
    "mL": r"ml|millilit(?:er|re)s?",
    "g": r"g|grams?",
    "mmol": r"mmol|milli ?moles?",
}
_SIMPLE = {
    "mL/min/1.73 m²": r"ml ?(?:/|per) ?min(?:ute)?s?(?: ?(?:/|per) ?1\.73 ?(?:m ?\^? ?2|square met\w+|met\w+ sq\w+))?",
    "mL/min": r"ml ?(?:/|per) ?min(?:ute)?s?",
    "10^9/L": (
        r"(?:x ?|times )?10 ?(?:\^|e|\*\*|to the)? ?(?:9(?:th)?|ninth)(?: ?(?:/|per) ?(?:l|lit(?:er|re)s?))?"
        r"|giga ?(?:/|per) ?l"
    ),
    "10^3/µL": r"(?:x ?)?10 ?(?:\^|e)? ?3 ?(?:/|per) ?(?:ul|microlit(?:er|re)s?|mm ?\^?3)|k ?/ ?(?:ul|mm ?\^?3)",
    "/µL": r"(?:cells ?)?(?:/|per) ?(?:ul|mcl|micro ?lit(?:er|re)s?|mm ?\^?3|cubic millimet(?:er|re)s?)",
    "/m³": r"(?:cells ?)?(?:/|per) ?(?:m ?\^? ?3|cubic met(?:er|re)s?)",
    "/L": r"(?:cells ?)?(?:/|per) ?(?:l|lit(?:er|re)s?)",
    "/min": r"(?:beats?|breaths?)(?: ?(?:/|per|a) ?min(?:ute)?)?|bpm|(?:/|per|a) ?min(?:ute)?",
    "mmHg": r"(?:mm|millimet(?:er|re)s?)(?: of)? ?(?:hg|mercury)|torr",
    "kPa": r"kpa|kilo ?pascals?",
    "kg": r"kgs?|kilos?|kilograms?|kilogrammes?",
    "lb": r"lbs?|pounds?",
    "cm": r"cms?|centimet(?:er|re)s?",
    "mm": r"mms?|millimet(?:er|re)s?",
    "m": r"m|met(?:er|re)s?",
    "in": r"in|inch(?:es)?",
    "ft": r"ft|foot|feet",
    "g": r"gm?s?|grams?|grammes?",
    "ms": r"ms|msecs?|milli ?sec(?:ond)?s?",
    "s": r"s|secs?|seconds?",
    "years": r"years?|yrs?|yo|y",
    "months": r"months?|mos?",
    "weeks": r"weeks?|wks?",
    "days": r"days?",
    "°C": r"(?:° ?|deg(?:ree)?s? ?)?(?:celsius|celcius|centigrade|c)",
    "°F": r"(?:° ?|deg(?:ree)?s? ?)?(?:fa\w{4,9}t|f)",
    "K": r"kelvin",
    "%": r"%|percent|per cent",
    "fraction": r"fraction",
    "mg": _AMOUNTS["mg"],
    "µg": _AMOUNTS["µg"],
    "µg/h": rf"(?:{_AMOUNTS['µg']}) ?(?:/|per|an?) ?(?:h|hr|hour)",
    "µg/kg/min": rf"(?:{_AMOUNTS['µg']}) ?(?:/|per) ?(?:kg|kilo(?:gram)?) ?(?:/|per|a) ?min(?:ute)?",
    "/day": r"(?:times |doses )?(?:/|per|a|each) ?(?:day|d)|times daily",
    "mL/day": rf"(?:{_AMOUNTS['mL']}) ?(?:/|per|a|in) ?(?:day|d|24 ?h(?:ours?)?)",
    "L/day": r"(?:l|lit(?:er|re)s?) ?(?:/|per|a|in) ?(?:day|d|24 ?h(?:ours?)?)",
    "mL/h": rf"(?:{_AMOUNTS['mL']}) ?(?:/|per|an) ?(?:h|hr|hour)",
    "kg/m²": r"kg ?(?:/|per) ?(?:m ?\^? ?2|square met(?:er|re)|met(?:er|re) squared)",
}


def _spellings() -> dict[str, str]:
    table = dict(_SIMPLE)
    for amount, written in _AMOUNTS.items():
        for per, per_written in _PER.items():
            table[f"{amount}/{per}"] = rf"(?:{written}) ?(?:/|per|a)? ?(?:{per_written})"
    return table


SPELLINGS = MappingProxyType(_spellings())


@cache
def spelled(code: str) -> re.Pattern[str]:
    """What a unit is written like, ready to match; compiled when it is first needed, for the cold start."""
    return re.compile(SPELLINGS[code])


def fold(text: str) -> str:
    """Lower case, one kind of micro sign, no stray spaces: `μmol / L` and `umol/l` become one."""
    plain = unicodedata.normalize("NFKC", text).replace("μ", "u").replace("µ", "u").lower()
    return re.sub(r"\s+", " ", plain).strip()


def canonical(kind: str, written: str) -> str | None:
    """The unit code of what somebody wrote, if it is a unit of this kind of quantity; else None."""
    codes = QUANTITIES[kind]
    if written in codes:
        return written
    folded = fold(written)
    return next((code for code in codes if code in SPELLINGS and spelled(code).fullmatch(folded)), None)


def convert(kind: str, value: float, unit: str, target: str) -> float:
    """Exact table conversion; both units must belong to `kind` (KeyError otherwise)."""
    table = QUANTITIES[kind]
    if unit == target:
        return value
    return (value + OFFSETS.get(unit, 0.0)) * table[unit] / table[target] - OFFSETS.get(target, 0.0)


def likely(kind: str, value: float, units: tuple[str, ...], usual: tuple[float, float], target: str) -> str | None:
    """The first of `units` in which `value` would be usual: what the speaker probably meant."""
    low, high = usual
    return next((unit for unit in units if low <= convert(kind, value, unit, target) <= high), None)
