"""Numbers with their units and directions, in one spelling: `5 mg`, `5 milligrams` and `five mg` are the same.

`below 30 mL/min` and `above 30 mL/min` are not, nor are `5 mg` and `5 to 10 mg`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Quantity:
    """`values`: one number, the ends of a range, or the parts of `130/80`. `bound`: "<", ">" or "".

    `unit` is empty where none is written.
    """

    values: tuple[Decimal, ...]
    unit: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A quantity and the span of its text that says it."""

    quantity: Quantity
    start: int
    end: int


_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_NUMBER_WORDS = {word: value for value, word in enumerate(_SMALL)} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
    "half": 0.5, "once": 1, "twice": 2, "thrice": 3, "double": 2, "triple": 3,
}  # fmt: skip

# Spellings of a unit, longest first when matched.
_UNITS: dict[str, str] = {
    spelling: unit
    for unit, spellings in {
        "kg": "kg kgs kilogram kilograms kilo kilos",
        "g": "g gm gms gram grams",
        "mg": "mg mgs milligram milligrams",
        "mcg": "mcg ug µg μg microgram micrograms",
        "ng": "ng nanogram nanograms",
        "L": "l liter liters litre litres",
        "dL": "dl deciliter deciliters decilitre decilitres",
        "mL": "ml mls cc milliliter milliliters millilitre millilitres",
        "mcL": "mcl ul µl μl microliter microliters microlitre microlitres",
        "mmol": "mmol mmols millimole millimoles",
        "mcmol": "µmol μmol umol micromole micromoles",
        "mEq": "meq milliequivalent milliequivalents",
        "mOsm": "mosm mosmol milliosmol milliosmole milliosmoles",
        "unit": "unit units iu u",
        "%": "% percent pct",
        "mmHg": "mmhg",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "mm": "mm millimeter millimeters millimetre millimetres",
        "m2": "m2 m²",
        "m": "m meter meters metre metres",
        "s": "second seconds sec secs",
        "ms": "ms msec millisecond milliseconds",
        "min": "min mins minute minutes",
        "h": "h hr hrs hour hours hourly",
        "d": "d day days daily",
        "week": "week weeks weekly wk wks",
        "month": "month months monthly",
        "year": "year years yearly yr yrs annually",
        "°": "degree degrees ° °c °f",
        "times": "times time x-fold fold",
        "J": "joule joules j",
        "point": "point points",
        "dose": "dose doses",
        "episode": "episode episodes",
    }.items()
    for spelling in spellings.split()
}

_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_WORDS = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_ONE = rf"(?:{_NUMBER}|(?:{_WORDS})\b(?:[- ](?:{_WORDS})\b)?)"
_PER = (
    rf"(?:(?:\s*/\s*|\s+per\s+|\s+(?:an|a|each|every)\s+)(?:(?:{_NUMBER})\s*)?(?:{_UNIT})(?!\w)"
    r"|\s+(?:daily|hourly|weekly|monthly|yearly)(?!\w))"
)
_BELOW = (
    r"below|under|less than|fewer than|lower than|smaller than|at most|no more than|not more than|up to|maximum of|"
    r"maximum|at the most|within|not exceeding|younger than|<=|≤|<"
)
_ABOVE = (
    r"above|over|more than|greater than|higher than|at least|no less than|not less than|minimum of|minimum|exceeding|"
    r"older than|longer than|beyond|>=|≥|>"
)
_QUANTITY = re.compile(
    rf"""(?ix)
    (?:(?P<below>{_BELOW.replace(" ", chr(92) + "s+")})\s*(?:of\s+|about\s+|a\s+|an\s+|age\s+)*
      |(?P<above>{_ABOVE.replace(" ", chr(92) + "s+")})\s*(?:of\s+|about\s+|a\s+|an\s+|age\s+)*)?
    (?<![\w.])
    (?P<minus>minus\s+|[-−](?=\d))?
    (?P<first>{_ONE})
    (?:(?P<slash>\s*/\s*)(?P<second>{_NUMBER})(?:\s*/\s*(?P<third>{_NUMBER}))?)?
    (?:\s*-?(?P<mid>{_UNIT})(?![\w])(?=\s*(?:to|-|–|—)\s*{_ONE}))?
    (?:\s*(?:to|-|–|—)\s*(?P<last>{_ONE}))?
    (?:\s*-?(?:mm\s+hg|per\s+cent|(?P<unit>{_UNIT}))(?![\w]))?
    (?P<per>(?:{_PER}){{0,3}})
    (?P<after>\s+or\s+(?:more|above|over|higher|greater|older|longer|later|less|below|under|lower|fewer|younger|earlier))?
    """
)
_PART = re.compile(rf"(?i)({_NUMBER})?\s*(?<![^\W\d_])({_UNIT})(?!\w)")
_ALSO_WORDS = frozenset("one once half double zero".split())
_MORE = frozenset("more above over higher greater older longer later".split())


def quantities(text: str) -> frozenset[Quantity]:
    return frozenset(found.quantity for found in located(text))


@lru_cache(maxsize=4096)
def located(text: str) -> tuple[Found, ...]:
    """Every quantity of a text, in its order."""
    return tuple(_located(text))


def _located(text: str) -> Iterator[Found]:
    for match in _QUANTITY.finditer(text):
        first = match["first"]
        if not (match["unit"] or match["per"]) and first.lower() in _ALSO_WORDS:
            continue  # a pronoun or an adverb, not a figure
        if _touches_a_word(text, match):
            continue
        values = [_value(match["first"], negative=bool(match["minus"]))]
        values += [_value(match[name]) for name in ("second", "third", "last") if match[name]]
        yield Found(Quantity(tuple(values), _unit(match), _bound(match)), match.start(), match.end())


def _touches_a_word(text: str, match: re.Match[str]) -> bool:
    """The figure of CHA2DS2, P2Y12 or G3b is part of a name."""
    start = match.start("first")
    return start > 0 and (text[start - 1].isalpha() or text[start - 1] == "_")


def _value(said: str, *, negative: bool = False) -> Decimal:
    if said[0].isdigit() or said[0] == ".":
        value = Decimal(said.replace(",", ""))
    else:
        value = sum((Decimal(str(_NUMBER_WORDS[word])) for word in re.split(r"[- ]", said.lower())), Decimal(0))
    return (-value if negative else value).normalize()


def _unit(match: re.Match[str]) -> str:
    whole = match.group().lower()
    unit = _UNITS[match["unit"].lower()] if match["unit"] else ""
    if not unit and re.search(r"mm\s+hg", whole):
        unit = "mmHg"
    if not unit and re.search(r"per\s+cent", whole):
        unit = "%"
    first = match["first"].lower()
    if first in {"once", "twice", "thrice"}:
        unit = f"times/{unit}" if unit else "times"
    if match["mid"] and _UNITS[match["mid"].lower()] != unit:
        unit = f"{_UNITS[match['mid'].lower()]}..{unit}"  # `5 g to 10 mg`, which nobody means
    return unit + "".join(f"/{number}{_UNITS[part.lower()]}" for number, part in _PART.findall(match["per"] or ""))


def _bound(match: re.Match[str]) -> str:
    if match["below"]:
        return "<"
    if match["above"]:
        return ">"
    if match["after"]:
        return ">" if match["after"].split()[-1].lower() in _MORE else "<"
    return ""
