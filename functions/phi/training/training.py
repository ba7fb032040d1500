"""Trains the tagger: generated texts, the rules' findings, one L-BFGS run; the same seed gives the same weights."""

import lzma
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pycrfsuite

from functions.phi.domain import lists as flags
from functions.phi.domain.crf import OUTSIDE
from functions.phi.domain.engine import Engine
from functions.phi.domain.features import Features, rule_labels
from functions.phi.domain.lists import Lists
from functions.phi.domain.model import Entity
from functions.phi.domain.tokens import Tokens
from functions.phi.training.grammar import Text

NAMES_IN = (
    flags.GIVEN | flags.SURNAME | flags.PLACE | flags.WORLD | flags.PLACE_BEGINS | flags.GIVEN_MALE | flags.GIVEN_FEMALE
)


# Features that are words: those around a token, and its own with its parts.
AROUND = (b"-w=", b"+w=", b"-2w=", b"+2w=", b"--=", b"ld=", b"ld2=", b"tl=", b"ldk=")
OWN = (b"w=", b"p2=", b"p3=", b"x2=", b"x3=", b"x4=")


@dataclass(frozen=True, slots=True)
class Options:
    """L1 and L2 weights, iterations; in what share of the texts rules and lists are hidden, so that the tagger
    learns to do without them: unseen texts hold names that no list has and forms that no rule knows; and for what share
    of the tokens the words around, and its own, are: unseen sentences say the same in other words."""

    c1: float = 0.3
    c2: float = 0.05
    iterations: int = 90
    least: int = 2
    no_rules: float = 0.2
    no_lists: float = 0.25
    no_around: float = 0.12
    no_word: float = 0.05
    seed: int = 20261129


class Rules:
    """What the rules find: the engine's own order, seen through a tagger that only listens."""

    def __init__(self, lists: Lists) -> None:
        self._heard: list[tuple[str, Tokens, tuple[Entity, ...]]] = []
        self._engine = Engine(lists, taggers=(self._listen,))

    def _listen(self, text: str, tokens: Tokens, found: Iterable[Entity], _lists: Lists) -> list[Entity]:
        self._heard.append((text, tokens, tuple(found)))
        return []

    def find(self, text: str) -> tuple[Tokens, tuple[Entity, ...]] | None:
        """None where the engine reads the text only in another form, so that its offsets are not the text's."""
        self._heard.clear()
        self._engine.find(text)
        return next(((tokens, found) for heard, tokens, found in self._heard if heard == text), None)


def labelled(tokens: Tokens, spans: Iterable[tuple[int, int, str]]) -> list[str]:
    """The label of each token; one that touches an identifier has its label."""
    labels = [OUTSIDE] * len(tokens)
    at = 0
    for start, end, label in sorted(spans):
        while at < len(tokens) and tokens.ends[at] <= start:
            at += 1
        place = at
        while place < len(tokens) and tokens.starts[place] < end:
            labels[place] = label
            place += 1
    return labels


def examples(texts: Iterable[Text], lists: Lists, options: Options) -> Iterator[tuple[list[list[bytes]], list[str]]]:
    rng = Random(options.seed)
    rules = Rules(lists)
    features = Features()
    for one in texts:
        seen = rules.find(one.text)
        if seen is None or not seen[0]:
            continue
        tokens, found = seen
        wanted = labelled(tokens, one.spans)
        labels = rule_labels(tokens, found)
        if rng.random() < options.no_rules:
            labels = [""] * len(tokens)
        known = [lists.flags(key) for key in tokens.keys]
        if rng.random() < options.no_lists:
            known = [
                flag & ~NAMES_IN if want != OUTSIDE and rng.random() < 0.6 else flag
                for flag, want in zip(known, wanted, strict=True)
            ]
        yield [thinned(made, rng, options) for made in features.of(one.text, tokens, known, labels)], wanted


def thinned(made: list[bytes], rng: Random, options: Options) -> list[bytes]:
    """The features of a token, at times without words."""
    if rng.random() < options.no_around:
        made = [name for name in made if not name.startswith(AROUND)]
    if rng.random() < options.no_word:
        made = [name for name in made if not name.startswith(OWN)]
    return made


def train(texts: Iterable[Text], lists: Lists, model: Path, options: Options) -> None:
    """Writes the model, compressed as it is shipped."""

    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {"c1": options.c1, "c2": options.c2, "max_iterations": options.iterations, "feature.minfreq": options.least}
    )
    for sequence, labels in examples(texts, lists, options):
        trainer.append(sequence, labels)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "model"
        trainer.train(str(made))
        model.write_bytes(lzma.compress(made.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
