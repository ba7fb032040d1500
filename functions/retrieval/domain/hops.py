"""Questions that one search cannot answer, taken apart without a model.

Two shapes are known. A description stands for a name: "How is the disease that deer ticks spread treated?" is first
the search for that disease, then the question about its title. Two things are compared: each is searched on its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from functions.retrieval.domain.fusion import Found
from voiceassist.core.terminology import key

MOST_HOPS, MOST_QUERIES = 3, 2

_NOUNS = (
    "disease|disorder|condition|syndrome|illness|infection|cancer|tumou?r|drug|medicine|medication|antibiotic|"
    "anticoagulant|antidote|vaccine|treatment|bacterium|bacteria|virus|parasite|organism|germ|fungus|gene|enzyme|"
    "hormone|vitamin|deficiency|mineral|toxin|poison|complication|allergy"
)
_DESCRIBED = re.compile(
    rf"\b(?:the|a|an|that|this|which)\s+(?P<what>(?:[a-z-]+\s+)?(?:{_NOUNS}))s?\s+"
    r"(?P<told>(?:that|which|whose|caused|transmitted|spread|carried|used|given|named|treated|marked|characterized)\s"
    r"[^,;?]*?)"
    r"(?P<rest>(?:\s+(?:treated|managed|diagnosed|prevented|inherited|transmitted|dosed|given|monitored|avoided))?"
    r"\s*(?:[,;?].*)?)$",
    re.IGNORECASE | re.DOTALL,
)
_COMPARED = (
    re.compile(r"\bdifferences?\s+between\s+(?P<one>.+?)\s+and\s+(?P<other>[^?.:;,]+)", re.IGNORECASE),
    re.compile(r"\bcompare\s+(?P<one>.+?)\s+(?:and|with|to|against)\s+(?P<other>[^?.:;,]+)", re.IGNORECASE),
    re.compile(r"^(?P<one>.+?)\s+(?:versus|vs\.?)\s+(?P<other>[^?.:;,]+)", re.IGNORECASE),
)
# What has more words is no name, and searching it apart finds nothing of its own.
LONGEST_SIDE = 6


@dataclass(frozen=True, slots=True)
class Hop:
    """What was searched in one step, and how many passages nobody had found before."""

    queries: tuple[str, ...]
    added: int = 0


@dataclass(frozen=True, slots=True)
class Description:
    """`searched` finds what is described; its name goes between `before` and `after`."""

    searched: str
    before: str
    after: str

    def named(self, name: str) -> str:
        return f"{self.before}{name}{self.after}"


def description(question: str) -> Description | None:
    """The innermost description in a question; None where it names all that it is about."""
    found: re.Match[str] | None = None
    start = 0
    while match := _DESCRIBED.search(question, start):
        found, start = match, match.start("told")
    if found is None:
        return None
    return Description(f"{found['what']} {found['told']}".strip(), question[: found.start()], found["rest"])


def compared(question: str) -> tuple[str, ...]:
    """The two sides of a comparison, else nothing."""
    for pattern in _COMPARED:
        match = pattern.search(question)
        if match and all(0 < len(side.split()) <= LONGEST_SIDE for side in match.groups()):
            return match["one"].strip(), match["other"].strip(" !")
    return ()


def next_queries(described: Description, question: str, found: Sequence[Found]) -> tuple[str, ...]:
    """The question about each of the first topics that the description led to and the question does not name."""
    asked = f" {key(question)} "
    titles = dict.fromkeys(one.chunk.title for one in found[:MOST_QUERIES] if one.chunk.title)
    return tuple(described.named(title) for title in titles if f" {key(title)} " not in asked)
