"""The recipe: order within a topic, standing of sources, withdrawn passages."""

from typing import get_args

import pytest

from functions.retrieval.domain import intents, ranking
from functions.retrieval.domain.fusion import Found
from functions.retrieval.domain.ranking import (
    Wish,
    by_aspect,
    by_kind,
    by_standing,
    interleaved,
    ranked,
    reranked,
    standing,
)
from tests.unit.functions.retrieval.fakes import chunk
from voiceassist.contracts.answers import Intent
from voiceassist.ports.vectors import Hit, Rankings

pytestmark = pytest.mark.req("P5.7")

TREATMENT, SYMPTOMS = "Treatment is rest.", "Symptoms are pain and heat."


def found(*chunks, scores=None):
    scores = scores or [1.0 - 0.01 * place for place in range(len(chunks))]
    return [Found(one, score) for one, score in zip(chunks, scores, strict=True)]


def names(passages):
    return [one.chunk.chunk_id for one in passages]


def test_passages_of_a_topic_change_places_and_topics_keep_theirs():
    passages = found(
        chunk("gout-s", SYMPTOMS, heading=""),
        chunk("flu-s", SYMPTOMS, title="Flu", heading=""),
        chunk("gout-t", TREATMENT, heading=""),
    )
    ordered = by_aspect("how is gout treated", passages)
    assert names(ordered) == ["gout-t", "flu-s", "gout-s"]
    assert [one.score for one in ordered] == [one.score for one in passages]


def test_a_far_better_passage_is_not_passed():
    passages = found(chunk("s", SYMPTOMS, heading=""), chunk("t", TREATMENT, heading=""), scores=[1.0, 0.5])
    assert names(by_aspect("how is gout treated", passages)) == ["s", "t"]


def test_chapters_of_a_book_are_topics_of_their_own():
    passages = found(
        chunk("gout-s", SYMPTOMS, title="Handbook", heading="Gout \u203a Symptoms"),
        chunk("flu-t", TREATMENT, title="Handbook", heading="Flu \u203a Treatment"),
        chunk("gout-t", TREATMENT, title="Handbook", heading="Gout \u203a Treatment"),
    )
    assert names(by_aspect("how is gout treated", passages)) == ["gout-t", "flu-t", "gout-s"]


def test_passages_without_a_title_are_no_topic():
    passages = found(chunk("s", SYMPTOMS, title="", heading=""), chunk("t", TREATMENT, title="", heading=""))
    assert names(by_aspect("how is gout treated", passages)) == ["s", "t"]


@pytest.mark.req("P5.10")
@pytest.mark.parametrize("fault", ["superseded", "retracted"])
def test_what_was_withdrawn_is_never_found_even_if_a_store_gives_it(fault):
    gone, stays = chunk("gone", TREATMENT, **{fault: True}), chunk("stays", TREATMENT)
    hits = tuple(Hit(one, 0.9) for one in (gone, stays))
    assert names(ranked("gout", [[Rankings(hits, hits)]], 10)) == ["stays"]


def test_newer_and_stronger_sources_stand_a_little_higher():
    old, new = chunk("old", "a", title="A", year=2001), chunk("new", "b", title="B", year=2026)
    assert names(by_standing(found(old, new, scores=[1.0, 0.98]), 2026)) == ["new", "old"]
    assert names(by_standing(found(old, new, scores=[1.0, 0.95]), 2026)) == ["old", "new"]
    guideline, note = chunk("g", "a", source_type="guideline"), chunk("n", "b", source_type="note")
    assert standing(guideline, 2026) > standing(note, 2026)


@pytest.mark.parametrize("year", [None, 1700, 2026, 2400])
def test_standing_is_a_share_near_one(year):
    assert 0.94 <= standing(chunk("a", "a", year=year), 2026) <= 1.0
    assert standing(chunk("a", "a", year=year), None) == standing(chunk("a", "a"), None)


@pytest.mark.req("P5.9")
def test_the_kinds_of_the_intent_stand_higher_and_a_wish_counts_more():
    def order(kinds, intent, *preferred):
        passages = found(*(chunk(kind, "a", title=kind, source_type=kind) for kind in kinds))
        return names(by_kind(passages, Wish(first=intents.first(intent), preferred=preferred)))

    assert order(["note", "label", "guideline"], "treatment") == ["guideline", "note", "label"]
    assert order(["guideline", "note", "label"], "drug_info") == ["label", "guideline", "note"]
    assert order(["guideline", "article", "textbook"], "diagnosis") == ["textbook", "article", "guideline"]
    assert order(["guideline", "article", "note"], "treatment", "note", "article") == ["note", "article", "guideline"]
    for intent in (None, "action", "calculation"):
        assert order(["note", "guideline"], intent) == ["note", "guideline"]


def test_a_kind_that_does_not_go_first_moves_back_some_places_and_is_not_left_out():
    passages = found(chunk("n", "a"), *(chunk(f"g{n}", "a", source_type="guideline") for n in range(9)))
    ordered = by_kind(passages, Wish(first=("guideline",)))
    assert names(ordered).index("n") == ranking.INTENT - 1
    assert len(ordered) == 10
    assert [one.score for one in ordered] == [one.score for one in passages]


@pytest.mark.req("P5.9")
def test_every_intent_has_at_most_three_sources_and_its_first_one_is_that_of_the_specification():
    assert set(intents.SOURCES) == set(get_args(Intent))
    assert all(len(sources) <= intents.MOST for sources in intents.SOURCES.values())
    first = {intent: sources[0] for intent, sources in intents.SOURCES.items() if sources}
    assert first["treatment"] == first["guideline"] == "guideline"
    assert first["drug_info"] == "label"
    assert first["diagnosis"] == "textbook"


def test_a_cross_encoder_orders_and_places_keep_their_scores():
    passages = found(chunk("a", "a"), chunk("b", "b"), chunk("c", "c"))
    ordered = reranked(passages, [-3.0, 9.5, 0.0])
    assert names(ordered) == ["b", "c", "a"]
    assert [one.score for one in ordered] == [one.score for one in passages]


def test_lists_are_taken_in_turn_and_no_passage_twice():
    one, other, third = (found(*(chunk(name, name) for name in row)) for row in ("ab", "bc", "ad"))
    merged = interleaved([one, other, third])
    assert names(merged) == ["a", "b", "c", "d"]
    assert [place.score for place in merged] == sorted((place.score for place in merged), reverse=True)
    assert interleaved([]) == []
