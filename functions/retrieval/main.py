"""The door of retrieval: search, cited answers, and what the starter library holds."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import StreamingResponse

from functions.retrieval import access, cache, library_index, schema, service, store
from functions.retrieval.decomposing import Decomposer
from functions.retrieval.domain import intents, names, wording
from functions.retrieval.domain.library import Digest
from functions.retrieval.domain.ranking import Wish
from functions.retrieval.domain.wording import cited
from functions.retrieval.shared_cache import SharedAnswers
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.adapters.vectors.qdrant import QdrantIndex
from voiceassist.contracts.answers import LIBRARY_STARTING, Answer, Found, Question, SearchRequest
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.core.support import Said
from voiceassist.core.terminology import Concepts, PackError
from voiceassist.ports.auditing import Act, named
from voiceassist.ports.language import LanguageModel
from voiceassist.ports.vectors import Chunk, Filters, PassageIndex
from voiceassist.runtime import door, logging, metrics, providers, terminology
from voiceassist.runtime.generation import Health
from voiceassist.runtime.http_room import http_app
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)

KNOWLEDGE, DOCUMENTS = "qdrant", "pgvector"
# Whoever asks by voice waits no longer than eight seconds, and is to hear why.
PREPARING_SECONDS = 6.0

keeper = library_index.Keeper()
remembered = cache.Answers()
health = Health()
keeping: set[asyncio.Task[None]] = set()


async def warm() -> None:
    """Build the library if it is not there and load the embedder: a session that asks for readiness finds both."""
    await keeper.ready()
    await asyncio.to_thread(providers.embedder().embed_query, "ready")
    prepare()
    if reranker := providers.reranker():
        try:
            await asyncio.to_thread(reranker.scores, "ready", ["ready"])
        except Exception as error:  # noqa: BLE001 - searches go on without it; only its loading is too long for one
            log.warning("rerank.unusable", error_type=type(error).__name__)
    if (model := providers.language_model()) and not model.stays_inside:
        try:
            await asyncio.to_thread(providers.gate().scanner.warm)
        except Exception as error:  # noqa: BLE001 - without it answers are quoted, and searches go on
            log.error("phi.detector_unavailable", error_type=type(error).__name__)


@lru_cache(maxsize=1)
def prepare() -> None:
    """The library's sentences are embedded beside what is asked, once in the life of the process."""

    async def work() -> None:
        chunks = await asyncio.to_thread(lambda: library_index.passages(library_index.digests()))
        await service.prepare(chunks, providers.embedder())

    keep(work())


room = door.Room(
    store.ROOM,
    checks={
        "postgres": lambda: providers.database().ping(),
        "qdrant": lambda: providers.knowledge().ping(),
        "library": warm,
    },
)
app = http_app(room, title="Retrieval", actions=access.ACTIONS)

Caller = Annotated[Principal, Depends(door.principal)]


async def library_version() -> str | None:
    """Which state of the library is searched; None while the knowledge base is away.

    Raises UnavailableError while the library is still being prepared: after the first start that takes a while.
    """
    try:
        async with asyncio.timeout(PREPARING_SECONDS):
            return await keeper.ready()
    except TimeoutError:
        raise UnavailableError("The library is being prepared.", code=LIBRARY_STARTING, retry_after=5) from None
    except UnavailableError as error:
        # Not fatal: the search itself will find the knowledge base missing and say so.
        log.warning("library.unavailable", code=error.code)
        return None


def sources(caller: Principal, *, mine: bool = False) -> dict[str, PassageIndex]:
    """The shared library, and of the uploaded documents those the caller may see; the library is nobody's own."""
    documents = documents_of(caller)
    if mine:
        return {DOCUMENTS: documents}
    model_id = providers.embedder().model.id
    return {KNOWLEDGE: QdrantIndex(providers.knowledge(), model_id=model_id), DOCUMENTS: documents}


def documents_of(caller: Principal) -> PgVectorIndex:
    return PgVectorIndex(
        providers.database(),
        providers.keyring(),
        caller,
        providers.embedder().model,
        embedders=providers.embedder_of,
    )


def observe(source: str, seconds: float | None) -> None:
    if seconds is None:
        if source == KNOWLEDGE:
            keeper.forget()
        log.warning("source.failed", engine=source)
    else:
        metrics.KB_SEARCH.labels(source).observe(seconds)


@lru_cache(maxsize=1)
def speller() -> service.Speller:
    return names.speller(library_index.digests())


@lru_cache(maxsize=1)
def other_names() -> Concepts:
    """The house's names and the operator's; a pack that cannot be read costs its names and no answer."""
    path = load_settings().knowledge.terminology
    try:
        return terminology.load_names(Path(path) if path else None)
    except PackError as error:
        log.error("terminology.unusable", code=error.code)
        return terminology.load_names()


def means(filters: Filters = Filters(), asked: Question | None = None) -> service.Means:  # noqa: B008 - frozen
    year = datetime.now(UTC).year
    wish = Wish(year, intents.first(asked.intent), asked.prefer) if asked else Wish(year)
    return service.Means(other_names(), filters, providers.reranker(), wish)


def filters_of(request: SearchRequest) -> Filters:
    return Filters(request.specialty, request.source, request.year_from, request.year_to, mine=request.owner == "me")


