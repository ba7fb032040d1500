"""Search over all sources at once, and answers out of what they hold."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

from functions.retrieval import generation
from functions.retrieval.decomposing import Decomposer
from functions.retrieval.domain import conflicts, evidence, hops, lexicon, wording
from functions.retrieval.domain.fusion import Found
from functions.retrieval.domain.hops import Hop
from functions.retrieval.domain.question import understood
from functions.retrieval.domain.ranking import ANY, Wish, interleaved, ranked, reranked
from functions.retrieval.domain.variants import variants
from functions.retrieval.sentence_vectors import SentenceVectors
from voiceassist.contracts.answers import Answer
from voiceassist.contracts.answers import Hop as HopTold
from voiceassist.core.errors import UnavailableError
from voiceassist.core.support import Said
from voiceassist.core.terminology import Concepts
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.language import LanguageModel
from voiceassist.ports.reranking import Reranker
from voiceassist.ports.vectors import Chunk, Filters, PassageSearch, Query, Rankings
from voiceassist.runtime import logging, tracing
from voiceassist.runtime.generation import Health
from voiceassist.runtime.generation import Outcome as Generated

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
# 35 ms of one core, and as long a rest.
PREPARED_AT_ONCE = 8
PREPARING_REST_S = 0.035
# A cross-encoder reads so many of the first.
RERANKED = 20

# Told when a source has answered or failed: its name and the seconds it took, None for a failure.
Observer = Callable[[str, float | None], None]
# Spells out the short names of a question.
Speller = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Means:
    """What a search may use beyond the question; `wish` decides between passages that answer alike.

    `decomposer` is asked where the first search found nothing similar and the question has none of the known shapes.
    """

    names: Concepts = field(default_factory=Concepts)
    filters: Filters = field(default_factory=Filters)
    reranker: Reranker | None = None
    wish: Wish = ANY
    decomposer: Decomposer | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Passages best first, and the question's vector; `all_searched` is False when only some sources answered.

    `resolved` is the question with a name in the place of a description that a passage holds.
    """

    passages: tuple[Found, ...]
    vector: "NDArray[np.float32]"
    all_searched: bool = True
    hops: tuple[Hop, ...] = ()
    resolved: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        """Those of people, whose passages were found; the library's are nobody's."""
        own = (one.chunk for one in self.passages if one.chunk.visibility != "public")
        return tuple(dict.fromkeys(chunk.document_id for chunk in own))


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
    steps, lists, resolved = await _further(text, queries, desk, means.wish)
    whole = ranked(text, queries, max(limit, RERANKED), means.wish)
    if not steps and means.decomposer and _is_weak(queries):
        steps, lists = await _apart(text, queries, desk, means.wish, means.decomposer)
        lists = [whole, *lists]  # a model's queries push nothing away that the question found
    elif lists:
        lists = [*lists, whole]
    passages = await _reread(text, interleaved(lists) if lists else whole, means.reranker)
    return Outcome(tuple(passages[:limit]), vector, desk.all_answered, steps, resolved)


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
    text: str, queries: Sequence[Sequence[Rankings]], desk: _Desk, wish: Wish
) -> tuple[tuple[Hop, ...], list[list[Found]], str]:
    """The hops of a question that one search cannot answer, what each query of the last one found, and the question
    with the names that the hops led to, where passages say that these are meant.
    """
    known = _ids(queries)
    if sides := hops.compared(text):
        step, lists = await _hop(sides, known, desk, wish)
        return (step,), lists, ""
    steps: list[Hop] = []
    lists = []
    asked, resolved = text, ""
    while len(steps) < hops.MOST_HOPS and (described := hops.description(asked)):
        found = ranked(described.searched, await desk.put_all([described.searched]), KEPT, wish)
        name = hops.bridged(described, asked, found, _titles(queries, found))
        resolved = described.named(name) if name else ""
        following = (resolved,) if resolved else hops.next_queries(described, asked, found)
        if not following:
            break
        step, further = await _hop(following, known, desk, wish)
        steps.append(step)
        lists = further if step.added or resolved else lists
        if not step.added:
            break
        asked = following[0]
    return tuple(steps), lists, resolved


def _is_weak(queries: Sequence[Sequence[Rankings]]) -> bool:
    best = (hit.score for answers in queries for one in answers for hit in one.by_meaning)
    return max(best, default=0.0) < evidence.STRONG


async def _apart(
    text: str, queries: Sequence[Sequence[Rankings]], desk: _Desk, wish: Wish, decomposer: Decomposer
) -> tuple[tuple[Hop, ...], list[list[Found]]]:
    """Hops of queries that a model gives, the last when one adds nothing; and what they found."""
    known = _ids(queries)
    seen = [one.chunk for one in ranked(text, queries, KEPT, wish)]
    steps: list[Hop] = []
    lists: list[list[Found]] = []
    while len(steps) < hops.MOST_HOPS and (following := await decomposer.queries(text, seen)):
        step, further = await _hop(following, known, desk, wish)
        steps.append(step)
        lists += further
        if not step.added:
            break
        seen = [*(one.chunk for found in further for one in found[:KEPT]), *seen]
    return tuple(steps), lists


