"""Documents of the four genres, with the faults of real ones: capitals, typing slips, wrapped lines, fillers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from random import Random

from functions.phi.training.grammar import TEMPLATES, Case, Grammar, Piece, Text, as_said, joined
from functions.phi.training.slots import SLOTS

GENRES = ("note", "query", "asr", "log")
# How often a line of a note comes from each pool.
LINES = {
    "note.clean": 34, "note.hpi": 16, "note.social": 8, "note.family": 4, "note.plan": 11, "note.admin": 9, "note.sign": 3, "note.nursing": 3,
}  # fmt: skip
FILLERS = "uh um er so okay like you know i mean well let's see and then".split(" ")


@cache
def grammar() -> Grammar:
    return Grammar(SLOTS, sorted(TEMPLATES.glob("*.txt")))


def texts(seed: int, counts: dict[str, int], *, held: bool | None) -> Iterator[Text]:
    """`counts` documents of each genre. The same seed gives the same texts, whatever the counts of other genres."""
    for genre in GENRES:
        rng = Random(f"{seed}:{genre}:{held}")
        for _ in range(counts.get(genre, 0)):
            yield text(Case(rng, held=held), genre)


def text(case: Case, genre: str) -> Text:
    if genre == "note":
        return faulty(case, joined(note(case), genre))
    if genre == "query":
        pool = "query.phi" if case.chance(0.62) else "query.clean"
        return faulty(case, joined(grammar().from_pool(case, pool), genre))
    if genre == "asr":
        case.said = True
        pool = "speech.phi" if case.chance(0.65) else "speech.clean"
        return joined(slips(case, as_said(grammar().from_pool(case, pool))), genre)
    pool = "log.phi" if case.chance(0.72) else "log.clean"
    pieces = grammar().from_pool(case, pool)
    for _ in range(case.pick((0, 0, 0, 0, 1, 2))):
        pieces += [Piece("\n"), *grammar().from_pool(case, case.pick((pool, "log.clean")))]
    return joined(pieces, genre)


def note(case: Case) -> list[Piece]:
    own = grammar()
    if case.chance(0.22):
        return own.from_pool(case, "note.whole" if case.chance(0.7) else "note.free")
    clean = case.chance(0.2)
    pieces: list[Piece] = []
    if not clean and case.chance(0.85):
        pieces += fields(case) if case.chance(0.45) else own.from_pool(case, "note.header")
        pieces.append(Piece(case.pick(("\n", "\n\n"))))
    between = case.pick(("\n", "\n", " ", " "))
    for _ in range(case.number(1, 4) if case.chance(0.4) else case.number(3, 13)):
        if case.chance(0.22):
            pieces += [*own.from_pool(case, "note.section"), Piece(case.pick(("\n", " ", "  ")))]
        pool = "note.clean" if clean else case.rng.choices(tuple(LINES), tuple(LINES.values()))[0]
        pieces += [*own.from_pool(case, pool), Piece(between)]
    if not clean and case.chance(0.6):
        pieces += [Piece("\n"), *own.from_pool(case, "note.sign")]
    return pieces


def fields(case: Case) -> list[Piece]:
    """A header of its own: some fields in some order, one a line or side by side."""
    own = grammar()
    between = case.pick(("\n", "\n", "\n", "   ", " | ", "; ", "\t", ", "))
    pieces = [*own.from_pool(case, "note.title"), Piece("\n")] if case.chance(0.6) else []
    known = own.pools[case.held]["note.field"]
    chosen = case.rng.sample(known, min(case.number(2, 8), len(known)))
    for line in chosen:
        pieces += [*own.expand(case, line), Piece(between)]
    return pieces[:-1]


def faulty(case: Case, made: Text) -> Text:
    """Faults of typing, none of which moves an offset."""
    roll = case.rng.random()
    share = 0.06 if made.genre == "note" else 0.13
    if roll < share:
        return replace(made, text=same_length(made.text, str.lower))
    if roll < share + 0.05:
        return replace(made, text=same_length(made.text, str.upper))
    signs = list(made.text)
    inside = {at for start, end, _ in made.spans for at in range(start, end)}
    if case.chance(0.05):
        hasty(signs, inside)
    if made.genre == "note" and case.chance(0.1):
        wrapped(signs)
    if case.chance(0.2):
        for at in range(1, len(signs) - 1):
            pair = signs[at] + signs[at + 1]
            if pair.isalpha() and at not in inside and at + 1 not in inside and case.chance(0.008):
                signs[at], signs[at + 1] = signs[at + 1], signs[at]
    return replace(made, text="".join(signs))


def hasty(signs: list[str], inside: set[int]) -> None:
    """No stop and no comma between the words."""
    for at in range(len(signs) - 1):
        if signs[at] in ".,;?!" and signs[at + 1].isspace() and at not in inside:
            signs[at] = " "


def wrapped(signs: list[str]) -> None:
    """Lines end where a terminal ended them."""
    since = 0
    for at, sign in enumerate(signs):
        since = 0 if sign == "\n" else since + 1
        if sign == " " and since > 64:
            signs[at], since = "\n", 0


def same_length(text_: str, change: Callable[[str], str]) -> str:
    return "".join(changed if len(changed := change(sign)) == 1 else sign for sign in text_)


def slips(case: Case, pieces: list[Piece]) -> list[Piece]:
    """Fillers, lost and doubled words between the identifiers."""
    if case.chance(0.55):
        return pieces
    out: list[Piece] = []
    for piece in pieces:
        if piece.label or piece.text == " ":
            out.append(piece)
            continue
        words = []
        for word in piece.text.split():
            if case.chance(0.03):
                continue
            words.append(word)
            if case.chance(0.03):
                words.append(case.pick(FILLERS))
            elif case.chance(0.01):
                words.append(word)
        out.append(Piece(" ".join(words) or "uh"))
    return out
