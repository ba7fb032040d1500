"""Dates as they are written and said: read, moved by whole weeks, and written the same way again.

A date keeps its own precision: of `March 2024` the month moves, of `march third` there is no year to move. Figures
alone are read month first, as in the United States, unless only day first can be.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
SHORT = {name[:3]: number for number, name in enumerate(MONTHS, start=1)} | {"sept": 9}
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
A_LEAP_YEAR = 2024  # for days that have none

_MONTH = "|".join(sorted([*MONTHS, *SHORT], key=len, reverse=True))
_SPOKEN_DAY = "|".join(sorted((one.replace("-", "[ -]") for one in ORDINALS), key=len, reverse=True))
_NUMBER = "|".join(sorted([*ONES, *TENS, "oh", "hundred", "thousand", "and"], key=len, reverse=True))
_ISO = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_FIGURES = re.compile(r"(\d{1,2})([-/.])(\d{1,2})(?:\2(\d{4}|\d{2}))?(?!\d)")
_DAY = rf"(\d{{1,2}})(?:st|nd|rd|th)?|({_SPOKEN_DAY})"
_YEAR = rf"\d{{4}}|(?:(?:{_NUMBER})[ -]?){{1,6}}"
_MONTH_FIRST = re.compile(rf"({_MONTH})\.?(?: (?:the )?(?:{_DAY})\b)?(?:(?:,| of)? ({_YEAR}))?$")
_DAY_FIRST = re.compile(rf"(?:the )?(?:{_DAY})\b(?: of)? ({_MONTH})\.?(?:,? ({_YEAR}))?$")


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. `shape` is how to write it: iso, figures-mdy, figures-dmy, month-first or day-first."""

    year: int | None
    month: int
    day: int | None
    shape: str
    text: str

    @property
    def key(self) -> str:
        return f"{self.year or ''}-{self.month}-{self.day or ''}"

    @property
    def ordinal(self) -> int | None:
        """The day's number; None where the date is not a whole one."""
        return date(self.year, self.month, self.day).toordinal() if self.year and self.day else None


def read(text: str) -> Read | None:
    """A date in one of the known ways; None for all else."""
    told = " ".join(text.split())
    low = told.lower()
    if found := _ISO.match(low):
        return _valid(Read(int(found[1]), int(found[3]), int(found[4]), "iso", told))
    if found := _FIGURES.fullmatch(low):
        first, second = int(found[1]), int(found[3])
        year = _century(found[4])
        if first <= 12:
            return _valid(Read(year, first, second, "figures-mdy", told))
        return _valid(Read(year, second, first, "figures-dmy", told))
    if found := _MONTH_FIRST.fullmatch(low):
        month, figure, word, year_text = found.groups()
        shape = "month-first"
    elif found := _DAY_FIRST.fullmatch(low):
        figure, word, month, year_text = found.groups()
        shape = "day-first"
    else:
        return None
    day = int(figure) if figure else ORDINALS.index(word.replace(" ", "-")) + 1 if word else None
    year = _year(year_text) if year_text else None
    if (year_text and year is None) or (day is None and year is None):
        return None
    return _valid(Read(year, SHORT[month[:3]], day, shape, told))


def moved(text: str, weeks: int) -> str | None:
    """The date so many weeks later, written as it was; None where it cannot be read."""
    found = read(text)
    if found is None:
        return None
    try:
        there = date(found.year or A_LEAP_YEAR, found.month, found.day or 15) + timedelta(weeks=weeks)
    except OverflowError:
        return None
    day = there.day if found.day else None
    return _written(replace(found, year=there.year if found.year else None, month=there.month, day=day))


def _valid(found: Read) -> Read | None:
    try:
        date(found.year or A_LEAP_YEAR, found.month, found.day or 1)
    except ValueError:
        return None
    return found


def _century(figures: str | None) -> int | None:
    if figures is None:
        return None
    return int(figures) if len(figures) == 4 else int(figures) + (2000 if int(figures) < 50 else 1900)


def _year(text: str) -> int | None:
    """1950 of `1950`, `nineteen fifty`, `two thousand four`, `twenty twenty one`."""
    if text.isdigit():
        return int(text)
    parts: list[int] = []
    for word in re.split(r"[ -]", text):
        if word in {"and", ""}:
            continue
        if word in {"hundred", "thousand"}:
            parts = [(sum(parts) or 1) * (100 if word == "hundred" else 1000)]
            continue
        value = 0 if word == "oh" else ONES.index(word) if word in ONES else 20 + 10 * TENS.index(word)
        tens_before = parts and 20 <= parts[-1] < 100 and parts[-1] % 10 == 0
        if tens_before and 0 < value < 10:
            parts[-1] += value
        else:
            parts.append(value)
    if not parts:
        return None
    year = sum(parts) if parts[0] >= 100 else parts[0] * 100 + sum(parts[1:])
    return year if 1800 <= year <= 2199 else None


def _written(found: Read) -> str:
    old = found.text
    if found.shape == "iso":
        separator = old[4]
        return f"{found.year:04d}{separator}{found.month:02d}{separator}{found.day:02d}" + old[_end_of_iso(old) :]
    if found.shape.startswith("figures"):
        return _in_figures(found, old)
    spoken = not any(character.isdigit() for character in old)
    return _in_words(found, old, spoken=spoken)


def _end_of_iso(text: str) -> int:
    match = _ISO.match(text)
    return match.end() if match else len(text)


def _in_figures(found: Read, old: str) -> str:
    separator = next(character for character in old if not character.isdigit())
    pieces = old.split(separator)
    day_first = found.shape.endswith("dmy")
    first, second = (found.day, found.month) if day_first else (found.month, found.day)
    told = [f"{first:0{len(pieces[0])}d}", f"{second:0{len(pieces[1])}d}"]
    if found.year is not None:
        told.append(f"{found.year:04d}"[-len(pieces[2]) :])
    return separator.join(told)


def _in_words(found: Read, old: str, *, spoken: bool) -> str:
    name = next(word for word in re.findall(r"[A-Za-z]+", old) if word.lower()[:3] in SHORT and word.lower() in _NAMES)
    full = MONTHS[found.month - 1]
    month = full if len(name) > 4 or name.lower() in MONTHS else full[:3]
    month = month.upper() if name.isupper() else month.capitalize() if name[0].isupper() else month
    day = "" if found.day is None else ORDINALS[found.day - 1].replace("-", " ") if spoken else _day(found.day, old)
    year = "" if found.year is None else said_year(found.year) if spoken else str(found.year)
    if found.shape == "day-first":
        of = " of" if " of " in old.lower() else ""
        return " ".join(filter(None, [f"{day}{of}", month, year]))
    comma = "," if "," in old and day else ""
    return " ".join(filter(None, [month, f"{day}{comma}" if day else "", year]))


_NAMES = {*MONTHS, *SHORT}


def _day(day: int, old: str) -> str:
    if not re.search(r"\d(?:st|nd|rd|th)\b", old.lower()):
        return str(day)
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def said_year(year: int) -> str:
    """`nineteen fifty`, `two thousand four`, `twenty twenty one`."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" {ONES[rest]}" if rest else "")
    if rest == 0:
        return f"{_said(century)} hundred"
    return f"{_said(century)} {f'oh {ONES[rest]}' if rest < 10 else _said(rest)}"


def _said(number: int) -> str:
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return TENS[tens - 2] + (f" {ONES[ones]}" if ones else "")
