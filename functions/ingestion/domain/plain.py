"""Plain text and Markdown into blocks."""

import re
from collections.abc import Iterator

from functions.ingestion.domain import dates
from functions.ingestion.domain.blocks import BROKEN, Block, DocumentError, Extracted

_HASHES = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_RULE = re.compile(r"^(=+|-+)$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"(\*\*|__|`+|~~)")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?!\s)([^*]+?)(?<!\s)\*(?![\w*])")
_CELL_RULE = re.compile(r"^\|?[\s:|-]+\|?$")
_NUMBERED = re.compile(r"^\d+(\.\d+)*\.?\s+\S")


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 where it says so, else Windows-1252."""
    if b"\0" in data[:4096] and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise DocumentError("The file is not text.", code=BROKEN)
    for encoding in ("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DocumentError("The file's encoding is not known.", code=BROKEN)


def text(data: bytes) -> Extracted:
    """Paragraphs are parted by blank lines; short capital or numbered lines between them are headings."""
    return Extracted(tuple(_paragraphs(decoded(data))))


def _paragraphs(content: str) -> Iterator[Block]:
    for raw in re.split(r"\n\s*\n", content.replace("\r\n", "\n").replace("\f", "\n\n")):
        lines = [line.strip() for line in raw.splitlines() if line.strip()]
        if len(lines) == 2 and _RULE.match(lines[1]):
            yield Block(lines[0], level=1 if lines[1].startswith("=") else 2)
        elif len(lines) == 1 and looks_like_heading(lines[0]):
            yield Block(lines[0], level=2)
        elif lines:
            yield Block("\n".join(lines) if _is_list(lines) else " ".join(lines))


def looks_like_heading(line: str) -> bool:
    short = len(line.split()) <= 10 and line[-1] not in ".,;:?!"
    return short and (line.isupper() or bool(_NUMBERED.match(line)))


def _is_list(lines: list[str]) -> bool:
    return sum(line.startswith(("-", "*", "•")) for line in lines) > len(lines) / 2


def markdown(data: bytes) -> Extracted:
    content = decoded(data).replace("\r\n", "\n")
    front = content[: len(content) - len(without_front_matter(content))]
    return Extracted(
        tuple(_markdown(content)),
        source=dates.named(_front(front, "source", "publisher")),
        year=dates.year(_front(front, "year", "date")),
    )


def _front(front: str, *names: str) -> str:
    """A value of the front matter, which is read for it and no further."""
    found = (re.search(rf"^{name}:\s*[\"']?(.*?)[\"']?\s*$", front, re.MULTILINE) for name in names)
    return next((match[1] for match in found if match), "")


def _markdown(content: str) -> Iterator[Block]:
    paragraph: list[str] = []
    for line in without_front_matter(content).splitlines():
        heading = _HASHES.match(line.strip())
        underlined = paragraph and _RULE.match(line.strip())
        if heading or underlined or not line.strip():
            title = paragraph.pop() if underlined else ""
            yield from _flushed(paragraph)
            paragraph = []
            if heading:
                yield Block(unmarked(heading[2]), level=len(heading[1]))
            elif title:
                yield Block(title, level=1 if line.strip().startswith("=") else 2)
        elif not _CELL_RULE.match(line.strip()) and not line.strip().startswith("```"):
            paragraph.append(unmarked(line.strip()))
    yield from _flushed(paragraph)


def _flushed(paragraph: list[str]) -> Iterator[Block]:
    lines = [line for line in paragraph if line]
    if len(lines) > 1 and all(line.startswith("|") for line in lines):
        rows = [" | ".join(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        yield Block("\n".join(rows), table=True)
    elif lines:
        own_lines = _is_list(lines) or any(line.startswith("|") for line in lines)
        yield Block(("\n" if own_lines else " ").join(lines))


def unmarked(line: str) -> str:
    """The line as a reader sees it."""
    line = _MARKS.sub("", _LINK.sub(r"\1", line))
    line = _EMPHASIS.sub(r"\1", line)
    return re.sub(r"^>\s*", "", line).strip()


def without_front_matter(content: str) -> str:
    if not content.startswith("---\n"):
        return content
    _, _, rest = content[4:].partition("\n---\n")
    return rest or content
