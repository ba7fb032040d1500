"""One entrance to all formats."""

from typing import BinaryIO, Literal

from functions.ingestion.domain.blocks import EMPTY, UNSUPPORTED, DocumentError, Extracted

Format = Literal["pdf", "docx", "html", "md", "txt"]


def extract(file: BinaryIO, kind: str) -> Extracted:
    """Headings and paragraphs of a document; raises DocumentError with the code its owner is told."""
    extracted = _reader(file, kind)
    if not any(block.text.strip() for block in extracted.blocks if not block.level):
        raise DocumentError("The document holds no text.", code=EMPTY)
    return extracted


def _reader(file: BinaryIO, kind: str) -> Extracted:
    # Each reader pulls in its own library; a text file should not pay for pypdf.
    match kind:
        case "pdf":
            from functions.ingestion.domain.pdf import pdf

            return pdf(file)
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
