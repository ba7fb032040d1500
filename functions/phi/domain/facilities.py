"""Facilities: hospitals, clinics, schools and employers, by their kind of word, by cues, and as they are spoken."""

from bisect import bisect_right

from functions.phi.domain import vocabulary
from functions.phi.domain.document import LOWER, NO_WORD, TITLE, UPPER, Document
from functions.phi.domain.lists import COMMON, DRUG, GIVEN, MEDICAL, PLACE, SURNAME, SURNAME_RANK, rank
from functions.phi.domain.model import NAMED
from functions.phi.domain.place_words import CALLED, HEADS, MIDDLES, PLACE_PARTS, SAINTS, Found, proper, stops

STRONG_HEADS = frozenset(
    """
    hospital hospitals clinic infirmary sanatorium hospice university college academy institute inc llc corp corporation
    ltd llp brewery bakery elementary school pharmacy seminary medical presbyterian memorial healthcare
    """.split()
)
GENERIC = frozenset(
    """
    the a an this that our your his her their my local outside nearby another other same any each community emergency
    intensive urgent primary cancer health medical surgery surgical eye dental family regional general outpatient inpatient
    nursing acute critical coronary care burn stroke trauma labor delivery birthing day same-day pain sleep wound infusion
    dialysis imaging diagnostic radiology physical occupational cardiac pulmonary mental behavioral public private referral
    rural urban tertiary academic teaching veterans state city county national federal american at in to from of for and
    or by with on senior assisted home group long term skilled high middle elementary public patient medicine internal
    insurance electronic clinical follow transfer admit discharge university memorial hospital clinic center school college
    institute pharmacy department service services program women's children's womens childrens women children nearest
    sending receiving referring accepting transferring infusion cardiology oncology neurology dermatology orthopedic pediatric psychiatric pediatrics testing data quality
    """.split()
)
# Of a visit: an acronym behind `at` in the same line is where it was (`seen by Dr. Roe on May 3 at OHSU`).
VISITS = frozenset(
    "seen seeing treated admitted admits reviewed evaluated followed visit visited attends attending managed operated "
    "discharged delivered hospitalized referred transferred presented presenting underwent".split()
)
VISIT_REACH = 14
# Parts of a house and of a body, which every house and body has.
ACRONYMS = frozenset(
    "ed er icu micu sicu cicu ticu nsicu imcu tcu pcu stepdown ccu nicu picu pacu or snf ltac ltach pcp osh asc dsu obs tele cvicu csu rehab asap "
    "rlq llq ruq luq rul rll lul lll rml mcp pip dip cmc tmj acj uvj upj gej lad rca lcx svc ivc ivf".split()
)
SPOKEN_HEADS = frozenset(
    "hospital clinic center centre hospice pharmacy school university college institute home care health medical infirmary "
    "rehab rehabilitation academy church inc company corporation brewery bakery market store practice group".split()
)
SPOKEN_STOPS = frozenset(
    "on in by with and was is for from to at he she they it who when where because about after before since his her my our your "
    "their this that zip code follow".split()
)
# Scrubbed text keeps these where a name was: `ABCD General Hospital`.
PLACEHOLDERS = frozenset("abc abcd abcde xyz xyza wxyz xxx xxxx yyy yyyy zzz dd yyyy mmdd".split())
FAITHS = frozenset("lutheran methodist baptist presbyterian adventist deaconess mercy providence".split())
# `at Lutheran General`, `from Oakdale Memorial`.
NAMED_HEADS = frozenset("general memorial regional methodist baptist presbyterian lutheran adventist".split())
# With these before them even common words are a name: `Mercy Hospital`, `City Clinic`.
SURE_HEADS = frozenset(
    "hospital clinic infirmary hospice university academy inc llc corp ltd llp pharmacy center centre ctr college".split()
)
KINDS = GENERIC | HEADS
NO_NAMES = KINDS | MIDDLES
OF_HEADS = frozenset("university hospital college institute church bank academy".split())
SAID_BEHIND = frozenset("at to from by in for".split())
LONGEST = 10  # tokens


