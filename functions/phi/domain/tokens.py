"""The tokeniser that the rules and the CRF share: one pass, linear in the text, offsets in code points.

A token is a run of letters and figures of any script, with apostrophes inside (`O'Brien`, `patient's`), or one other
character that is no space. Hyphens, underscores and dots part words: `van-der_berg.jpg` has seven tokens.
"""

import re
import unicodedata
from collections.abc import Iterator

from functions.phi.domain.memory import remembered

_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ][^\W\d_]+)*|[^\w\s]|_")
_ASCII = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z]+)*|[^A-Za-z0-9\t-\r\x1c-\x20]")  # the same, quicker
APOSTROPHES = "'’ʼ"


class Tokens:
    """Parallel lists: `words` as they stand, `starts` and `ends` in the text, `keys` as the lists know them."""

    __slots__ = ("ends", "keys", "starts", "words")

    def __init__(self, words: list[str], starts: list[int], ends: list[int]) -> None:
        self.words = words
        self.starts = starts
        self.ends = ends
        self.keys = list(map(key, words))

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        return zip(self.words, self.starts, self.ends, strict=True)


def tokenise(text: str) -> Tokens:
    found = list((_ASCII if text.isascii() else _TOKEN).finditer(text))
    return Tokens(list(map(re.Match.group, found)), list(map(re.Match.start, found)), list(map(re.Match.end, found)))


@remembered
def key(word: str) -> str:
    """A word as lists keep it: lower case, without accents, apostrophes and a possessive s: `Müller's` is `muller`."""
    lowered = word.lower()
    if not lowered.isascii():
        lowered = "".join(
            character for character in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(character)
        )
        lowered = lowered.translate(_SPECIAL)
    if not lowered.isalnum():
        for apostrophe in APOSTROPHES:
            if lowered.endswith(f"{apostrophe}s"):
                lowered = lowered[:-2]
            lowered = lowered.replace(apostrophe, "")
    return lowered or word


_SPECIAL = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
