"""Making a text short: who did it, and whether the words are still the text's own, is told with the result."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Summary:
    """`method` names the maker for the reader; `verbatim` says that every sentence stands so in the text."""

    text: str
    method: str
    verbatim: bool


class Summariser(Protocol):
    @property
    def method(self) -> str: ...

    def summarise(self, text: str, *, sentences: int = 3) -> Summary:
        """About so many sentences; an empty text gives an empty summary."""
        ...
