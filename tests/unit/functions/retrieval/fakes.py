"""An embedder of word counts and an index in memory: small enough to check by hand."""

from zlib import crc32

import numpy as np

from voiceassist.core.errors import UnavailableError
from voiceassist.core.text import terms
from voiceassist.ports.vectors import Chunk, Hit, Query, Rankings

DIMENSION = 512


class WordEmbedder:
    """Texts are alike as far as they share terms; `rare` words count as several pieces."""

    model_id, dimension = "words", DIMENSION

    def __init__(self, rare=()):
        self.rare = set(rare)

    def embed_passages(self, texts):
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                vectors[row, crc32(term.encode()) % DIMENSION] += 1.0
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def embed_query(self, text):
        return self.embed_passages([text])[0]

    def count_tokens(self, text):
        return 5 if text in self.rare else 1


class MemoryIndex:
    def __init__(self, chunks: list[Chunk], embedder: WordEmbedder):
        self.chunks = chunks
        self.vectors = embedder.embed_passages([chunk.searchable for chunk in chunks])

    async def search(self, query: Query) -> Rankings:
        similarity = self.vectors @ query.vector
        order = np.argsort(-similarity, kind="stable")[: query.limit]
        return Rankings(by_meaning=tuple(Hit(self.chunks[row], float(similarity[row])) for row in order))


class DownIndex:
    async def search(self, query: Query) -> Rankings:
        raise UnavailableError("down")


class SlowIndex:
    async def search(self, query: Query) -> Rankings:
        import asyncio

        await asyncio.Event().wait()
        raise AssertionError


def chunk(name: str, text: str, *, title: str = "Gout", heading: str = "Treatment", **fields) -> Chunk:
    return Chunk(
        chunk_id=name, document_id=fields.pop("document", title), title=title, heading=heading, text=text, **fields
    )
