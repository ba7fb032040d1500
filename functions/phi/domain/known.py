"""What is known of the session's patient, found in every form: the cheapest recall there is.

A known value is a text as the record holds it: a name, a record number, a date of birth, a telephone number, an
address.
Names are found by each of their words, also spelled, numbers by their figures whatever parts them, also spoken, dates
in every order, also in words. What the tokens say is told by said.py; only what is known is looked for in it.
"""

import re
from collections.abc import Iterable, Sequence

from functions.phi.domain.model import CHECKED, Entity
from functions.phi.domain.said import LINKS
from functions.phi.domain.said import figures as spoken_figures
from functions.phi.domain.said import letters as spoken_letters
from functions.phi.domain.tokens import Tokens, tokenise

SOURCE = "known"
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
LEAST_DIGITS = 4
LEAST_LETTERS = 3  # of a word that is spelled
BETWEEN = LINKS | frozenset("-./()+,")
# Parts of names and addresses that say nothing alone.
COMMON_PARTS = frozenset(
    "mr mrs ms miss dr md do jr sr ii iii iv street st avenue ave road rd drive dr lane ln court ct way place pl north "
    "south east west apt unit suite the of and de la van von der den da di del el al".split()
)


def find(known: Sequence[str], tokens: Tokens) -> Iterable[Entity]:
    """Findings of the known values among the tokens; each pass is linear in their number."""
    words: dict[str, str] = {}
    numbers: set[str] = set()
    for value in known:
        told = value.strip()
        if date := _DATE.match(told):
            numbers |= orders(date[1], date[2], date[3])
            continue
        compact = "".join(character for character in told.lower() if character.isalnum())
        figures = "".join(character for character in compact if character.isdigit())
        if len(figures) >= LEAST_DIGITS and (compact == figures or " " not in told):
            numbers.add(compact)
            numbers.add(compact.removeprefix("1") if len(figures) == len(compact) == 11 else compact)
            continue
        label = "EMAIL" if _EMAIL.match(told) else "GEO" if figures else "NAME"
        for part in tokenise(told).keys:
            if (part.isalpha() and len(part) > 1 and part not in COMMON_PARTS) or (
                len(part) >= LEAST_DIGITS and not part.isalpha()
            ):
                words[part] = label
    yield from by_word(words, tokens)
    yield from by_letters(words, tokens)
    yield from by_figures(numbers, tokens)


def by_word(words: dict[str, str], tokens: Tokens) -> Iterable[Entity]:
    for index, key in enumerate(tokens.keys):
        if key in words:
            yield Entity(tokens.starts[index], tokens.ends[index], words[key], CHECKED, SOURCE)


def by_letters(words: dict[str, str], tokens: Tokens) -> Iterable[Entity]:
    """Runs of letters said one by one (`s m i t h`, `s as in sam`, `sierra mike`) that spell a known word."""
    spelled = {word: label for word, label in words.items() if len(word) >= LEAST_LETTERS}
    longest = max(map(len, spelled), default=0)
    said = spoken_letters(tokens.keys) if longest else []
    for index, begin in enumerate(said):
        if not begin or not begin.letter:
            continue
        joined, at = "", index
        while at < len(said) and (piece := said[at]) and len(joined) < longest:
            joined += piece.letter
            at += piece.tokens
            if joined in spelled:
                yield Entity(tokens.starts[index], tokens.ends[at - 1], spelled[joined], CHECKED, SOURCE)


def by_figures(numbers: set[str], tokens: Tokens) -> Iterable[Entity]:
    """Runs of figures and letters, with single signs or spaces between, that together are a known number; figures in
    words and months count as what they say."""
    longest = max(map(len, numbers), default=0)
    begins = {number[0] for number in numbers}
    pieces = spoken_figures(tokens.keys) if longest else []
    for index, begin in enumerate(pieces):
        if begin == "" and index + 1 < len(pieces):  # double four
            begin = pieces[index + 1]  # noqa: PLW2901 - where the number begins
        if not begin or begin[0] not in begins:
            continue
        joined = ""
        for last in range(index, min(index + 3 * longest, len(tokens))):
            part, said = tokens.keys[last], pieces[last]
            if said is None:
                if part not in BETWEEN:
                    break
                continue
            joined += said
            if said and joined in numbers:
                yield Entity(tokens.starts[index], tokens.ends[last], "OTHER_ID", CHECKED, SOURCE)
            if len(joined) > longest:
                break


def orders(year: str, month: str, day: str) -> set[str]:
    """The figures of a date in every order, with and without leading zeros."""
    return {
        figures
        for y in (year, year[2:])
        for m in (month, str(int(month)))
        for d in (day, str(int(day)))
        for figures in (y + m + d, m + d + y, d + m + y)
        if len(figures) >= LEAST_DIGITS
    }
