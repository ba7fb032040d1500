"""Sentences are embedded once, each model for itself, and the least used are forgotten."""

import asyncio

import numpy as np
import pytest

from functions.retrieval import service
from functions.retrieval.sentence_vectors import SentenceVectors
from tests.unit.functions.retrieval.fakes import chunk

pytestmark = pytest.mark.req("P5.10")


class Counting:
    dimension = 2

    def __init__(self, model_id="a"):
        self.model_id, self.seen = model_id, []

    def embed_passages(self, texts):
        self.seen.append(list(texts))
        return np.array([[len(text), len(self.seen)] for text in texts], dtype=np.float32)


def test_only_new_sentences_are_embedded_and_the_order_is_kept():
    embedder, vectors = Counting(), SentenceVectors()
    assert vectors.of(embedder, ["aa", "b", "aa"]).tolist() == [[2, 1], [1, 1], [2, 1]]
    assert vectors.of(embedder, ["ccc", "b"]).tolist() == [[3, 2], [1, 1]]
    assert embedder.seen == [["aa", "b"], ["ccc"]]


def test_models_do_not_share():
    one, other, vectors = Counting("a"), Counting("b"), SentenceVectors()
    vectors.of(one, ["x"])
    vectors.of(other, ["x"])
    assert (one.seen, other.seen) == ([["x"]], [["x"]])


def test_the_least_used_goes_first():
    embedder, vectors = Counting(), SentenceVectors(most=2)
    vectors.of(embedder, ["a", "b"])
    vectors.of(embedder, ["a"])
    vectors.of(embedder, ["c"])
    vectors.of(embedder, ["a"])
    assert embedder.seen == [["a", "b"], ["c"]]
    vectors.of(embedder, ["b"])
    assert embedder.seen[-1] == ["b"]


def test_more_sentences_than_are_kept_and_none_at_all():
    embedder = Counting()
    assert SentenceVectors(most=1).of(embedder, ["a", "bb", "ccc"]).tolist() == [[1, 1], [2, 1], [3, 1]]
    assert SentenceVectors().of(embedder, []).shape == (0, 2)


async def test_the_sentences_of_the_library_are_embedded_before_anybody_asks(monkeypatch):
    embedder, vectors = Counting(), SentenceVectors()
    monkeypatch.setattr(service, "vectors", vectors)
    text = " ".join(f"Sentence number {number} has six words." for number in range(10))
    work = asyncio.create_task(service.prepare([chunk("a", text)], embedder))
    while not embedder.seen:
        await asyncio.sleep(0)
    assert len(embedder.seen) == 1, "what is asked meanwhile finds the processor free"
    await work
    assert [len(batch) for batch in embedder.seen] == [8, 2]
    vectors.of(embedder, ["Gout: Sentence number 3 has six words."])
    assert len(embedder.seen) == 2
