"""The index in memory ranks as Qdrant does."""

import numpy as np
import pytest

from voiceassist.adapters.vectors.memory import MemoryIndex
from voiceassist.ports.vectors import Chunk, Query

VECTORS = np.eye(4, dtype=np.float32)


def chunk(name, text, **fields):
    return Chunk(chunk_id=name, document_id=name, title=fields.pop("title", name), text=text, **fields)


CHUNKS = [
    chunk("a", "warfarin warfarin dose"),
    chunk("b", "dose of something"),
    chunk("c", "rest", title="Warfarin"),
    chunk("d", "warfarin", superseded=True),
]


def ids(hits):
    return [hit.chunk.chunk_id for hit in hits]


async def test_both_rankings_are_exact_and_the_title_weighs_more():
    found = await MemoryIndex(CHUNKS, VECTORS).search(Query("warfarin dose", VECTORS[1] * 0.8 + VECTORS[0] * 0.6))
    assert ids(found.by_meaning)[:2] == ["b", "a"]
    assert found.by_meaning[0].score == pytest.approx(0.8)
    assert ids((await MemoryIndex(CHUNKS, VECTORS).search(Query("warfarin"))).by_words) == ["c", "a"]


async def test_rare_words_weigh_by_qdrants_inverse_document_frequency():
    hits = (await MemoryIndex(CHUNKS[:2], VECTORS[:2]).search(Query("something"))).by_words
    text_weight = 2.2 / (1 + 1.2 * (1 - 0.75 + 0.75 * 5 / 120))  # `b` thrice from the title, two words of the text
    assert hits[0].score == pytest.approx(np.log(1 + (2 - 1 + 0.5) / (1 + 0.5)) * text_weight, rel=1e-4)


async def test_withdrawn_passages_limits_and_nothing():
    index = MemoryIndex([*CHUNKS, chunk("e", "warfarin", retracted=True)], np.eye(5, dtype=np.float32))
    found = await index.search(Query("warfarin dose", np.ones(5, dtype=np.float32), limit=2))
    assert (len(found.by_meaning), len(found.by_words)) == (2, 2)
    assert not {"d", "e"} & set(ids((*found.by_meaning, *found.by_words)))
    nothing = await index.search(Query("zebra"))
    assert (nothing.by_meaning, nothing.by_words) == ((), ())
    empty = await MemoryIndex([], np.zeros((0, 4), dtype=np.float32)).search(Query("warfarin", VECTORS[0]))
    assert (empty.by_meaning, empty.by_words) == ((), ())
