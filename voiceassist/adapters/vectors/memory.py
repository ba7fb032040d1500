"""A passage index in memory with Qdrant's two rankings, exact: for evaluations that run without the stack."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from voiceassist.adapters.vectors import sparse
from voiceassist.ports.vectors import Chunk, Hit, Query, Rankings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MemoryIndex:
    """Chunks and their unit vectors, shape (len(chunks), dimension); filled once."""

    def __init__(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None:
        import numpy as np

        kept = [row for row, chunk in enumerate(chunks) if chunk.citable]
        self._chunks = [chunks[row] for row in kept]
        self._vectors = vectors[kept]
        postings: dict[int, list[tuple[int, float]]] = {}
        for row, chunk in enumerate(self._chunks):
            words = sparse.of_chunk(chunk)
            for term, weight in zip(words.indices, words.values, strict=True):
                postings.setdefault(term, []).append((row, weight))
        self._postings = {
            term: (
                np.array([row for row, _ in found]),
                np.array([weight * self._idf(len(found)) for _, weight in found], dtype=np.float32),
            )
            for term, found in postings.items()
        }

    def _idf(self, found: int) -> float:
        """As Qdrant's modifier computes it."""
        return math.log(1 + (len(self._chunks) - found + 0.5) / (found + 0.5))

    async def search(self, query: Query) -> Rankings:
        allowed = [query.filters.allow(chunk) for chunk in self._chunks] if query.filters else None
        meaning: tuple[Hit, ...] = ()
        if query.vector is not None:
            meaning = self._best(self._vectors @ query.vector, query.limit, allowed, floor=-1.0)
        return Rankings(meaning, self._best(self._by_words(query.text), query.limit, allowed, floor=0.0))

    def _by_words(self, text: str) -> "NDArray[np.float32]":
        import numpy as np

        scores = np.zeros(len(self._chunks), dtype=np.float32)
        for term in sparse.of_query(text).indices:
            if term in self._postings:
                rows, weights = self._postings[term]
                scores[rows] += weights
        return scores

    def _best(
        self, scores: "NDArray[np.float32]", limit: int, allowed: list[bool] | None, *, floor: float
    ) -> tuple[Hit, ...]:
        import numpy as np

        if allowed is not None:
            scores = np.where(allowed, scores, floor)
        size = min(limit, len(scores))
        first = np.argpartition(-scores, size - 1)[:size] if size else np.array([], dtype=int)
        order = first[np.lexsort((first, -scores[first]))]
        return tuple(Hit(self._chunks[row], float(scores[row])) for row in order if scores[row] > floor)