# Systems and houses that are called by one word and that nothing else is.
HOUSES = frozenset(
    "wakemed mskcc ucsf ucla ucsd upmc mgh bwh bidmc ohsu chop uab musc utsw hcmc geisinger ochsner sentara novant inova intermountain "
    "froedtert harborview montefiore maimonides cedars davita labcorp medstar lifebridge "
    "trihealth mayo vanderbilt emory brigham parkland bellevue nemours shriners lahey kaiser allina essentia sanford unitypoint "
    "wellstar piedmont prisma carilion bayhealth christianacare hackensack northwell mercyone ssm nuvance scripps medexpress ".split()
)
HOUSED = frozenset("at to from via through the of outside with called visited".split())


def facility(document: Document, index: int, heads: list[int]) -> int:
    """A proper word, more of them or words of the trade, and a kind of facility: `St. Anne's Hospital`."""
    key = document.keys[index]
    if key in HOUSES and document.key(index - 1) in HOUSED and (document.speech or document.shapes[index] != LOWER):
        return max(long_facility(document, index, heads), index + 1)
    return long_facility(document, index, heads)


def long_facility(document: Document, index: int, heads: list[int]) -> int:
    key = document.keys[index]
    if key in OF_HEADS and document.key(index + 1) == "of" and document.shapes[index] == TITLE:
        end = index + 2 + (document.key(index + 2) == "the")
        begin = end
        while (
            end < min(begin + 5, len(document))
            and not document.new_line(end)
            and proper(document, end)
            and not document.medical(end)
        ):
            end += 1
        if end > begin and not all(document.ordinary(at) for at in range(begin, end)):
            return end
    ahead = bisect_right(heads, index)
    if ahead == len(heads) or heads[ahead] >= index + LONGEST:
        return index  # nothing says what kind it is
    if not proper(document, index) and key not in SAINTS:
        return index
    if key in GENERIC or (key in vocabulary.TITLES and key not in SAINTS) or document.flags[index] & DRUG:
        return index
    if stops(document, index):
        return index
    at, end, strong, sure, count = index + 1, index, False, key in SAINTS, 1
    if key in {"st", "mt", "ste"} and document.key(at) == ".":
        at += 1
    last = min(index + LONGEST, len(document))
    while at < last and not document.parted(at):
        key = document.keys[at]
        if key in HEADS and (document.speech or document.shapes[at] != LOWER or key in STRONG_HEADS):
            end = at + 1
            sure = sure or key in SURE_HEADS
            named = (
                key in NAMED_HEADS and document.shapes[at] == TITLE and document.key(index - 1) in {"at", "from", "to"}
            )
            strong = strong or named or key in STRONG_HEADS or count > 1 or key in {"center", "centre", "ctr"}
            at += 1
            continue
        linked = key in MIDDLES and (
            document.speech or document.shapes[at] != LOWER or key in {"of", "the", "and", "for"}
        )
        if key in MIDDLES and document.words[at] in "&-'":
            linked = True
        more = proper(document, at) and not stops(document, at) and not document.flags[at] & DRUG
        if document.words[at] == "." and document.key(at - 1) in {"st", "mt", "ste", "med", "hosp", "ctr", "univ"}:
            at += 1
            continue
        if not (linked or more):
            break
        if document.speech and not linked and count >= 3:
            break
        count += 1
        at += 1
    if end == index or not strong:
        return index
    if placeholder(document, index, end):
        return index
    shouted = all(document.shapes[at] in {UPPER, NO_WORD} for at in range(index, end))
    if (shouted or not sure) and not any(own_name(document, at) for at in range(index, end)):
        return index
    if document.key(end - 1) in {"of", "the", "and", "for"}:
        return index
    return end


def placeholder(document: Document, first: int, end: int) -> bool:
    """`ABCD General Hospital`, `Month DD`: what scrubbed texts keep where a name was."""
    keys = document.keys[first:end]
    return any(key in PLACEHOLDERS for key in keys) and all(key in PLACEHOLDERS or key in PLACE_PARTS for key in keys)


def own_name(document: Document, index: int) -> bool:
    """A word that something is called by, not a common noun in capitals: `Acme`, `Lindqvist`, `Westside`."""
    flags = document.flags[index]
    if not document.keys[index].isalpha() or document.shapes[index] == LOWER or document.keys[index] in NO_NAMES:
        return False
    if document.shapes[index] == UPPER:
        return not (flags & (COMMON | DRUG) or document.medical(index))
    return not flags & (COMMON | MEDICAL | DRUG) or rank(flags, SURNAME_RANK) >= 4 or bool(flags & GIVEN)


