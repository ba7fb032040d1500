"""Search over all sources at once, and answers out of what they hold."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

from functions.retrieval import generation
from functions.retrieval.domain import conflicts, evidence, hops, lexicon, wording
from functions.retrieval.domain.fusion import Found
from functions.retrieval.domain.hops import Hop
from functions.retrieval.domain.question import understood
from functions.retrieval.domain.ranking import interleaved, ranked, reranked
from functions.retrieval.domain.variants import variants
from functions.retrieval.sentence_vectors import SentenceVectors
from voiceassist.contracts.answers import Answer
from voiceassist.contracts.answers import Hop as HopTold
from voiceassist.core.errors import UnavailableError
from voiceassist.core.terminology import Concepts
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.language import LanguageModel
from voiceassist.ports.reranking import Reranker
from voiceassist.ports.vectors import Chunk, Filters, PassageSearch, Query, Rankings
from voiceassist.runtime import logging, tracing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.get_logger(__name__)
vectors = SentenceVectors()

SOURCE_SECONDS = 5.0
RERANK_SECONDS = 2.0
# Passages asked of each source, and kept for an answer (P5.7).
DEPTH = 24
KEPT = 10
# A cross-encoder reads so many of the first.
RERANKED = 20

# Told when a source has answered or failed: its name and the seconds it took, None for a failure.
Observer = Callable[[str, float | None], None]
# Spells out the short names of a question.
Speller = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Means:
    """What a search may use beyond the question; `year` is the present one, for what is fresh."""

    names: Concepts = field(default_factory=Concepts)
    filters: Filters = field(default_factory=Filters)
    reranker: Reranker | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Passages best first, and the question's vector; `all_searched` is False when only some sources answered."""

    passages: tuple[Found, ...]
    vector: "NDArray[np.float32]"
    all_searched: bool = True
    hops: tuple[Hop, ...] = ()


async def search(
    text: str,
    *,
    sources: Mapping[str, PassageSearch],
    embedder: Embedder,
    limit: int,
    observe: Observer,
    spell: Speller = str,
    means: Means | None = None,
) -> Outcome:
    """Ask every source in parallel; raises UnavailableError when none answers."""
    means = means or Means()
    desk = _Desk(sources, embedder, observe, spell, max(DEPTH, limit), means.filters)
    (vector, first) = await desk.put(text)
    if not first:
        raise UnavailableError("No source could be searched.", retry_after=5)
    queries = [first, *await _under_other_names(text, first, desk, means.names)]
    steps, lists = await _further(text, queries, desk, means.year)
    whole = ranked(text, queries, max(limit, RERANKED), year=means.year)
    passages = await _reread(text, interleaved([*lists, whole]) if lists else whole, means.reranker)
    return Outcome(tuple(passages[:limit]), vector, desk.all_answered, steps)


@dataclass
class _Desk:
    """Puts queries to every source."""

    sources: Mapping[str, PassageSearch]
    embedder: Embedder
    observe: Observer
    spell: Speller
    depth: int
    filters: Filters
    all_answered: bool = True

    async def put(self, text: str) -> "tuple[NDArray[np.float32], list[Rankings]]":
        """The vector of a query, and the answers of those sources that gave one."""
        vector = await asyncio.to_thread(self.embedder.embed_query, self.spell(text))
        query = Query(text, vector, self.depth, self.filters)
        asked = (_ask(name, index, query, self.observe) for name, index in self.sources.items())
        answers = await asyncio.gather(*asked)
        given = [answer for answer in answers if answer is not None]
        self.all_answered = self.all_answered and len(given) == len(answers)
        return vector, given

    async def put_all(self, texts: Sequence[str]) -> list[list[Rankings]]:
        return [given for _, given in await asyncio.gather(*map(self.put, texts))]


async def _under_other_names(
    text: str, first: Sequence[Rankings], desk: _Desk, names: Concepts
) -> list[list[Rankings]]:
    """The gate: what stands in titles, headings or several texts of what was found needs no other name."""
    chunks = [hit.chunk for answer in first for hit in (*answer.by_words, *answer.by_meaning)]
    titles = {title for chunk in chunks for title in (chunk.title, *chunk.aliases, chunk.heading)}
    texts = [hit.chunk.text for answer in first for hit in answer.by_words]
    return await desk.put_all(variants(text, names, titles, texts))


async def _further(
    text: str, queries: Sequence[Sequence[Rankings]], desk: _Desk, year: int | None
) -> tuple[tuple[Hop, ...], list[list[Found]]]:
    """The hops of a question that one search cannot answer, and what each query of the last one found."""
    known = _ids(queries)
    if sides := hops.compared(text):
        step, lists = await _hop(sides, known, desk, year)
        return (step,), lists
    steps: list[Hop] = []
    lists = []
    asked = text
    while len(steps) < hops.MOST_HOPS and (described := hops.description(asked)):
        found = ranked(described.searched, await desk.put_all([described.searched]), hops.MOST_QUERIES, year=year)
        following = hops.next_queries(described, asked, found)
        if not following:
            break
        step, further = await _hop(following, known, desk, year)
        steps.append(step)
        if not step.added:
            break
        asked, lists = following[0], further
    return tuple(steps), lists


