"""Text of pages that are pictures: drawn by PDFium, recognised by Tesseract where that is installed.

Both run inside the reading process's limits. PDFium is opened without its script engine.
"""

import io
import re
import shutil
import subprocess
from functools import lru_cache
from typing import Any, BinaryIO

from functions.ingestion.domain.blocks import BROKEN, TOO_SLOW, DocumentError
from functions.ingestion.domain.lines import Line
from functions.ingestion.domain.pdf import Recogniser

DPI = 300  # what Tesseract's models were trained on
POINTS = 72
# A page of A3; larger ones, or such that claim to be, are drawn coarser.
MOST_PIXELS = 18_000_000
SECONDS_A_PAGE = 90.0
# Words in which the recogniser itself has no trust are specks and lines of drawings.
LEAST_CONFIDENCE = 20.0
WORD = "5"  # the level of a row of Tesseract's table

_LANGUAGES = re.compile(r"[A-Za-z_]+(\+[A-Za-z_]+)*")


def recogniser(languages: str) -> Recogniser:
    """None where Tesseract is not installed."""
    program = shutil.which("tesseract")
    if program is None or not _LANGUAGES.fullmatch(languages):
        return None
    return lambda file, number: _lines(program, languages, *_picture(file, number))


def _picture(file: BinaryIO, number: int) -> tuple[bytes, float]:
    """Page `number` as PGM (Netpbm), and its pixels a point."""
    import pypdfium2

    try:
        page = _document(file)[number - 1]
        width, height = page.get_size()
        scale = min(DPI / POINTS, (MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
        bitmap = page.render(scale=scale, grayscale=True)
        rows = memoryview(bitmap.buffer).cast("B")
        drawn = b"".join(rows[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height))
        header = f"P5\n{bitmap.width} {bitmap.height}\n255\n".encode("ascii")
        page.close()
    except (pypdfium2.PdfiumError, ValueError, OverflowError):
        raise DocumentError("A page cannot be drawn.", code=BROKEN) from None
    return header + drawn, scale


@lru_cache(maxsize=1)
def _document(file: BinaryIO) -> Any:
    import pypdfium2

    file.seek(0)
    # Standard input knows its place, but is no file object that PDFium takes.
    return pypdfium2.PdfDocument(io.BufferedReader(io.FileIO(file.fileno(), closefd=False)))


def _lines(program: str, languages: str, picture: bytes, scale: float) -> list[Line]:
    command = [program, "stdin", "stdout", "-l", languages, "--dpi", str(round(scale * POINTS)), "--psm", "3", "tsv"]
    try:
        done = subprocess.run(
            command,
            input=picture,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OMP_THREAD_LIMIT": "1"},
            timeout=SECONDS_A_PAGE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DocumentError("Recognising a page took too long.", code=TOO_SLOW) from None
    if done.returncode != 0:
        raise DocumentError("A page could not be recognised.", code=BROKEN)
    return lines_of(done.stdout.decode("utf-8", "replace"), scale)


def lines_of(table: str, scale: float) -> list[Line]:
    """Lines from Tesseract's TSV: level, page, block, paragraph, line, word, left, top, width, height, conf, text.

    Heights of letters say little about the type size, so all lines have size 0 and no line is a heading.
    """
    found: dict[tuple[str, ...], list[list[str]]] = {}
    for row in table.splitlines():
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == WORD and cells[11].strip() and float(cells[10]) >= LEAST_CONFIDENCE:
            found.setdefault(tuple(cells[2:5]), []).append(cells)
    return [
        Line(
            " ".join(word[11].strip() for word in words),
            y=-min(float(word[7]) + float(word[9]) for word in words) / scale,
            x=float(words[0][6]) / scale,
        )
        for words in found.values()
    ]
