"""BM25 as a sparse vector (Robertson and Zaragoza 2009): the index multiplies by the inverse document frequency."""

from collections import Counter
from dataclasses import dataclass
from zlib import crc32

from voiceassist.core.text import terms

K1 = 1.2
B = 0.75
# Passages are sections of digests and guidelines; the figure only scales the length correction.
AVERAGE_TERMS = 120


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term hashes (32 bits; 15,000 terms collide about once in forty) and their weights."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


def of_passage(text: str) -> SparseVector:
    counts = Counter(terms(text))
    length = sum(counts.values())
    damping = K1 * (1 - B + B * length / AVERAGE_TERMS)
    return _hashed({term: count * (K1 + 1) / (count + damping) for term, count in counts.items()})


def of_query(text: str) -> SparseVector:
    return _hashed(dict.fromkeys(terms(text), 1.0))


def _hashed(weights: dict[str, float]) -> SparseVector:
    by_index: dict[int, float] = {}
    for term, weight in weights.items():
        index = crc32(term.encode())
        by_index[index] = max(weight, by_index.get(index, 0.0))
    return SparseVector(tuple(by_index), tuple(by_index.values()))
