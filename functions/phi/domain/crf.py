"""The CRF tagger: reads each token in its context and finds what no pattern can, names and places above all.

The model is trained by `python -m functions.phi.training` on generated texts only (docs/reference/phi-tagger.md). It is
recall-biased: a token is redacted as well where the CRF gives it less than KEEP of being no identifier.
"""

import hashlib
import json
import lzma
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from functions.phi.domain import lists as flags
from functions.phi.domain.features import rule_labels
from functions.phi.domain.lists import Lists, rank
from functions.phi.domain.model import LEARNED, NAMED, Entity
from functions.phi.domain.tokens import Tokens

if TYPE_CHECKING:  # with numpy, on first use
    from functions.phi.domain.scoring import Read, Reader

FOLDER = Path(__file__).parent / "tagger"
MODEL = FOLDER / "model.crfsuite.xz"
CARD = FOLDER / "model.json"
OUTSIDE = "O"
KEEP = 0.65  # of being no identifier, or it is redacted; measured: docs/reference/phi-tagger.md
KEEP_PLAIN = 0.5  # the same for the plain words beside one, such as `number` and `lives`
SURE = 0.85  # of being no identifier, and a weak finding is dropped
DOUBTED = frozenset({"context", "speech"})
SEGMENT = 400  # tokens decoded at once: memory stays small and time linear, whatever the text's length


class TaggerError(RuntimeError):
    """The model is absent or not the one its card describes; nothing is scanned without it."""


def find(text: str, tokens: Tokens, rule_entities: Sequence[Entity], lists: Lists) -> list[Entity]:
    """What the tagger finds in `text`; it sees what the rules found. Raises TaggerError without its model."""
    return Tagger(loaded()).find(text, tokens, rule_entities, lists)


@cache
def loaded() -> "Reader":
    try:
        card = json.loads(CARD.read_text("utf-8"))
    except OSError:
        raise TaggerError("The card of the tagger's model is missing; install the product again.") from None
    return opened(MODEL, card["sha256"])


def opened(path: Path, expected: str) -> "Reader":
    """The model in memory, after its digest was compared."""
    from functions.phi.domain import scoring, weights

    try:
        packed = path.read_bytes()
    except OSError:
        raise TaggerError("The tagger's model is missing; install the product again.") from None
    if digest(packed) != expected:
        raise TaggerError("The tagger's model is not the one its card describes; install the product again.")
    return scoring.Reader(weights.read(lzma.decompress(packed)), OUTSIDE)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Tagger:
    def __init__(self, reader: "Reader", *, keep: float = KEEP, keep_plain: float = KEEP_PLAIN) -> None:
        self._reader = reader
        self._keep = keep
        self._keep_plain = keep_plain

    def find(self, text: str, tokens: Tokens, rule_entities: Sequence[Entity], lists: Lists) -> list[Entity]:
        known = list(map(lists.flags, tokens.keys))
        labels: list[str] = []
        outside: list[float] = []
        rules = rule_labels(tokens, rule_entities)
        for read in self._reader.read(text, tokens, known, rules, segments(tokens)):
            labels += self._labels(read, known[len(labels) :])
            outside += read.outside
        return [*entities(text, tokens, labels), *doubts(tokens, rule_entities, outside)]

    def _labels(self, read: "Read", known: Sequence[int]) -> list[str]:
        labels = [OUTSIDE] * len(read.outside)
        for at in [at for at, none in enumerate(read.outside) if none < self._keep]:
            label = read.together(at)
            keep = self._keep_plain if plain(known[at]) else self._keep
            labels[at] = read.other(at) if label == OUTSIDE and read.outside[at] < keep else label
        return labels


def weak(one: Entity) -> bool:
    """Found by its context alone: neither by its shape nor by a word that says what it is."""
    return one.score <= NAMED and one.source in DOUBTED


def doubts(tokens: Tokens, rule_entities: Sequence[Entity], outside: Sequence[float]) -> Iterator[Entity]:
    """Weak findings of the context rules that the tagger holds to be none, each as a finding labelled OUTSIDE."""
    for one in rule_entities:
        if not weak(one):
            continue
        first = bisect_right(tokens.ends, one.start)
        last = bisect_left(tokens.starts, one.end)
        if last > first and min(outside[first:last]) >= SURE:
            yield Entity(one.start, one.end, OUTSIDE, 0.0, "crf")


@lru_cache(maxsize=8_192)
def plain(known: int) -> bool:
    """A word of the language that hardly anybody bears as a name."""
    used = rank(known, flags.COMMON_RANK)
    return bool(known & flags.COMMON) and used > 1 + max(rank(known, flags.GIVEN_RANK), rank(known, flags.SURNAME_RANK))


def segments(tokens: Tokens) -> Iterator[tuple[int, int]]:
    """Runs of at most SEGMENT tokens, divided behind a full stop where one is near."""
    start, count = 0, len(tokens)
    while start < count:
        end = min(start + SEGMENT, count)
        if end < count:
            end = next((at + 1 for at in range(end - 1, start + SEGMENT // 2, -1) if tokens.words[at] in ".;}"), end)
        yield start, end
        start = end


def entities(text: str, tokens: Tokens, labels: Sequence[str]) -> Iterator[Entity]:
    """Neighbouring tokens of one label are one finding, with the signs between them; a possessive s is no part."""
    last = 0
    for at in [at for at, label in enumerate(labels) if label != OUTSIDE]:
        if at < last:
            continue
        label, last = labels[at], at + 1
        while last < len(labels) and labels[last] == label:
            last += 1
        begin, end = tokens.starts[at], tokens.ends[last - 1]
        if label == "NAME" and text[end - 2 : end].lower() in {"'s", "’s"}:
            end -= 2
        if any(map(str.isalnum, text[begin:end])):
            yield Entity(begin, end, label, LEARNED, "crf")
