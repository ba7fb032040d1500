"""Dates as they are spoken: `july twenty fourth nineteen sixty`, `the third of june`, `eight twenty seven two thousand twenty two`."""

from functions.phi.domain import spoken_numbers as numbers
from functions.phi.domain.document import Document
from functions.phi.domain.model import NAMED, SHAPED, Entity

SOURCE = "speech"
MONTHS = frozenset("january february march april may june july august september october november december sept".split())
UNCERTAIN_MONTHS = frozenset("may march august".split())
NUMBERED_MONTHS = frozenset("one two three four five six seven eight nine ten eleven twelve".split())
ORDINALS = frozenset(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth thirtieth".split()
)
WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
NAMES = frozenset("april june".split())
EARLY = frozenset("first second third".split())  # also `the second dose`
BEFORE_MONTHS = frozenset("in since last from until till early late mid this next of".split())
BEFORE_DAYS = frozenset("on for until till since by from before after through to due".split())
BEHIND_DAYS = frozenset("at and to he she they we i his her with but or was is can please in so that".split())
NUMBERED_NOUNS = frozenset("dose time day week visit one toe finger degree floor opinion line".split())
MEASURES = frozenset(
    "percent over pounds kilos kilograms beats degrees milligrams units days weeks months minutes hours point and a".split()
)


def date(document: Document, index: int) -> tuple[Entity, int] | None:
    """`july twenty fourth nineteen sixty`, `the third of june`, `march two thousand four`."""
    key = document.keys[index]
    if (end := in_numbers(document, index)) > index:
        return document.entity(index, end, "DATE", SHAPED, SOURCE), end
    if key in WEEKDAYS and (document.speech or document.key(index + 1) == "the"):
        at = index + 1 + (document.key(index + 1) == "the")
        end = day(document, at)
        if end > at and is_ordinal(document, at, end) and document.key(end) not in NUMBERED_NOUNS:
            return document.entity(index, end, "DATE", NAMED, SOURCE), end
        return None
    if document.speech and document.key(index - 1) == "the" and document.key(index - 2) in BEFORE_DAYS:
        end = day(document, index)
        nth = end > index and is_ordinal(document, index, end)
        if nth and end - index + (key not in EARLY) > 1 and (end == len(document) or document.key(end) in BEHIND_DAYS):
            return document.entity(index, end, "DATE", NAMED, SOURCE), end
    if key in ORDINALS or key in numbers.TENS:
        end = day(document, index)
        if end > index and document.keys[end : end + 2] == ["of", "the"] and document.key(end + 2) in ORDINALS:
            last = year(document, end + 3)  # `the ninth of the fourth sixty two`
            if last > end + 3:
                return document.entity(index, last, "DATE", SHAPED, SOURCE), last
        if end > index and document.key(end) == "of" and document.key(end + 1) in MONTHS:
            last = year(document, end + 2)
            index -= document.key(index - 1) == "the"
            return document.entity(index, max(last, end + 2), "DATE", SHAPED, SOURCE), max(last, end + 2)
        return None
    if key not in MONTHS:
        return None
    at = index + 1 + (document.key(index + 1) == "the")
    after_day = day(document, at)
    last = year(document, after_day + (document.key(after_day) in {",", "of", "in"}))
    if after_day > at:
        sure = (
            max(last, year(document, at)) > after_day
            or is_ordinal(document, at, after_day)
            or key not in UNCERTAIN_MONTHS
        )
        end = max(after_day, last, year(document, at))  # `june twenty twenty six`
        return (document.entity(index, end, "DATE", SHAPED, SOURCE), end) if sure else None
    last = year(document, at)
    if last > at:
        return document.entity(index, last, "DATE", SHAPED, SOURCE), last
    if document.speech and document.key(index - 1) in BEFORE_MONTHS and key not in UNCERTAIN_MONTHS | NAMES:
        return document.entity(index, at, "DATE", NAMED, SOURCE), at
    return None


def in_numbers(document: Document, index: int) -> int:
    """`eight twenty seven two thousand twenty two`, `seven sixteen nineteen sixty`; `index` when it is no date."""
    if document.keys[index] not in NUMBERED_MONTHS:
        return index
    begin = index + 1 + (document.key(index + 1) == "slash")
    after = day(document, begin)
    if after == begin:
        return index
    after += document.key(after) == "slash"
    if document.keys[after : after + 1] not in (["nineteen"], ["two"]):
        return index
    last = year(document, after)
    return last if last > after + 1 and document.key(last) not in MEASURES else index


def is_ordinal(document: Document, begin: int, end: int) -> bool:
    return any(document.keys[at] in ORDINALS for at in range(begin, end))


def day(document: Document, at: int) -> int:
    """Index behind a spoken day of a month, `at` when there is none."""
    key = document.key(at)
    if key in ORDINALS:
        return at + 1
    if key in {"twenty", "thirty"}:
        unit = at + 1 + (document.key(at + 1) == "-")
        following = document.key(unit)
        if following in ORDINALS or (following in numbers.UNITS and following not in {"oh", "o", "zero"}):
            return unit + 1
        return at + 1
    if key in numbers.TEENS or (key in numbers.UNITS and key not in {"oh", "o", "zero"}):
        return at + 1
    return at


def year(document: Document, at: int) -> int:
    """Index behind a spoken year, `at` when there is none: `nineteen sixty four`, `two thousand and four`, `twenty twenty`."""
    key = document.key(at)
    if key.isdigit() and len(key) == 4:
        return at + 1
    following = document.key(at + 1)
    if key in {"eighteen", "nineteen", "twenty"}:
        if following in {"oh", "o", "hundred"}:
            return at + 3 if document.key(at + 2) in numbers.UNITS else at + 2
        return small(document, at + 1, least=10) or at
    if key == "two" and following == "thousand":
        return small(document, at + 2 + (document.key(at + 2) == "and"), least=0) or at + 2
    if key in numbers.TENS:  # `july fourth sixty two`
        return small(document, at, least=20) or at
    return at


def small(document: Document, at: int, *, least: int) -> int:
    """Index behind a spoken number below a hundred; 0 when there is none or it is smaller than `least`."""
    found = numbers.atom(document, at)
    return found[1] if found and found[2] == "digit" and len(found[0]) <= 2 and int(found[0]) >= least else 0
