"""The starter library in Qdrant: built once, rebuilt when its content or the embedder changes.

A build goes into a collection named after the hash of what is in it; the alias that searches use is
switched when the build is complete. So a crash leaves the old index in service and the next build goes
on where it ended, and two processes that build at once write the same points. The collection before stays
until the next change, for rooms that still run with its model.
"""

import asyncio
import hashlib
from functools import lru_cache
from pathlib import Path

from functions.retrieval.domain import library
from functions.retrieval.domain.library import Digest
from voiceassist.adapters.vectors.qdrant import COLLECTION, Qdrant, QdrantIndex
from voiceassist.core.errors import UnavailableError
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.vectors import Chunk
from voiceassist.runtime import logging, providers
from voiceassist.runtime.settings import Settings

log = logging.get_logger(__name__)

FOLDER = Path(__file__).parent / "library"
# Raise when passages are cut or weighted in another way: the index is then built anew.
SCHEME = "3"

_building = asyncio.Lock()


@lru_cache(maxsize=1)
def digests(folder: Path = FOLDER) -> tuple[Digest, ...]:
    """All digests by title; raises DigestError for one that is not well written."""
    found = [library.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))]
    return tuple(sorted(found, key=lambda digest: digest.title.casefold()))


def passages(found: tuple[Digest, ...]) -> list[Chunk]:
    return [chunk for digest in found for chunk in library.chunks(digest)]


def fingerprint(chunks: list[Chunk], model_id: str) -> str:
    """Twelve hex digits that change with any text, the model or the scheme."""
    digest = hashlib.sha256(f"{SCHEME}|{model_id}".encode())
    for chunk in chunks:
        told = (chunk.chunk_id, chunk.searchable, *chunk.mined, chunk.source, chunk.year)
        digest.update("".join(f"|{part}" for part in told).encode())
    return digest.hexdigest()[:12]


async def ensure(_settings: Settings | None = None) -> str:
    """Make the library searchable and return its collection; quick when that is done already.

    Raises UnavailableError when Qdrant is down or busy.
    """
    chunks = await asyncio.to_thread(lambda: passages(digests()))
    return await ensured(chunks, providers.knowledge(), providers.embedder())


class Keeper:
    """Ensures once in the life of a room, and again after the knowledge base was away."""

    def __init__(self) -> None:
        self._task: asyncio.Task[str] | None = None

    async def ready(self) -> str:
        """Waits for a build under way; a caller who gives up waiting does not end it."""
        if self._task is None or (self._task.done() and (self._task.cancelled() or self._task.exception())):
            self._task = asyncio.create_task(ensure())
        return await asyncio.shield(self._task)

    def forget(self) -> None:
        self._task = None


async def ensured(chunks: list[Chunk], server: Qdrant, embedder: Embedder, *, alias: str = COLLECTION) -> str:
    name = f"{alias}_{fingerprint(chunks, embedder.model_id)}"
    async with _building:
        before = await server.alias_target(alias)
        if before != name:
            await _build(name, chunks, server, embedder)
            await server.point_alias(alias, name)
            log.info("library.indexed", count=len(chunks), version=name)
            # The one before stays for rooms that still have its model; those before it have nobody left.
            for old in await server.collections():
                if old.startswith(f"{alias}_") and old not in {name, before}:
                    await server.drop(old)
    return name


async def _build(name: str, chunks: list[Chunk], server: Qdrant, embedder: Embedder) -> None:
    vectors = await asyncio.to_thread(embedder.embed_passages, [chunk.searchable for chunk in chunks])
    await server.create(name, embedder.dimension, embedder.model)
    index = QdrantIndex(server, name)
    await index.upsert(chunks, vectors)
    if await index.count() != len(chunks):
        raise UnavailableError("The library could not be indexed completely.")
