"""The recipe: answers of the stores to a question and its variants in, passages best first out.

Rooms and evaluations rank by this module alone. Weights and the measurements behind them:
docs/reference/rooms/retrieval.md.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from functions.retrieval.domain import aspects, intents
from functions.retrieval.domain.fusion import Found, fused
from voiceassist.ports.vectors import Chunk, Rankings

# So many of the first are put in order; what stands behind them is not worth the reading.
HEAD = 48
# A passage wholly on what is asked rises among those of its topic by at most this share of its score.
ASPECT = 0.3
# Shares of the score for the kind of source and for its year: two or three places among the first, no more.
EVIDENCE, FRESHNESS = 0.03, 0.03
# A kind of source that does not go first moves back by so many places: by the intent, by the asker's own wish.
INTENT, PREFERRED = 4, 12
# After so many years a passage counts as old.
OLD_YEARS = 10
# Strength of a source by its kind, 0 to 1; what is not listed says nothing about itself.
LEVELS = {"guideline": 1.0, "label": 1.0, "review": 0.7, "textbook": 0.6, "article": 0.4}

PATH = " \u203a "


@dataclass(frozen=True, slots=True)
class Wish:
    """What decides between passages that answer alike: the present year, and kinds of source that go first.

    `first` goes with the intent, `preferred` is what the asker wants and counts more.
    """

    year: int | None = None
    first: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()


ANY = Wish()


def ranked(question: str, queries: Sequence[Sequence[Rankings]], limit: int, wish: Wish = ANY) -> list[Found]:
    """Best first. `queries` holds for each query the answers of all stores."""
    found = [one for one in fused(queries) if one.chunk.citable]
    return by_aspect(question, by_kind(by_standing(found, wish.year), wish)[: max(HEAD, limit)])[:limit]


def by_standing(found: Sequence[Found], year: int | None) -> list[Found]:
    """Stronger and newer sources a little higher."""
    raised = [Found(one.chunk, one.score * standing(one.chunk, year), one.similarity) for one in found]
    return sorted(raised, key=lambda one: -one.score)


def standing(chunk: Chunk, year: int | None) -> float:
    """At most 1, for a guideline of this year; a passage that tells neither kind nor year keeps the middle."""
    level = LEVELS.get(chunk.source_type, 0.5)
    fresh = 0.5
    if year is not None and chunk.year is not None:
        fresh = 1.0 - min(max(year - chunk.year, 0), OLD_YEARS) / OLD_YEARS
    return 1.0 - EVIDENCE * (1.0 - level) - FRESHNESS * (1.0 - fresh)


def by_kind(found: Sequence[Found], wish: Wish) -> list[Found]:
    """Kinds that do not go first move back some places; a place keeps its score.

    Places and not shares of the score: scores of several queries reach 1 together, and a share would then decide alone.
    """

    def moved(place: int) -> float:
        kind = found[place].chunk.source_type
        back = INTENT * (1.0 - intents.place(wish.first, kind)) + PREFERRED * (
            1.0 - intents.place(wish.preferred, kind)
        )
        return place + back

    order = sorted(range(len(found)), key=moved)
    return [
        Found(found[index].chunk, place.score, found[index].similarity)
        for place, index in zip(found, order, strict=True)
    ]


def by_aspect(question: str, found: Sequence[Found]) -> list[Found]:
    """The passages of one topic change places among themselves, so that the one on what is asked comes first.

    Which topics stand where is left as it was; a place keeps its score.
    """
    wanted = aspects.asked(question)
    ordered = list(found)
    if not wanted:
        return ordered
    for places in _topics(found):
        fitting = [found[place].score * (1 + ASPECT * _fit(wanted, found[place])) for place in places]
        moved = sorted(range(len(places)), key=lambda index: -fitting[index])
        for place, index in zip(places, moved, strict=True):
            mover = found[places[index]]
            ordered[place] = Found(mover.chunk, found[place].score, mover.similarity)
    return ordered


def _topics(found: Sequence[Found]) -> list[list[int]]:
    """Places of passages with the same title and, in a book, under the same heading; only where there are several."""
    topics: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        if one.chunk.title:
            above = one.chunk.heading.rpartition(PATH)[0]
            topics[one.chunk.title.casefold(), above].append(place)
    return [places for places in topics.values() if len(places) > 1]


def _fit(wanted: frozenset[str], found: Found) -> float:
    heading = found.chunk.heading.rpartition(PATH)[2]
    return aspects.fit(wanted, heading, found.chunk.text)


def reranked(found: Sequence[Found], scores: Sequence[float]) -> list[Found]:
    """In the order of a cross-encoder's scores; a place keeps its score, for scores of models have no common scale."""
    order = sorted(range(len(found)), key=lambda index: -scores[index])
    return [
        Found(found[index].chunk, place.score, found[index].similarity)
        for place, index in zip(found, order, strict=True)
    ]


def interleaved(lists: Sequence[Sequence[Found]]) -> list[Found]:
    """The first of every list, then the second of every list, each passage once; places have falling scores."""
    taken: dict[str, Found] = {}
    for row in zip_longest(*lists):
        for one in row:
            if one is not None:
                taken.setdefault(one.chunk.chunk_id, one)
    scores = sorted((one.score for one in taken.values()), reverse=True)
    return [Found(one.chunk, score, one.similarity) for one, score in zip(taken.values(), scores, strict=True)]
