"""What a function says of a word, remembered: words repeat, and a dictionary tells them sooner than `lru_cache` does."""

from collections.abc import Callable
from typing import TypeVar

Said = TypeVar("Said")
MOST = 65_536  # words; with more of them all are forgotten


class Memory(dict[str, Said]):
    def __init__(self, make: Callable[[str], Said]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, word: str) -> Said:
        if len(self) >= MOST:
            self.clear()
        made = self[word] = self._make(word)
        return made


def remembered(make: Callable[[str], Said]) -> Callable[[str], Said]:
    """The same function, which makes nothing twice."""
    return Memory(make).__getitem__
