"""From a stored file to embedded passages: read, cut, embed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID, uuid5

from functions.ingestion.domain.blocks import EMPTY, TOO_LARGE, DocumentError, Extracted
from functions.ingestion.domain.chunking import Piece, chunked
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.vectors import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CHUNKS = 20_000
EMBED_AT_ONCE = 64

Reader = Callable[[BinaryIO, str], Awaitable[Extracted]]
# Tells how far a job is: step, passages in all, passages done.
Progress = Callable[[str, int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Source:
    """A document as the store knows it."""

    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    title: str
    kind: str
    version: int


@dataclass(frozen=True, slots=True)
class Passages:
    """Chunks with their vectors, shape (len(chunks), dimension)."""

    chunks: tuple[Chunk, ...]
    vectors: "NDArray[np.float32]"
    pages: int | None


async def prepare(source: Source, file: BinaryIO, *, read: Reader, embedder: Embedder, progress: Progress) -> Passages:
    """Raises DocumentError when the document itself is at fault."""
    await progress("extract", 0, 0)
    extracted = await read(file, source.kind)
    await progress("chunk", 0, 0)
    chunks = passages(source, await asyncio.to_thread(chunked, extracted.blocks))
    vectors = await _embedded(chunks, embedder, progress)
    return Passages(chunks, vectors, extracted.pages)


def passages(source: Source, pieces: Sequence[Piece]) -> tuple[Chunk, ...]:
    """Ids follow from document, version and position, so a second run writes the same rows."""
    if not pieces:
        raise DocumentError("The document holds no text.", code=EMPTY)
    if len(pieces) > MAX_CHUNKS:
        raise DocumentError("The document has too many passages.", code=TOO_LARGE)
    return tuple(
        Chunk(
            chunk_id=str(uuid5(source.document_id, f"{source.version}/{position}")),
            document_id=str(source.document_id),
            title=source.title,
            text=piece.text,
            heading=piece.heading,
            position=position,
            page=piece.page,
        )
        for position, piece in enumerate(pieces)
    )


async def _embedded(chunks: Sequence[Chunk], embedder: Embedder, progress: Progress) -> "NDArray[np.float32]":
    import numpy as np

    vectors = np.zeros((len(chunks), embedder.dimension), dtype=np.float32)
    for start in range(0, len(chunks), EMBED_AT_ONCE):
        await progress("embed", len(chunks), start)
        texts = [chunk.searchable for chunk in chunks[start : start + EMBED_AT_ONCE]]
        vectors[start : start + len(texts)] = await asyncio.to_thread(embedder.embed_passages, texts)
    await progress("index", len(chunks), len(chunks))
    return vectors