async def _hop(texts: Sequence[str], known: set[str], desk: _Desk, wish: Wish) -> tuple[Hop, list[list[Found]]]:
    """Searches `texts`; what it finds is `known` from then on."""
    with tracing.span("retrieval.hop", queries=len(texts)):
        answers = await desk.put_all(texts)
    added = _ids(answers) - known
    known |= added
    lists = [ranked(text, [given], desk.depth, wish) for text, given in zip(texts, answers, strict=True)]
    return Hop(tuple(texts), len(added)), lists


def _titles(queries: Sequence[Sequence[Rankings]], found: Sequence[Found]) -> list[str]:
    """Longest first: the name of a kind stands before that of its group."""
    chunks = [hit.chunk for answers in queries for one in answers for hit in (*one.by_meaning, *one.by_words)]
    return sorted({chunk.title for chunk in (*chunks, *(one.chunk for one in found))} - {""}, key=len, reverse=True)


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
    health: Health | None = None,
) -> tuple[Answer, int]:
    """The answer, quoted or worded by `model`, and how many passages it was chosen from."""
    found = await weighed(text, sources=sources, embedder=embedder, observe=observe, spell=spell, means=means)
    given = found.quoted
    async for part in told(text, found, model, health or Health()):
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
    asked = outcome.resolved or text
    found = await asyncio.to_thread(_weighed, asked, outcome, embedder)
    hops_told = tuple(HopTold(queries=hop.queries, added=hop.added) for hop in outcome.hops)
    public = all(one.chunk.visibility == "public" for one in outcome.passages)
    quoted = found.quoted
    notice = wording.resolved(outcome.resolved, quoted.notice) if quoted.status != "abstained" else quoted.notice
    quoted = quoted.model_copy(update={"hops": hops_told, "notice": notice})
    return replace(found, quoted=quoted, public=public, asked=asked, documents=outcome.documents)


@dataclass(frozen=True, slots=True)
class Weighed:
    """The quoted answer, and the passages that a model may word it from; none where it may not.

    `passages` is how many were found, `public` whether none of them belongs to anybody, `documents` are those of
    people whose passages were looked at. `asked` is the question that
    was judged, with names that hops led to.
    """

    quoted: Answer
    material: tuple[Chunk, ...]
    all_searched: bool
    passages: int
    public: bool = False
    asked: str = ""
    documents: tuple[str, ...] = ()


async def told(
    text: str, found: Weighed, model: LanguageModel | None, health: Health
) -> AsyncIterator[Said[Chunk] | Answer]:
    """Each sentence of a model as soon as it is checked, and at last the whole answer."""
    quoted = found.quoted
    if model is None or not found.material:
        yield quoted
        return
    outcome = Generated()
    said: list[Said[Chunk]] = []
    async for one in generation.sentences(found.asked or text, found.material, model, outcome, health=health):
        said.append(one)
        yield one
    if not said or outcome.failure:
        note = generation.NOTICES.get(outcome.failure, wording.NOTHING_SUPPORTED)
        yield quoted.model_copy(update={"notice": f"{note} {quoted.notice}"})
        return
    whole = wording.generated(
        quoted.status, said, all_searched=found.all_searched, model_id=model.model_id, removed=outcome.removed
    )
    notice = wording.resolved(found.asked if found.asked != text else "", whole.notice)
    yield whole.model_copy(update={"hops": quoted.hops, "notice": notice})


async def prepare(chunks: Sequence[Chunk], embedder: Embedder) -> None:
    """Embed the sentences that answers are likely to quote: nobody's first question waits for theirs.

    A few at a time with a rest in between, so that what is asked meanwhile finds the processor free, and a process that
    is to end has not to wait for the rest of them.
    """
    named = list(dict.fromkeys(one.embedded_as for chunk in chunks for one in evidence.sentences_of(Found(chunk, 0.0))))
    for start in range(0, len(named), PREPARED_AT_ONCE):
        await asyncio.to_thread(vectors.of, embedder, named[start : start + PREPARED_AT_ONCE])
        await asyncio.sleep(PREPARING_REST_S)


def _asked(text: str, outcome: Outcome, embedder: Embedder) -> "NDArray[np.float32]":
    """The question's vectors, shape (n, dimension): as it was put, and with its abbreviations written out."""
    import numpy as np

    own = embedder.embed_query(text) if outcome.resolved else outcome.vector
    other = lexicon.spelled(text)
    return np.stack([own] if other == text else [own, embedder.embed_query(other)])


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
