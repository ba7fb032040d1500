"""Cutting a document into passages that keep to its sections (P5.2)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from functions.ingestion.domain.blocks import Block
from voiceassist.core.text import sentences

TARGET = 500
OVERLAP = 100
SMALLEST = 60
# Of a passage whose headings are a page of their own something must still be read.
LEAST_READ = 150
# Clinical English takes about 1.3 model tokens a word (measured on digests with MiniLM's vocabulary).
TOKENS_PER_WORD = 1.3

Counter = Callable[[str], int]
"""How many tokens a text has."""


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
    """An estimate in model tokens, for whoever has no tokenizer."""
    return ceil(len(text.split()) * TOKENS_PER_WORD)


def chunked(
    blocks: Sequence[Block],
    *,
    count: Counter = tokens,
    target: int = TARGET,
    overlap: int = OVERLAP,
    title: str = "",
    room: int | None = None,
) -> list[Piece]:
    """Passages of at most about `target` tokens that share about `overlap`; none crosses a heading or a page.

    A page border ends a passage because a citation names one page, and it must be the right one. Tables are cut
    between rows, and each part has the header. `room` is how many tokens the model reads of title, headings and text;
    what is behind it is no part of the vector. So the next passage begins before that, and every sentence is read as
    part of one passage; passages are then longer than `room` by no more than what they share.
    """
    pieces: list[Piece] = []
    for heading, page, body in _sections(blocks):
        read = max(LEAST_READ, room - count(f"{title}. {heading}. ")) if room is not None else target + SMALLEST
        cutter = _Cutter(count, min(target, read + overlap), overlap, read)
        pieces += (
            Piece(_joined(window), heading, page, sum(sentence.tokens for sentence in window))
            for window in _section_windows(body, cutter)
        )
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


def _section_windows(body: list[Block], cut: "_Cutter") -> Iterator[list[_Sentence]]:
    """A table that fits stands among its paragraphs; a longer one is cut by itself."""
    run: list[_Sentence] = []
    for block in body:
        if block.table and cut.count(block.text) > min(cut.target, cut.read):
            yield from cut.windows(run)
            run = []
            yield from cut.tables(block)
        elif block.table:
            rows = block.text.split("\n")
            run += [_Sentence(row, block.page, cut.count(row), opens=True) for row in rows]
        else:
            run += cut.sentences(block)
    yield from cut.windows(run)


@dataclass(frozen=True, slots=True)
class _Cutter:
    """`read`: how many tokens of a passage the model reads."""

    count: Counter
    target: int
    overlap: int
    read: int

    def sentences(self, block: Block) -> list[_Sentence]:
        return [
            _Sentence(part, block.page, self.count(part), opens=number == 0)
            for number, sentence in enumerate(sentences(block.text))
            for part in self._bearable(sentence)
        ]

    def _bearable(self, sentence: str) -> Iterator[str]:
        """A table or list without full stops may be one endless sentence: cut it at words."""
        found = sentence.split()
        step = int(self.target / 2 / TOKENS_PER_WORD)
        if len(found) <= step:
            yield sentence
            return
        for start in range(0, len(found), step):
            yield " ".join(found[start : start + step])

    def tables(self, block: Block) -> Iterator[list[_Sentence]]:
        """Rows in parts of about the target, each under the header; parts of a table share no row."""
        header, *rows = (
            _Sentence(part, block.page, self.count(part), opens=True)
            for row in block.text.split("\n")
            for part in self._bearable(row)
        )
        part, size = [header], header.tokens
        for row in rows:
            if len(part) > 1 and size + row.tokens > min(self.target, self.read):  # parts share nothing
                yield part
                part, size = [header], header.tokens
            part.append(row)
            size += row.tokens
        yield part

    def windows(self, section: list[_Sentence]) -> Iterator[list[_Sentence]]:
        start = 0
        while start < len(section):
            if self._reach(section, start, self.read) == len(section):  # also a short rest, which joins this window
                yield section[start:]
                return
            end = self._reach(section, start, self.target)
            yield section[start:end]
            unread = self._reach(section, start, self.read)
            start = min(self._step_back(section, end, floor=start + 1), max(unread, start + 1))

    def _reach(self, section: list[_Sentence], start: int, most: int) -> int:
        """Where the sentences from `start` on have `most` tokens, one at least."""
        end, size = start, 0
        while end < len(section) and (size == 0 or size + section[end].tokens <= most):
            size += section[end].tokens
            end += 1
        return end

    def _step_back(self, section: list[_Sentence], end: int, *, floor: int) -> int:
        start, shared = end, 0
        while start > floor and shared + section[start - 1].tokens <= self.overlap:
            start -= 1
            shared += section[start].tokens
        return start


def _joined(window: Sequence[_Sentence]) -> str:
    text = ""
    for sentence in window:
        text += ("\n" if sentence.opens else " ") + sentence.text if text else sentence.text
    return text
