"""The names found, again: every other place of the same text where one of their words stands, and what is written behind them."""

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator

from functions.phi.domain import company
from functions.phi.domain import vocabulary as words
from functions.phi.domain.document import LOWER, Document
from functions.phi.domain.lists import DRUG, FREQUENT, SURNAME
from functions.phi.domain.model import LISTED, Entity
from functions.phi.domain.name_parts import eponymous
from functions.phi.domain.names import SOURCE

SUFFIX = re.compile(r",? ?(?:Jr|Sr|JR|SR)\b|, (?:II|III|IV)\b")


def borne_in(document: Document, found: Iterable[Entity]) -> set[str]:
    """The words of the found names that say who is meant elsewhere in the text, too."""
    known: set[str] = set()
    for one in found:
        if one.label == "NAME":
            for index in range(*between(document, one)):
                key = document.keys[index]
                if len(key) > 2 and key.isalpha() and key not in words.NEVER_NAMES:
                    flags = document.flags[index]
                    ordinary = document.ordinary(index)
                    # `Smith` is among the most written words because so many bear it, `White` because of the colour.
                    used = flags & DRUG or (flags & FREQUENT and (ordinary or not flags & SURNAME))
                    if not used and not (ordinary and document.shapes[index] == LOWER):
                        known.add(key)
    return known


def propagated(document: Document, known: Container[str]) -> Iterator[Entity]:
    """Every place where a word of a found name stands: also possessive, in capitals, spoken."""
    for index, key in enumerate(document.keys):
        if key in known and not eponymous(document, index) and not company.headed(document, index + 1):
            if document.common(index) and document.shapes[index] == LOWER:
                continue
            yield document.entity(index, index + 1, "NAME", LISTED, "propagation")


def suffixed(text: str, found: Iterable[Entity]) -> Iterator[Entity]:
    """`Jane Roe, IV`: what is written behind a name is a part of it."""
    for one in found:
        if one.label == "NAME" and (behind := SUFFIX.match(text, one.end)):
            yield Entity(one.end, behind.end(), "NAME", one.score, SOURCE)


def between(document: Document, one: Entity) -> tuple[int, int]:
    """The tokens within a finding."""
    return bisect_left(document.starts, one.start), bisect_left(document.starts, one.end)
