"""The common form every format is brought into before it is cut into passages."""

from dataclasses import dataclass

from voiceassist.core.errors import PermanentEventError


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (`level` 1 to 6), a paragraph (`level` 0) or a `table`, with its page counted from 1 where pages exist.

    A table has a line a row, its cells parted by ` | `; the first line is its header.
    """

    text: str
    level: int = 0
    page: int | None = None
    table: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """`source` and `year` of publication where the file says them; `notes` are codes of what a reader should know."""

    blocks: tuple[Block, ...]
    pages: int | None = None
    source: str = ""
    year: int | None = None
    notes: tuple[str, ...] = ()


class DocumentError(PermanentEventError):
    """The document itself is at fault, so trying again is pointless; `code` goes to the owner."""


EMPTY = "DOCUMENT_EMPTY"
BROKEN = "DOCUMENT_BROKEN"
ENCRYPTED = "DOCUMENT_ENCRYPTED"
SCANNED = "DOCUMENT_WITHOUT_TEXT"
SCANNED_NO_OCR = "SCANNED_NO_OCR"
TOO_LARGE = "DOCUMENT_TOO_LARGE"
TOO_SLOW = "DOCUMENT_TOO_SLOW"
UNSUPPORTED = "DOCUMENT_UNSUPPORTED"
HOLDS_PHI = "DOCUMENT_HOLDS_PHI"

# Notes.
OCR = "OCR"
PICTURES_SKIPPED = "PAGES_WITHOUT_TEXT"
SCRIPTS_IGNORED = "SCRIPTS_IGNORED"
