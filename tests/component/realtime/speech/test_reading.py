"""The voice reads with small tables what its package reads with large ones."""

import gzip
import json
from pathlib import Path

import pytest
from hibari.g2p import ASSETS, G2P

from realtime.speech import vocabulary
from realtime.speech.reading import tagging
from realtime.speech.tables import Table, read
from realtime.speech.tts import Voice

FOLDER = Path(ASSETS)
CONVERSATIONS = Path(__file__).resolve().parents[3] / "data" / "speech" / "conversations.txt"


def original(name: str) -> dict[str, object]:
    with gzip.open(FOLDER / name, "rt", encoding="utf-8") as file:
        found: dict[str, object] = json.load(file)
    return found


@pytest.mark.parametrize("name", ["lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz"])
def test_every_entry_of_the_lexicon_is_found(name: str) -> None:
    table, entries = Table(read(FOLDER / name)), original(name)
    assert len(table) == len(entries) > 90_000
    assert all(table.get(word) == entry for word, entry in entries.items())


def test_the_tagger_has_every_weight() -> None:
    ours, entries = tagging(read(FOLDER / "tagger.json.gz")), original("tagger.json.gz")
    weights = entries.pop("weights")
    table = ours.pop("weights")
    assert ours == entries
    assert isinstance(weights, dict)
    assert len(table) == len(weights) > 70_000
    assert all(table.get(feature) == weight for feature, weight in weights.items())


def test_sentences_are_read_as_the_package_reads_them(voice: Voice) -> None:
    theirs = G2P(oov=voice._engine.g2p.oov)
    texts = CONVERSATIONS.read_text(encoding="utf-8").splitlines()
    texts.append("He read that they live near 12 labs; levetiracetam costs $3.50, doesn't it? NASA used to.")
    for text in texts:
        assert voice._engine.g2p(text) == theirs(text)


def test_english_words_are_those_of_the_four_lexicons() -> None:
    words = {word.lower() for name in vocabulary.FILES for word in original(name)}
    known = vocabulary.english()
    assert len(known) == len(words) > 200_000
    assert all(word in known for word in words)
    assert "levetiracetan" not in known