@app.post("/api/v1/search")
async def search(request: SearchRequest, caller: Caller) -> Found:
    if request.owner != "me":
        await library_version()
    outcome = await service.search(
        request.query,
        sources=sources(caller, mine=request.owner == "me"),
        embedder=providers.embedder(),
        limit=request.limit,
        observe=observe,
        spell=speller(),
        means=means(filters_of(request)),
    )
    await seen(caller, outcome.documents)
    prepare()  # the voice searches once when somebody opens a session
    return Found(items=tuple(wording.passage(found) for found in outcome.passages), complete=outcome.all_searched)


async def seen(caller: Principal, documents: Iterable[str]) -> None:
    """Passages of people's documents are on record before a word of them leaves."""
    if objects := named("document", documents):
        await providers.auditor(store.ROOM).record(Act(caller, "passage.retrieved", objects=objects))


async def index_state(caller: Principal, model: LanguageModel | None, library: str | None) -> cache.State | None:
    """None where a state of the indexes is not known: then nothing is remembered."""
    if library is None:
        return None
    try:
        documents = await documents_of(caller).version()
    except UnavailableError:
        return None
    return cache.State(library, documents, f"{providers.embedder().model.id}|{model.model_id if model else ''}")


@lru_cache(maxsize=1)
def shared() -> SharedAnswers | None:
    """None where no store is configured: then each process remembers for itself."""
    store = providers.cache("answers")
    return SharedAnswers(store, providers.keyring(), identifies) if store else None


async def identifies(text: str) -> bool:
    return (await providers.gate().look(text)).identifies


def keep(work: Coroutine[None, None, None]) -> None:
    """Nobody waits for it: looking for identifiers takes a while the first time."""
    task = asyncio.create_task(work)
    keeping.add(task)
    task.add_done_callback(keeping.discard)


async def known_answer(asked: Question, caller: Principal, state: cache.State) -> tuple[Answer, int] | None:
    name = cache.key(asked, caller, state)
    if known := remembered.get(name):
        return known
    level = shared()
    if level and (known := await level.get(asked, caller, state)):
        remembered.put(name, *known)
        return known
    return None


@app.post("/api/v1/answers")
async def answers(request: Question, caller: Caller) -> Answer:
    """The whole answer at once."""
    given: Answer | None = None
    async for part in told(request, caller):
        given = part if isinstance(part, Answer) else given
    if given is None:
        raise UnavailableError("There was no answer.")
    return given


@app.post("/api/v1/answers/stream")
async def stream(request: Question, caller: Caller) -> StreamingResponse:
    """Server-sent events: `sentence` for each that is checked, at last `answer`, which counts."""
    parts = told(request, caller)
    first = await anext(parts)  # what cannot be answered at all is a problem document and no stream

    async def events() -> AsyncIterator[str]:
        yield event(first)
        async for part in parts:
            yield event(part)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})


def event(part: Said[Chunk] | Answer) -> str:
    if isinstance(part, Answer):
        return f"event: answer\ndata: {part.model_dump_json()}\n\n"
    sentence = schema.Sentence(text=part.text, citation=cited([part])[0])
    return f"event: sentence\ndata: {sentence.model_dump_json()}\n\n"


async def told(asked: Question, caller: Principal) -> AsyncIterator[Said[Chunk] | Answer]:
    """The parts of an answer as they come; the last is the answer, which is remembered and recorded."""
    started = time.perf_counter()
    model = providers.language_model()
    question = asked.question
    state = await index_state(caller, model, await library_version())
    known = await known_answer(asked, caller, state) if state else None
    if known:
        answer, passages = known
        await seen(caller, own_documents(answer))
    else:
        weighed = await service.weighed(
            question,
            sources=sources(caller),
            embedder=providers.embedder(),
            observe=observe,
            spell=speller(),
            means=replace(means(asked=asked), decomposer=Decomposer(model, health) if model else None),
        )
        await seen(caller, weighed.documents)
        passages, answer = weighed.passages, weighed.quoted
        async for part in service.told(question, weighed, model, health):
            if isinstance(part, Answer):
                answer = part
            else:
                yield part
        if state and weighed.all_searched and (answer.model or not (model and weighed.material)):
            remembered.put(cache.key(asked, caller, state), answer, passages)
            if level := shared():
                keep(level.put(asked, caller, state, answer, passages, public=weighed.public))
    await recorded(answer, caller, passages, round((time.perf_counter() - started) * 1000))
    yield answer


def own_documents(answer: Answer) -> list[str]:
    """What a remembered answer cites of people's documents, which have UUIDs; the library's have names."""
    return [one.document_id for one in answer.citations if not one.starter and is_uuid(one.document_id)]


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def recorded(answer: Answer, caller: Principal, passages: int, milliseconds: int) -> None:
    metrics.ANSWERS.labels(answer.status).inc()
    try:
        await store.say(providers.database(), caller, answer, passages=passages, milliseconds=milliseconds)
    except UnavailableError:
        # An answer from the library is worth more than the count of it.
        log.warning("answer.unrecorded", duration_ms=milliseconds)


@app.get("/api/v1/library")
async def library(_caller: Caller) -> schema.Library:
    digests = await asyncio.to_thread(library_index.digests)
    return schema.Library(items=tuple(map(_item, digests)))


def _item(digest: Digest) -> schema.LibraryItem:
    return schema.LibraryItem(
        id=digest.id,
        title=digest.title,
        aliases=digest.aliases,
        specialty=digest.specialty,
        source=digest.source,
        year=digest.year,
        version=digest.version,
        reviewed=digest.reviewed,
        sections=tuple(section.heading for section in digest.sections),
        references=digest.references,
    )


@functions_framework.aio.http
async def retrieval(_request: Request) -> Any:
    return room
