"""Search over all sources at once, and answers out of what they hold."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from functions.retrieval.domain import conflicts, evidence, lexicon, wording
from functions.retrieval.domain.fusion import Found, fused
from functions.retrieval.domain.question import understood
from voiceassist.contracts.answers import Answer
from voiceassist.core.errors import UnavailableError
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.vectors import PassageIndex, Query, Rankings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SOURCE_SECONDS = 5.0
# Passages asked of each source, and kept for an answer (P5.7).
DEPTH = 24
KEPT = 10

# Told when a source has answered or failed: its name and the seconds it took, None for a failure.
Observer = Callable[[str, float | None], None]
# Spells out the short names of a question.
Speller = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Passages best first, and the question's vector; `all_searched` is False when only some sources answered."""

    passages: tuple[Found, ...]
    vector: "NDArray[np.float32]"
    all_searched: bool = True


async def search(
    text: str,
    *,
    sources: Mapping[str, PassageIndex],
    embedder: Embedder,
    limit: int,
    observe: Observer,
    spell: Speller = str,
) -> Outcome:
    """Ask every source in parallel; raises UnavailableError when none answers."""
    vector = await asyncio.to_thread(embedder.embed_query, spell(text))
    query = Query(text, vector, limit=max(DEPTH, limit))
    answers = await asyncio.gather(*(_ask(name, index, query, observe) for name, index in sources.items()))
    given = [answer for answer in answers if answer is not None]
    if not given:
        raise UnavailableError("No source could be searched.", retry_after=5)
    return Outcome(tuple(fused(given, limit)), vector, all_searched=len(given) == len(answers))


async def _ask(name: str, index: PassageIndex, query: Query, observe: Observer) -> Rankings | None:
    started = perf_counter()
    try:
        answer = await asyncio.wait_for(index.search(query), SOURCE_SECONDS)
    except (UnavailableError, TimeoutError):
        observe(name, None)
        return None
    observe(name, perf_counter() - started)
    return answer


async def answer(
    text: str,
    *,
    sources: Mapping[str, PassageIndex],
    embedder: Embedder,
    observe: Observer,
    spell: Speller = str,
) -> tuple[Answer, int]:
    """The extractive answer, and how many passages it was chosen from."""
    outcome = await search(text, sources=sources, embedder=embedder, limit=KEPT, observe=observe, spell=spell)
    given = await asyncio.to_thread(_worded, text, outcome, embedder)
    return given, len(outcome.passages)


def _asked(text: str, outcome: Outcome, embedder: Embedder) -> "NDArray[np.float32]":
    """The question's vectors, shape (n, dimension): as it was put, and with its abbreviations written out."""
    import numpy as np

    other = lexicon.spelled(text)
    vectors = [outcome.vector] if other == text else [outcome.vector, embedder.embed_query(other)]
    return np.stack(vectors)


def _worded(text: str, outcome: Outcome, embedder: Embedder) -> Answer:
    question = understood(text)
    passages = evidence.reordered(question, outcome.passages)
    found = evidence.candidates(question, passages)
    rated = evidence.scored(
        question,
        passages,
        found,
        _asked(text, outcome, embedder),
        embedder.embed_passages([sentence.embedded_as for sentence in found]),
    )
    verdict = evidence.verdict(question, rated, passages, embedder.count_tokens)
    if verdict == "abstained":
        return wording.refusal(passages, all_searched=outcome.all_searched)
    other = conflicts.conflicting(rated[0], rated)
    chosen = [rated[0], other] if other else evidence.chosen(rated)
    return wording.answer(verdict, chosen, all_searched=outcome.all_searched, differ=other is not None)