async def _hop(texts: Sequence[str], known: set[str], desk: _Desk, year: int | None) -> tuple[Hop, list[list[Found]]]:
    """Searches `texts`; what it finds is `known` from then on."""
    with tracing.span("retrieval.hop", queries=len(texts)):
        answers = await desk.put_all(texts)
    added = _ids(answers) - known
    known |= added
    lists = [ranked(text, [given], desk.depth, year=year) for text, given in zip(texts, answers, strict=True)]
    return Hop(tuple(texts), len(added)), lists


def _ids(queries: Sequence[Sequence[Rankings]]) -> set[str]:
    return {hit.chunk.chunk_id for answers in queries for one in answers for hit in (*one.by_meaning, *one.by_words)}


async def _reread(text: str, passages: list[Found], reranker: Reranker | None) -> list[Found]:
    """The first passages in the order of the cross-encoder; as they were when it fails or is slow."""
    if reranker is None or not passages:
        return passages
    head = passages[:RERANKED]
    read = asyncio.to_thread(reranker.scores, text, [one.chunk.searchable for one in head])
    try:
        scores = await asyncio.wait_for(read, RERANK_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever ails an optional step, the search stands without it
        log.warning("rerank.skipped", error_type=type(error).__name__, count=len(head))
        return passages
    return [*reranked(head, [float(score) for score in scores]), *passages[RERANKED:]]


async def _ask(name: str, index: PassageSearch, query: Query, observe: Observer) -> Rankings | None:
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
    sources: Mapping[str, PassageSearch],
    embedder: Embedder,
    observe: Observer,
    spell: Speller = str,
    means: Means | None = None,
    model: LanguageModel | None = None,
    health: generation.Health | None = None,
) -> tuple[Answer, int]:
    """The answer, quoted or worded by `model`, and how many passages it was chosen from."""
    found = await weighed(text, sources=sources, embedder=embedder, observe=observe, spell=spell, means=means)
    given = found.quoted
    async for part in told(text, found, model, health or generation.Health()):
        given = part if isinstance(part, Answer) else given
    return given, found.passages


async def weighed(
    text: str,
    *,
    sources: Mapping[str, PassageSearch],
    embedder: Embedder,
    observe: Observer,
    spell: Speller = str,
    means: Means | None = None,
) -> "Weighed":
    """Search, and judge what was found."""
    outcome = await search(
        text, sources=sources, embedder=embedder, limit=KEPT, observe=observe, spell=spell, means=means
    )
    found = await asyncio.to_thread(_weighed, text, outcome, embedder)
    hops_told = tuple(HopTold(queries=hop.queries, added=hop.added) for hop in outcome.hops)
    return replace(found, quoted=found.quoted.model_copy(update={"hops": hops_told}))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The quoted answer, and the passages that a model may word it from; none where it may not.

    `passages` is how many were found.
    """

    quoted: Answer
    material: tuple[Chunk, ...]
    all_searched: bool
    passages: int


async def told(
    text: str, found: Weighed, model: LanguageModel | None, health: generation.Health
) -> AsyncIterator[wording.Said | Answer]:
    """Each sentence of a model as soon as it is checked, and at last the whole answer."""
    quoted = found.quoted
    if model is None or not found.material:
        yield quoted
        return
    outcome = generation.Outcome()
    said: list[wording.Said] = []
    async for one in generation.sentences(text, found.material, model, outcome, health=health):
        said.append(one)
        yield one
    if not said or outcome.notice:
        note = outcome.notice or wording.NOTHING_SUPPORTED
        yield quoted.model_copy(update={"notice": f"{note} {quoted.notice}"})
        return
    whole = wording.generated(
        quoted.status, said, all_searched=found.all_searched, model_id=model.model_id, removed=outcome.removed
    )
    yield whole.model_copy(update={"hops": quoted.hops})


def _asked(text: str, outcome: Outcome, embedder: Embedder) -> "NDArray[np.float32]":
    """The question's vectors, shape (n, dimension): as it was put, and with its abbreviations written out."""
    import numpy as np

    other = lexicon.spelled(text)
    vectors = [outcome.vector] if other == text else [outcome.vector, embedder.embed_query(other)]
    return np.stack(vectors)


def _weighed(text: str, outcome: Outcome, embedder: Embedder) -> Weighed:
    question = understood(text)
    passages = evidence.reordered(question, outcome.passages)
    found = evidence.candidates(question, passages)
    rated = evidence.scored(
        question,
        passages,
        found,
        _asked(text, outcome, embedder),
        vectors.of(embedder, [sentence.embedded_as for sentence in found]),
    )
    verdict = evidence.verdict(question, rated, passages, embedder.count_tokens)
    all_searched, count = outcome.all_searched, len(outcome.passages)
    if verdict == "abstained":
        return Weighed(wording.refusal(passages, all_searched=all_searched), (), all_searched, count)
    if other := conflicts.conflicting(rated[0], rated):
        # A model might leave one side out.
        both = wording.answer(verdict, [rated[0], other], all_searched=all_searched, differ=True)
        return Weighed(both, (), all_searched, count)
    quoted = wording.answer(verdict, evidence.chosen(rated), all_searched=all_searched)
    return Weighed(quoted, evidence.material(rated), all_searched, count)
