"""Two sources that give different figures for the same thing: said aloud, never averaged and never chosen between."""

from collections import defaultdict
from collections.abc import Sequence

from functions.retrieval.domain.evidence import STRONG, Sentence
from voiceassist.core.quantities import Quantity, located
from voiceassist.core.text import terms

# The other sentence answers nearly as well, and says nearly the same but for its figures. Sentences on other patients
# share the drug or the target, but hardly so many words.
NEARLY = 0.7
ALIKE = 0.55
FEWEST_SHARED = 3


def conflicting(best: Sentence, rated: Sequence[Sentence]) -> Sentence | None:
    """The best sentence of another document that contradicts `best` in a figure."""
    for other in rated:
        if other.found.chunk.document_id == best.found.chunk.document_id:
            continue
        if other.similarity < STRONG or other.score < NEARLY * best.score:
            continue
        if contradict(best.text, other.text):
            return other
    return None


def contradict(one: str, other: str) -> bool:
    """Alike in words, with a unit for which both have figures and none in common."""
    first, second = _words(one), _words(other)
    shared = len(first & second)
    if shared < FEWEST_SHARED or shared < ALIKE * max(len(first), len(second)):
        return False
    here, there = _by_unit(one), _by_unit(other)
    return any(here[unit].isdisjoint(there[unit]) for unit in here.keys() & there.keys())


def _words(text: str) -> frozenset[str]:
    """The terms of a sentence without its figures and without a grading in brackets."""
    kept, start = [], 0
    for found in located(text):
        kept.append(text[start : found.start])
        start = found.end
    kept.append(text[start:])
    plain = " ".join(kept).split(" (class")[0].split(" (Class")[0]
    return frozenset(terms(plain))


def _by_unit(text: str) -> dict[str, set[Quantity]]:
    found: dict[str, set[Quantity]] = defaultdict(set)
    for one in located(text):
        found[one.quantity.unit].add(one.quantity)
    return found
