"""Identifiers as they are spoken: numbers by what announces them, dates, ages, e-mail and web addresses, spelled names."""

from collections.abc import Iterator

from functions.phi.domain import spoken_numbers as numbers
from functions.phi.domain.document import LOWER, Document
from functions.phi.domain.lists import DRUG, FREQUENT, GIVEN, MEDICAL, PLACE, SURNAME
from functions.phi.domain.model import CHECKED, LISTED, NAMED, SHAPED, Entity
from functions.phi.domain.spoken_dates import MEASURES, MONTHS, ORDINALS, WEEKDAYS, date
from functions.phi.domain.spoken_numbers import Run

SOURCE = "speech"
BACK = 9  # tokens in which what announces a number is looked for
ANNOUNCED: tuple[tuple[str, str], ...] = (
    ("SSN", "social security|social|ssn|s s n|ess ess en|sosh"),
    ("FAX", "fax|facsimile"),
    ("DATE", "date of birth|dob|d o b|dee oh bee|birth date|birthdate|birthday|born|born on"),
    ("MRN", "mrn|m r n|em are en|em ar en|medical record|record number|hospital number|patient number|patient id|unit number"),
    ("HEALTH_PLAN", "member|policy|insurance|plan|subscriber|group|medicare|medicaid|beneficiary|coverage|payer"),
    ("ACCOUNT", "account|acct|card|routing|billing|invoice|statement|claim"),
    ("LICENSE", "license|licence|npi|n p i|en pee eye|dea|d e a|dee ee ay|certificate|permit|passport|certification"),
    ("VEHICLE", "plate|plates|tag|vin|v i n|vehicle|registration"),
    ("DEVICE", "serial|device|pacemaker|implant|lot|udi|defibrillator|pump|lead|generator|stent|valve|model"),
    ("GEO", "zip|zip code|postal code|zipcode"),
    ("BIOMETRIC", "voiceprint|voice print|fingerprint|biometric|face id|retina"),
    ("IP", "ip|i p|ip address|eye pee"),
    ("OTHER_ID", ("accession|case|study|trial|badge|order|reference|confirmation|chart|specimen|encounter|pin|ticket|tracking|"
                 "requisition|employee|student|visit|protocol|subject|participant|identification|id|i d|eye dee|code|passcode")),
    ("PHONE", ("phone|telephone|call|called|calling|reached|reach|cell|mobile|callback|contact|dial|pager|text|number|area code|"
              "extension|home|work|at")),
)  # fmt: skip
LABEL_OF = {phrase: label for label, phrases in ANNOUNCED for phrase in phrases.split("|")}
LONGEST_PHRASE = 3
BETWEEN = frozenset(
    "is was are the number numbers it its it's that's thats that of a an at to on in for no code and id reads says ends ending "
    "with digits digit last four uh um er so my his her their our your as follows area please card listed number's okay".split()
)
LEAST_DIGITS = {
    "GEO": 5,
    "IP": 4,
    "PHONE": 7,
    "FAX": 7,
    "SSN": 4,
    "DATE": 4,
    "HEALTH_PLAN": 5,
    "OTHER_ID": 4,
    "VEHICLE": 2,
    "EXTENSION": 3,
}
EXTENSIONS = frozenset(("extension", "ext", "pager", "beeper"))
PERSONS = frozenset(
    "he she patient mother father grandmother grandfather grandma grandpa who aunt uncle wife husband mom dad sister brother "
    "nana gran granny resident lady gentleman".split()
)
TOP_LEVEL = frozenset("com org net edu gov io co us info health care biz uk ca".split())
STOPS = frozenset(
    "email e-mail e mail address is to at him her them me it send write contact on from via and or the an my his their our "
    "your for with by it's its visit site website page go see link url open opened look up reach reached".split()
)
STREETS = frozenset(
    "street avenue road drive lane boulevard court circle way place terrace trail parkway highway square loop alley plaza".split()
)
BEGINNINGS = (
    {"plus"} |
    MONTHS | ORDINALS | WEEKDAYS | numbers.AMBIGUOUS | numbers.UNITS.keys() | numbers.TEENS.keys() | numbers.TENS.keys() | numbers.TIMES.keys()
    | numbers.LETTERS.keys() | {"dot", "hundred"}
)  # fmt: skip
STATES = frozenset(
    "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas "
    "kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada hampshire jersey "
    "mexico york carolina dakota ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming".split()
)
LETTER_PREFIXES = {"mrn": "MRN", "ssn": "SSN", "npi": "LICENSE", "dea": "LICENSE", "vin": "VEHICLE", "id": "OTHER_ID", "ip": "IP",
                   "dob": "DATE", "dl": "LICENSE"}  # fmt: skip


