"""PDF into blocks: page numbers exact, running headers and footers left out, headings by type size, tables by row.

Nothing in a file is executed: scripts, forms and actions are not read. Pages that are pictures are recognised where
Tesseract is installed.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from functions.ingestion.domain import dates
from functions.ingestion.domain.blocks import (
    BROKEN,
    EMPTY,
    ENCRYPTED,
    OCR,
    PICTURES_SKIPPED,
    SCANNED,
    SCANNED_NO_OCR,
    SCRIPTS_IGNORED,
    TOO_LARGE,
    DocumentError,
    Extracted,
)
from functions.ingestion.domain.furniture import without_furniture
from functions.ingestion.domain.lines import Line, dehyphenated, laid_out
from functions.ingestion.domain.tables import with_tables

MAX_PAGES = 5_000
MAX_PAGE_CHARACTERS = 200_000
SCRIPTS = ("/JavaScript", "/JS", "/Launch")

# The lines of page `number`, from 1, as they are recognised in its picture; None where no recognition is installed.
Recogniser = Callable[[BinaryIO, int], list[Line]] | None


def pdf(file: BinaryIO, paged: Callable[[int, int], None], recognise: Recogniser = None) -> Extracted:
    """The text of every page; scanned, encrypted, empty and damaged files are refused by code."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it finds odd may quote the file
    with _damage():
        reader = _opened(file)
        total = len(reader.pages)
        pages: list[list[Line]] = []
        for number, page in enumerate(reader.pages, start=1):
            paged(number, total)
            pages.append(_lines(page))
        source, year = _published(reader)
        notes = [SCRIPTS_IGNORED] if _has_scripts(reader) else []
    notes += _recognised(file, pages, recognise, paged)
    if not any(pages):
        code = SCANNED if recognise else SCANNED_NO_OCR
        raise DocumentError("The pages hold pictures and no text.", code=code)
    # Tables first: the header that a long one repeats on every page is no running header.
    blocks = laid_out(without_furniture([with_tables(page) for page in pages]))
    return Extracted(tuple(dehyphenated(blocks)), pages=total, source=source, year=year, notes=tuple(notes))


@contextmanager
def _damage() -> Iterator[None]:
    """A damaged file surfaces in pypdf as almost any exception; one that refers to itself, as endless recursion."""
    from pypdf.errors import LimitReachedError, PyPdfError

    try:
        yield
    except LimitReachedError:
        raise DocumentError("The document unfolds to too much.", code=TOO_LARGE) from None
    except DocumentError:
        raise
    except (PyPdfError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, OSError):
        raise DocumentError("The document is damaged.", code=BROKEN) from None
    except (RecursionError, NotImplementedError):
        raise DocumentError("The document refers to itself, or is of no known kind.", code=BROKEN) from None


def _opened(file: BinaryIO) -> Any:
    from pypdf import PdfReader

    reader = PdfReader(file, strict=False)
    # Many files are encrypted with an empty password, which only restricts printing.
    if reader.is_encrypted and not reader.decrypt(""):
        raise DocumentError("The document is protected by a password.", code=ENCRYPTED)
    # What it says of itself is looked at first: counting a million pages takes long.
    root: Any = reader.trailer["/Root"]
    told = root["/Pages"].get("/Count", 0)
    if (isinstance(told, int) and told > MAX_PAGES) or (count := len(reader.pages)) > MAX_PAGES:
        raise DocumentError("The document has too many pages.", code=TOO_LARGE)
    if count == 0:
        raise DocumentError("The document has no page.", code=EMPTY)
    return reader


def _recognised(
    file: BinaryIO, pages: list[list[Line]], recognise: Recogniser, paged: Callable[[int, int], None]
) -> list[str]:
    """Fill in pages without text; returns what a reader should know of it."""
    bare = [number for number, page in enumerate(pages, start=1) if not page]
    if not bare:
        return []
    if recognise is None:
        return [PICTURES_SKIPPED]
    for done, number in enumerate(bare, start=1):
        paged(done, len(bare))
        pages[number - 1] = recognise(file, number)
    return [OCR] if any(pages[number - 1] for number in bare) else []


def _published(reader: Any) -> tuple[str, int | None]:
    """Publisher and year where the metadata say them. When the file was made is no year of publication."""
    try:
        found = reader.xmp_metadata
        publisher = "; ".join(map(str, found.dc_publisher or ())) if found else ""
        when = next(iter(found.dc_date or ()), None) if found else None
    except Exception:  # noqa: BLE001 - metadata that cannot be read are no reason to refuse a text
        return "", None
    return dates.named(publisher), dates.year(str(when or ""))


def _has_scripts(reader: Any) -> bool:
    try:
        root = reader.trailer["/Root"]
        names = root.get("/Names", {})
        opening = root.get("/OpenAction", {})
        return "/JavaScript" in names or (isinstance(opening, dict) and opening.get("/S") in SCRIPTS) or "/AA" in root
    except Exception:  # noqa: BLE001 - as above
        return False


@dataclass(slots=True)
class _Collector:
    """Text runs of a page as pypdf reports them, gathered into lines."""

    lines: list[Line] = field(default_factory=list)
    _text: str = ""
    _sizes: Counter[float] = field(default_factory=Counter)
    _y: float = 0.0
    _x: float | None = None
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
            if self._x is None:
                self._x = text_matrix[4] * matrix[0] + matrix[4]
        self._text += text

    def flush(self) -> None:
        text = " ".join(self._text.split())
        if text:
            size = self._sizes.most_common(1)[0][0] if self._sizes else 0.0
            self.lines.append(Line(text, size, self._y, self._x or 0.0))
        self._text, self._x = "", None
        self._sizes.clear()


def _lines(page: Any) -> list[Line]:
    collector = _Collector()
    page.extract_text(visitor_text=collector.visit)
    collector.flush()
    return collector.lines
