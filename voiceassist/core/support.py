"""Whether a sentence that a language model wrote says no more than a sentence of the passages it cites.

The rule is closed: what the source does not say may not be said. A sentence is supported when one sentence of a cited
passage, or two that follow each other, hold every word of it but ordinary connecting ones, every quantity with its
unit and direction, and exactly its negations and conditions; and when nothing changed its place that could change the
meaning. So an invented drug needs no list of drugs to be noticed. A sentence that is right but said too freely is
refused too: the quoted sentences stand in for it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from voiceassist.core.quantities import Quantity, located
from voiceassist.core.text import STOPWORDS, inflected, sentences, singular, words

LONGEST = 60  # words
# Of what a source sentence says, a supported sentence keeps at least this share: the rest is often a condition.
KEPT = 0.6

# Words that turn a meaning round, grouped: what one side says of a group the other must say too.
_POLAR = {
    word: group
    for group, members in {
        "not": "not no never neither nor cannot dont doesnt isnt arent shouldnt mustnt wont cant none",
        "without": "without lacking",
        "avoid": "avoid avoids avoided avoiding",
        "contra": "contraindicated contraindication contraindications contraindicate",
        "except": "except unless excluding other otherwise",
        "only": "only alone solely exclusively",
        "instead": "instead rather replace replaces replaced",
        "condition": "if when whenever until while",
        "before": "before prior preceding earlier",
        "after": "after following afterwards later subsequent",
        "more": "more higher greater increase increases increased increasing raise raises raised rise rises rising",
        "less": "less lower lowers lowered lowering fewer decrease decreases decreased decreasing reduce reduces "
        "reduced reducing fall falls falling drop drops",
        "above": "above over exceeding exceeds beyond",
        "below": "below under beneath",
        "start": "start starts started starting begin begins begun beginning initiate initiated",
        "stop": "stop stops stopped stopping discontinue discontinued cease hold held withhold withheld pause paused",
        "continue": "continue continues continued continuing",
        "may": "may might could can",
        "prefer": "prefer preferred preferable preferably",
        "than": "than versus",
        "all": "all every always",
        "some": "some few sometimes rarely",
    }.items()
    for word in members.split()
}
_RELATIONS = frozenset({"!not", "!without", "!except", "!instead", "!before", "!after", "!prefer", "!than", "!only"})

# Words that say nothing of their own; they come and go freely.
_FREE = (
    STOPWORDS
    | frozenset(
        "patient patients adult adults people person given gives giving use used uses using receive receives received "
        "treat treated treats treatment therapy dose dosed dosing dosage drug drugs medication medicine taken take "
        "administered administer usual usually is be been also well within among either about approximately around "
        "case cases means mean called include includes including consist consists".split()
    )
) - _POLAR.keys() - frozenset({"once", "most", "same", "own", "both", "further", "again"})  # fmt: skip

_PLAIN = re.compile(r"[A-Za-z0-9 ,.;:()/%'\"<>≤≥°µμ–—\-*]*\Z")
_MARKERS = re.compile(r"\s*\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]")
_OPENING = re.compile(
    r"(?i)^(?:in|with|for|from|after|before|at|among|during|on|when|if|without|above|below)\b([^,]+),"
)

Item = str | Quantity


class Passage(Protocol):
    """What a sentence may be cited to; every sentence of `text` speaks of `title` and `heading`."""

    @property
    def title(self) -> str: ...

    @property
    def heading(self) -> str: ...

    @property
    def text(self) -> str: ...


Cited = TypeVar("Cited", bound=Passage)


@dataclass(frozen=True, slots=True)
class Said(Generic[Cited]):
    """A sentence, the passage it is cited to, and the words of that passage which say it."""

    text: str
    chunk: Cited
    source: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence as what it says, in order: words without endings, quantities, and `!group` for polar words."""

    items: tuple[Item, ...]

    @property
    def polar(self) -> list[str]:
        """In one order; one `not` of two is not both."""
        return sorted(item for item in self.items if isinstance(item, str) and item[0] == "!")

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return tuple(item for item in self.items if isinstance(item, Quantity))


def bare(text: str) -> str:
    """Without the markers of citations that a model put into its words."""
    return " ".join(_MARKERS.sub("", text).split())


def supported(sentence: str, cited: Iterable[Passage]) -> bool:
    return source_of(sentence, cited) is not None


