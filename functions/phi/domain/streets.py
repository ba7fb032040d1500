"""Addresses as the United States write them: `88 Alder Street`, `3 N. 2nd Ave Apt 4B`, `PO Box 12`."""

from functions.phi.domain import vocabulary
from functions.phi.domain.document import INITIAL, LOWER, MIXED, NO_WORD, TITLE, UPPER, Document
from functions.phi.domain.lists import DRUG
from functions.phi.domain.place_words import SAINTS, proper

STREETS = frozenset(
    "street st avenue ave av road rd drive dr lane ln boulevard blvd court ct circle cir way place pl terrace ter trail trl "
    "parkway pkwy highway hwy square sq loop alley aly plaza plz turnpike pike crossing xing ridge run path row walk cove "
    "point pt crescent cres bend hollow landing commons extension ext broadway glen grove hill hills heights view".split()
)
# Words of their own in a sentence: with a capital only.
TITLE_STREETS = frozenset(
    "close mews gardens garden cottages rise parade vale green croft esplanade circuit wynd quay yard causeway promenade overlook "
    "trace manor vista creek meadow meadows springs shore shores knoll fork canyon wharf mount bypass expressway bank brow gate".split()
)
SHORT_STREETS = frozenset("st dr ct pl ave rd ln pt way run hill view point row path square ridge bend".split())
NOT_IN_STREETS = frozenset("with by at in for from to on is was per w of note".split())  # `5/31/2025 WITH DR ROE`
UNITS = frozenset("apt apartment unit suite ste room rm floor fl lot bldg building".split())
DIRECTIONS = frozenset("n s e w ne nw se sw north south east west northeast northwest southeast southwest".split())
DOTTED = DIRECTIONS | SAINTS


def housed(document: Document, index: int) -> bool:
    """Whether a number is one of a house, by what follows: a word, or a hyphen and another one."""
    at = index + 1
    return at < len(document) and (document.shapes[at] != NO_WORD or document.keys[at] == "-")


def street(document: Document, index: int) -> int:
    """`88 Alder Street`, `3 N. 2nd Ave Apt 4B`, `PO Box 12`."""
    key = document.keys[index]
    if key in {"po", "p"} or (key == "box" and document.key(index + 1).isdigit()):
        return box(document, index)
    if not document.words[index][0].isdigit() or (not key[:-1].isdigit() and not key.isdigit()) or len(key) > 6:
        return index
    at = index + 1
    if document.key(at) == "-" and document.key(at + 1).isdigit():
        at += 2
    names, last = 0, min(index + 8, len(document))
    while at < last and not document.new_line(at):
        key = document.keys[at]
        written = key in TITLE_STREETS and document.shapes[at] == TITLE
        if (key in STREETS or written) and (names or key == "broadway") and (proper(document, at) or document.speech):
            if key in SHORT_STREETS and document.key(at - 1) in vocabulary.TITLES:
                return index
            return unit(document, at + 1)
        if key in DIRECTIONS or (key == "." and document.key(at - 1) in DOTTED):
            at += 1
            continue
        if key in NOT_IN_STREETS:
            return index
        ordinal = key[0].isdigit() and key[-2:] in {"st", "nd", "rd", "th"}
        if not (ordinal or proper(document, at) or (document.speech and document.shapes[at] == LOWER)):
            return index
        if document.medical(at) and document.flags[at] & DRUG:
            return index
        names += 1
        at += 1
    return index


def box(document: Document, index: int) -> int:
    at = index
    while document.key(at) in {"p", "o", "po", "."}:
        at += 1
    if document.key(at) == "box" and document.key(at + 1)[:1].isdigit():
        return at + 2
    return index


def unit(document: Document, at: int) -> int:
    """Direction, apartment, suite or number behind a street."""
    end = at
    if document.key(end) == ".":
        end += 1
    if (
        document.key(end) in DIRECTIONS
        and not document.new_line(end)
        and document.shapes[end] in {TITLE, UPPER, INITIAL}
    ):
        end += 1
    probe = end + (document.key(end) == ",")
    if document.key(probe) in UNITS:
        probe += 1
        probe += document.key(probe) in {".", "#"}
        if (probe < len(document) and document.shapes[probe] in {NO_WORD, MIXED, INITIAL}) or document.key(
            probe
        ).isdigit():
            return probe + 1
    if document.key(probe) == "#" and document.key(probe + 1)[:1].isalnum():
        return probe + 2
    return end
