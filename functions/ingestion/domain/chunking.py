"""Cutting a document into passages that keep to its sections (P5.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from functions.ingestion.domain.blocks import Block
from voiceassist.core.text import sentences

TARGET = 500
OVERLAP = 100
SMALLEST = 60
# Clinical English takes about 1.3 model tokens a word (measured on digests with MiniLM's vocabulary).
TOKENS_PER_WORD = 1.3


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage: verbatim text, the page its first sentence stands on, and its headings outermost first."""

    text: str
    heading: str = ""
    page: int | None = None
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    page: int | None
    tokens: int
    opens: bool  # starts a paragraph


def tokens(text: str) -> int:
    """An estimate in model tokens."""
    return ceil(len(text.split()) * TOKENS_PER_WORD)


def chunked(blocks: Sequence[Block], *, target: int = TARGET, overlap: int = OVERLAP) -> list[Piece]:
    """Passages of about `target` tokens that share about `overlap`; none crosses a heading or a page.

    A page border ends a passage because a citation names one page, and it must be the right one.
    """
    pieces: list[Piece] = []
    for heading, page, body in _sections(blocks):
        for window in _windows(_sentences(body), target=target, overlap=overlap):
            text = _joined(window)
            pieces.append(Piece(text, heading, page, sum(sentence.tokens for sentence in window)))
    return pieces


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[str, int | None, list[Block]]]:
    """Runs of paragraphs under one heading path on one page."""
    path: list[tuple[int, str]] = []
    body: list[Block] = []
    for block in blocks:
        if body and (block.level or block.page != body[-1].page):
            yield _path(path), body[0].page, body
            body = []
        if block.level:
            path = [entry for entry in path if entry[0] < block.level] + [(block.level, block.text)]
        else:
            body.append(block)
    if body:
        yield _path(path), body[0].page, body


def _path(path: list[tuple[int, str]]) -> str:
    return " › ".join(text for _, text in path)


def _sentences(body: Sequence[Block]) -> list[_Sentence]:
    return [
        _Sentence(part, block.page, tokens(part), opens=number == 0)
        for block in body
        for number, sentence in enumerate(sentences(block.text))
        for part in _bearable(sentence)
    ]


def _bearable(sentence: str) -> Iterator[str]:
    """A table or list without full stops may be one endless sentence: cut it at words."""
    found = sentence.split()
    step = int(TARGET / 2 / TOKENS_PER_WORD)
    if len(found) <= step:
        yield sentence
        return
    for start in range(0, len(found), step):
        yield " ".join(found[start : start + step])


def _windows(section: list[_Sentence], *, target: int, overlap: int) -> Iterator[list[_Sentence]]:
    start = 0
    while start < len(section):
        end, size = start, 0
        while end < len(section) and (size == 0 or size + section[end].tokens <= target):
            size += section[end].tokens
            end += 1
        # A short rest joins this window instead of becoming a passage nobody can use.
        if sum(sentence.tokens for sentence in section[end:]) < SMALLEST:
            end = len(section)
        yield section[start:end]
        if end == len(section):
            return
        start = _step_back(section, end, overlap, floor=start + 1)


def _step_back(section: list[_Sentence], end: int, overlap: int, *, floor: int) -> int:
    start, shared = end, 0
    while start > floor and shared + section[start - 1].tokens <= overlap:
        start -= 1
        shared += section[start].tokens
    return start


def _joined(window: Sequence[_Sentence]) -> str:
    text = ""
    for sentence in window:
        text += ("\n" if sentence.opens else " ") + sentence.text if text else sentence.text
    return text
