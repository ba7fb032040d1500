"""PDF into blocks: page numbers exact, running headers and footers left out, headings by type size."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from functions.ingestion.domain.blocks import (
    BROKEN,
    EMPTY,
    ENCRYPTED,
    SCANNED,
    TOO_LARGE,
    DocumentError,
    Extracted,
)
from functions.ingestion.domain.furniture import without_furniture
from functions.ingestion.domain.lines import Line, dehyphenated, laid_out

MAX_PAGES = 5_000
MAX_PAGE_CHARACTERS = 200_000


def pdf(file: BinaryIO, paged: Callable[[int, int], None]) -> Extracted:
    """The text of every page; scanned, encrypted, empty and damaged files are refused by code."""
    pages = []
    for number, total, page in _pages(file):
        paged(number, total)
        pages.append(_lines(page))
    if not any(line.text for page in pages for line in page):
        raise DocumentError("The pages hold pictures and no text.", code=SCANNED)
    blocks = laid_out(without_furniture(pages))
    return Extracted(tuple(dehyphenated(blocks)), pages=len(pages))


def _pages(file: BinaryIO) -> Iterator[tuple[int, int, Any]]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(file, strict=False)
        # Many files are encrypted with an empty password, which only restricts printing.
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("The document is protected by a password.", code=ENCRYPTED)
        count = len(reader.pages)
        if count == 0:
            raise DocumentError("The document has no page.", code=EMPTY)
        if count > MAX_PAGES:
            raise DocumentError("The document has too many pages.", code=TOO_LARGE)
        yield from ((number, count, page) for number, page in enumerate(reader.pages, start=1))
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, OSError):
        # A damaged file surfaces in pypdf as almost any of these.
        raise DocumentError("The document is damaged.", code=BROKEN) from None


@dataclass(slots=True)
class _Collector:
    """Text runs of a page as pypdf reports them, gathered into lines."""

    lines: list[Line] = field(default_factory=list)
    _text: str = ""
    _sizes: Counter[float] = field(default_factory=Counter)
    _y: float = 0.0
    _total: int = 0

    def visit(self, text: str, matrix: Sequence[float], text_matrix: Sequence[float], _font: Any, size: float) -> None:
        self._total += len(text)
        if self._total > MAX_PAGE_CHARACTERS:
            raise DocumentError("A page holds too much text.", code=TOO_LARGE)
        scale = abs(text_matrix[3] * matrix[3]) or abs(text_matrix[1] * matrix[1]) or 1.0
        height = round((size or 1.0) * scale, 1)
        *ended, rest = text.split("\n")
        for part in ended:
            self._add(part, height, text_matrix, matrix)
            self.flush()
        self._add(rest, height, text_matrix, matrix)

    def _add(self, text: str, height: float, text_matrix: Sequence[float], matrix: Sequence[float]) -> None:
        if text.strip():
            self._sizes[height] += len(text.strip())
            self._y = text_matrix[5] * matrix[3] + matrix[5]
        self._text += text

    def flush(self) -> None:
        text = " ".join(self._text.split())
        if text:
            self.lines.append(Line(text, self._sizes.most_common(1)[0][0] if self._sizes else 0.0, self._y))
        self._text = ""
        self._sizes.clear()


def _lines(page: Any) -> list[Line]:
    collector = _Collector()
    page.extract_text(visitor_text=collector.visit)
    collector.flush()
    return collector.lines
