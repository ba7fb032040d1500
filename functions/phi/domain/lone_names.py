"""Names that nothing announces: what lists and spelling alone make a name."""

from functions.phi.domain import vocabulary as words
from functions.phi.domain.document import INITIAL, LOWER, TITLE, UPPER, Document
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
from functions.phi.domain.name_parts import ALONE, CUED, eponymous, fits, paired
from functions.phi.domain.name_sequences import initials_begin, sequence


def alone(document: Document, index: int) -> int:
    """End of a name that only lists and spelling speak for; `index` when it is none."""
    if document.speech:
        return spoken(document, index)
    shape = document.shapes[index]
    if document.keys[index] == "fr" and document.key(index - 1).isdigit():
        return index  # `24 Fr Rusch`
    if shape in {TITLE, UPPER} and bedded(document, index):
        return index + 1
    if shape == INITIAL and initialed(document, index):
        return index + 3
    if shape == INITIAL and initials_begin(document, index, ALONE) and not document.new_line(index):
        end = sequence(document, index, ALONE)
        return end if document.flags[end - 1] & SURNAME and not document.ordinary(end - 1) else index
    if shape == LOWER:
        return lowered(document, index)
    if shape == UPPER and len(document.keys[index]) == 2 and initialled(document, index):
        return index + 1
    if shape not in {TITLE, UPPER} or not fits(document, index, CUED):
        return index
    if document.flags[index] & GIVEN and introduced(document, index):
        return index + 1
    end = sequence(document, index, ALONE) if fits(document, index, ALONE) else index + 1
    end = grown(document, index, end)
    if end == index:
        return index
    return end if convincing(document, index, end) else index


def bedded(document: Document, index: int) -> bool:
    """`402 Petrossian - MRI`: on a board of beds."""
    room = document.key(index - 1)
    if len(room) != 3 or not room.isdigit() or document.key(index + 1) not in {"-", "–"}:
        return False
    named = document.shapes[index] == TITLE and not document.flags[index] & (COMMON | MEDICAL | DRUG)
    return named and not document.touching(index + 1)


LETTERED = frozenset(
    "type grade hepatitis vitamin group stage class factor influenza protein apo part phase plan option arm section".split()
)


def initialed(document: Document, index: int) -> bool:
    """`whether A. Featherstonehaugh ever`: within a sentence, an initial and a word that no list knows."""
    before = document.shapes[index - 1] == LOWER and document.keys[index - 1] not in LETTERED if index else False
    if not before or document.words[index + 1 : index + 2] != ["."] or index + 2 >= len(document):
        return False
    return (
        document.shapes[index + 2] == TITLE
        and not document.flags[index + 2] & ~EPONYM
        and len(document.keys[index + 2]) > 3
    )


def initialled(document: Document, index: int) -> bool:
    """`for LC admitted`: two letters that are no abbreviation of medicine, where a person stands."""
    return (
        document.key(index - 1) in {"for", "pt", "patient"}
        and document.key(index + 1)
        in {"admitted", "seen", "discharged", "who", "presenting", "presented", "dob", "mrn"}
        and not document.flags[index] & (MEDICAL | COMMON | DRUG)
    )


def introduced(document: Document, index: int) -> bool:
    """`Rich is a 40-year-old`, at the beginning of a sentence."""
    following = document.keys[index + 1 : index + 4]
    return (
        len(following) == 3
        and following[0] in {"is", "was"}
        and following[1] in {"a", "an"}
        and following[2][:1].isdigit()
    )


def lowered(document: Document, index: int) -> int:
    """`for jane doe` in a text that has capitals elsewhere: two listed names that are no words."""
    if index + 1 >= len(document) or document.keys[index] in words.NEVER_NAMES or document.shapes[index + 1] != LOWER:
        return index
    flags, following = document.flags[index], document.flags[index + 1]
    if flags & (COMMON | MEDICAL | DRUG) or rank(flags, GIVEN_RANK) < 4:
        return index
    if following & SURNAME and not following & (COMMON | MEDICAL | DRUG):
        return index + 2
    cued = document.key(index - 1) in words.BEFORE_STRANGERS
    return (
        index + 2
        if cued and rank(following, SURNAME_RANK) >= 5 and document.keys[index + 1] not in words.NEVER_NAMES
        else index
    )


def grown(document: Document, begin: int, end: int) -> int:
    """An ordinary word that is a name as well takes its neighbours: `Will Baxter`, `April Joy Lee`, `Grant T.`."""
    if end - begin == 1 and document.flags[begin] & GIVEN:
        longer = sequence(document, begin, CUED)
        if longer > end and (longer - begin < 3 or not document.ordinary(begin)):
            return longer
    return end


