"""Running headers, footers and page numbers: lines that stand at the edge of most pages."""

import re
from collections import Counter
from collections.abc import Sequence

from functions.ingestion.domain.lines import Line

EDGE = 2
SHARE = 0.6
FEWEST_PAGES = 3

_PAGE_NUMBER = re.compile(r"^\W*(page|p\.?|seite)?\s*\d{1,5}(\s*(/|of|von)\s*\d{1,5})?\W*$", re.IGNORECASE)


def without_furniture(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without the lines that repeat, apart from their numbers, on most of them."""
    repeated = _repeated(pages)
    return [
        [line for number, line in enumerate(page) if not _is_furniture(line, number, len(page), repeated)]
        for page in pages
    ]


def _is_furniture(line: Line, number: int, count: int, repeated: frozenset[str]) -> bool:
    at_edge = number < EDGE or number >= count - EDGE
    return at_edge and (bool(_PAGE_NUMBER.match(line.text)) or _masked(line.text) in repeated)


def _repeated(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    if len(pages) < FEWEST_PAGES:
        return frozenset()
    seen: Counter[str] = Counter()
    inside: set[str] = set()
    for page in pages:
        seen.update({_masked(line.text) for line in (*page[:EDGE], *page[-EDGE:])})
        inside.update(_masked(line.text) for line in page[EDGE:-EDGE])
    least = max(FEWEST_PAGES, SHARE * len(pages))
    # What also stands in the middle of a page is text that happens to recur.
    return frozenset(text for text, count in seen.items() if count >= least and text not in inside)


def _masked(text: str) -> str:
    return re.sub(r"\d+", "#", text).casefold()
