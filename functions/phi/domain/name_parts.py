"""Whether a word can be a part of a name, given how much the words before it prove."""

from functions.phi.domain import vocabulary as words
from functions.phi.domain.document import INITIAL, LOWER, MIXED, TITLE, UPPER, Document
from functions.phi.domain.lists import (
    COMMON,
    DRUG,
    EPONYM,
    FREQUENT,
    GIVEN,
    GIVEN_RANK,
    MEDICAL,
    PLACE,
    SURNAME,
    SURNAME_RANK,
    WORLD,
    rank,
)

# How much a cue proves: a title before it, a relation or verb before it, nothing.
TITLED, CUED, ALONE = 3, 2, 1


def borne(flags: int) -> int:
    """How common a name it is."""
    return max(rank(flags, GIVEN_RANK), rank(flags, SURNAME_RANK))


def paired(document: Document, index: int) -> bool:
    """A word that is a given name as well, before what can only be a surname: `gene kowalski`."""
    flags = document.flags[index]
    if rank(flags, GIVEN_RANK) < 4 or (document.medical(index) and flags & DRUG) or index + 1 >= len(document):
        return False
    following = document.flags[index + 1]
    return bool(following & SURNAME) and not following & (COMMON | MEDICAL | DRUG)


def fits(document: Document, index: int, strength: int, *, begun: bool = False) -> bool:
    """Whether this token can be a word of a name, given how strong the cue is; `begun`: a name stands before it."""
    key, flags, shape = document.keys[index], document.flags[index], document.shapes[index]
    if shape in {MIXED, INITIAL} or not key.isalpha() or len(key) < 2:
        return False
    if key in words.CALENDAR_NAMES:
        return (shape != LOWER and not dated(document, index)) or (shape == LOWER and (strength == TITLED or begun))
    if key in words.PRONOUNS or (document.speech and (key in words.LETTER_NAMES or key in words.SPOKEN_TESTS)):
        return False
    if key in words.NEVER_NAMES and not (
        shape in {TITLE, UPPER}
        and (begun or strength == TITLED)
        and (rank(flags, SURNAME_RANK) >= 4 or (flags & SURNAME and addressed(document, index)))
        and key not in words.CREDENTIALS
    ):
        return False
    if eponymous(document, index) or (key in words.CALENDAR_NAMES and dated(document, index)):
        return False
    if shape == LOWER and (not document.speech or document.words[index].endswith(("'d", "’d"))):
        return strength == TITLED and lowly(document, index)
    listed = flags & (GIVEN | SURNAME)
    if shape == LOWER:
        if strength == TITLED:
            return bool(listed and not flags & FREQUENT) or not flags & (COMMON | MEDICAL | DRUG)
        return (bool(listed) and not document.ordinary(index)) or not flags & (COMMON | MEDICAL | DRUG)
    if begun and shape == UPPER and not flags and len(key) >= 4 and not document.medical(index):
        return not key.endswith(("ed", "ing"))  # `PT FIUME AMBULATED`
    if begun and listed and borne(flags) >= 4 and not flags & DRUG:
        return True
    if shape == UPPER and strength < TITLED and (not listed or len(key) < 3 or document.medical(index)):
        return False
    if strength == TITLED:
        return bool(listed) or not flags & (COMMON | MEDICAL | DRUG) or (shape == TITLE and addressed(document, index))
    if flags & DRUG and not rank(flags, GIVEN_RANK) >= 5:
        return False
    if not listed and document.medical(index):
        return False
    if strength == CUED:
        return bool(listed) or not flags & (COMMON | MEDICAL)
    return bool(listed and not document.ordinary(index)) or not flags & (COMMON | MEDICAL | DRUG | PLACE | WORLD)


def addressed(document: Document, index: int, *shapes: int) -> bool:
    """`Dr. Level`: whatever the word, with a capital it is a name behind such a title."""
    at = index - 1 - (document.key(index - 1) == ".")
    return document.key(at) in words.STRONG_TITLES and document.shapes[at] in (shapes or (TITLE, UPPER))


def lowly(document: Document, index: int) -> bool:
    """`dr. field called` in a text whose titles are written small too."""
    if not addressed(document, index, LOWER) or document.words[index].endswith(("'d", "’d")):
        return False
    flags = document.flags[index]
    return bool(flags & SURNAME and not flags & FREQUENT) or not flags & (COMMON | MEDICAL | DRUG)


def dated(document: Document, index: int) -> bool:
    """`May 5`, `in June`, `august twelfth`: the month and not the person."""
    following = document.key(index + 1)
    return (
        document.shapes[index] == LOWER
        or following[:1].isdigit()
        or (following in {",", "of", "through", "to"} and document.key(index + 2)[:1].isdigit())
        or document.key(index - 1) in words.BEFORE_MONTHS
    )


def eponymous(document: Document, index: int) -> bool:
    """`Crohn disease`, `Ewing's sarcoma`, `Wolff-Parkinson-White`, `Child-Pugh`: medicine's names, not a person's."""
    if not document.flags[index] & EPONYM:
        return False
    after, last = index + 1, min(index + 6, len(document))
    while after < last and (
        document.words[after] in "-–/'’"
        or (document.flags[after] & EPONYM and document.shapes[after] != LOWER)
        or (document.speech and document.flags[after] & EPONYM)
    ):
        after += 1
    return document.key(after) in words.EPONYM_HEADS
