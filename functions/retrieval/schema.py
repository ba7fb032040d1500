"""What the retrieval API says beyond the contracts shared with other rooms."""

from voiceassist.contracts.answers import Citation, Contract


class LibraryItem(Contract):
    """A topic of the starter library, which the institution replaces with its own material."""

    id: str
    title: str
    aliases: tuple[str, ...]
    specialty: str
    source: str
    year: int
    version: str
    reviewed: bool
    starter: bool = True
    sections: tuple[str, ...]
    references: tuple[str, ...]


class Sentence(Contract):
    """One sentence of an answer that is still being written, checked against the passage it cites."""

    text: str
    citation: Citation


class Library(Contract):
    items: tuple[LibraryItem, ...]
    next_cursor: str | None = None
