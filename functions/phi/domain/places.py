"""Addresses, towns, counties, and facilities (hospitals, clinics, schools, employers), from cues and lists."""

from collections.abc import Iterator

from functions.phi.domain.document import LOWER, MIXED, TITLE, UPPER, Document
from functions.phi.domain.facilities import HOUSES, SAID_BEHIND, facility, said, stated, visited
from functions.phi.domain.lists import FREQUENT, PLACE_BEGINS
from functions.phi.domain.model import NAMED, SHAPED, Entity
from functions.phi.domain.place_words import HEADS, SAINTS, TOLD, Found
from functions.phi.domain.streets import housed, street
from functions.phi.domain.towns import regional, town

SOURCE = "context"
BOXES = frozenset(("po", "p", "box"))
BEGIN = frozenset((TITLE, UPPER, MIXED))
BEGINNINGS = TOLD | {"po", "p", "box", "st", "mt", "saint", "mount"}
SAID = BEGINNINGS | SAINTS | HOUSES | SAID_BEHIND  # with these one can begin in speech although they are frequent words
NOTHING: Found = (0, 0, "", 0.0)


def find(document: Document) -> Iterator[Entity]:
    done = 0
    heads = [index for index, key in enumerate(document.keys) if key in HEADS]
    inhabited = regional(document)
    for index in candidates(document):
        if index < done:
            continue
        begin, end, label, score = first(document, index, heads, inhabited=inhabited)
        if end > begin:
            yield document.entity(begin, end, label, score, SOURCE)
            code = end + (document.key(end) == ",")
            if label == "GEO" and len(document.key(code)) == 5 and document.key(code).isdigit():
                last = code + 3 if document.key(code + 1) == "-" and document.key(code + 2).isdigit() else code + 1
                yield document.entity(code, last, "GEO", NAMED, SOURCE)
        done = end if end > index else index + 1


def candidates(document: Document) -> list[int]:
    """Tokens with which an address, a town, a facility or a cue can begin."""
    keys, shapes = document.keys, document.shapes
    if not document.speech:
        return [
            index
            for index, (key, shape) in enumerate(zip(keys, shapes, strict=True))
            if shape in BEGIN or key in BEGINNINGS
        ]
    return [
        index
        for index, (key, shape, flags) in enumerate(zip(keys, shapes, document.flags, strict=True))
        if not flags & FREQUENT or flags & PLACE_BEGINS or shape != LOWER or key in SAID
    ]


def first(document: Document, index: int, heads: list[int], *, inhabited: bool) -> Found:
    """What begins with this token, or behind it when it is a cue. `heads`: where words stand that are a kind of
    facility; `inhabited`: as `towns.regional` tells it.
    """
    key, figures = document.keys[index], document.words[index][0].isdigit()
    if key in BOXES or ((figures or key[0].isdigit()) and housed(document, index)):
        address = street(document, index)
        if address > index:
            return index, address, "GEO", SHAPED
    if figures and key[0].isdigit():
        return NOTHING  # nothing else begins with figures
    house = facility(document, index, heads)
    if house > index:
        return index, house, "FACILITY", NAMED
    if document.speech and (told := said(document, index)):
        return told
    told = stated(document, index) if key in TOLD else None
    if told is None and document.shapes[index] == UPPER:
        told = visited(document, index)
    return told or town(document, index, inhabited=inhabited) or NOTHING
