"""From the lines of printed pages to headings and paragraphs."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from functions.ingestion.domain.blocks import Block

# A heading is set visibly larger than the body and is short.
HEADING_SIZE = 1.12
HEADING_WORDS = 16
# A gap of more than this many usual line distances parts two paragraphs.
PARAGRAPH_GAP = 1.4

_BROKEN_WORD = re.compile(r"(\w+)-\n(\w+)")
_WORD = re.compile(r"[\w-]+")
_ENDED = re.compile(r"[.!?:;][)\]\"”’]*$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its type size in points and the distances of its start from the foot and the left of the page."""

    text: str
    size: float = 0.0
    y: float = 0.0
    x: float = 0.0
    table: bool = False


def laid_out(pages: Sequence[Sequence[Line]]) -> list[Block]:
    """Headings and paragraphs with page numbers; inside a paragraph line breaks are kept as newlines."""
    levels = _heading_levels(pages)
    blocks: list[Block] = []
    for number, page in enumerate(pages, start=1):
        found = list(_page_blocks(page, number, levels))
        _mend_break(blocks, found)
        blocks.extend(found)
    return blocks


def body_size(pages: Sequence[Sequence[Line]]) -> float:
    """The type size in which most of the text is set."""
    amount: Counter[float] = Counter()
    for page in pages:
        for line in page:
            amount[line.size] += len(line.text)
    return amount.most_common(1)[0][0] if amount else 0.0


def _heading_levels(pages: Sequence[Sequence[Line]]) -> dict[float, int]:
    """Type sizes larger than the body's, the largest being level 1."""
    body = body_size(pages)
    sizes = {line.size for page in pages for line in page}
    larger = sorted((size for size in sizes if body > 0 and size >= body * HEADING_SIZE), reverse=True)
    return {size: min(level, 6) for level, size in enumerate(larger, start=1)}


def _page_blocks(page: Sequence[Line], number: int, levels: dict[float, int]) -> Iterator[Block]:
    usual = _usual_distance(page)
    paragraph: list[str] = []
    heading: list[Line] = []
    before: Line | None = None
    for line in page:
        level = levels.get(line.size, 0) if not line.table and len(line.text.split()) <= HEADING_WORDS else 0
        apart = before is not None and usual > 0 and abs(before.y - line.y) > usual * PARAGRAPH_GAP
        if heading and (not level or line.size != heading[0].size or apart):
            yield _heading(heading, number, levels)
            heading = []
        if paragraph and (level or apart or line.table):
            yield Block("\n".join(paragraph), page=number)
            paragraph = []
        if line.table:
            yield Block(line.text, page=number, table=True)
        elif level:
            heading.append(line)
        else:
            paragraph.append(line.text)
        before = line
    if heading:
        yield _heading(heading, number, levels)
    if paragraph:
        yield Block("\n".join(paragraph), page=number)


def _heading(lines: Sequence[Line], number: int, levels: dict[float, int]) -> Block:
    return Block(" ".join(line.text for line in lines), level=levels[lines[0].size], page=number)


def _usual_distance(page: Sequence[Line]) -> float:
    gaps = sorted(abs(one.y - two.y) for one, two in pairwise(page) if one.y != two.y)
    return gaps[len(gaps) // 2] if gaps else 0.0


def _mend_break(before: list[Block], after: list[Block]) -> None:
    """A sentence that runs over the page border is given whole to the page where it starts."""
    if not before or not after:
        return
    last, first = before[-1], after[0]
    if last.level or first.level or last.table or first.table:
        return
    if _ENDED.search(last.text) or not first.text[:1].islower():
        return
    tail, stop, rest = first.text.partition(". ")
    if not stop:
        tail, stop, rest = first.text.partition(".\n")
    if stop:
        before[-1] = replace(last, text=f"{last.text}\n{tail}.")
        after[0] = replace(first, text=rest)


def dehyphenated(blocks: Sequence[Block]) -> Iterator[Block]:
    """Line breaks inside paragraphs become spaces, and words cut at the margin become whole.

    Whether the hyphen belongs to the word is read from the rest of the document.
    """
    vocabulary = Counter(word.lower() for block in blocks for word in _WORD.findall(block.text))

    def whole(match: re.Match[str]) -> str:
        joined, kept = match[1] + match[2], f"{match[1]}-{match[2]}"
        belongs = vocabulary[kept.lower()] > vocabulary[joined.lower()]
        return kept if belongs or not match[2][0].islower() else joined

    for block in blocks:
        yield block if block.table else replace(block, text=_reflowed(_BROKEN_WORD.sub(whole, block.text)))


def _reflowed(text: str) -> str:
    """One line, except that list items keep theirs."""
    out = ""
    for line in text.split("\n"):
        starts_item = line.startswith(("•", "- ", "– ", "* "))
        out += (("\n" if starts_item else " ") if out else "") + line
    return out
