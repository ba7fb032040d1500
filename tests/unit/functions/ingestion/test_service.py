"""From blocks to passages with vectors."""

from io import BytesIO
from uuid import UUID

import numpy as np
import pytest

from functions.ingestion import service
from functions.ingestion.domain.blocks import Block, DocumentError, Extracted
from functions.ingestion.domain.chunking import Piece

SOURCE = service.Source(UUID(int=1), UUID(int=2), UUID(int=3), "Handbook", "pdf", 1)


class CountingEmbedder:
    model_id, dimension = "counting", 2

    def __init__(self):
        self.texts: list[str] = []

    def embed_passages(self, texts):
        self.texts += texts
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)

    def embed_query(self, text):
        return self.embed_passages([text])[0]

    def count_tokens(self, text):
        return len(text.split())


async def test_passages_carry_title_and_heading_into_the_embedding_and_progress_is_told():
    steps = []
    embedder = CountingEmbedder()

    async def read(_file, _kind):
        return Extracted((Block("Dose", level=1, page=4), Block("Give 5 mg.", page=4)), pages=9)

    async def progress(*step):
        steps.append(step)

    result = await service.prepare(SOURCE, BytesIO(), read=read, embedder=embedder, progress=progress)
    assert embedder.texts == ["Handbook. Dose. Give 5 mg."]
    assert (result.pages, result.chunks[0].page, result.chunks[0].heading) == (9, 4, "Dose")
    assert result.vectors.shape == (1, 2)
    assert steps == [("extract", 0, 0), ("chunk", 0, 0), ("embed", 1, 0), ("index", 1, 1)]


def test_a_second_run_writes_the_same_ids_and_a_new_version_other_ones():
    pieces = [Piece("one"), Piece("two")]
    first, second = service.passages(SOURCE, pieces), service.passages(SOURCE, pieces)
    assert [chunk.chunk_id for chunk in first] == [chunk.chunk_id for chunk in second]
    later = service.Source(UUID(int=1), UUID(int=2), UUID(int=3), "Handbook", "pdf", 2)
    assert first[0].chunk_id != service.passages(later, pieces)[0].chunk_id


def test_nothing_and_too_much_are_refused():
    with pytest.raises(DocumentError):
        service.passages(SOURCE, [])
    with pytest.raises(DocumentError):
        service.passages(SOURCE, [Piece("x")] * (service.MAX_CHUNKS + 1))