def source_of(sentence: str, cited: Iterable[Cited]) -> tuple[Cited, str] | None:
    """The passage, and the words of it, that say what `sentence` says; None where nothing of `cited` does.

    `sentence` is without markers; `cited` are the passages that it names as its sources.
    """
    folded = unicodedata.normalize("NFKC", sentence).replace("μ", "µ").replace("’", "'")
    if not folded.strip() or not _PLAIN.match(folded) or len(folded.split()) > LONGEST:
        return None
    if len(sentences(folded)) != 1:
        return None
    claim = read(folded)
    if all(isinstance(item, str) and item[0] == "!" for item in claim.items):
        return None
    return next(
        (
            (chunk, text)
            for chunk in cited
            for text in _windows(sentences(chunk.text))
            if _says(claim, read(text), _names(chunk), text)
        ),
        None,
    )


@lru_cache(maxsize=2048)
def read(text: str) -> Reading:
    items: list[Item] = []
    start = 0
    for found in located(text):
        items.extend(_words(text[start : found.start]))
        items.append(found.quantity)
        start = found.end
    items.extend(_words(text[start:]))
    return Reading(tuple(items))


def _words(text: str) -> Iterator[str]:
    for word in words(re.sub(r"n't\b|n’t\b", " not", text)):
        if group := _POLAR.get(word):
            yield f"!{group}"
        elif word not in _FREE:
            yield singular(word)


def _names(chunk: Passage) -> frozenset[str]:
    """The words of title and heading: every sentence below them speaks of that."""
    return frozenset(singular(word) for word in words(f"{chunk.title} {chunk.heading}"))


def _windows(found: Sequence[str]) -> Iterator[str]:
    yield from found
    for one, other in pairwise(found):
        yield f"{one} {other}"


def _says(claim: Reading, source: Reading, names: frozenset[str], text: str) -> bool:
    own = [item for item in claim.items if not _is_free(item, names, source)]
    if not own or claim.polar != source.polar:
        return False
    places = _places(own, source.items)
    if places is None and not (_is_simple(claim) and _is_simple(source) and _all_in(own, source.items)):
        return False
    if places is not None and not _bound(own, places, source.items):
        return False
    if not _keeps_opening(claim, names, text):
        return False
    wanted = [item for item in source.items if not (isinstance(item, str) and item in names)]
    kept = sum(1 for item in own if not (isinstance(item, str) and item in names))
    return kept >= KEPT * len(wanted)


def _is_free(item: Item, names: frozenset[str], source: Reading) -> bool:
    """A word of title or heading that the sentence itself does not use."""
    return isinstance(item, str) and item in names and not any(_same(item, other) for other in source.items)


def _same(one: Item, other: Item) -> bool:
    if isinstance(one, Quantity) or isinstance(other, Quantity):
        return one == other
    return one == other or (one[0] != "!" and other[0] != "!" and inflected(one, other))


def _places(own: Sequence[Item], source: Sequence[Item]) -> list[int] | None:
    """Where each item stands in the source, in the same order; None where the order differs or one is missing."""
    places: list[int] = []
    place = 0
    for item in own:
        while place < len(source) and not _same(item, source[place]):
            place += 1
        if place == len(source):
            return None
        places.append(place)
        place += 1
    return places


def _bound(own: Sequence[Item], places: Sequence[int], source: Sequence[Item]) -> bool:
    """What stands before a quantity stands right before it in the source: no dose changes its drug."""
    for number, item in enumerate(own):
        if isinstance(item, Quantity) and number and places[number] != places[number - 1] + 1:
            return False
        if isinstance(item, Quantity) and not number and len(own) > 1 and places[1] != places[0] + 1:
            return False
    return len(source) > 0


def _is_simple(reading: Reading) -> bool:
    """Nothing that hangs on the order of the words."""
    return _RELATIONS.isdisjoint(reading.polar) and len(reading.quantities) <= 1


def _all_in(own: Sequence[Item], source: Sequence[Item]) -> bool:
    return all(any(_same(item, other) for other in source) for item in own) and max(
        Counter(map(str, own)).values()
    ) <= max(Counter(map(str, source)).values())


def _keeps_opening(claim: Reading, names: frozenset[str], text: str) -> bool:
    """`With cancer, …`: whom a sentence speaks of is not left out."""
    opening = _OPENING.match(text)
    if opening is None:
        return True
    said = read(opening[1]).items
    return all(
        (isinstance(item, str) and item in names) or any(_same(item, other) for other in claim.items) for item in said
    )
