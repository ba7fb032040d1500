"""Short names spelled out before a question is embedded: `AF` says nothing to the embedder."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from functions.retrieval.domain.library import Digest

# A longer alias is a word the embedder knows, and often names more or less than the topic.
LONGEST = 6
# These are words too, and must be written as the library writes them.
WORDS = frozenset({"HIT", "CAP", "PAD", "RA"})


def speller(digests: Iterable[Digest]) -> Callable[[str], str]:
    """A function that puts the title of a topic where a question uses another name for it.

    A name that two topics share is left alone.
    """
    titles: dict[str, set[str]] = {}
    for digest in digests:
        for alias in digest.aliases:
            if _is_short_name(alias):
                titles.setdefault(alias, set()).add(digest.title)
    unique = {alias: found.pop() for alias, found in titles.items() if len(found) == 1}
    patterns = [(_pattern(alias), title) for alias, title in sorted(unique.items(), key=lambda item: -len(item[0]))]

    @lru_cache(maxsize=256)
    def spelled(text: str) -> str:
        for pattern, title in patterns:
            if title.casefold() not in text.casefold():
                text = pattern.sub(title, text)
        return text

    return spelled


def _is_short_name(alias: str) -> bool:
    """AF, T2DM, HFpEF, `C diff`; not anemia."""
    return len(alias) <= LONGEST and (" " in alias or sum(letter.isupper() for letter in alias) > 1)


def _pattern(alias: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(alias)}(?!\w)", 0 if alias in WORDS else re.IGNORECASE)
