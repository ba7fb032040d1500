"""What an upload is: its format by content, its title by name."""

import re
from dataclasses import dataclass
from typing import Literal

from voiceassist.core.errors import UnsupportedFormatError, ValidationError

Format = Literal["pdf", "docx", "html", "txt", "md"]
Visibility = Literal["private", "shared"]

# Enough of a file's beginning to tell what it is.
SNIFF_BYTES = 65_536
MAX_NAME = 200

_HTML = re.compile(rb"<(!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_MARKDOWN_NAMES = (".md", ".markdown")
# Windows-1252 leaves these unassigned; in text they mean the file is not text.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def sniffed(start: bytes, name: str) -> Format:
    """The format of a file by its first bytes; the name only parts Markdown from plain text.

    The sender's content type is not asked: it says what the sender's machine believes.
    """
    if not start:
        raise ValidationError("The file is empty.", code="FILE_EMPTY")
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith(b"PK\x03\x04"):
        if b"word/" in start or b"[Content_Types].xml" in start[:200]:
            return "docx"
        raise UnsupportedFormatError("This kind of archive is not read.")
    if start[:2] not in {b"\xff\xfe", b"\xfe\xff"} and _CONTROL.search(start):
        raise UnsupportedFormatError("Only PDF, Word, HTML, Markdown and plain text are read.")
    if _HTML.search(start[:2048]):
        return "html"
    return "md" if name.lower().endswith(_MARKDOWN_NAMES) else "txt"


def clean_name(name: str) -> str:
    """The last part of a file name, as a browser or a script sent it, without control characters."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(character for character in last if character.isprintable())
    return printable.strip()[:MAX_NAME] or "document"


def title_of(given: str, name: str) -> str:
    """What the uploader wrote, else the file's name made readable."""
    # A form can carry any character; PostgreSQL takes no NUL, and a title is one line.
    printable = "".join(character if character.isprintable() else " " for character in given)
    title = " ".join(printable.split())[:MAX_NAME]
    if title:
        return title
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return " ".join(re.sub(r"[_\-]+", " ", stem).split()) or "Document"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is stored: what its row will say."""

    name: str
    title: str
    format: Format
    visibility: Visibility
    size_bytes: int
    content_hash: bytes
