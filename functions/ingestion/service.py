"""From a stored file to embedded passages: read, look for identifiers, cut, embed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol
from uuid import UUID, uuid5

from functions.ingestion.domain.blocks import EMPTY, HOLDS_PHI, TOO_LARGE, DocumentError, Extracted
from functions.ingestion.domain.chunking import Piece, chunked
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.vectors import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CHUNKS = 20_000
EMBED_AT_ONCE = 64
SPECIAL_TOKENS = 2  # the model's own, at both ends of a text

# Tells how far the reading is: pages done, pages in all.
Paged = Callable[[int, int], None]
Reader = Callable[[BinaryIO, str, Paged], Awaitable[Extracted]]
# Counts the identifiers in texts by their kind.
Scanner = Callable[[Sequence[str]], Awaitable[dict[str, int]]]


@dataclass(frozen=True, slots=True)
class Source:
    """A document as the store knows it."""

    document_id: UUID
    tenant_id: UUID
    owner_id: UUID
    title: str
    kind: str
    version: int
    source: str = ""
    year: int | None = None
    visibility: str = "private"
    released: bool = False


Verdict = Literal["index", "refuse", "quarantine"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of a document with identifiers; those of the `allowed` kinds stand in publications too."""

    action: Literal["flag", "quarantine", "refuse"] = "flag"
    allowed: frozenset[str] = frozenset()

    def verdict(self, source: "Source", findings: dict[str, int]) -> Verdict:
        """Flagged is indexed, into the owner's own index: what would be for everybody is looked at first.

        What a reviewer released is not held again, and what policy refuses no reviewer sees.
        """
        if not findings.keys() - self.allowed:
            return "index"
        if self.action == "refuse":
            return "refuse"
        if source.released or (self.action == "flag" and source.visibility == "private"):
            return "index"
        return "quarantine"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is stored beside the passages, which are stored already."""

    chunks: tuple[Chunk, ...]
    extracted: Extracted


class Desk(Protocol):
    """Where a job is written down while it runs; each raises StoppedError when it has been cancelled meanwhile."""

    async def progress(self, step: str, total: int, done: int) -> None: ...

    async def paged(self, total: int, done: int) -> None: ...

    async def scanned(self, findings: dict[str, int]) -> None: ...

    async def known(self, chunks: Sequence[Chunk]) -> frozenset[str]:
        """Ids of those that an earlier attempt stored as they are, with vectors of the same model."""
        ...

    async def keep(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None: ...


class StoppedError(Exception):
    """The job was cancelled, or its document is gone."""


class QuarantinedError(Exception):
    """Somebody has to look at the document before anything of it is indexed; `findings` counts them by kind."""

    def __init__(self, findings: dict[str, int]) -> None:
        super().__init__()
        self.findings = findings


async def prepare(
    source: Source,
    file: BinaryIO,
    *,
    read: Reader,
    scan: Scanner,
    policy: Policy,
    embedder: Embedder,
    longest: int,
    desk: Desk,
) -> Prepared:
    """Raises DocumentError when the document itself is at fault, QuarantinedError when it must be looked at first.

    `longest` is how many tokens the model reads.
    """
    await desk.progress("extract", 0, 0)
    extracted = await _read(source, file, read, desk)
    await desk.progress("phi_scan", 0, 0)
    findings = await scan([block.text for block in extracted.blocks])
    await desk.scanned(findings)
    verdict = policy.verdict(source, findings)
    if verdict == "refuse":
        raise DocumentError("The document holds identifiers of patients.", code=HOLDS_PHI)
    if verdict == "quarantine":
        raise QuarantinedError(findings)
    await desk.progress("chunk", 0, 0)
    pieces = await asyncio.to_thread(
        chunked, extracted.blocks, count=embedder.count_tokens, title=source.title, room=longest - SPECIAL_TOKENS
    )
    chunks = passages(source, pieces)
    await _embedded(chunks, embedder, desk)
    return Prepared(chunks, extracted)


async def _read(source: Source, file: BinaryIO, read: Reader, desk: Desk) -> Extracted:
    """Read while somebody else writes down the page it is at."""
    at = [0, 0]

    def paged(done: int, total: int) -> None:
        at[:] = done, total

    async def write() -> None:
        told = (0, 0)
        while True:
            await asyncio.sleep(0.5)
            if told != (at[0], at[1]):
                told = (at[0], at[1])
                await desk.paged(told[1], told[0])

    writing = asyncio.create_task(write())
    try:
        extracted = await read(file, source.kind, paged)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    if extracted.pages:
        await desk.paged(extracted.pages, extracted.pages)
    return extracted


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


async def _embedded(chunks: Sequence[Chunk], embedder: Embedder, desk: Desk) -> None:
    """Batch by batch, each stored before the next begins: what a crash leaves is not embedded again."""
    known = await desk.known(chunks)
    left = [chunk for chunk in chunks if chunk.chunk_id not in known]
    for start in range(0, len(left), EMBED_AT_ONCE):
        await desk.progress("embed", len(chunks), len(chunks) - len(left) + start)
        batch = left[start : start + EMBED_AT_ONCE]
        vectors = await asyncio.to_thread(embedder.embed_passages, [chunk.searchable for chunk in batch])
        await desk.keep(batch, vectors)
    await desk.progress("index", len(chunks), len(chunks))
