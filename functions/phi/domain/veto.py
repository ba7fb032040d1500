"""What the taggers find and nobody is called: medicine's names, titles, parts of machines' codes.

Only findings that no rule touches are judged, so a veto never takes away what a pattern or a cue has found.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from functions.phi.domain import beside, company, facilities, machine_words, spoken_dates, towns, vocabulary
from functions.phi.domain import spoken_numbers as numbers
from functions.phi.domain.document import LOWER, TITLE, UPPER, Document
from functions.phi.domain.lists import DRUG, EPONYM, GIVEN, GIVEN_RANK, MEDICAL, PLACE, SURNAME, SURNAME_RANK, rank
from functions.phi.domain.model import Entity, merged
from functions.phi.domain.name_parts import eponymous

NAMED = frozenset(("NAME", "GEO", "FACILITY"))
NUMERALS = frozenset("II III IV VI VII VIII IX".split())
PLACED = frozenset(("GEO", "FACILITY"))
LONGEST_ACRONYM = 6
LETTERS_SPELT = 2  # more single letters in a spoken name: it is spelled, with words such as `as in nancy` between
NEIGHBOURS = 16  # findings of rules, without overlaps, that one of a tagger can touch
# Their rules are whole, so a tagger alone adds only faults.
RULED = frozenset(("AGE90",))
# Of these a tagger's longer finding is not taken where a rule has found its part.
WHOLE = frozenset(("EMAIL", "URL", "BIOMETRIC", "IP", "SSN", "DATE", "VEHICLE", "LICENSE"))
DEGREE = re.compile(r"(?i)\b(?:m\. ?d|d\. ?o|r\. ?n|n\. ?p|p\. ?a|ph\. ?d|d\. ?d\. ?s|d\. ?p\. ?m|p\. ?t)\b\.")
BREAK = re.compile(r"[\n\t]|  ")
LIVED = frozenset("to at turned aged age until".split())
SPOKEN = frozenset(
    numbers.UNITS.keys()
    | numbers.TEENS.keys()
    | numbers.TENS.keys()
    | numbers.LETTERS.keys()
    | numbers.SIGNS.keys()
    | numbers.TIMES.keys()
)
CALENDAR = spoken_dates.MONTHS | frozenset(
    "jan feb mar apr jun jul aug sep oct nov dec christmas thanksgiving easter halloween hanukkah ramadan eid diwali passover juneteenth "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)
HONORIFICS = vocabulary.TITLES | {
    "patient",
    "pt",
    "nurse",
    "the",
    "a",
    "an",
    "of",
    "at",
    "in",
    "from",
    "by",
    "for",
    "with",
    "to",
    "is",
}


def kept(document: Document, tagged: Iterable[Entity], rules: Sequence[Entity]) -> Iterator[Entity]:
    """The findings of a tagger without those that are vetoed, and without titles at their beginning."""
    starts = sorted({(one.start, one.end) for one in merged(rules)})
    for one in (part for whole in tagged for part in (divided(document, whole) if whole.label in NAMED else (whole,))):
        first, end = bisect_left(document.starts, one.start), bisect_left(document.starts, one.end)
        if end <= first:
            yield one
            continue
        near = behind = bisect_left(starts, (one.end, 0))
        while near and behind - near < NEIGHBOURS and one.start < starts[near - 1][1]:
            near -= 1
        inside = starts[near:behind]
        if one.label in RULED:
            if lived_to(document, first, end):
                yield one
            continue
        if inside:
            if one.label not in WHOLE:
                yield from parts(document, one, first, end, inside)
        elif one.label in NAMED:
            while first < end and (document.keys[first] in HONORIFICS or not document.words[first][0].isalnum()):
                first += 1
            if not document.speech:
                end = capitals(document, first, end) if one.label == "NAME" else trimmed(document, first, end)
            if first < end and not nobody(document, one, first, end) and callable_by(document, first, end):
                last = min(document.ends[end - 1], one.end)
                yield Entity(document.starts[first], last, one.label, one.score, one.source)
        elif counted(document, one, first, end):
            yield one


def lived_to(document: Document, first: int, end: int) -> bool:
    """`died at 94`, `turned 101`: figures behind such a word, and no quantity."""
    figures = end - first == 1 and document.keys[first].isdigit() and document.key(first - 1) in LIVED
    return figures and beside.no_quantity(document.text, document.starts[first], document.ends[first])


def divided(document: Document, one: Entity) -> Iterator[Entity]:
    """`Roe's Heberden` as two, for what is somebody's is judged apart from whose it is; and what stands in two lines or
    fields, each by itself, without the label of a next field (`Acme Foods\\nPrimary insurance:`).
    """
    first, end = bisect_left(document.starts, one.start), bisect_left(document.starts, one.end)
    start = one.start
    for index in range(first + 1, end):
        last, begin = document.ends[index - 1], document.starts[index]
        owned = one.label == "NAME" and document.words[index - 1][-2:].lower() in {"'s", "’s"}
        if owned or BREAK.search(document.text, last, begin):
            if start < last:
                yield Entity(start, last - 2 if owned else last, one.label, one.score, one.source)
            start = begin if owned or not announces(document, index) else one.end
    if start < one.end:
        yield Entity(start, one.end, one.label, one.score, one.source)


def announces(document: Document, index: int) -> bool:
    """Of a field's name, such as `Primary insurance:`"""
    for at in range(index, min(index + 4, len(document.keys))):
        if document.words[at] == ":":
            return at > index
        if not document.words[at][0].isalpha():
            return False
    return False


