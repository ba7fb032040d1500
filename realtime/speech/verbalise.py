"""Clinical writing as words: what the voice's own reader gets wrong, read the way a colleague would say it.

Applying `spoken` twice gives the same words as once. How single names and drugs sound is in
`pronunciations`; this file is about notation: units, signs, ranges, dosing, numerals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"

# Symbol: singular, plural. Longer symbols first is seen to where the pattern is made.
_UNITS: dict[str, tuple[str, str]] = {
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "mcg": ("microgram", "micrograms"),
    "ug": ("microgram", "micrograms"),
    "μg": ("microgram", "micrograms"),
    "ng": ("nanogram", "nanograms"),
    "pg": ("picogram", "picograms"),
    "L": ("liter", "liters"),
    "l": ("liter", "liters"),
    "dL": ("deciliter", "deciliters"),
    "dl": ("deciliter", "deciliters"),
    "mL": ("milliliter", "milliliters"),
    "ml": ("milliliter", "milliliters"),
    "μL": ("microliter", "microliters"),
    "μl": ("microliter", "microliters"),
    "uL": ("microliter", "microliters"),
    "mol": ("mole", "moles"),
    "mmol": ("millimole", "millimoles"),
    "μmol": ("micromole", "micromoles"),
    "umol": ("micromole", "micromoles"),
    "nmol": ("nanomole", "nanomoles"),
    "pmol": ("picomole", "picomoles"),
    "mEq": ("milliequivalent", "milliequivalents"),
    "mOsm": ("milliosmole", "milliosmoles"),
    "U": ("unit", "units"),
    "IU": ("international unit", "international units"),
    "mIU": ("milli-international unit", "milli-international units"),
    "units": ("unit", "units"),
    "unit": ("unit", "units"),
    "mm": ("millimeter", "millimeters"),
    "cm": ("centimeter", "centimeters"),
    "m2": ("square meter", "square meters"),
    "mm3": ("cubic millimeter", "cubic millimeters"),
    "mmHg": ("millimeter of mercury", "millimeters of mercury"),
    "mm Hg": ("millimeter of mercury", "millimeters of mercury"),
    "cmH2O": ("centimeter of water", "centimeters of water"),
    "kPa": ("kilopascal", "kilopascals"),
    "kcal": ("kilocalorie", "kilocalories"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "d": ("day", "days"),
    "day": ("day", "days"),
    "wk": ("week", "weeks"),
    "bpm": ("beat per minute", "beats per minute"),
}


def _alternatives(symbols: dict[str, tuple[str, str]]) -> str:
    return "|".join(re.escape(symbol) for symbol in sorted(symbols, key=len, reverse=True))


_UNIT = _alternatives(_UNITS)
# What is a word already stays as it is ("a 10 day course"); only in "g/day" it is a unit.
_SYMBOL = _alternatives({symbol: words for symbol, words in _UNITS.items() if symbol not in {"day", "unit", "units"}})
_COMPOUND = re.compile(
    rf"(?P<number>{_NUMBER}[ -]?)?(?<![A-Za-z/])(?P<first>{_UNIT})"
    rf"(?P<per>(?:\s?/\s?(?:{_NUMBER}\s?)?(?:{_UNIT}))+)(?![A-Za-z/])"
)
_SIMPLE = re.compile(rf"(?P<number>(?<![\w.,]){_NUMBER})(?P<gap>[ -]?)(?P<first>{_SYMBOL})(?![\w/])")
_PER = re.compile(rf"/\s?(?P<number>{_NUMBER})?\s?(?P<unit>{_UNIT})")


def _is_one(number: str | None) -> bool:
    return number is not None and number.strip(" -") == "1"


def _compound(match: re.Match[str]) -> str:
    number = match["number"]
    words = _UNITS[match["first"]][0 if _is_one(number) else 1]
    for part in _PER.finditer(match["per"]):
        count = part["number"]
        words += f" per {count} {_UNITS[part['unit']][1]}" if count else f" per {_UNITS[part['unit']][0]}"
    return f"{number.strip(' -')} {words}" if number else words


def _simple(match: re.Match[str]) -> str:
    # "a 5-mg tablet" is a five milligram tablet.
    singular = match["gap"] == "-" or _is_one(match["number"])
    return f"{match['number']} {_UNITS[match['first']][0 if singular else 1]}"


_NUMERAL_SIGNS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_ROMAN = {sign: value for value, sign in enumerate(_NUMERAL_SIGNS, start=1)}
_NUMERAL = rf"(?:{'|'.join(sorted(_ROMAN, key=len, reverse=True))})[abcAB]?"
_COUNTED = (
    r"[Cc]lass(?:es)?|[Ss]tages?|[Tt]ypes?|[Gg]rades?|[Pp]hases?|[Ff]actors?|[Gg]roups?|[Ll]evels?|[Cc]ategor(?:y|ies)"
    r"|NYHA|CCS|Killip|Mobitz|[Nn]erves?|[Aa]ngiotensin|[Rr]ecommendation"
)
_NUMERALS = re.compile(rf"\b(?P<noun>{_COUNTED})(?P<list>(?:(?:\s*[-–/,]\s*|\s+(?:to|or|and)\s+|\s+){_NUMERAL}\b)+)")
_ONE_NUMERAL = re.compile(r"(?P<before>\s*[-–/,]\s*|\s+)(?P<value>[IVX]+)(?P<letter>[abcAB]?)\b")


def _one_numeral(match: re.Match[str]) -> str:
    before = match["before"].strip()
    joint = {"": " ", ",": ", ", "/": " or "}.get(before, " to ")
    # A small letter alone would be read as the article.
    letter = f"-{match['letter'].upper()}" if match["letter"] else ""
    return f"{joint}{_ROMAN[match['value']]}{letter}"


def _numerals(match: re.Match[str]) -> str:
    return match["noun"] + _ONE_NUMERAL.sub(_one_numeral, match["list"])


def _pressure_or_share(match: re.Match[str]) -> str:
    above, below = int(match[1]), int(match[2])
    if 50 <= above <= 300 and 20 <= below < above:
        return f"{above} over {below}"
    # The reader would make a date of 8/10 and a quarter of 1/4; only the latter is wanted.
    return match[0] if above == 1 and below <= 10 else f"{above} out of {below}"


def _power(match: re.Match[str]) -> str:
    names = {"3": "thousand", "6": "million", "9": "billion", "12": "trillion"}
    if match["times"] and match["power"] in names:
        words = f" {names[match['power']]}"
    else:
        words = f"{' times ' if match['times'] else ''}10 to the power of {match['power']}"
    return words + (f" per {_UNITS[match['unit']][0]}" if match["unit"] else "")


def _rule(pattern: str, words: str | Callable[[re.Match[str]], str], flags: int = 0) -> Rule:
    return re.compile(pattern, flags), words


_MARKUP: tuple[Rule, ...] = (
    _rule(r"\s*\[\d+(?:\s*[,–-]\s*\d+)*\]", ""),
    _rule(r"\[([^\]]*)\]\([^)]*\)", r"\1"),
    _rule(r"(?m)^\s*(?:#+|[-*•])\s+", ""),
    _rule(r"[*_`#|{}\[\]]+", " "),
)

_NAMES: tuple[Rule, ...] = (
    _rule(r"\bCHA2DS2[\s-]?VASc\b", "chads vasc", re.IGNORECASE),
    _rule(r"\bCHA2DS2[\s-]?VA\b", "chads VA", re.IGNORECASE),
    _rule(r"\bCHADS2\b", "chads two", re.IGNORECASE),
    _rule(r"\bHAS[\s-]BLED\b", "has bled"),
    _rule(r"\b[Hh]bA1[cC]\b", "hemoglobin A1c"),
    _rule(r"\bMELD-Na\b", "MELD sodium"),
    _rule(r"\bNT[\s-]?proBNP\b", "N-T pro BNP"),
    _rule(r"\bSp?O2\b(?=\D|$)", "oxygen saturation"),
    _rule(r"\bPaO2\b", "arterial oxygen pressure"),
    _rule(r"\bPaCO2\b", "arterial carbon dioxide pressure"),
    _rule(r"\bFiO2\b", "inspired oxygen fraction"),
    _rule(r"\bCO2\b", "carbon dioxide"),
    _rule(r"\bHCO3-?(?=\W|$)", "bicarbonate"),
    _rule(r"\bNa\+", "sodium"),
    _rule(r"\bK\+", "potassium"),
    _rule(r"\bCa2\+|\bCa\+\+", "calcium"),
    _rule(r"\bMg2\+|\bMg\+\+", "magnesium"),
    _rule(r"\bACE-?i\b", "ACE inhibitor"),
    _rule(r"\bfactor Xa\b", "factor 10-A", re.IGNORECASE),
    _rule(r"\bNSTEMI\b", "non-STEMI"),
)

_DOSING: tuple[Rule, ...] = (
    _rule(r"\b(?:BID|b\.i\.d\.?|bid)(?!\w)", "twice daily"),
    _rule(r"\b(?:TID|t\.i\.d\.?|tid)(?!\w)", "three times daily"),
    _rule(r"\b(?:QID|q\.i\.d\.?|qid)(?!\w)", "four times daily"),
    _rule(r"\b(?:QD|q\.?d\.?)(?=[\s,;.)]|$)", "once daily"),
    _rule(r"\b[Qq](\d+)\s?[-–]\s?(\d+)\s?[hH]\b", r"every \1 to \2 hours"),
    _rule(r"\b[Qq]1[hH]\b", "every hour"),
    _rule(r"\b[Qq](\d+)\s?[hH]\b", r"every \1 hours"),
    _rule(r"\b(?:QHS|qhs|qHS)\b", "at bedtime"),
    _rule(r"\b(?:PRN|p\.r\.n\.?|prn)(?!\w)", "as needed"),
    _rule(r"\b(?:PO|p\.o\.)(?!\w)", "by mouth"),
    _rule(r"\b(?:SC|SQ|subQ|s\.c\.)(?!\w)", "under the skin"),
    _rule(r"\bSL\b", "under the tongue"),
    _rule(r"\bIM\b", "intramuscularly"),
    _rule(r"\bs/p\b", "after"),
    _rule(r"\bh/o\b", "history of"),
    _rule(r"\b(\d+)[\s-]?(?:y/o|yo)\b", r"\1 year old"),
    _rule(r"\bw/o\b", "without"),
    _rule(r"\bw/(?=\s)", "with"),
    _rule(r"\be\.g\.,?(?=\s)", "for example"),
    _rule(r"\bi\.e\.,?(?=\s)", "that is"),
    _rule(r"\bvs\b\.?", "versus"),
    _rule(r"\band/or\b", "and or"),
)

_SIGNS: tuple[Rule, ...] = (
    _rule(rf"(?P<times>\s?[x×]\s?)?\b10\^(?P<power>\d+)(?:\s?/\s?(?P<unit>{_UNIT})(?!\w))?", _power),
    _rule(rf"(?<![\w.,/-])({_NUMBER})(%?)\s?[-–—]\s?({_NUMBER})(?![\d/-])", r"\1\2 to \3"),
    _rule(r"\s?(?:≥|>\s?=|=>)\s?", " at least "),
    _rule(r"\s?(?:≤|<\s?=|=<)\s?", " at most "),
    _rule(r"\s?>\s?", " more than "),
    _rule(r"\s?<\s?", " less than "),
    _rule(r"\s?(?:±|\+/-)\s?", " plus or minus "),
    _rule(r"\s?[≈~]\s?", " about "),
    _rule(r"\s?≠\s?", " is not "),
    _rule(r"\s?(?:→|->|⇒)\s?", ", "),
    _rule(r"\s?×\s?", " times "),
    _rule(r"\s?=\s?", " equals "),
    _rule(r"\s?&\s?", " and "),
    _rule(r"(?<=\S)\s\+\s(?=\S)", " plus "),
    _rule(r"(?<![\w)])[-−](?=\d)", "minus "),
    _rule(r"(?<=\d)\s?%", " percent"),
    _rule(r"(?<![\w./])(\d{1,3})/(\d{1,3})(?![\w/]|\.\d)", _pressure_or_share),
)

_UNITS_RULES: tuple[Rule, ...] = ((_COMPOUND, _compound), (_SIMPLE, _simple))
_LATE: tuple[Rule, ...] = (
    _rule(r"(?<=[A-Za-z])/(?=[A-Za-z])", " or "),
    _rule(r"\s+([,;:.!?])", r"\1"),
    _rule(r"\(\s+", "("),
    _rule(r"\s+", " "),
)
_RULES: tuple[Rule, ...] = (*_MARKUP, *_NAMES, (_NUMERALS, _numerals), *_DOSING, *_SIGNS, *_UNITS_RULES, *_LATE)

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def spoken(text: str) -> str:
    """`text` in words the voice reads rightly; citation marks and markup are dropped, numbers stay digits."""
    # Before the signs are folded: 10⁹ must not become 109.
    text = re.sub(r"(?<=10)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda power: "^" + power[1].translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text)
    for pattern, words in _RULES:
        text = pattern.sub(words, text)
    return text.strip()