def convincing(document: Document, begin: int, end: int) -> bool:
    """Whether lists alone make these tokens a name."""
    parts = [
        index
        for index in range(begin, end)
        if document.shapes[index] in {TITLE, UPPER} and document.keys[index].isalpha()
    ]
    flags = [document.flags[index] for index in parts]
    given = [one for one in flags if one & GIVEN]
    if len(parts) == 1:
        (index,) = parts
        return single(document, index, has_initial=end - begin > 1)
    if document.key(end) in words.EPONYM_HEADS or document.keys[end - 1] in words.NOT_LAST:
        return False
    if document.key(begin + 1) == "-" and all(one & EPONYM for one in flags):
        return False  # `Swan-Ganz`, without its head
    numbered = document.keys[parts[-1]] in words.SUFFIXES
    place = " ".join(document.keys[index] for index in parts[:-1])
    if numbered and (len(parts) == 2 or document.lists.flags(place) & (PLACE | WORLD)):
        return False  # `Rome IV`, `Ann Arbor II`
    ordinary = sum(document.ordinary(index) for index in parts)
    if all(document.ordinary(index) or document.flags[index] & DRUG for index in parts):
        return False
    if document.key(end) in words.EPONYM_HEADS or (
        document.key(end + 1) in words.EPONYM_HEADS and document.shapes[end] == TITLE
    ):
        return False
    if given and ordinary <= len(parts) - 1:
        return bool(flags[0] & GIVEN) or ordinary == 0
    surnames = [one for one in flags if one & SURNAME]
    if surnames and not ordinary:
        return True
    unknown = [one for one in flags if not one & ~EPONYM]
    return len(unknown) == len(parts) and len(parts) <= 3 and all(document.shapes[index] == TITLE for index in parts)


def single(document: Document, index: int, *, has_initial: bool) -> bool:
    """One word: `Celia is`, `James T.`; a surname alone must be borne by many and be nothing else."""
    flags = document.flags[index]
    if document.shapes[index] == UPPER and len(document.keys[index]) <= 4:
        return False
    if document.key(index - 1) == "-" and document.touching(index) and document.flags[index - 2] & EPONYM:
        return False  # `Zollinger-Ellison`
    if document.key(index - 1) in words.ARTICLES or (document.new_sentence(index) and document.ordinary(index)):
        return False
    if (
        document.new_sentence(index)
        and flags & (MEDICAL | COMMON)
        and not has_initial
        and document.shapes[min(index + 1, len(document) - 1)] == LOWER
    ):
        return False  # `Max dose of`
    christian = flags & GIVEN and rank(flags, GIVEN_RANK) >= 5 and not flags & (DRUG | COMMON)
    if (flags & (DRUG | EPONYM) or document.medical(index)) and not christian:
        return bool(has_initial and flags & GIVEN and not flags & DRUG)
    if has_initial:
        return bool(flags & GIVEN) or not flags & (COMMON | PLACE | WORLD)
    following = document.key(index + 2) if index + 1 < len(document) and document.shapes[index + 1] == TITLE else ""
    if document.key(index + 1) in words.EPONYM_HEADS or following in words.EPONYM_HEADS:
        return False
    if flags & GIVEN and not document.ordinary(index):
        return rank(flags, GIVEN_RANK) >= 3
    return bool(flags & SURNAME) and not flags & COMMON and rank(flags, SURNAME_RANK) >= 4 and not flags & MEDICAL


def spoken(document: Document, index: int) -> int:
    """In lower case: a given name that is no ordinary word, with what follows; or two names in a row."""
    if (
        document.key(index + 1) == "comma"
        and index + 2 < len(document)
        and callable_so(document, index)
        and callable_so(document, index + 2)
    ):
        return index + 3  # `roe comma jane`
    flags = document.flags[index]
    if document.words[index].startswith(("o'", "o’")) and len(document.keys[index]) > 4 and not document.common(index):
        return max(sequence(document, index, CUED), index + 1)  # `o'shaughnessy`
    if document.keys[index] in words.NEVER_NAMES or not document.keys[index].isalpha() or eponymous(document, index):
        return index
    if not flags & (GIVEN | SURNAME):
        return strangers(document, index) if not flags & ~EPONYM else index
    if (document.medical(index) or document.ordinary(index) or flags & FREQUENT) and not paired(document, index):
        return index
    end = sequence(document, index, CUED)
    if end - index >= 2 and not document.medical(end - 1):
        return end
    strong = flags & GIVEN and rank(flags, GIVEN_RANK) >= 4 and not flags & (COMMON | EPONYM | PLACE | DRUG)
    return index + 1 if strong else index


def callable_so(document: Document, index: int) -> bool:
    """Said on one side of a comma: a listed name or a word that no list knows."""
    flags = document.flags[index]
    return (
        len(document.keys[index]) > 2
        and document.keys[index] not in words.NEVER_NAMES
        and (bool(flags & (GIVEN | SURNAME) and not flags & FREQUENT) or not flags & (COMMON | MEDICAL | DRUG))
    )


def strangers(document: Document, index: int) -> int:
    """Two words that no list knows, behind a small word that persons stand behind."""
    if (
        document.key(index - 1) not in words.BEFORE_STRANGERS
        or len(document.keys[index]) < 3
        or index + 1 >= len(document)
    ):
        return index
    following = document.flags[index + 1]
    named = not following & ~EPONYM or (following & SURNAME and not following & (COMMON | MEDICAL | DRUG))
    return index + 2 if named and document.keys[index + 1].isalpha() and len(document.keys[index + 1]) > 2 else index
