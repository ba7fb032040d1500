"""Find by pattern: a prefilter chooses, RE2 finds, checks decide."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from functions.phi.domain import identifiers, patterns
from functions.phi.domain.model import Entity, merged
from functions.phi.domain.patterns import Recogniser
from functions.phi.domain.prefilter import Prefilter

RECOGNISERS = (*patterns.RECOGNISERS, *identifiers.RECOGNISERS)
# A long text is searched in pieces, so that a pattern that matches in one of them is not run over all; each piece is
# searched with what stands around it, and no finding of ours is longer than that.
PIECE = 4_096
AROUND = 512
DIVIDING = frozenset("-./")


class Scanner:
    def __init__(self, recognisers: Sequence[Recogniser] = RECOGNISERS, database: Path | None = None) -> None:
        self._recognisers = tuple(recognisers)
        self.prefilter = Prefilter([one.sought or one.pattern for one in self._recognisers], database)

    def find(self, text: str) -> list[Entity]:
        """Every finding, overlapping ones too; time and memory grow with the length of the text and no faster."""
        if len(text) <= PIECE + AROUND:
            return list(self._piece(text, text, 0))
        found: dict[Entity, None] = {}
        for start in range(0, len(text), PIECE):
            begin = max(0, start - AROUND)
            piece = text[begin : start + PIECE + AROUND]
            found.update(dict.fromkeys(self._piece(text, piece, begin)))
        return list(found)

    def _piece(self, text: str, piece: str, offset: int) -> Iterator[Entity]:
        data = piece.encode("utf-8", "replace")
        plain = len(data) == len(piece)
        for index in self.prefilter.candidates(data):
            for one in found_by(self._recognisers[index], piece, data if plain else piece):
                start, end = one.start + offset, one.end + offset
                cut = (one.start == 0 and offset) or (one.end == len(piece) and end < len(text))
                if not cut:
                    yield Entity(start, end, one.label, one.score) if offset else one


DEFAULT = Scanner()


def detect(text: str) -> tuple[Entity, ...]:
    """What the patterns find, in the order of the text."""
    return merged(DEFAULT.find(text))


def found_by(recogniser: Recogniser, text: str, searched: str | bytes) -> Iterator[Entity]:
    """`searched`: the text, or its bytes where each character is one, which spares RE2 its counting."""
    for match in recogniser.compiled.finditer(searched):
        start, end = match.span(1)
        if not whole(text, start, end) or (recogniser.check is not None and not recogniser.check(text[start:end])):
            continue
        if recogniser.beside is None or recogniser.beside(text, start, end):
            yield Entity(start, end, recogniser.label, recogniser.score)


def whole(text: str, start: int, end: int) -> bool:
    """Not a part of something longer: no letter or figure of any script touches it (RE2's word border knows ASCII
    only), and the figures do not go on behind a sign that they are divided by: `1.2.3.4` in `1.2.3.4.5`.
    """
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or after.isalnum():
        return False
    goes_on = after in DIVIDING and text[end + 1 : end + 2].isdigit() and after in text[start:end]
    came_from = before in DIVIDING and text[start - 2 : start - 1].isdigit() and before in text[start:end]
    return not (goes_on or came_from)
