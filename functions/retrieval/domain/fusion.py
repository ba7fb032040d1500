"""Several rankings into one, by rank (Cormack et al. 2009, reciprocal rank fusion)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voiceassist.ports.vectors import Chunk, Hit, Rankings

K = 60
# With the title in both, words and meaning are worth the same (docs/reference/rooms/retrieval.md has the figures).
MEANING = 1.0
WORDS = 1.0
# What a perfect passage gets: first by meaning and first by words.
_BEST = (MEANING + WORDS) / (K + 1)


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with its fused score, 0 to 1, and its cosine similarity where it was found by meaning."""

    chunk: Chunk
    score: float
    similarity: float | None = None


def fused(queries: Sequence[Sequence[Rankings]], limit: int | None = None) -> list[Found]:
    """Best first, of queries that stand for one question; each holds the answers of all stores to it.

    Similarities of all stores are comparable and make one ranking a query; word scores are not.
    """
    scores: dict[str, float] = {}
    chunks: dict[str, Chunk] = {}
    similarity: dict[str, float] = {}
    for answers in queries:
        meaning = sorted((hit for answer in answers for hit in answer.by_meaning), key=lambda hit: -hit.score)
        for hit in meaning:
            name = hit.chunk.chunk_id
            similarity[name] = max(hit.score, similarity.get(name, hit.score))
        _add(scores, chunks, meaning, MEANING)
        for answer in answers:
            _add(scores, chunks, answer.by_words, WORDS)
    order = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:limit]
    return [Found(chunks[chunk_id], min(1.0, scores[chunk_id] / _BEST), similarity.get(chunk_id)) for chunk_id in order]


def _add(scores: dict[str, float], chunks: dict[str, Chunk], hits: Iterable[Hit], weight: float) -> None:
    for rank, hit in enumerate(hits, start=1):
        key = hit.chunk.chunk_id
        chunks.setdefault(key, hit.chunk)
        scores[key] = scores.get(key, 0.0) + weight / (K + rank)
