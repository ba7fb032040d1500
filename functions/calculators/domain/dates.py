"""Days of the calendar, written and said.

"5 march 2024", "march the fifth", "2024-03-05" and "today" are read; 03/05/2024 can be March or May and is asked for.
A day without a year is the latest one that is not after today. Works on normalised text (wording.py), which turns the
hyphens of an ISO date into blanks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = "january february march april may june july august september october november december"
_MONTH_OF = {word[:3]: number for number, word in enumerate(MONTHS.split(), start=1)}
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_MONTH += r"|nov(?:ember)?|dec(?:ember)?)"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth"
)
_DAY_OF = {word: number for number, word in enumerate(_ORDINALS.split(), start=1)} | {"thirtieth": 30}
_TENS = {"20": 20, "30": 30}
_ORDINAL = rf"(?:(?:20|30) (?:{'|'.join(_ORDINALS.split()[:9])})|{'|'.join(_DAY_OF)})"
_DAY = rf"({_ORDINAL}|\d{{1,2}}(?:st|nd|rd|th)?)(?![.\d])"
# "twenty twenty four" is heard as "20 24".
_YEAR = r"((?:19|20) ?\d\d)(?!\d)"
_PATTERNS = (
    rf"(?<![\d./]){_YEAR} (?P<month>\d\d) (?P<day>\d\d)(?![\d./])",
    rf"\b{_DAY}(?: of)? (?P<name>{_MONTH})\b(?:(?: of| ,)? {_YEAR})?",
    rf"\b(?P<name>{_MONTH})(?: the)? {_DAY}(?:(?: of| ,)? {_YEAR})?",
    r"(?<![\d./])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4})(?![\d./])",
    r"\b(?P<word>today|yesterday)\b",
)


@dataclass(frozen=True, slots=True)
class Found:
    """`day` is None where the words can mean several days, or none."""

    start: int
    end: int
    day: date | None


def said(day: date) -> str:
    """ "12 May 2026": no order of numbers to mistake."""
    return f"{day.day} {MONTHS.split()[day.month - 1].title()} {day.year}"


def find(text: str, today: date | None = None) -> list[Found]:
    """Every day named in `text`, in order; the longest reading of each place."""
    found: list[Found] = []
    for one in sorted(_readings(text, today), key=lambda reading: reading.start - reading.end):
        if all(one.end <= other.start or one.start >= other.end for other in found):
            found.append(one)
    return sorted(found, key=lambda reading: reading.start)


def _readings(text: str, today: date | None) -> Iterator[Found]:
    for hit in re.finditer(_PATTERNS[0], text):
        yield Found(*hit.span(), _day(_year(hit[1]), int(hit["month"]), int(hit["day"])))
    for hit in re.finditer(_PATTERNS[1], text):
        yield Found(*hit.span(), _named(hit["name"], hit[1], hit[3], today))
    for hit in re.finditer(_PATTERNS[2], text):
        yield Found(*hit.span(), _named(hit["name"], hit[2], hit[3], today))
    for hit in re.finditer(_PATTERNS[3], text):
        yield Found(*hit.span(), _numeric(int(hit["first"]), int(hit["second"]), int(hit["year"])))
    for hit in re.finditer(_PATTERNS[4], text):
        back = timedelta(days=1 if hit["word"] == "yesterday" else 0)
        yield Found(*hit.span(), today - back if today else None)


def _named(month: str, number: str, year: str | None, today: date | None) -> date | None:
    day, which = _number(number), _MONTH_OF[month[:3]]
    if year:
        return _day(_year(year), which, day)
    if today is None:
        return None
    this_year = _day(today.year, which, day)
    return this_year if this_year and this_year <= today else _day(today.year - 1, which, day)


def _numeric(first: int, second: int, year: int) -> date | None:
    """Month and day in either order, where only one of them is possible."""
    readings = {_day(year, first, second), _day(year, second, first)} - {None}
    return readings.pop() if len(readings) == 1 else None


def _number(text: str) -> int:
    digits = re.match(r"\d{1,2}(?=st|nd|rd|th|$)", text)
    if digits:
        return int(digits[0])
    ten, _, unit = text.rpartition(" ")
    return _TENS.get(ten, 0) + _DAY_OF[unit]


def _year(text: str) -> int:
    return int(text.replace(" ", ""))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
