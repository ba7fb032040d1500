"""The common form every format is brought into before it is cut into passages."""

from dataclasses import dataclass

from voiceassist.core.errors import PermanentEventError


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (`level` 1 to 6) or a paragraph (`level` 0), with its page counted from 1 where pages exist."""

    text: str
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    blocks: tuple[Block, ...]
    pages: int | None = None


class DocumentError(PermanentEventError):
    """The document itself is at fault, so trying again is pointless; `code` goes to the owner."""


EMPTY = "DOCUMENT_EMPTY"
BROKEN = "DOCUMENT_BROKEN"
ENCRYPTED = "DOCUMENT_ENCRYPTED"
SCANNED = "DOCUMENT_WITHOUT_TEXT"
TOO_LARGE = "DOCUMENT_TOO_LARGE"
TOO_SLOW = "DOCUMENT_TOO_SLOW"
UNSUPPORTED = "DOCUMENT_UNSUPPORTED"
