"""Names of several words: initials, particles, hyphens, suffixes, `Last, First M.`"""

from functions.phi.domain import vocabulary as words
from functions.phi.domain.document import INITIAL, LOWER, Document
from functions.phi.domain.lists import COMMON, DRUG, GIVEN, MEDICAL, PLACE, WORLD
from functions.phi.domain.name_parts import CUED, fits

LONGEST = 6
OPENING, CLOSING = frozenset("(\"“‘'"), frozenset(")\"”’'")


def taken(document: Document, begin: int, strength: int) -> int:
    """End of the name that begins here, or `begin` when none does. `Last, First M.` is one name behind a cue."""
    end = sequence(document, begin, strength)
    if end == begin:
        return begin
    if end < len(document) and document.words[end] == "," and strength >= CUED and not document.speech:
        given = sequence(document, end + 1, CUED)
        plain = given - end - 1
        if given > end + 1 and plain <= 3 and first_name_like(document, end + 1):
            return given
    return end


def first_name_like(document: Document, index: int) -> bool:
    flags = document.flags[index]
    return bool(flags & GIVEN) or not flags & (COMMON | MEDICAL | PLACE | WORLD | DRUG)


def sequence(document: Document, begin: int, strength: int) -> int:
    """Words, initials, particles, hyphens and suffixes that go on as one name."""
    index, last = begin, len(document)
    count = 0
    while index < last and count < LONGEST and (index == begin or not document.parted(index)):
        key, shape = document.keys[index], document.shapes[index]
        if fits(document, index, strength if count == 0 else max(strength, CUED), begun=count > 0):
            index += 1
            count += 1
            if not document.speech and document.words[index - 1][-2:] in {"'s", "’s"}:
                break  # `Roberto's Phalen` is a sign of somebody, and no longer name
        elif degree(document, index):
            break
        elif is_initial(document, index) and (count or initials_begin(document, index, strength)):
            index += 1 + (document.key(index + 1) == "." and document.touching(index + 1))
            count += 1
        elif (key in words.PARTICLES and more(document, index, strength)) or (
            count and document.words[index] in "-‐–" and document.touching(index) and more(document, index, strength)
        ):
            index += 1
        elif count and (closed := nicknamed(document, index)):
            index = closed
        elif count and key in words.SUFFIXES and shape != LOWER:
            index += 1 + (document.key(index + 1) == ".")
            break
        else:
            break
        if count and shape == LOWER and not document.speech and key not in words.PARTICLES:
            index += 2 * hyphened(document, index)
            break
    while index > begin and (document.words[index - 1] in "-‐–" or document.keys[index - 1] in words.PARTICLES):
        index -= 1
    return index if count else begin


def nicknamed(document: Document, index: int) -> int:
    """Behind `("Bud")` in `Walter ("Bud") Roe`; 0 where no such thing begins."""
    at = index
    while at < index + 2 and document.key(at) in OPENING:
        at += 1
    end = at + 1
    while end < at + 3 and document.key(end) in CLOSING:
        end += 1
    if at == index or end == at + 1 or end >= len(document) or document.parted(end):
        return 0
    return end if fits(document, at, CUED) and fits(document, end, CUED, begun=True) else 0


def hyphened(document: Document, index: int) -> bool:
    """Whether the second half of a name in small letters follows: `dr. kaya-holt`."""
    return (
        document.key(index) == "-"
        and document.touching(index)
        and index + 1 < len(document)
        and document.touching(index + 1)
        and document.words[index + 1].isalpha()
    )


def more(document: Document, index: int, strength: int) -> bool:
    after = index + 1
    while after < min(index + 3, len(document)) and document.keys[after] in words.PARTICLES:
        after += 1
    return after < len(document) and not document.parted(after) and fits(document, after, max(strength, CUED))


def is_initial(document: Document, index: int) -> bool:
    return document.shapes[index] == INITIAL and document.words[index].isalpha()


def degree(document: Document, index: int) -> bool:
    """`R.N.`, `D.O.`: two letters with dots that tell what somebody is."""
    return document.key(index + 1) == "." and (document.keys[index], document.key(index + 2)) in words.DOTTED_DEGREES


def initials_begin(document: Document, index: int, strength: int) -> bool:
    """`J. Smith`, `J.R. Smith`, `J Smith` behind a cue."""
    after = index + 1 + (document.key(index + 1) == ".")
    if after < len(document) and is_initial(document, after):
        after += 1 + (document.key(after + 1) == ".")
    if after >= len(document) or document.new_line(after):
        return False
    dotted = document.key(index + 1) == "."
    return (strength >= CUED or dotted) and fits(document, after, max(strength, CUED))
