"""Running headers, footers and page numbers: lines that stand at the edge of most pages."""

import re
from collections import Counter
from collections.abc import Sequence

from functions.ingestion.domain.lines import HEADING_SIZE, Line, body_size

# Rows at the top and at the foot of a page that may be furniture.
EDGE = 2
SHARE = 0.6
FEWEST_PAGES = 3

_PAGE_NUMBER = re.compile(r"^\W*(page|p\.?|seite)?\s*\d{1,5}(\s*(/|of|von)\s*\d{1,5})?\W*$", re.IGNORECASE)


def without_furniture(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without the edge lines that repeat, apart from their numbers, on most of them.

    What is set larger than the body is a heading, and stays.
    """
    body = body_size(pages)
    edges = [_edge(page, body) for page in pages]
    repeated = _repeated(pages, edges)
    return [
        [line for number, line in enumerate(page) if number not in edge or not _is_furniture(line, repeated)]
        for page, edge in zip(pages, edges, strict=True)
    ]


def _edge(page: Sequence[Line], body: float) -> frozenset[int]:
    """The numbers of the lines in the outermost rows; a file lists its lines in any order."""
    rows = sorted({line.y for line in page})
    outer = {*rows[:EDGE], *rows[-EDGE:]}
    return frozenset(
        number
        for number, line in enumerate(page)
        if line.y in outer and not line.table and not (body > 0 and line.size >= body * HEADING_SIZE)
    )


def _is_furniture(line: Line, repeated: frozenset[str]) -> bool:
    return bool(_PAGE_NUMBER.match(line.text)) or _masked(line.text) in repeated


def _repeated(pages: Sequence[Sequence[Line]], edges: Sequence[frozenset[int]]) -> frozenset[str]:
    if len(pages) < FEWEST_PAGES:
        return frozenset()
    seen: Counter[str] = Counter()
    inside: set[str] = set()
    for page, edge in zip(pages, edges, strict=True):
        seen.update({_masked(page[number].text) for number in edge})
        inside.update(_masked(line.text) for number, line in enumerate(page) if number not in edge)
    least = max(FEWEST_PAGES, SHARE * len(pages))
    # What also stands in the middle of a page is text that happens to recur.
    return frozenset(text for text, count in seen.items() if count >= least and text not in inside)


def _masked(text: str) -> str:
    return re.sub(r"\d+", "#", text).casefold()
