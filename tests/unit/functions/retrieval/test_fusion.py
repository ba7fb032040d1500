"""Fusion by rank."""

from hypothesis import given
from hypothesis import strategies as st

from functions.retrieval.domain.fusion import MEANING, WORDS, K, fused
from voiceassist.ports.vectors import Chunk, Hit, Rankings


def chunk(name: str) -> Chunk:
    return Chunk(chunk_id=name, document_id="d", title="t", text=name)


def hits(*names: str, scores: list[float] | None = None) -> tuple[Hit, ...]:
    values = scores or [1.0 - 0.1 * rank for rank in range(len(names))]
    return tuple(Hit(chunk(name), value) for name, value in zip(names, values, strict=True))


def order(*answers: Rankings, limit: int = 10) -> list[str]:
    return [found.chunk.chunk_id for found in fused([answers], limit)]


def test_the_worked_score():
    (best, second) = fused([[Rankings(hits("a", "b"), hits("b"))]], 10)
    top = MEANING + WORDS
    assert best.chunk.chunk_id == "b"
    assert best.score == (MEANING / (K + 2) + WORDS / (K + 1)) / (top / (K + 1))
    assert second.score == (MEANING / (K + 1)) / (top / (K + 1))


def test_meaning_and_words_are_worth_the_same():
    assert order(Rankings(hits("a", "b"), hits("b", "a"))) == ["a", "b"]
    assert order(Rankings(hits("a"), hits("b")), Rankings((), hits("b"))) == ["b", "a"]


def test_a_passage_that_only_another_query_finds_stands_beside_the_first():
    found = fused([[Rankings(hits("a"), hits("a"))], [Rankings(hits("b", scores=[0.4]), hits("b"))]], 10)
    assert [one.chunk.chunk_id for one in found] == ["a", "b"]
    assert [one.similarity for one in found] == [1.0, 0.4]


def test_the_best_similarity_of_several_queries_is_told():
    found = fused([[Rankings(hits("a", scores=[0.2]))], [Rankings(hits("a", scores=[0.7]))]], 10)
    assert [one.similarity for one in found] == [0.7]


def test_similarities_of_two_stores_make_one_ranking():
    public = Rankings(by_meaning=hits("p1", "p2", scores=[0.9, 0.5]))
    own = Rankings(by_meaning=hits("o1", "o2", scores=[0.7, 0.1]))
    assert order(public, own) == ["p1", "o1", "p2", "o2"]


def test_a_passage_found_by_words_only_has_no_similarity():
    found = {one.chunk.chunk_id: one.similarity for one in fused([[Rankings(hits("a"), hits("b"))]], 10)}
    assert found == {"a": 1.0, "b": None}


def test_the_limit_is_kept_and_nothing_gives_nothing():
    assert len(order(Rankings(hits("a", "b", "c")), limit=2)) == 2
    assert fused([], 5) == []


@given(st.permutations("abcdef"), st.permutations("abcdef"))
def test_scores_fall_and_stay_between_zero_and_one(meaning, by_words):
    found = fused([[Rankings(hits(*meaning), hits(*by_words))]], 10)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 < one.score <= 1 for one in found)
    assert {one.chunk.chunk_id for one in found} == set("abcdef")