def find(document: Document) -> Iterator[Entity]:
    done = 0
    begins = [
        index for index, key in enumerate(document.keys) if key in BEGINNINGS or (len(key) == 1 and key.isalpha())
    ]
    for index in begins:
        if index < done:
            continue
        end = index
        for one in (date(document, index), age(document, index), network(document, index)):
            if one is not None:
                yield one[0]
                end = max(end, one[1])
        if end == index and (numbers.begins(document, index) or uncertain(document, index)):
            made = numbers.run(document, index)
            if made is not None:
                found = judged(document, made)
                if found is not None:
                    yield found
                end = max(made.end, index + 1)
        done = max(index + 1, end)


def uncertain(document: Document, index: int) -> bool:
    """`see ess en nine`: a word that is perhaps a letter, behind what announces a number and before more of it."""
    if document.keys[index] not in numbers.AMBIGUOUS or document.key(index - 1) in numbers.AMBIGUOUS:
        return False
    following = numbers.atom(document, index + 1)
    if following is None or following[2] == "sign":
        return False
    if announced(document, index) or document.key(index - 1) in {"spelled", "spelling", "that's", "thats", "is"}:
        return True
    made = numbers.run(document, index)
    if made is None:
        return False
    sure = sum(
        document.keys[token] in numbers.LETTERS and document.keys[token] not in numbers.AMBIGUOUS for token in made.by
    )
    return len(made.digits) >= 5 or (made.letters >= 4 and sure >= 2)


def announced(document: Document, index: int) -> str:
    """The label of the nearest word before `index` that announces a number; only small words may stand between."""
    at = index
    while at > max(0, index - BACK):
        for length in range(LONGEST_PHRASE, 0, -1):
            if at - length >= 0:
                phrase = " ".join(document.keys[at - length : at])
                if phrase in LABEL_OF and (phrase != "at" or at == index):
                    return LABEL_OF[phrase]
        if document.keys[at - 1] not in BETWEEN and document.words[at - 1] not in ",:.;-#":
            return ""
        at -= 1
    return ""


def judged(document: Document, made: Run) -> Entity | None:
    """What a run of spoken figures and letters is; None when it is nobody's."""
    text, digits = made.text, made.digits
    written = all(document.words[token].isdigit() for token in set(made.by))
    if written or not (made.letters >= 3 or any(said_number(document, token) for token in made.by)):
        return None  # the patterns read figures
    begin = made.begin
    label = announced(document, begin)
    for prefix, meant in LETTER_PREFIXES.items():
        if text.startswith(prefix) and digits:
            label, begin = meant, made.by[len(prefix)]
    while label == "PHONE" and begin >= 2 and document.keys[begin - 2 : begin] == ["area", "code"]:
        begin -= 2
    if not made.letters and 4 <= len(digits) <= 9 and document.key(begin - 1) in STATES and document.speech:
        return document.entity(begin, made.end, "GEO", NAMED, SOURCE)
    if house := address(document, made):
        return document.entity(begin, house, "GEO", NAMED, SOURCE)
    if text.count(".") == 3 and all(part.isdigit() and int(part) < 256 for part in text.split(".")):
        return document.entity(begin, made.end, "IP", CHECKED, SOURCE)
    if made.letters and not digits:
        return spelled(document, made, label)
    if text.count("/") == 2 and len(digits) >= 3:
        return document.entity(begin, made.end, "DATE", SHAPED, SOURCE)
    if quantity(document, made, label):
        return None
    if not label and len(digits) == 5 and not made.letters and behind_street(document, begin):
        return document.entity(begin, made.end, "GEO", NAMED, SOURCE)
    if label:
        extension = label == "PHONE" and not EXTENSIONS.isdisjoint(document.keys[max(0, begin - 3) : begin])
        enough = len(digits) >= LEAST_DIGITS.get("EXTENSION" if extension else label, 3) or (
            made.letters and len(digits) >= 2
        )
        label = "PHONE" if label == "PHONE" and len(digits) in {7, 10, 11} else label
        return document.entity(begin, made.end, label, NAMED, SOURCE) if enough else None
    if len(digits) in {7, 10, 11} and not made.letters:
        return document.entity(begin, made.end, "PHONE", SHAPED, SOURCE)
    if len(digits) >= 6:
        return document.entity(begin, made.end, "SSN" if len(digits) == 9 else "OTHER_ID", LISTED, SOURCE)
    return None


