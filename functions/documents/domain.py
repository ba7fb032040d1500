"""What an upload is: its format by content, its title by name, its place among the versions of a document."""

import re
from dataclasses import dataclass
from typing import Literal

from voiceassist.core.errors import FieldError, ForbiddenError, UnsupportedFormatError, ValidationError

Format = Literal["pdf", "docx", "html", "txt", "md"]
Visibility = Literal["private", "shared"]

# Enough of a file's beginning to tell what it is.
SNIFF_BYTES = 65_536
MAX_NAME = 200

_HTML = re.compile(rb"<(!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
# Long enough for `{source}-{identifier}` with a DOI or an address in it.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/()-]{0,119}")
EARLIEST_YEAR, LATEST_YEAR = 1500, 2200
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
    if title := one_line(given):
        return title
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return " ".join(re.sub(r"[_\-]+", " ", stem).split()) or "Document"


def one_line(given: str) -> str:
    """Any text a form can carry as one line of at most MAX_NAME characters; PostgreSQL takes no NUL."""
    printable = "".join(character if character.isprintable() else " " for character in given)
    return " ".join(printable.split())[:MAX_NAME]


def key_of(given: str) -> str:
    """The key under which versions of a document are kept; empty: by its content."""
    if given and not _KEY.fullmatch(given):
        raise _refused("/doc_key", "A document's key has letters, digits and . _ : / ( ) - only.")
    return given


def year_of(given: str) -> int | None:
    """The year of publication as it is cited."""
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and EARLIEST_YEAR <= int(given[:9]) <= LATEST_YEAR):
        raise _refused("/year", "The year is a number of four digits.")
    return int(given)


def visibility_of(given: str, *, may_share: bool) -> Visibility:
    if given not in {"", "private", "shared"}:
        raise _refused("/visibility", "The visibility is private or shared.")
    if given == "shared" and not may_share:
        raise ForbiddenError("Only administrators add documents for everybody.")
    return "shared" if given == "shared" else "private"


def _refused(pointer: str, sentence: str) -> ValidationError:
    return ValidationError(sentence, errors=(FieldError(pointer, "NOT_ALLOWED_VALUE"),))


@dataclass(frozen=True, slots=True)
class Label:
    """What the uploader says about a file. Files of one `doc_key` are versions of one document."""

    name: str
    title: str
    visibility: Visibility
    doc_key: str = ""
    source: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is stored: what its row will say."""

    label: Label
    format: Format
    size_bytes: int
    content_hash: bytes

    @property
    def key(self) -> str:
        return self.label.doc_key or f"upload-{self.content_hash.hex()[:32]}"
