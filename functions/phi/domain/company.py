"""Names that medicine gave, told by the company they keep: `the X criteria`, `X and Y classification`, `Ranson vs X`.

No list of eponyms is whole. What a person of medicine's past is called by stands before a sign, a score or a tool, or
in one breath with other eponyms; what a patient is called by hardly ever does.
"""

from functions.phi.domain import vocabulary
from functions.phi.domain.document import TITLE, UPPER, Document
from functions.phi.domain.lists import COMMON, DRUG, EPONYM, GIVEN, GIVEN_RANK, MEDICAL, SURNAME, rank

# Behind a name: nobody owns one of these, and medicine names them after people.
HEADS = frozenset(
    """
    criteria criterion sign signs syndrome syndromes score scores scoring scale maneuver maneuvers manoeuvre manoeuvres
    classification rule rules equation formula index palsy reflex phenomenon nomogram triad tetrad pentad law stain
    retractor retractors clamp clamps forceps scissors rongeur rongeurs curette speculum trocar elevator nodule nodules
    fundoplication anastomosis arthroplasty osteotomy procedure technique incision approach tuberosity diverticulum
    striae corpuscle corpuscles granules nuclei filaments crystals tubercle fascia ligament membrane ganglion plexus pouch collar
    bandage trach trachs lamp wrap wraps dystrophy ataxia sarcoma lymphoma bougie catheter drain blade laryngoscope cannula splint brace sling needle airway circuit forceps agar medium bacillus questionnaire inventory projection method protocol
    """.split()
)
# Behind a given name only what is no verb: `Henry approach`, but `Henry sign the form`.
NOUNS = frozenset(
    "criteria criterion syndrome maneuver manoeuvre classification equation formula nomogram triad retractor retractors clamp clamps "
    "forceps rongeur curette speculum trocar nodule fundoplication anastomosis osteotomy incision diverticulum dystrophy ataxia sarcoma "
    "lymphoma approach technique procedure".split()
)
MEASURES = frozenset(
    "index score scale criteria criterion questionnaire inventory classification nomogram protocol".split()
)
# A disease or a test may be somebody's own: with an s before it these say nothing.
OWNED = frozenset(
    "score scores index procedure technique incision approach method protocol questionnaire scale rule rules".split()
)
# Behind two names in a row: `the Gartland and Wilkins types`.
PAIRED = HEADS | frozenset(
    "class classes stage stages staging grade grades type types disease diseases test tests system fracture fractures "
    "position line lines angle view repair operation modification correction adjustment negative positive".split()
)
LINKS = frozenset((",", "and", "or", "vs", "versus", "&", "/", "than"))
GRADES = frozenset("II III IV V VI IIA IIB IIIA IIIB".split())
SENSITIVE = frozenset("SRI")  # and resistant, and between
AGAINST = frozenset(("vs", "versus"))
MOST_FIGURES = 4  # more are somebody's number
STRONG = 5  # rank of a given name that hardly stands for anything else


def medicines(document: Document, first: int, end: int) -> bool:
    """Whether the words beside tokens `first` up to `end` say that they are medicine's own name and nobody's."""
    while document.key(first - 1) in {"-", "–"} and document.touching(first) and document.touching(first - 1):
        first -= 2  # the first half of `Bard-Parker`
    if end - first > 4 or titled(document, first):
        return False
    if end - first == 2 and document.words[end - 1] in SENSITIVE and document.key(end) == "to":
        return True  # `Nocardia S to`
    if end - first == 2 and document.words[end - 1] in GRADES and not document.speech:
        return True  # `Stanford V`
    if (
        end - first == 1
        and document.flags[first] & (COMMON | MEDICAL)
        and end < len(document)
        and document.flags[end] & DRUG
    ):
        return True  # `Max Tylenol`
    if christened(document, first, end):
        return end - first == 1 and document.key(end) in NOUNS and not owned(document, end)
    return (
        headed(document, end)
        or graded(document, first, end)
        or sized(document, first)
        or measured(document, first, end)
        or eponyms(document, first, end)
        or against(document, first, end)
        or listed(document, first, end)
        or in_pair(document, first, end)
    )


def titled(document: Document, first: int) -> bool:
    before = first - 1 - (document.key(first - 1) == ".")
    if document.key(before) == "fr" and document.key(before - 1).isdigit():
        return False  # `24 Fr`
    return document.key(before) in vocabulary.TITLES | {"patient", "pt", "nurse"}