def behind_street(document: Document, begin: int) -> bool:
    """`at nine elm street in jerome one five nine zero five`: the code of a place whose state nobody says."""
    return document.speech and any(key in STREETS for key in document.keys[max(0, begin - 6) : begin])


def said_number(document: Document, token: int) -> bool:
    key = document.keys[token]
    return (key in numbers.UNITS and len(key) > 1) or key in numbers.TEENS or key in numbers.TENS


def quantity(document: Document, made: Run, label: str) -> bool:
    """An amount (`two hundred fifty thousand`, `two point five`), or a value behind a word of medicine."""
    before = made.begin - 1
    measured = before >= 0 and bool(document.flags[before] & (MEDICAL | DRUG)) and not label
    decimal = "." in made.said and made.text.count(".") == 1 and not label
    return (
        decimal
        or (made.amount and label not in {"MRN", "ACCOUNT", "GEO", "PHONE", "FAX"})
        or (measured and len(made.digits) < 7)
    )


def spelled(document: Document, made: Run, label: str) -> Entity | None:
    """`l i n d t` behind `spelled`; without a cue only what is long and no abbreviation of medicine."""
    said = made.text.replace("-", "").replace(".", "")
    if len(said) < 3 or said in LETTER_PREFIXES:
        return None
    cue = any(
        document.key(made.begin - back) in {"spelled", "spelling", "spell", "spelt", "name", "letters"}
        for back in range(1, 5)
    )
    if not cue and document.lists.flags(said) & (MEDICAL | DRUG):
        return None
    begin = made.begin
    while cue and begin and document.keys[begin - 1] in {"a", "i", "o"}:  # words too, so no run begins with them
        begin -= 1
    known = document.lists.flags(said) & (GIVEN | SURNAME | PLACE)
    if not (cue or len(said) >= 5 or (known and len(said) >= 4)):
        return None
    return document.entity(begin, made.end, "NAME" if not label or cue else label, NAMED if cue else LISTED, SOURCE)


def address(document: Document, made: Run) -> int:
    """End of a spoken address: a number, one to three words, a kind of street, perhaps an apartment; 0 otherwise."""
    if not made.digits or len(made.digits) > 6 or "." in made.said or not made.said[0].isdigit():
        return 0
    if made.letters == 1 and made.said[-1].isalpha() and document.key(made.end) in STREETS:
        return made.end + 1  # `six dee avenue`
    if made.letters:
        return 0
    for at in range(made.end, min(made.end + 5, len(document))):
        key = document.keys[at]
        if key in STREETS and at > made.end:
            end = at + 1
            if document.key(end) in {"apartment", "unit", "suite", "apt", "number"}:
                inner = numbers.run(document, end + 1) if end + 1 < len(document) else None
                end = inner.end if inner is not None else end
            return end
        if document.shapes[at] == 0 or (
            document.flags[at] & FREQUENT and key not in ORDINALS and not document.flags[at] & SURNAME
        ):
            return 0
        if document.flags[at] & DRUG:
            return 0
    # `fifth avenue` with its ordinal in the run's own words
    return 0