def nobody(document: Document, one: Entity, first: int, end: int) -> bool:
    """What is called as no person and no place is."""
    if document.text[one.end : one.end + 2] in {'":', "':"} or document.text[one.end : one.end + 1] == "=":
        return True  # the key of a field
    if (
        one.label == "FACILITY"
        and not document.speech
        and {document.key(end - 1), document.key(end)} & company.MEASURES
    ):
        return True  # `Duke Activity Status Index`
    if one.label != "FACILITY" and company.medicines(document, first, end):
        return True
    if one.label == "NAME" and (
        lettered(document, one, first, end)
        or test_spelled(document, first, end)
        or machine_words.program(document, first)
        or machine_words.payer(document, first, end)
        or (not document.speech and told_figures(document, first, end))
        or qualified(document, first)
        or (end - first == 1 and document.words[first] in NUMERALS)
        or instrument(document, first, end)
        or all(key in vocabulary.NEVER_NAMES for key in document.keys[first:end])
        or (end - first > 1 and document.words[end - 1] in towns.NUMERALS and document.flags[first] & (PLACE | EPONYM))
    ):
        return True
    coded = told_figures(document, first, end) or (end - first == 1 and any(map(str.isdigit, document.words[first])))
    figures = coded and not beside.no_code(document.text, one.start, one.end)
    if figures or facilities.placeholder(document, first, end):
        return True
    if one.label == "GEO" and told_figures(document, first, end) and machine_words.of_a_field(document, one):
        return True
    if one.label in PLACED:
        return no_place(document, first, end)
    return medicine(document, first, end)


def no_place(document: Document, first: int, end: int) -> bool:
    """A word of medicine, or several: `General Surgery`. An acronym that medicine does not know may be a hospital's."""
    flags = [document.flags[index] for index in range(first, end) if document.keys[index].isalpha()]
    if end - first == 1:
        acronym = bool(flags) and document.words[first].isupper() and not flags[0] & (MEDICAL | DRUG)
        acronym = acronym and len(document.words[first]) <= LONGEST_ACRONYM
        return not acronym and medicine(document, first, end)
    if bool(flags) and all(one & (DRUG | MEDICAL) and not one & (PLACE | GIVEN | SURNAME) for one in flags):
        return True
    if any(key in facilities.STRONG_HEADS | facilities.SURE_HEADS or key == "hosp" for key in document.keys[first:end]):
        return False
    # `Same Day Surgery`: of plain words without a house nothing is called.
    return not document.speech and bool(flags) and not any(called(document, index) for index in range(first, end))


def called(document: Document, index: int) -> bool:
    return (
        facilities.own_name(document, index)
        or any(map(str.isdigit, document.words[index]))
        or bool(document.flags[index] & PLACE and document.keys[index] not in facilities.NO_NAMES)
    )


def test_spelled(document: Document, first: int, end: int) -> bool:
    """In speech `a b m p`, `c b c`: a test and nobody's letters."""
    keys = document.keys[first:end]
    return (
        document.speech and all(len(key) == 1 for key in keys) and bool(document.lists.flags("".join(keys)) & MEDICAL)
    )


def qualified(document: Document, first: int) -> bool:
    """`o.s.Scheduler`: a part of a program's name, glued to what is written small; `dr.Roe` is none."""
    return (
        document.key(first - 1) == "."
        and document.touching(first)
        and first > 1
        and document.touching(first - 1)
        and document.shapes[first - 2] == LOWER
        and document.keys[first - 2] not in vocabulary.TITLES
    )


