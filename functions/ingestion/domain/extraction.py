"""One entrance to all formats."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Literal

from functions.ingestion.domain.blocks import EMPTY, UNSUPPORTED, DocumentError, Extracted

if TYPE_CHECKING:
    from functions.ingestion.domain.pdf import Recogniser

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Format = Literal["pdf", "docx", "html", "md", "txt"]


# Tells which page is being read, of how many.
Paged = Callable[[int, int], None]


def extract(
    file: BinaryIO, kind: str, *, paged: Paged = lambda _done, _total: None, recognise: "Recogniser" = None
) -> Extracted:
    """Headings, paragraphs and tables of a document; raises DocumentError with the code its owner is told."""
    read = _reader(file, kind, paged, recognise)
    extracted = replace(read, blocks=tuple(replace(block, text=storable(block.text)) for block in read.blocks))
    if not any(block.text.strip() for block in extracted.blocks if not block.level):
        raise DocumentError("The document holds no text.", code=EMPTY)
    return extracted


def storable(text: str) -> str:
    """Without what no database and no JSON takes: NUL and lone surrogates, which fonts of some PDF files map to."""
    return _UNSTORABLE.sub("", text)


def _reader(file: BinaryIO, kind: str, paged: Paged, recognise: "Recogniser") -> Extracted:
    # Each reader pulls in its own library; a text file should not pay for pypdf.
    match kind:
        case "pdf":
            from functions.ingestion.domain.pdf import pdf

            return pdf(file, paged, recognise)
        case "docx":
            from functions.ingestion.domain.docx import docx

            return docx(file)
        case "html":
            from functions.ingestion.domain.html import html

            return html(file.read())
        case "md" | "txt":
            from functions.ingestion.domain import plain

            return plain.markdown(file.read()) if kind == "md" else plain.text(file.read())
    raise DocumentError("This format is not read.", code=UNSUPPORTED)
