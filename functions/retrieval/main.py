"""The door of retrieval: search, cited answers, and what the starter library holds."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import functions_framework.aio
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import StreamingResponse

from functions.retrieval import cache, generation, library_index, schema, service, store
from functions.retrieval.domain import names, wording
from functions.retrieval.domain.library import Digest
from functions.retrieval.domain.wording import Said, cited
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.adapters.vectors.qdrant import QdrantIndex
from voiceassist.contracts.answers import LIBRARY_STARTING, Answer, Found, Question, SearchRequest
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.core.terminology import Concepts, PackError
from voiceassist.ports.language import LanguageModel
from voiceassist.ports.vectors import Filters, PassageIndex
from voiceassist.runtime import door, logging, metrics, providers, terminology
from voiceassist.runtime.http_room import http_app
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)

KNOWLEDGE, DOCUMENTS = "qdrant", "pgvector"
# Whoever asks by voice waits no longer than eight seconds, and is to hear why.
PREPARING_SECONDS = 6.0

keeper = library_index.Keeper()
remembered = cache.Answers()
health = generation.Health()


async def warm() -> None:
    """Build the library if it is not there and load the embedder: a session that asks for readiness finds both."""
    await keeper.ready()
    await asyncio.to_thread(providers.embedder().embed_query, "ready")
    if reranker := providers.reranker():
        try:
            await asyncio.to_thread(reranker.scores, "ready", ["ready"])
        except Exception as error:  # noqa: BLE001 - searches go on without it; only its loading is too long for one
            log.warning("rerank.unusable", error_type=type(error).__name__)


room = door.Room(
    store.ROOM,
    checks={
        "postgres": lambda: providers.database().ping(),
        "qdrant": lambda: providers.knowledge().ping(),
        "library": warm,
    },
)
app = http_app(room, title="Retrieval")

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
    return PgVectorIndex(providers.database(), caller, providers.embedder().model, embedders=providers.embedder_of)


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


def means(filters: Filters = Filters()) -> service.Means:  # noqa: B008 - frozen
    return service.Means(other_names(), filters, providers.reranker(), datetime.now(UTC).year)


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
    return Found(items=tuple(wording.passage(found) for found in outcome.passages), complete=outcome.all_searched)


async def cache_key(question: str, caller: Principal, model: LanguageModel | None, library: str | None) -> str | None:
    """None where a state of the indexes is not known: then nothing is remembered."""
    if library is None:
        return None
    try:
        documents = await documents_of(caller).version()
    except UnavailableError:
        return None
    models = f"{providers.embedder().model.id}|{model.model_id if model else ''}"
    return cache.key(question, caller, library=library, documents=documents, models=models)


@app.post("/api/v1/answers")
async def answers(request: Question, caller: Caller) -> Answer:
    """The whole answer at once."""
    given: Answer | None = None
    async for part in told(request.question, caller):
        given = part if isinstance(part, Answer) else given
    if given is None:
        raise UnavailableError("There was no answer.")
    return given


@app.post("/api/v1/answers/stream")
async def stream(request: Question, caller: Caller) -> StreamingResponse:
    """Server-sent events: `sentence` for each that is checked, at last `answer`, which counts."""
    parts = told(request.question, caller)
    first = await anext(parts)  # what cannot be answered at all is a problem document and no stream

    async def events() -> AsyncIterator[str]:
        yield event(first)
        async for part in parts:
            yield event(part)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})


def event(part: Said | Answer) -> str:
    if isinstance(part, Answer):
        return f"event: answer\ndata: {part.model_dump_json()}\n\n"
    sentence = schema.Sentence(text=part.text, citation=cited([part])[0])
    return f"event: sentence\ndata: {sentence.model_dump_json()}\n\n"


async def told(question: str, caller: Principal) -> AsyncIterator[Said | Answer]:
    """The parts of an answer as they come; the last is the answer, which is remembered and recorded."""
    started = time.perf_counter()
    model = providers.language_model()
    name = await cache_key(question, caller, model, await library_version())
    known = remembered.get(name) if name else None
    if known:
        answer, passages = known
    else:
        weighed = await service.weighed(
            question,
            sources=sources(caller),
            embedder=providers.embedder(),
            observe=observe,
            spell=speller(),
            means=means(),
        )
        passages, answer = weighed.passages, weighed.quoted
        async for part in service.told(question, weighed, model, health):
            if isinstance(part, Answer):
                answer = part
            else:
                yield part
        if name and weighed.all_searched and (answer.model or not (model and weighed.material)):
            remembered.put(name, answer, passages)
    await recorded(answer, caller, passages, round((time.perf_counter() - started) * 1000))
    yield answer


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
