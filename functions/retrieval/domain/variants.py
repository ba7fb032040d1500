"""A question under the other names of what it asks about, each to be searched on its own.

Other names are never added to the question: that helps what only they find and harms everything else (measured).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voiceassist.core.terminology import Concept, Concepts, key

LONGEST = 8
# At most so many further queries.
MOST = 5
# A single word this short is a name only as it is written: "all" is no leukemia, "ALL" is.
SHORT = 5
# A name in the text of so many passages found is one that the library uses.
USED = 3

_TOKEN = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:['\u2019]s\b)?")


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a question, at `start` to `end`, names a concept."""

    start: int
    end: int
    said: str
    concept: Concept


def mentions(question: str, concepts: Concepts) -> Iterator[Mention]:
    """The longest names first met from the left, none within another."""
    tokens = list(_TOKEN.finditer(question))
    keys = [key(token[0]) for token in tokens]
    place = 0
    while place < len(tokens):
        for size in range(min(LONGEST, len(tokens) - place), 0, -1):
            said = " ".join(keys[place : place + size])
            concept = concepts.by_name.get(said)
            start, end = tokens[place].start(), tokens[place + size - 1].end()
            if concept is not None and _is_name(question[start:end], size, concept):
                yield Mention(start, end, said, concept)
                place += size - 1
                break
        place += 1


def _is_name(written: str, size: int, concept: Concept) -> bool:
    return size > 1 or len(written) > SHORT or written in (concept.name, *concept.also)


def variants(question: str, concepts: Concepts, titles: Iterable[str], texts: Iterable[str] = ()) -> list[str]:
    """The question with another name in the place of each that the library does not use, at most MOST in all.

    `titles` and `texts` are those of the passages found: a name in a title, or in USED texts, is one it uses.
    """
    told = list(mentions(question, concepts))
    titled = {one.said for one in told for title in titles if _holds(title, one.said)} if told else set()
    unknown = [one for one in told if one.said not in titled]
    uses = Counter(one.said for text in texts for one in unknown if _holds(text, one.said)) if unknown else Counter()
    found: list[str] = []
    for mention in unknown:
        if uses[mention.said] >= USED:
            continue
        others = (mention.concept.name, *mention.concept.also)
        named = dict.fromkeys(other for other in others if key(other) != mention.said)
        found.extend(question[: mention.start] + other + question[mention.end :] for other in named)
    return list(dict.fromkeys(found))[:MOST]


def _holds(text: str, said: str) -> bool:
    return f" {said} " in f" {key(text)} "
