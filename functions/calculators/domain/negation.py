"""Which yes/no criteria a sentence affirms, denies or leaves open.

A negator covers the criterion that follows it and what is joined by "or". After a denied criterion, one that is
joined by "and", a comma or nothing ("no heart failure and diabetes") can be meant either way: it stays open.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from functions.calculators.domain import labels
from functions.calculators.domain.model import YesNo


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATORS = _words(
    "no not without denies denied deny denying never negative neither nor non none isnt doesnt hasnt didnt dont wasnt"
    " arent havent lacks cannot cant absent excluded"
)
AFFIRMERS = _words("with but plus positive also however yes although though except presents presented")
# These affirm unless a negator stands before them: "is on aspirin", "is not on aspirin".
SOFT = _words("has had have having is was who on takes taking developed shows suffers")
NEUTRAL = _words(
    "a an any the of for history hx previous prior past recent known evidence signs sign documented current currently"
    " active diagnosed diagnosis ever clinical type been to be really"
)
JOINS = frozenset({"and", ",", "or", "nor", "either"})
DOUBT = re.compile(
    r"(?:possible|possibly|suspected|probable|maybe|perhaps|questionable|concern for|rule out|query)(?: an?)?$"
)
_RELATIVE = r"(?:mother|father|brother|sister|parents?|sibling|son|daughter|husband|wife)"
OTHERS = re.compile(
    rf"(?:family history of|risk (?:of|for)|prevent(?:ion of|ing)?|reduce|to avoid"
    rf"|{_RELATIVE}(?: (?:has|had|with|who had|died of|have))?)(?: an?| the| previous)?$"
)
DENIED_AFTER = re.compile(
    r" ?(?:(?:is|was|are|,|=) )*(?:absent|negative|none|false|denied|not present|ruled out|excluded|unlikely)\b"
)
NO_AFTER = re.compile(r" ?(?:, )?no(?= [,.]|$)")
YES_AFTER = re.compile(r" ?(?:(?:is|was|,) )*(?:yes|present|true|positive)\b")


@dataclass(frozen=True, slots=True)
class Hit:
    start: int
    end: int
    criterion: YesNo
    kind: str  # present, absent (the words themselves deny), unclear


def decide(text: str, criteria: tuple[YesNo, ...]) -> list[tuple[YesNo, bool | None]]:
    """Every mentioned criterion with True, False or None (open). An affirmed mention wins over a denied one."""
    found: dict[str, tuple[YesNo, bool | None]] = {}
    hits = _hits(text, criteria)
    form = any(re.match(r" yes\b| no$| no [,.]", text[hit.end :]) for hit in hits)
    previous_end = 0
    previous: bool | None = True
    was_others = False
    for index, hit in enumerate(hits):
        gap = text[previous_end : hit.start]
        following = text[hit.end : hits[index + 1].start] if index + 1 < len(hits) else text[hit.end :]
        if OTHERS.search(gap.rstrip()):  # somebody else's, or only a risk: says nothing about the patient
            previous_end, was_others = hit.end, True
            continue
        if was_others:  # "family history of stroke and diabetes" leaves diabetes open
            previous = None if set(gap.split()) <= JOINS else True
        polarity = _polarity(gap, previous, following, text[hit.end :], form)
        previous_end, previous, was_others = hit.end, polarity, False
        _note(found, hit, polarity)
    return list(found.values())


def _note(found: dict[str, tuple[YesNo, bool | None]], hit: Hit, polarity: bool | None) -> None:
    value = polarity
    if hit.kind == "unclear":
        value = False if polarity is False else None
    elif hit.kind == "absent":
        value = None if polarity is False else False
    earlier = found.get(hit.criterion.name)
    if earlier is None or value is True or (earlier[1] is None and value is not None and hit.kind != "unclear"):
        found[hit.criterion.name] = (hit.criterion, value)


def _hits(text: str, criteria: tuple[YesNo, ...]) -> list[Hit]:
    """The longest mentions that do not overlap, in order."""
    chosen: list[Hit] = []
    for hit in sorted(_mentions(text, criteria), key=lambda one: one.start - one.end):
        if all(hit.end <= other.start or hit.start >= other.end for other in chosen):
            chosen.append(hit)
    return sorted(chosen, key=lambda one: one.start)


def _mentions(text: str, criteria: tuple[YesNo, ...]) -> Iterator[Hit]:
    for criterion in criteria:
        named = (labels.mark(criterion), labels.pattern(criterion.label), *criterion.words)
        for kind, words in (("present", named), ("unclear", criterion.unclear), ("absent", criterion.absent)):
            for word in words:
                for found in re.finditer(rf"\b(?:{word})\b", text):
                    yield Hit(found.start(), found.end(), criterion, kind)


def _polarity(gap: str, previous: bool | None, following: str, rest: str, form: bool) -> bool | None:
    if DENIED_AFTER.match(rest) or NO_AFTER.match(rest) or (form and re.match(r" no\b", rest)):
        return False
    if YES_AFTER.match(rest):
        return True
    if DOUBT.search(gap.rstrip()):
        return None
    return _before(gap.split(), previous, following, form)


def _before(gap: list[str], previous: bool | None, following: str, form: bool) -> bool | None:
    """Walk back from the criterion to the nearest word that decides."""
    strange = soft = False
    for token in reversed(gap):
        if token.startswith("."):
            return True
        if set(token) == {"|"}:
            return True if soft or previous else None
        if token in NEGATORS and not form:
            return None if strange else False
        if token in AFFIRMERS:
            return True
        soft = soft or token in SOFT
        strange = strange or token not in NEUTRAL | JOINS | SOFT
    return True if soft or previous else _inherit(set(gap), strange, previous, following)


def _inherit(gap: set[str], strange: bool, previous: bool | None, following: str) -> bool | None:
    """Joined to a denied (or open) criterion: "or" carries the denial on, anything else leaves it open."""
    if previous is None or strange:
        return None
    list_ends_with_or = "," in gap and re.match(r"[ ,]*\b(?:or|nor)\b", following) is not None
    return False if gap & {"or", "nor"} or list_ends_with_or else None
