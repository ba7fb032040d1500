"""Find: every recogniser over the whole text, then one list without overlaps."""

from collections.abc import Iterator

from functions.phi.domain.model import Entity, merged
from functions.phi.domain.patterns import RECOGNISERS, Recogniser


def detect(text: str) -> tuple[Entity, ...]:
    """What is found, in the order of the text; time and memory grow with its length and no faster."""
    return merged([entity for recogniser in RECOGNISERS for entity in found_by(recogniser, text)])


def found_by(recogniser: Recogniser, text: str) -> Iterator[Entity]:
    for match in recogniser.compiled.finditer(text):
        start, end = match.span(1)
        if whole(text, start, end) and (recogniser.check is None or recogniser.check(text[start:end])):
            yield Entity(start, end, recogniser.label, recogniser.score)


def whole(text: str, start: int, end: int) -> bool:
    """Not a part of something longer: no letter or figure of any script touches it (RE2's word border knows ASCII
    only), and the figures do not go on behind a sign that they are divided by: `1.2.3.4` in `1.2.3.4.5`.
    """
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if before[-1:].isalnum() or after[:1].isalnum():
        return False
    signs = set(text[start:end]) & set("-./")
    goes_on = after[:1] in signs and after[1:].isdigit()
    came_from = before[-1:] in signs and before[:-1].isdigit()
    return not (goes_on or came_from)