def stated(document: Document, index: int) -> Found | None:
    """What an employer or a stay is told of: `works at Acme`, `transferred from MGH`."""
    if document.speech:
        return employed(document, index)
    for length in (2, 1):
        if " ".join(document.keys[index : index + length]) not in CALLED:
            continue
        at = index + length
        while document.key(at) in {"the", ":", "a", "an", "is"}:
            at += 1
        end = at
        while end < min(at + 6, len(document)) and not document.new_line(end) and place_word(document, end, end > at):
            end += 1
        while end > at and document.keys[end - 1] in {"of", "the", "and", "&", "-", "'", "."}:
            end -= 1
        heading = end > at and document.shapes[at] == document.shapes[index] == UPPER and len(document.keys[at]) > 1
        if (
            end > at
            and not heading
            and not placeholder(document, at, end)
            and (
                not all(generic(document, one) for one in range(at, end))
                or (end - at > 1 and document.keys[at] in FAITHS and document.shapes[at] == TITLE)
            )
        ):
            return at, end, "FACILITY", NAMED
    return None


EMPLOYED_STOPS = frozenset(
    "lives live quit needs wants has had called full comma period denies uh um so okay now currently".split()
)
EMPLOYERS = frozenset(
    {
        "works at",
        "works for",
        "work at",
        "worked at",
        "worked for",
        "working at",
        "employed by",
        "employed at",
        "job at",
    }
)
NO_EMPLOYER = frozenset(
    "home night a an the all best me him her us this that least it which times work her his their our my some any two three another "
    "one more both what where if once".split()
)


def employed(document: Document, index: int) -> Found | None:
    """In speech: up to four words behind `works at`, before a small word: `works at hollander steel in gary`."""
    if " ".join(document.keys[index : index + 2]) not in EMPLOYERS or document.key(index + 2) in NO_EMPLOYER:
        return None
    begin = end = index + 2
    while (
        end < min(begin + 4, len(document)) and document.shapes[end] == LOWER and document.keys[end] not in SPOKEN_STOPS
    ):
        end += 1
    if end == begin or all(generic(document, at) for at in range(begin, end)):
        return None
    return begin, end, "FACILITY", NAMED


def visited(document: Document, index: int) -> Found | None:
    """An acronym behind `at`, where a visit is told of before it."""
    key = document.keys[index]
    if (
        document.shapes[index] != UPPER
        or document.key(index - 1) != "at"
        or not 3 <= len(key) <= 6
        or not key.isalpha()
    ):
        return None
    if key in ACRONYMS or document.medical(index) or document.flags[index] & (COMMON | DRUG):
        return None
    for at in range(index - 2, max(index - VISIT_REACH, -1), -1):
        if document.keys[at] in VISITS:
            return index, index + 1, "FACILITY", NAMED
        if document.new_line(at):
            break
    return None


def said(document: Document, index: int) -> Found | None:
    """In speech: what lies between `at`, `to`, `from` and a kind of facility, when one word of it is no common one."""
    if document.keys[index] not in SAID_BEHIND:
        return None
    begin = index + 1 + (document.key(index + 1) in {"the", "a"})
    last = 0
    for at in range(begin, min(begin + 7, len(document))):
        key = document.keys[at]
        if key in SPOKEN_HEADS and at > begin:
            last = at + 1
        elif key in SPOKEN_STOPS or document.shapes[at] not in {LOWER, TITLE, UPPER}:
            break
    if not last or all(generic(document, at) for at in range(begin, last)):
        return None
    return begin, last, "FACILITY", NAMED


def generic(document: Document, index: int) -> bool:
    flags = document.flags[index]
    borne = flags & (GIVEN | SURNAME | PLACE) and rank(flags, SURNAME_RANK) >= 4
    return document.keys[index] in KINDS or bool(flags & MEDICAL and not borne)


def place_word(document: Document, index: int, inside: bool) -> bool:
    key = document.keys[index]
    if inside and key == "at":  # `Hebrew Home at Riverbend`
        return (
            index + 1 < len(document)
            and document.shapes[index + 1] == TITLE
            and document.keys[index - 1] in PLACE_PARTS
        )
    if inside and (key in {"of", "the", "and", "&", "-", "'"} or (key == "." and document.key(index - 1) in SAINTS)):
        return True
    if document.speech or stops(document, index) or document.flags[index] & DRUG:
        return False
    return proper(document, index)