def instrument(document: Document, first: int, end: int) -> bool:
    """`a 19 Fr Blake drain`, `the Jorgensen scissors`: behind an article or a size and before a tool."""
    before = document.key(first - 1)
    sized = before in vocabulary.ARTICLES or before in {"fr", "french", "#"} or before.isdigit()
    return end - first == 1 and sized and document.key(end) in vocabulary.INSTRUMENTS


def told_figures(document: Document, first: int, end: int) -> bool:
    return all(key.isdigit() or not key.isalnum() for key in document.keys[first:end])


def capitals(document: Document, first: int, end: int) -> int:
    """A written name that begins with a capital ends before a word in lower case: `Sclerae are`."""
    if first < end and document.shapes[first] in {TITLE, UPPER}:
        for index in range(first + 1, end):
            small = document.shapes[index] == LOWER and document.keys[index] not in vocabulary.PARTICLES
            if small and not hyphenated(document, index):
                return index
    return end


def trimmed(document: Document, first: int, end: int) -> int:
    """A written place that begins with a capital does not end with a word in lower case: `CVS calling`."""
    if first < end and document.shapes[first] in {TITLE, UPPER}:
        while end > first + 1 and document.shapes[end - 1] == LOWER and document.keys[end - 1] not in facilities.KINDS:
            end -= 1
        while end > first + 1 and document.keys[end - 1] in {"denies", "copay", "counseled", "at", "of", "and"}:
            end -= 1
    return end


def hyphenated(document: Document, index: int) -> bool:
    """The second half of `Ji-won`."""
    return document.words[index - 1] == "-" and document.starts[index] == document.ends[index - 1]


def parts(document: Document, one: Entity, first: int, end: int, rules: Sequence[tuple[int, int]]) -> Iterator[Entity]:
    """Of a finding that a rule has in part: the rest, word by word, where a word can be of an identifier."""
    written = any(document.shapes[index] in {TITLE, UPPER} for index in range(first, end))
    spelt = document.speech and sum(len(key) == 1 for key in document.keys[first:end]) > LETTERS_SPELT
    for index in range(first, end):
        start, last = document.starts[index], document.ends[index]
        if any(rule[0] <= start and last <= rule[1] for rule in rules):
            continue
        key = document.keys[index]
        if one.label in PLACED:
            said = key.isalnum() and not (edge(document, index, first, end) and key in HONORIFICS)
        elif one.label in NAMED:
            said = (
                initial(document, index)
                or (spelt and key.isalpha())
                or (
                    key not in HONORIFICS
                    and not (document.shapes[index] == UPPER and key in vocabulary.CREDENTIALS)
                    and not document.medical(index)
                    and key.isalpha()
                    and callable_by(document, index, index + 1)
                    and document.text[last : last + 1] != "="
                    and not (
                        one.label == "NAME" and (aside(document, index, written=written) or degree(document, index))
                    )
                )
            )
            if one.label == "NAME" and document.words[index][-2:].lower() in {"'s", "’s"}:
                last -= 2
                said = said and not any(rule[0] <= start and last <= rule[1] for rule in rules)
        else:
            glued = (
                document.text[last : last + 1] == "-" and document.text[last + 1 : last + 2].isalnum() and key.isalnum()
            )
            said = glued or any(map(str.isdigit, key)) or (document.speech and (key in SPOKEN or len(key) == 1))
        if said:
            yield Entity(start, last, one.label, one.score, one.source)


def edge(document: Document, index: int, first: int, end: int) -> bool:
    """Nothing but particles, articles and signs stands between it and the finding's begin, or its end."""
    keys = document.keys
    outside = (range(first, index), range(index + 1, end))
    return any(all(keys[at] in HONORIFICS or not keys[at].isalnum() for at in side) for side in outside)


def initial(document: Document, index: int) -> bool:
    """`ROE^JANE^A`, `ROE, JANE A.`: one letter between a record's signs, or with a full stop behind a name."""
    if len(document.words[index]) != 1 or not document.words[index].isupper():
        return False
    before, after = document.text[document.starts[index] - 1], document.text[document.ends[index] :][:1]
    behind = index > 0 and len(document.keys[index - 1]) > 1 and document.shapes[index - 1] in {TITLE, UPPER}
    return before in "^|~" or (after == "." and behind and not degree(document, index))


def degree(document: Document, index: int) -> bool:
    """A part of `M.D.`, `D.O.`"""
    start = document.starts[index]
    return any(one.start() <= start < one.end() for one in DEGREE.finditer(document.text, max(0, start - 6), start + 6))


