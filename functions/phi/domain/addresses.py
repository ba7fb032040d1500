"""Addresses as other countries write them: `12 rue de la Paix, 75002 Paris`, `Calle Mayor 14`, `Hauptstraße 5`.

The kind of street stands before its name or grows onto it, and the number before or behind: without a number nothing
is found. What the United States write is read by `places`.
"""

from collections.abc import Iterator

from functions.phi.domain import beside
from functions.phi.domain.document import LOWER, MIXED, TITLE, UPPER, Document
from functions.phi.domain.model import SHAPED, Entity

SOURCE = "context"
KINDS = frozenset(
    "rue avenue boulevard impasse chemin quai allee jalan jln lorong calle avenida avda carrer paseo rua travessa praca ulica ulitsa "
    "viale piazza piazzale vicolo corso strada strasse sokak caddesi mahallesi".split()
)
# Words or signs of their own in small letters.
CAPITAL_KINDS = frozenset("via ul al os jl col plaza route place colonia".split())
SIGNED = {"ul": ".", "c": "/"}  # told by the sign behind
ENGLISH = frozenset(("avenue", "boulevard", "route", "plaza", "place"))  # behind the name as well: `Elm Avenue Unit 5`
GROWN = (
    "strasse", "gasse", "allee", "platz", "damm", "ufer", "straat", "laan", "gracht", "plein", "kade", "gatan", "vagen", "vegen", "veien",
    "katu", "utca",
)  # fmt: skip
EVERY_KIND = KINDS | CAPITAL_KINDS | SIGNED.keys()
LEAST_GROWN = 7
SMALL = frozenset(
    "de du des da do dos das la le les los las el di del della delle of the van der den het st d l y e i".split()
)
BEFORE_NUMBER = frozenset(("n", "no", "nr", "num", "nº", "n°", "#", "º", "°", ".", ",", "/"))
MOST_WORDS = 6
LONGEST_NUMBER = 5
CODES = range(4, 7)  # figures of a postal code


def find(document: Document) -> Iterator[Entity]:
    done = 0
    for index in candidates(document):
        if index < done:
            continue
        if document.keys[index] in EVERY_KIND:
            begin, done = street(document, index)
        else:
            begin, done = index, number(document, index + 1)
        if done > begin:
            done = tail(document, done)
            yield document.entity(begin, done, "GEO", SHAPED, SOURCE)


def candidates(document: Document) -> list[int]:
    """Tokens that are a kind of street or end with one."""
    if document.speech:
        return []
    shapes = document.shapes
    return [
        index
        for index, key in enumerate(document.keys)
        if (key in EVERY_KIND and kind(document, index))
        or (len(key) >= LEAST_GROWN and shapes[index] == TITLE and key.endswith(GROWN))
    ]


def kind(document: Document, index: int) -> bool:
    key, shape = document.keys[index], document.shapes[index]
    if key in SIGNED and document.key(index + 1) == SIGNED[key]:
        return True
    return (key in KINDS and shape != MIXED) or (key in CAPITAL_KINDS and shape not in {LOWER, MIXED})


def street(document: Document, index: int) -> tuple[int, int]:
    """(first token, end) of the street whose kind stands here; (0, 0) where it has no name or no number."""
    end = named(document, index + 1 + (document.key(index + 1) in {".", "/"}))
    if not end:
        return 0, 0
    before = index - 1 - (document.key(index - 1) == ",")
    if numeral(document, before) and not document.new_line(index):
        return before, end
    behind = 0 if document.keys[index] in ENGLISH else number(document, end)
    return (index, behind) if behind else (0, 0)


def named(document: Document, at: int) -> int:
    """End of the capital words, with small ones between, from here; 0 where there are none."""
    end = 0
    for place in range(at, min(at + MOST_WORDS, len(document))):
        if document.parted(place):
            break
        capital = document.shapes[place] in {TITLE, UPPER} and len(document.words[place]) > 1
        if capital and not document.medical(place):
            end = place + 1
        elif document.keys[place] not in SMALL and document.words[place] not in "-'’.":
            break
    return end


def numeral(document: Document, index: int) -> bool:
    word = document.words[index] if 0 <= index < len(document) else ""
    return (
        word[:1].isdigit()
        and len(word) <= LONGEST_NUMBER
        and (word.isdigit() or (word[:-1].isdigit() and word[-1].isalpha()))
    )


def number(document: Document, at: int) -> int:
    """Behind the number of a house, or 0: `14`, `no. 7/3`, `5a`, no quantity."""
    start = at
    while document.key(at) in BEFORE_NUMBER and at < start + 3:
        at += 1
    if not numeral(document, at) or document.parted(at):
        return 0
    if document.keys[at + 1 : at + 3] == ["m", "."] and numeral(document, at + 3):
        return at + 4  # of a flat: `7 m. 3`
    if not beside.no_unit(document.text, document.starts[at], document.ends[at]):
        return 0
    end = at + 1
    if document.key(end) in {"/", "-"} and document.touching(end) and numeral(document, end + 1):
        end += 2
    return end


def tail(document: Document, end: int) -> int:
    """With the postal code and the town behind it, in either order."""
    at = end + (document.key(end) == ",")
    code, town = coded(document, at), towns(document, at)
    if code > at:
        return towns(document, code)
    return behind if town > at and (behind := coded(document, town)) > town else end


def coded(document: Document, at: int) -> int:
    """`75002`, `30-702`, `D-10115`"""
    if document.key(at + 1) == "-" and document.touching(at + 1) and document.key(at + 2).isdigit():
        figures = sum(map(str.isdigit, document.key(at) + document.key(at + 2)))
        return at + 3 if figures in CODES and not document.parted(at) else at
    return at + 1 if document.key(at).isdigit() and len(document.key(at)) in CODES and not document.parted(at) else at


def towns(document: Document, at: int) -> int:
    end = at
    while end < min(at + 2, len(document)) and document.shapes[end] == TITLE and not document.parted(end):
        end += 1
    return end
