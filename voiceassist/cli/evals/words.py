"""Search by words over a corpus in memory (BM25), for evaluations that run without the stack's stores."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from voiceassist.core.text import terms

K1 = 1.2
B = 0.75


class WordIndex:
    def __init__(self, texts: Iterable[str]) -> None:
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths: list[int] = []
        for place, text in enumerate(texts):
            counted = Counter(terms(text))
            self._lengths.append(counted.total())
            for term, times in counted.items():
                self._postings[term].append((place, times))
        self._mean = sum(self._lengths) / max(1, len(self._lengths)) or 1.0

    def search(self, query: str, limit: int) -> Sequence[tuple[int, float]]:
        """Places and scores, best first; equal scores keep the order of the corpus."""
        scores: dict[int, float] = defaultdict(float)
        for term in set(terms(query)):
            postings = self._postings.get(term, [])
            rarity = math.log(1 + (len(self._lengths) - len(postings) + 0.5) / (len(postings) + 0.5))
            for place, times in postings:
                length = K1 * (1 - B + B * self._lengths[place] / self._mean)
                scores[place] += rarity * times * (K1 + 1) / (times + length)
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]
