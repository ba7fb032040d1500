"""Names of persons, from their surroundings (titles, relations, fields, signatures) and from the lists.

One walk over the tokens. A cue before a name lowers what is asked of the words behind it; without a cue a word must be
listed and be no ordinary one, and an eponym before `disease`, `sign`, `criteria` is never a person.
"""

from collections.abc import Iterator

from functions.phi.domain import company
from functions.phi.domain import vocabulary as words
from functions.phi.domain.document import INITIAL, LOWER, TITLE, UPPER, Document
from functions.phi.domain.lists import COMMON, DRUG, GIVEN, MEDICAL
from functions.phi.domain.lone_names import alone
from functions.phi.domain.model import LISTED, NAMED, SHAPED, Entity
from functions.phi.domain.name_parts import ALONE, CUED, TITLED
from functions.phi.domain.name_sequences import sequence, taken

SOURCE = "context"
UNMISTAKEN = frozenset(("dr", "drs", "mrs"))  # whatever their case; `mr` and `ms` are medicine's words too
BEGIN = frozenset((TITLE, UPPER, INITIAL))
CUES = words.TITLES | {phrase.partition(" ")[0] for phrase in words.NAME_FIELDS | words.NAME_CUES}


def find(document: Document) -> Iterator[Entity]:
    done = 0
    for index in candidates(document):
        if index < done:
            continue
        strength, begin = cue(document, index) if document.keys[index] in CUES else (0, index)
        end = taken(document, begin, strength) if strength else begin
        if not strength or end == begin:
            begin, strength = index, ALONE
            end = alone(document, index)
            if end > begin and company.medicines(document, begin, end):
                done = end  # `the Osgood criteria`, `Rome IV vs Manning`
                continue
        if end > begin:
            yield document.entity(begin, end, "NAME", certainty(document, index, strength), SOURCE)
            done = end
            if strength == TITLED and document.keys[index] == "drs" and document.key(end) in {"and", "&"}:
                done = sequence(document, end + 1, TITLED)  # `Drs. Roe and Poe`
                if done > end + 1:
                    yield document.entity(end + 1, done, "NAME", NAMED, SOURCE)


def certainty(document: Document, index: int, strength: int) -> float:
    """Behind `Dr.` or `Mrs.` the tagger's doubt does not count; `MR` and `MS` are medicine's words as well."""
    if strength == ALONE and document.words[index].startswith(("o'", "o’")):
        return SHAPED  # `o'shaughnessy`
    if (
        strength == TITLED
        and document.keys[index] in words.STRONG_TITLES
        and (document.shapes[index] == TITLE or (document.keys[index] in UNMISTAKEN and not document.speech))
    ):
        return SHAPED
    return NAMED if strength > ALONE else LISTED


def candidates(document: Document) -> list[int]:
    """Tokens with which a cue or a name can begin; most cannot."""
    flags, lower = document.flags, document.speech
    return [
        index
        for index, (key, shape) in enumerate(zip(document.keys, document.shapes, strict=True))
        if shape in BEGIN
        or key in CUES
        or (shape == LOWER and (lower or flags[index] & (GIVEN | COMMON | MEDICAL | DRUG) == GIVEN))
    ]


def cue(document: Document, index: int) -> tuple[int, int]:
    """(how strong, where the name would begin) when a cue begins at this token; (0, index) otherwise."""
    key = document.keys[index]
    if key in words.TITLES and not (key == "fr" and document.key(index - 1).isdigit()):  # `19 Fr` measures a drain
        after = skip(document, index + 1, ".")
        if another_title(document, after):  # `Frau Dr. Roe`
            after = skip(document, after + 1, ".")
        # `Dr. X`, but not `the doctor ordered`; a title and another (`Dr. Prof. X`).
        return (TITLED, after) if key not in words.WEAK_TITLES or document.shapes[index] != LOWER or document.speech else (
            CUED, after)  # fmt: skip
    for length in (3, 2, 1):
        phrase = " ".join(document.keys[index : index + length])
        if phrase in words.NAME_FIELDS:
            after = skip(document, index + length, ".:" if phrase in words.SHORT_FIELDS else ":=#\"'|-")
            return (TITLED, after) if after > index + length or length > 1 else (CUED, after)
        if phrase in words.NAME_CUES:
            return (CUED, skip(document, index + length, ":,"))
    return (0, index)


def another_title(document: Document, index: int) -> bool:
    """A title with a word in capitals behind it; `Dr. Nurse` is called so."""
    if document.key(index) not in words.TITLES:
        return False
    following = skip(document, index + 1, ".")
    return following < len(document) and document.shapes[following] in BEGIN and not document.parted(following)


def skip(document: Document, index: int, signs: str) -> int:
    limit = index + 3
    while index < min(limit, len(document)) and document.words[index] in signs:
        index += 1
    return index
