"""The door of retrieval: search, cited answers, and what the starter library holds."""

import asyncio
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import functions_framework.aio
from fastapi import Depends
from starlette.requests import Request

from functions.retrieval import library_index, schema, service, store
from functions.retrieval.domain import names, wording
from functions.retrieval.domain.library import Digest
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.adapters.vectors.qdrant import QdrantIndex
from voiceassist.contracts.answers import Answer, Found, Question, SearchRequest
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.core.terminology import Concepts, PackError
from voiceassist.ports.vectors import Filters, PassageIndex
from voiceassist.runtime import door, logging, metrics, providers, terminology
from voiceassist.runtime.http_room import http_app
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)

KNOWLEDGE, DOCUMENTS = "qdrant", "pgvector"

keeper = library_index.Keeper()


async def warm() -> None:
    """Build the library if it is not there and load the embedder: a session that asks for readiness finds both."""
    await keeper.ready()
    await asyncio.to_thread(providers.embedder().embed_query, "ready")
    if reranker := providers.reranker():
        try:
            await asyncio.to_thread(reranker.scores, "ready", ["ready"])
        except UnavailableError as error:
            # Searches go on without it; only its loading is too long for one of them.
            log.warning("rerank.unusable", code=error.code)


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


async def sources(caller: Principal, *, mine: bool = False) -> dict[str, PassageIndex]:
    """The shared library, and of the uploaded documents those the caller may see; the library is nobody's own."""
    model = providers.embedder().model
    documents = PgVectorIndex(providers.database(), caller, model, embedders=providers.embedder_of)
    if mine:
        return {DOCUMENTS: documents}
    try:
        await keeper.ready()
    except UnavailableError as error:
        # Not fatal: the search itself will find the knowledge base missing and say so.
        log.warning("library.unavailable", code=error.code)
    return {KNOWLEDGE: QdrantIndex(providers.knowledge(), model_id=model.id), DOCUMENTS: documents}


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
    outcome = await service.search(
        request.query,
        sources=await sources(caller, mine=request.owner == "me"),
        embedder=providers.embedder(),
        limit=request.limit,
        observe=observe,
        spell=speller(),
        means=means(filters_of(request)),
    )
    return Found(items=tuple(wording.passage(found) for found in outcome.passages), complete=outcome.all_searched)


@app.post("/api/v1/answers")
async def answers(request: Question, caller: Caller) -> Answer:
    started = time.perf_counter()
    answer, passages = await service.answer(
        request.question,
        sources=await sources(caller),
        embedder=providers.embedder(),
        observe=observe,
        spell=speller(),
        means=means(),
    )
    metrics.ANSWERS.labels(answer.status).inc()
    milliseconds = round((time.perf_counter() - started) * 1000)
    try:
        await store.say(providers.database(), caller, answer, passages=passages, milliseconds=milliseconds)
    except UnavailableError:
        # An answer from the library is worth more than the count of it.
        log.warning("answer.unrecorded", duration_ms=milliseconds)
    return answer


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
