"""A long text in pieces, each read with what stands around it: time and memory stay those of its length, and a text that
repeats itself is not read again and again.

A piece ends where a line or a word ends, and of those places where the text goes on with what sorts first: so the pieces
of a text that repeats itself begin in the same place of what is repeated, and are equal.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from functions.phi.domain.model import Entity

LONG = 24_576  # characters; shorter texts are read as one
PIECE = 8_192
BORDER = 1_024  # before the end of a piece, where it may end earlier
AROUND = 512  # no finding is longer, and no rule looks farther
SEEN = 32  # characters by which places are put in order
PLACES = (re.compile(r"\n+"), re.compile(r"\s+"))


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` has what stands around it: the piece itself is from `begin` to `end` in it, and `offset` where `text` is."""

    text: str
    begin: int
    end: int
    offset: int

    def located(self, found: list[Entity]) -> Iterator[Entity]:
        """Of what is found in `text` what touches the piece, at its place in the whole."""
        at = self.offset
        for one in found:
            if one.start < self.end and one.end > self.begin:
                yield Entity(one.start + at, one.end + at, one.label, one.score, one.source)


def cut(text: str) -> Iterator[Piece]:
    start = 0
    while start < len(text):
        end = border(text, start + PIECE) if start + PIECE < len(text) else len(text)
        offset = max(0, start - AROUND)
        yield Piece(text[offset : end + AROUND], start - offset, end - offset, offset)
        start = end


def border(text: str, last: int) -> int:
    """Where a piece ends that must end at `last`."""
    first = last - BORDER
    for kind in PLACES:
        if places := [match.end() for match in kind.finditer(text, first, last)]:
            return min(places, key=lambda place: text[place : place + SEEN])
    return min(range(first, last), key=lambda place: text[place : place + SEEN])


def once(read: Callable[[str], list[Entity]]) -> Callable[[str], list[Entity]]:
    """The same reading, which reads no text twice."""
    known: dict[str, list[Entity]] = {}

    def remembered(text: str) -> list[Entity]:
        if text not in known:
            known[text] = read(text)
        return known[text]

    return remembered
