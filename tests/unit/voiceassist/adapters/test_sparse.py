"""BM25 weights as sparse vectors."""

from zlib import crc32

from voiceassist.adapters.vectors import sparse
from voiceassist.ports.vectors import Chunk


def weight(vector: sparse.SparseVector, term: str) -> float:
    return dict(zip(vector.indices, vector.values, strict=True)).get(crc32(term.encode()), 0.0)


def test_the_worked_value_of_the_formula():
    # One occurrence in a passage of exactly the average length: 1 * 2.2 / (1 + 1.2) = 1.
    text = "warfarin " + " ".join(f"word{number}" for number in range(sparse.AVERAGE_TERMS - 1))
    assert abs(weight(sparse.of_passage(text), "warfarin") - 1.0) < 1e-9


def test_repetition_saturates_and_length_damps():
    once, thrice = sparse.of_passage("warfarin"), sparse.of_passage("warfarin warfarin warfarin")
    long = sparse.of_passage("warfarin " + "heart " * 500)
    assert weight(once, "warfarin") < weight(thrice, "warfarin") < 3 * weight(once, "warfarin")
    assert weight(long, "warfarin") < weight(once, "warfarin")


def test_a_query_weighs_each_term_once_and_meets_the_passage():
    query = sparse.of_query("warfarin doses and warfarin")
    assert sorted(query.values) == [1.0, 1.0]
    assert set(sparse.of_query("dose").indices) <= set(sparse.of_passage("Doses are high").indices)


def test_text_without_terms_gives_an_empty_vector():
    assert sparse.of_query("what is the") == sparse.SparseVector((), ())


def test_a_word_of_the_title_counts_as_several_and_one_of_an_alias_as_two():
    chunk = Chunk(
        "1", "d", title="warfarin", text="dose rest", heading="use", aliases=("coumadin",), mined=("jantoven",)
    )
    vector = sparse.of_chunk(chunk)
    weights = {name: weight(vector, name) for name in ("warfarin", "coumadin", "jantoven", "dose", "use")}
    assert weights["warfarin"] > weights["coumadin"] == weights["jantoven"] > weights["dose"] == weights["use"] > 0
