"""Questions that one search cannot answer, taken apart without a model.

Two shapes are known. A description stands for a name: "How is the disease that deer ticks spread treated?" is first
the search for that disease, then the question about its title. Two things are compared: each is searched on its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from functions.retrieval.domain.fusion import Found
from functions.retrieval.domain.question import missing, understood
from voiceassist.core.terminology import key
from voiceassist.core.text import sentences, terms

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
# How a description ties its parts together: a passage may say it otherwise.
_RELATIONS = frozenset(
    f"{_NOUNS} that which whose cause spread carry carried transmit transmitted use given named mark characterize "
    "treat follow by for".replace("|", " ").split()
) | {"caused", "characterized", "marked", "follows", "carries", "treats", "transmits", "spreads", "causes"}
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


def bridged(described: Description, question: str, found: Sequence[Found], titles: Sequence[str]) -> str:
    """The name that the description stands for, where a passage says so; empty where none does.

    One sentence, with its title, must hold all that the description tells. The name is one of `titles` in it, or the
    title itself.
    """
    told = understood(described.searched)
    named = tuple(term for term in told.specific if term not in _RELATIONS) or told.terms
    asked = f" {key(question)} "
    for one in found:
        for sentence in sentences(one.chunk.text):
            said = f"{one.chunk.title} {sentence}"
            if missing(told, frozenset(terms(said)), named):
                continue
            inside = [name for name in titles if f" {key(name)} " in f" {key(sentence)} "]
            name = next((name for name in (*inside, one.chunk.title) if f" {key(name)} " not in asked), "")
            if name:
                return name
    return ""


def next_queries(described: Description, question: str, found: Sequence[Found]) -> tuple[str, ...]:
    """The question about each of the first topics that the description led to and the question does not name."""
    asked = f" {key(question)} "
    titles = dict.fromkeys(one.chunk.title for one in found[:MOST_QUERIES] if one.chunk.title)
    return tuple(described.named(title) for title in titles if f" {key(title)} " not in asked)
