"""The generator of training texts, and that a build with the same seed gives the same model."""

import re

import pytest

from functions.phi.domain import crf, lists
from functions.phi.domain.engine import Engine
from functions.phi.domain.lists import Lists, packed
from functions.phi.domain.model import LABELS, Entity
from functions.phi.training import corpus, measure, people, sources, spots, training
from functions.phi.training.grammar import Text

GIVEN = (
    "Anna Bruno Carla Dario Elena Fabio Greta Hugo Irma Jonas Karin Leo Mona Nils Olga Piet Rita Sven Tilda Ugo".split()
)
FAMILY = "Abel Busch Conti Dorn Engel Falk Gross Haase Jung Kranz Lenz Moser Noll Ott Pfeil Reuter Sauer Thoma".split()
TOWNS = "Alderton Brackley Cranford Dunmore Eastvale Fairmont Granby Holmdel Ironton Juniper Kingsley Larkspur".split()


@pytest.fixture(scope="module", autouse=True)
def small_lists():
    own = sources.Names(tuple(GIVEN), tuple(GIVEN), tuple(FAMILY), tuple(GIVEN), tuple(FAMILY))
    states = (("OH", "Ohio"), ("TX", "Texas"))
    sources.use(own, sources.Places(tuple(TOWNS), tuple(TOWNS), states, tuple(TOWNS)))
    yield
    sources._given.clear()
    people.lists.cache_clear()
    spots.lists.cache_clear()


def texts(count, *, held=False):
    return list(corpus.texts(3, dict.fromkeys(corpus.GENRES, count), held=held))


def test_all_labels_come_in_all_that_is_generated_and_mark_what_they_say():
    made = texts(150)
    assert {label for one in made for _, _, label in one.spans} == set(LABELS)
    for one in made:
        assert all(0 <= start < end <= len(one.text) for start, end, _ in one.spans)
        assert sorted(one.spans) == one.spans
        ends = [0, *(end for _, end, _ in one.spans)]
        assert all(before <= start for before, (start, _, _) in zip(ends, one.spans, strict=False))


def test_no_template_is_left_with_an_open_slot():
    left = re.compile(r"<@|\[\[|\]\]|\{\d+\.\.")
    assert [one.text for one in texts(60) if one.genre != "log" and left.search(one.text)] == []


def test_speech_is_written_as_recognisers_write():
    for one in texts(40):
        if one.genre == "asr":
            assert one.text == one.text.lower()
            assert not re.search(r"[0-9@/.,]", one.text)


def test_the_held_out_split_shares_no_template_and_no_name():
    own = corpus.grammar().pools
    for name, kept in own[True].items():
        if len(own[None][name]) >= 6:
            whole = {line for line in kept if not line.startswith("<@")}  # those name a pool and are no text
            assert whole.isdisjoint(own[False][name])
    for kind in ("given", "family"):
        assert set(people.lists(True)[kind]).isdisjoint(people.lists(False)[kind])


def test_the_same_seed_gives_the_same_model_and_it_has_learned_something(tmp_path):
    known = Lists(packed({word.lower(): lists.GIVEN for word in GIVEN}))
    options = training.Options(iterations=15)
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        training.train(texts(25), known, path, options)
    assert one.read_bytes() == two.read_bytes()
    tagger = crf.Tagger(crf.opened(one, crf.digest(one.read_bytes())))
    unseen = corpus.texts(4, dict.fromkeys(corpus.GENRES, 10), held=False)
    figures = measure.measured(unseen, Engine(known, taggers=[tagger.find]).find)
    assert figures["total"]["token_recall"] > 0.8
    training.train(texts(25), known, two, training.Options(iterations=15, seed=4))
    assert one.read_bytes() != two.read_bytes()


def test_measures_follow_their_definitions():
    seen = Text("query", "Ann Lee has CKD", [(0, 7, "NAME")])
    clean = Text("query", "what is CKD", [])
    half = measure.measured([seen, clean], lambda _: [Entity(0, 3, "NAME", 1.0)])
    assert half["total"] == {
        "token_recall": 0.5, "token_precision": 0.5, "full_span_recall": 0.0, "leak_rate": 1.0,
        "clean_documents_altered": 1.0,
    }  # fmt: skip
    ignored = Text("query", "Dr. Lee of OH", [(4, 7, "NAME")], [(0, 3), (11, 13)])
    titled = measure.measured([ignored], lambda text: [Entity(0, len(text), "NAME", 1.0)])
    assert titled["total"]["token_precision"] == 0.5  # only `of` is a fault
    whole = measure.measured([seen, clean], lambda text: [Entity(0, 7, "NAME", 1.0)] if "Ann" in text else [])
    assert whole["total"]["token_precision"] == whole["total"]["full_span_recall"] == 1.0
    assert whole["by_label"] == {"NAME": 1.0}
