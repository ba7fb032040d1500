"""Word documents into blocks."""

import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from functions.ingestion.domain.blocks import BROKEN, TOO_LARGE, Block, DocumentError, Extracted

# What a package may unfold to; a bomb unfolds to a thousand times its size.
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_RATIO = 200


def docx(file: BinaryIO) -> Extracted:
    """Headings by style, tables as lines of cells; Word keeps no page numbers in the file."""
    _refuse_bomb(file)
    from docx import Document

    try:
        document = Document(file)
        return Extracted(tuple(_blocks(document)))
    except (KeyError, ValueError, zipfile.BadZipFile, SyntaxError):
        raise DocumentError("The Word document is damaged.", code=BROKEN) from None


def _refuse_bomb(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, NotImplementedError):
        raise DocumentError("The Word document is damaged.", code=BROKEN) from None
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members) or 1
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > 10_000_000 and unpacked / packed > MAX_RATIO):
        raise DocumentError("The Word document unfolds to too much.", code=TOO_LARGE)
    file.seek(0)


def _blocks(document: Any) -> Iterator[Block]:
    for item in document.iter_inner_content():
        if hasattr(item, "rows"):
            yield from _table(item)
        elif item.text.strip():
            yield Block(item.text.strip(), level=_level(item))


def _level(paragraph: Any) -> int:
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    if style == "Title":
        return 1
    number = style.removeprefix("Heading ")
    return min(int(number), 6) if style.startswith("Heading ") and number.isdigit() else 0


def _table(table: Any) -> Iterator[Block]:
    lines: list[str] = []
    for row in table.rows:
        cells: list[str] = []
        before: Any = None
        for cell in row.cells:
            if before is None or cell._tc is not before:  # noqa: SLF001 - a merged cell is listed for every column
                cells.append(" ".join(cell.text.replace("|", "/").split()))
            before = cell._tc  # noqa: SLF001
        lines.append(" | ".join(cells))
    text = "\n".join(line for line in lines if line.strip(" |"))
    if text:
        yield Block(text, table=True)