def christened(document: Document, first: int, end: int) -> bool:
    """`Maria Lopez`: a plain given name before another word of a name."""
    flags = document.flags[first]
    given = flags & GIVEN and rank(flags, GIVEN_RANK) >= STRONG and not flags & EPONYM
    return bool(given and (end - first == 1 or document.key(first + 1) not in {"-", "and"}))


def owned(document: Document, end: int) -> bool:
    return document.words[end - 1][-2:].lower() in {"'s", "’s"}


def headed(document: Document, end: int) -> bool:
    """`Osgood criteria`, `the Adair clamp`; of `Roe's score` the owner stays a person."""
    head = document.key(end)
    return head in HEADS and not (owned(document, end) and head in OWNED)


def measured(document: Document, first: int, end: int) -> bool:
    """`Harris-Benedict 1650`, `Humphrey 24-2`: a pair with a hyphen, or an eponym, and what it comes to."""
    figures = document.key(end)
    pair = end - first == 3 and document.key(first + 1) == "-"
    eponym = end - first == 1 and document.flags[first] & EPONYM
    if end - first == 1 and len(figures) == 1 and figures.isdigit() and not document.speech:
        # `Rutherford 4,`: a class, for nobody has one figure behind the name
        single = document.key(end + 1) in {",", ":", ";", ")", "with"} and not document.parted(end)
        return bool(single or eponym)
    return bool(figures.isdigit() and len(figures) <= MOST_FIGURES and (pair or eponym))


def eponyms(document: Document, first: int, end: int) -> bool:
    """`Hunt Hess`, where neither word is first of all a given name."""
    flags = document.flags[first:end]
    return (
        len(flags) > 1
        and not document.speech
        and all(one & EPONYM for one in flags)
        and not (flags[0] & GIVEN and rank(flags[0], GIVEN_RANK) >= STRONG)
    )


def sized(document: Document, first: int) -> bool:
    """`a #15 Bard-Parker`, `a 19 Fr Blake`: by its size a tool is called."""
    before = document.key(first - 1)
    return (before.isdigit() and document.key(first - 2) == "#") or (
        before in {"fr", "french", "gauge"} and document.key(first - 2).isdigit()
    )


def graded(document: Document, first: int, end: int) -> bool:
    """`Stanford V`, `Hill III`: one word and a grade; a name with a number behind it has two."""
    if end - first == 2:
        return document.words[end - 1] in GRADES
    return end - first == 1 and document.words[end : end + 1] != [] and document.words[end] in GRADES


def against(document: Document, first: int, end: int) -> bool:
    """`Rome IV vs Manning`"""
    before = first - 1 - (document.key(first - 1) == ".")
    return not document.speech and (document.key(before) in AGAINST or document.key(end) in AGAINST)


def listed(document: Document, first: int, end: int) -> bool:
    """In a row with what is medicine's: `Caprini, Padua and IMPROVE`, `Boston Scientific or Abbott`."""
    if document.speech:
        return False
    before, after = document.key(first - 1), document.key(end)
    if (
        before in LINKS
        and first > 1
        and known(document, first - 2, strict=before == ",")
        and not titled(document, first - 2)
    ):
        return True
    if after == "," and document.key(end + 1) in {"and", "or"}:
        end += 1
    return after in LINKS and end + 1 < len(document) and known(document, end + 1, strict=after == ",")


def known(document: Document, index: int, *, strict: bool) -> bool:
    """A capital word of medicine; `strict`: one that is named after somebody, and no more a name of the living."""
    flags, shape = document.flags[index], document.shapes[index]
    if shape not in {TITLE, UPPER} or (flags & GIVEN and rank(flags, GIVEN_RANK) >= STRONG):
        return False
    if flags & EPONYM:
        return True
    return not strict and bool(flags & (MEDICAL | DRUG)) and not flags & (GIVEN | SURNAME)


def in_pair(document: Document, first: int, end: int) -> bool:
    """`Pell and Gregory class`, from either of the two; small words and signs only between them."""
    return (document.key(end) in PAIRED and joined(document, first - 1) and capital(document, first - 2)) or (
        joined(document, end) and capital(document, end + 1) and document.key(end + 2) in PAIRED
    )


def joined(document: Document, index: int) -> bool:
    return document.key(index) in {"and", "&", "-", "–"}


def capital(document: Document, index: int) -> bool:
    if not 0 <= index < len(document) or titled(document, index):
        return False
    flags = document.flags[index]
    return document.shapes[index] in {TITLE, UPPER} and not (flags & COMMON and not flags & SURNAME)
