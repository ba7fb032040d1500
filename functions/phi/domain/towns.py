"""Towns and counties: `Pine Bluff, AR`, `in Cedar Falls`, `Wexford County`, `lives in tulsa`."""

from functions.phi.domain import company, vocabulary
from functions.phi.domain.document import LOWER, TITLE, UPPER, Document
from functions.phi.domain.lists import COMMON, DRUG, EPONYM, FREQUENT, GIVEN, MEDICAL, PLACE, PLACE_BEGINS, WORLD
from functions.phi.domain.model import LISTED, NAMED
from functions.phi.domain.name_parts import eponymous
from functions.phi.domain.place_words import Found, proper, stops

NUMERALS = frozenset(("I", "II", "III", "IV", "V", "VI", "VII"))
STATES = frozenset(
    "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa "
    "kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada "
    "hampshire jersey mexico york carolina dakota ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia "
    "washington wisconsin wyoming".split()
)
ABBREVIATIONS = frozenset(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA PR RI "
    "SC SD TN TX UT VT VA WA WV WI WY".split()
)
TWO_WORD_STATES = frozenset({
    "new hampshire", "new jersey", "new mexico", "new york", "north carolina", "north dakota", "south carolina", "south dakota",
    "rhode island", "west virginia", "puerto rico", "district of columbia",
})  # fmt: skip
PLACE_CUES = frozenset(
    "in from near at to of around outside downtown lives living resides residing born moved relocated visiting city town "
    "village county hometown address lived traveled travelled live via".split()
)
COUNTIES = frozenset("county parish borough township".split())
SAINTLY = frozenset("st saint ft mt".split())
REGIONS = COUNTIES | STATES | SAINTLY | {phrase.partition(" ")[0] for phrase in TWO_WORD_STATES}
CODE = 5  # figures


def regional(document: Document) -> bool:
    """Whether the text has a state, a county or a saint at all, which a place that no list knows is told by."""
    return not (REGIONS.isdisjoint(document.keys) and ABBREVIATIONS.isdisjoint(document.words))


def town(document: Document, index: int, *, inhabited: bool) -> Found | None:
    """`Pine Bluff, AR`, `in Cedar Falls`, `Wexford County`, `lives in tulsa`. `inhabited`: as `regional` tells it."""
    key, flags = document.keys[index], document.flags[index]
    if not key.isalpha() or not (proper(document, index) or (document.speech and flags & PLACE_BEGINS)):
        return None
    several = document.lists.phrase(document.keys, PLACE | WORLD, index) if flags & PLACE_BEGINS else 0
    length = several or int(bool(flags & (PLACE | WORLD)))
    if not (length or inhabited or len(document.key(index + 1)) == CODE):
        return None
    if length > 1 and any(document.new_line(at) for at in range(index + 1, index + length)):
        length = int(bool(flags & (PLACE | WORLD)))
    if (length < 2 and stops(document, index)) or eponymous(document, index):
        return None
    if key in {"st", "saint"} and "wort" in document.keys[index + 2 : index + 5]:
        return None  # `St. John's wort`
    if key in SAINTLY and document.key(index + 1) == "." and index + 2 < len(document):
        joined = f"{key} {document.keys[index + 2]}"
        spelled = joined.replace("st ", "saint ", 1) if key == "st" else joined
        if (document.lists.flags(joined) | document.lists.flags(spelled)) & (PLACE | WORLD):
            return index, index + 3, "GEO", NAMED
    end = index + length
    cued = document.key(index - 1) in PLACE_CUES
    after = max(end, index + 1)
    if (
        key == "county"
        and document.key(index + 1) == "of"
        and index + 2 < len(document)
        and proper(document, index + 2)
    ):
        return index, index + 3, "GEO", NAMED
    if (
        document.key(after) in COUNTIES
        and not document.new_line(after)
        and (document.shapes[index] != LOWER or document.key(index - 1) in {"from", "in", "of"})
    ):
        return index, max(end, index + 1) + 1, "GEO", NAMED
    if (
        not length
        and not document.speech
        and cued
        and len(document.key(index + 1)) == CODE
        and document.key(index + 1).isdigit()
    ):
        return index, index + 1, "GEO", NAMED
    if not length:
        grown = index + 1
        while grown < min(index + 3, len(document)) and proper(document, grown) and not document.speech:
            grown += 1
        if document.key(grown) in COUNTIES and not document.speech:
            return index, grown + 1, "GEO", NAMED
        unlisted = (
            not document.speech
            and document.shapes[grown - 1] == TITLE
            and state_after(document, grown)
            and (cued or document.key(index - 1) == ",")
        )
        return (index, grown, "GEO", NAMED) if unlisted else None
    if is_state(document, index, length):
        return None
    if document.key(end) in COUNTIES:
        return index, end + 1, "GEO", NAMED
    if state_after(document, end):
        return index, end, "GEO", NAMED
    if document.words[end : end + 1] and document.words[end] in NUMERALS and not cued:
        return None  # `Hood River III`, a classification's
    second = document.key(end + 1) if end < len(document) and document.shapes[end] == TITLE else ""
    if (document.key(end) in vocabulary.EPONYM_HEADS or second in vocabulary.EPONYM_HEADS) and not cued:
        return None
    if document.speech:
        if length == 1 and not proper(document, index):
            return None
        home = document.key(index - 1) in {"in", "from", "near"} and (length > 1 or not document.ordinary(index))
        weak = document.medical(index) or flags & FREQUENT
        return (index, end, "GEO", NAMED) if home and (length > 1 or not weak) else None
    if cued and (length > 1 or not (document.medical(index) or (flags & EPONYM and not flags & GIVEN))):
        if document.shapes[index] == UPPER and len(key) < 5:
            return None
        return index, end, "GEO", NAMED
    ordinary = all(document.ordinary(at) or document.medical(at) for at in range(index, end))
    if length > 1 and not ordinary:
        return index, end, "GEO", LISTED
    if length == 1 and not flags & (COMMON | MEDICAL | DRUG | EPONYM) and document.shapes[index] == TITLE:
        return None if company.medicines(document, index, end) else (index, end, "GEO", LISTED)
    return None


def state_after(document: Document, at: int) -> bool:
    at += document.key(at) == ","
    if at >= len(document) or document.new_line(at):
        return False
    if document.words[at] in ABBREVIATIONS:
        return True
    return (document.keys[at] in STATES and (document.speech or document.shapes[at] == TITLE)) or (
        " ".join(document.keys[at : at + 2]) in TWO_WORD_STATES
    )


def is_state(document: Document, index: int, length: int) -> bool:
    phrase = " ".join(document.keys[index : index + max(length, 1)])
    return phrase in TWO_WORD_STATES or (length <= 1 and phrase in STATES) or document.words[index] in ABBREVIATIONS
