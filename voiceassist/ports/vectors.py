"""Stores of searchable passages: what Qdrant and pgvector both offer.

A store gives its two rankings, by meaning and by words, each with raw scores; who asks fuses them.
So one fusion serves every store, and evidence can be judged by similarity, which a fused rank hides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from voiceassist.core.errors import UnavailableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage with what is needed to find it and to cite it.

    `aliases` are names that its authors gave it, `mined` such as its text mentions; these are searched by words only.
    """

    chunk_id: str
    document_id: str
    title: str
    text: str
    heading: str = ""
    position: int = 0
    page: int | None = None
    chapter: str = ""
    source: str = ""
    source_type: str = "note"
    specialty: str = ""
    year: int | None = None
    version: str | None = None
    superseded: bool = False
    starter: bool = False
    visibility: str = "public"
    aliases: tuple[str, ...] = ()
    mined: tuple[str, ...] = ()
    retracted: bool = False

    @property
    def citable(self) -> bool:
        """A passage that another one replaced or that was withdrawn is never found."""
        return not self.superseded and not self.retracted

    @property
    def searchable(self) -> str:
        """What is embedded and indexed: the title decides, so it stands in front of every passage."""
        return ". ".join(part for part in (self.title, *self.aliases, self.heading, self.text) if part)


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is a cosine similarity in the ranking by meaning, and a store's own measure in the one by words."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; empty means no limit, and a passage without a year lies in no range of years.

    `sources` are kinds of source, such as guideline. `mine` leaves out what belongs to others or to everybody.
    """

    specialties: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    mine: bool = False

    def __bool__(self) -> bool:
        return self != Filters()

    def allow(self, chunk: Chunk) -> bool:
        """Whether a passage passes; `mine` is the store's to judge, which knows the owners."""
        if self.specialties and chunk.specialty not in self.specialties:
            return False
        if self.sources and chunk.source_type not in self.sources:
            return False
        if self.year_from is None and self.year_to is None:
            return True
        return chunk.year is not None and (self.year_from or 0) <= chunk.year <= (self.year_to or 9999)


@dataclass(frozen=True, slots=True)
class Query:
    """`vector` is the embedded question, shape (dimension,); None ranks by words only."""

    text: str
    vector: "NDArray[np.float32] | None" = None
    limit: int = 24
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True)
class Rankings:
    """Best first; a passage may stand in both."""

    by_meaning: tuple[Hit, ...] = field(default=())
    by_words: tuple[Hit, ...] = field(default=())


class IndexModelError(UnavailableError):
    """The vectors at hand and those of the index come from different models, so comparing them would mean nothing."""

    code = "INDEX_MODEL_MISMATCH"

    def __init__(self) -> None:
        super().__init__("The index was made with another embedding model: `voiceassist reindex` makes it anew.")


class PassageSearch(Protocol):
    """Superseded and retracted passages are never found, nor any outside the query's filters.

    Vectors of another model or dimension are refused (IndexModelError).
    """

    async def search(self, query: Query) -> Rankings: ...


class PassageIndex(PassageSearch, Protocol):
    async def upsert(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None:
        """Store each chunk under its id with its row of `vectors`, shape (len(chunks), dimension)."""
        ...

    async def delete(self, document_id: str) -> None: ...

    async def count(self) -> int: ...