def aside(document: Document, index: int, *, written: bool) -> bool:
    """A word beside a name that is none: in lower case among capitals, or a sentence's first (`Summarize Jane Roe`)."""
    if written and document.shapes[index] == LOWER and document.keys[index] not in vocabulary.PARTICLES:
        return not hyphenated(document, index)
    if document.keys[index] in vocabulary.NEVER_NAMES:
        return document.shapes[index] == LOWER or document.new_sentence(index)
    return document.new_sentence(index) and document.common(index) and not document.listed_name(index)


def lettered(document: Document, one: Entity, first: int, end: int) -> bool:
    """`Dr. X.`, `Ms. A`: one letter in prose tells of nobody; between a record's signs it is an initial."""
    letters = [document.keys[index] for index in range(first, end) if document.words[index][0].isalnum()]
    if len(letters) != 1 or len(letters[0]) != 1:
        return False
    before, after = document.text[one.start - 1 : one.start], document.text[one.end : one.end + 1]
    return before not in set("^|=\"'>~,") and after not in set("^|\"'<~")


def medicine(document: Document, first: int, end: int) -> bool:
    """`Cheyne-Stokes`, `Bishop score`, `Nissen fundoplication`, a drug, a word of medicine that hardly anybody bears."""
    words = [index for index in range(first, end) if document.keys[index].isalpha()]
    if not words:
        return False
    if document.key(first - 1) in vocabulary.TITLES or document.key(first - 2) in vocabulary.TITLES:
        return False
    if any(eponymous(document, index) for index in words):
        return True
    flags = [document.flags[index] for index in words]
    christian = flags[0] & GIVEN and rank(flags[0], GIVEN_RANK) >= 5 and len(words) > 1
    if all(one & EPONYM for one in flags) and not (christian and document.key(first + 1) != "-"):
        return True
    if len(words) == 1 and (document.key(first - 1) in vocabulary.ARTICLES or short(document, words[0])):
        return not document.speech
    if flags[0] & EPONYM and document.medical(words[-1]):
        return True
    if any(document.medical(index) and not document.listed_name(index) for index in words) and not any(
        one & GIVEN for one in flags
    ):
        return not document.speech
    return all(one & (DRUG | MEDICAL) and max(rank(one, GIVEN_RANK), rank(one, SURNAME_RANK)) < 4 for one in flags)


def short(document: Document, index: int) -> bool:
    """`ANA`, `TFTs`: an abbreviation of medicine rather than a name."""
    word, flags = document.words[index], document.flags[index]
    capitals = sum(map(str.isupper, word))
    return (
        capitals >= 2
        and len(word) <= 5
        and (bool(flags & MEDICAL) or not flags & (GIVEN | SURNAME))
        and word[1:].lower() != word[1:]
    )


def callable_by(document: Document, first: int, end: int) -> bool:
    """Some word of it begins with a capital, where the text has capitals, or is no common one."""
    if document.speech:
        return end - first > 2 or any(
            document.words[index].isalpha()
            and (not document.common(index) or document.listed_name(index) or document.flags[index] & PLACE)
            for index in range(first, end)
        )
    return any(
        document.shapes[index] in {TITLE, UPPER}
        or (document.words[index].isalpha() and not document.common(index))
        or sum(map(str.isdigit, document.words[index])) >= 5
        for index in range(first, end)
        if document.words[index][0].isalnum()
    )


def counted(document: Document, one: Entity, first: int, end: int) -> bool:
    """A number or code that is no quantity and no part of a longer code; in writing it has a figure or a month."""
    text = document.text
    if not beside.apart(text, one.start, one.end):
        return False
    coded = [
        index
        for index in range(first, end)
        if not document.words[index].isalpha() and document.words[index][0].isalnum()
    ]
    if any(not beside.no_code(text, document.starts[index], document.ends[index]) for index in coded):
        return False
    told = text[one.start : one.end]
    figures = sum(character.isdigit() for character in told)
    spoken = sum(document.keys[index] in SPOKEN or len(document.keys[index]) == 1 for index in range(first, end))
    if one.label == "DATE":
        calendar = any(document.keys[index] in CALENDAR for index in range(first, end))
        return figures >= 3 or calendar
    if document.speech:
        return spoken >= 2 or one.label in {"EMAIL", "URL", "PHOTO", "BIOMETRIC"}
    return figures >= 3 or one.label in {"URL", "EMAIL", "PHOTO"}