# An age that somebody lived to.
REACHED = frozenset(
    [
        (verb, word)
        for verb in ("died", "dead", "deceased", "passed", "away", "expired", "death")
        for word in ("at", "past")
    ]
    + [
        (verb, word)
        for verb in ("lived", "live", "it", "alive", "living")
        for word in ("to", "until", "till", "past", "at")
    ]
)


def age(document: Document, index: int) -> tuple[Entity, int] | None:
    """`ninety six year old`, `a hundred and two years old`, `aged ninety`."""
    key = document.keys[index]
    if key in {"a", "one"} and document.key(index + 1) == "hundred":
        index, key = index + 1, "hundred"
    end = index
    if key == "ninety":
        found = numbers.atom(document, index)
        end = found[1] if found else index + 1
    elif key == "hundred" and document.key(index - 1) in {"a", "one"}:
        index -= 1
        end = index + 2
        after = end + (document.key(end) == "and")
        found = numbers.atom(document, after)
        if found and found[2] == "digit" and int(found[0]) < 30:
            end = found[1]
    else:
        return None
    after = end + (document.key(end) == "-")
    if document.key(after) in {"year", "years", "yr", "yrs"}:
        after += 1
        after += document.key(after) == "-"
        if document.key(after) == "old":
            after += 1
        elif document.key(after) == "of" and document.key(after + 1) == "age":
            after += 2
        elif document.key(after) not in {"male", "female", "man", "woman", "lady", "gentleman", "patient"}:
            return None
        return document.entity(index, after, "AGE90", NAMED, SOURCE), after
    joined = document.key(end) == "and" and document.key(end + 1) not in MEASURES | {"half"}
    told = (
        (document.key(index - 1) in {"is", "was", "to", "at"} and document.key(index - 2) in PERSONS)
        or (index > 0 and document.keys[index - 1] in PERSONS and document.words[index - 1].endswith(("'s", "’s")))
    ) and (document.key(end) not in MEASURES or joined)
    reached = (document.key(index - 2), document.key(index - 1)) in REACHED and document.key(end) not in MEASURES
    if document.key(index - 1) in {"age", "aged", "turned", "turning", "turns"} or told or reached:
        return document.entity(index, end, "AGE90", NAMED, SOURCE), end
    return None


def network(document: Document, index: int) -> tuple[Entity, int] | None:
    """`kim dot lee at mail dot com`, `w w w dot clinic dot org slash records`: found at its last `dot`."""
    if document.keys[index] != "dot" or document.key(index + 1) not in TOP_LEVEL or index == 0:
        return None
    end = index + 2
    if document.key(end) == "dot" and document.key(end + 1) in TOP_LEVEL:
        end += 2
    first = index - 1
    while first > max(0, index - 12) and document.keys[first] not in STOPS:
        first -= 1
    if document.key(first) == "at" and first > 0:
        begin = local(document, first)
        if begin < first:
            return document.entity(begin, end, "EMAIL", SHAPED, SOURCE), end
    begin = first + 1 if document.keys[first] in STOPS else first
    begin = max(begin, index - 8)
    while document.key(end) == "slash" and end + 1 < len(document):
        end += 2
    return (document.entity(begin, end, "URL", SHAPED, SOURCE), end) if begin < index else None


def local(document: Document, at: int) -> int:
    """Where the part before `at` begins: behind `email`, or as many words back as look like one's name or figures."""
    for back in range(1, 13):
        place = at - back
        if place >= 0 and document.keys[place] in {"email", "mail", "address"}:
            begin = place + 1
            while begin < at and document.keys[begin] in {
                "is",
                "address",
                "him",
                "her",
                "them",
                "at",
                "me",
                "to",
                ":",
                "it",
            }:
                begin += 1
            return begin
    begin = at
    while begin > max(0, at - 8):
        key = document.keys[begin - 1]
        joined = key in numbers.SIGNS or numbers.atom(document, begin - 1) is not None
        if not joined and (key in STOPS or document.flags[begin - 1] & FREQUENT or document.shapes[begin - 1] != LOWER):
            break
        begin -= 1
    return begin
