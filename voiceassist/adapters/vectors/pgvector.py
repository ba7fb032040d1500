"""pgvector under row-level security: the passages of uploaded documents.

Search is exact. A row-level policy is a filter, and under an approximate index a filter loses results
without a word (recall .037 measured); `+ 0` in the ordering keeps every such index out of the plan.

A passage has room for two vectors, of the model that serves its tenant and of the one that will (index_models.py).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import index_models
from voiceassist.adapters.vectors.index_models import literal
from voiceassist.core.identity import Principal
from voiceassist.core.text import terms
from voiceassist.ports.embedding import Embedder, Model
from voiceassist.ports.vectors import Chunk, Filters, Hit, IndexModelError, Query, Rankings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.ext.asyncio import AsyncConnection

SOURCE = "Uploaded document"
SOURCE_TYPE = "note"

_COLUMNS = (
    "c.id, c.document_id, d.title, c.content, c.heading, c.index, c.page, d.version, c.visibility, d.source, d.year"
)
_FROM = "from chunks c join documents d on d.id = c.document_id"
_CURRENT = "d.status = 'completed' and not c.superseded"
_OF_MODEL = ":model in (c.embedding_model, c.next_model)"
# The plan computes a distance only for rows that passed the WHERE: vectors of another dimension are not compared.
_DISTANCE = """
case when c.embedding_model = :model then c.embedding else c.next_embedding end <=> cast(:vector as halfvec)
""".strip()

_BY_MEANING = f"""
select {_COLUMNS}, 1 - ({_DISTANCE}) as score {_FROM}
where {_CURRENT} and {_OF_MODEL}
order by ({_DISTANCE}) + 0, c.id
limit :limit
"""

# Titles are searched too: the title decides.
_BY_WORDS = f"""
with asked as (select websearch_to_tsquery('english', :words) as words),
titled as materialized (
    select id, setweight(to_tsvector('english', title), 'A') as words from documents where status = 'completed'
)
select {_COLUMNS}, ts_rank(t.words || c.words, asked.words, 1) as score
{_FROM} join titled t on t.id = c.document_id cross join asked
where {_CURRENT} and (c.words @@ asked.words or t.words @@ asked.words)
order by score desc, c.id
limit :limit
"""  # noqa: S608 - constants only

_VERSION = """
select md5(coalesce(string_agg(concat_ws('/', id, version, visibility, updated_at), ',' order by id), ''))
from documents where status = 'completed'
"""

_INSERT = """
insert into chunks (id, tenant_id, owner_id, document_id, visibility, index, page, heading, content, token_count,
                    embedding, embedding_model)
select :id, d.tenant_id, d.owner_id, d.id, d.visibility, :index, :page, :heading, :content, :tokens,
       cast(:vector as halfvec), :model
from documents d where d.id = :document_id
on conflict (id) do update set
    index = excluded.index, page = excluded.page, heading = excluded.heading, content = excluded.content,
    token_count = excluded.token_count, embedding = excluded.embedding, embedding_model = excluded.embedding_model,
    next_embedding = null, next_model = null, updated_at = now()
"""

# Gives the embedder of a model id; raises IndexModelError for one that this process does not have.
Embedders = Callable[[str], Embedder]


def no_other(_model_id: str) -> Embedder:
    raise IndexModelError


class PgVectorIndex:
    """What `principal` may see, and no other row: the policies of the table decide, not a WHERE of ours.

    `model` is the one of the vectors that come in. While another one still serves the tenant, `embedders` gives that
    one and the question is embedded again; where it cannot, the search is refused.
    """

    def __init__(
        self, database: Database, principal: Principal, model: Model, *, embedders: Embedders = no_other
    ) -> None:
        self._database = database
        self._principal = principal
        self._model = model
        self._embedders = embedders

    async def search(self, query: Query) -> Rankings:
        if not _may_match(query.filters) or (query.filters.mine and self._principal.user_id is None):
            return Rankings()
        meaning: tuple[Hit, ...] = ()
        wording = " or ".join(terms(query.text))
        async with self._database.transaction(self._principal) as connection:
            if query.vector is not None:
                meaning = await self._by_meaning(connection, query)
            words: tuple[Hit, ...] = ()
            if wording:
                statement, given = self._narrowed(_BY_WORDS, query)
                words = await _hits(connection, statement, given | {"words": wording})
        return Rankings(by_meaning=meaning, by_words=words)

    async def _by_meaning(self, connection: "AsyncConnection", query: Query) -> tuple[Hit, ...]:
        model, vector = self._model, query.vector
        serving = await index_models.serving(connection)
        if not serving.takes(model.id):
            embedder = self._embedders(serving.model_id)
            model = embedder.model
            vector = await asyncio.to_thread(embedder.embed_query, query.text)
        if vector is None or len(vector) != model.dimension:
            raise IndexModelError
        statement, given = self._narrowed(_BY_MEANING, query)
        return await _hits(connection, statement, given | {"model": model.id, "vector": literal(vector)})

    def _narrowed(self, statement: str, query: Query) -> tuple[str, dict[str, Any]]:
        """A statement with the query's filters in its WHERE, and their values; a row that fails one is never read."""
        filters = query.filters
        limits = {
            "d.owner_id = :owner": ("owner", self._principal.user_id if filters.mine else None),
            "d.year >= :year_from": ("year_from", filters.year_from),
            "d.year <= :year_to": ("year_to", filters.year_to),
        }
        given = {clause: value for clause, value in limits.items() if value[1] is not None}
        values: dict[str, Any] = dict(given.values())
        return statement.replace(_CURRENT, " and ".join((_CURRENT, *given))), values | {"limit": query.limit}

    async def upsert(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None:
        async with self._database.transaction(self._principal) as connection:
            await write(connection, chunks, vectors, model=self._model)

    async def delete(self, document_id: str) -> None:
        async with self._database.transaction(self._principal) as connection:
            await remove(connection, UUID(document_id))

    async def version(self) -> str:
        """Changes whenever a document that the principal may see comes, goes or is changed."""
        from sqlalchemy import text

        async with self._database.transaction(self._principal) as connection:
            return str((await connection.execute(text(_VERSION))).scalar_one())

    async def count(self) -> int:
        from sqlalchemy import text

        async with self._database.transaction(self._principal) as connection:
            return int((await connection.execute(text("select count(*) from chunks"))).scalar_one())


async def write(
    connection: "AsyncConnection", chunks: Sequence[Chunk], vectors: "NDArray[np.float32]", *, model: Model
) -> None:
    """Store chunks in the caller's transaction; tenant, owner and visibility are the document's own.

    Raises IndexModelError when another model serves the tenant, which cannot change until the transaction ends.
    """
    from sqlalchemy import text

    if not chunks:
        return
    if vectors.shape != (len(chunks), model.dimension):
        raise IndexModelError
    if (await index_models.held(connection, model)).model_id != model.id:
        raise IndexModelError
    rows = [
        {
            "id": UUID(chunk.chunk_id),
            "document_id": UUID(chunk.document_id),
            "index": chunk.position,
            "page": chunk.page,
            "heading": chunk.heading,
            "content": chunk.text,
            "tokens": len(chunk.text.split()),
            "vector": literal(vector),
            "model": model.id,
        }
        for chunk, vector in zip(chunks, vectors, strict=True)
    ]
    await connection.execute(text(_INSERT), rows)


async def remove(connection: "AsyncConnection", document_id: UUID) -> None:
    from sqlalchemy import text

    await connection.execute(text("delete from chunks where document_id = :id"), {"id": document_id})


async def _hits(connection: "AsyncConnection", statement: str, parameters: dict[str, Any]) -> tuple[Hit, ...]:
    from sqlalchemy import text

    rows = (await connection.execute(text(statement), parameters)).mappings().all()
    return tuple(Hit(_chunk(row), float(row["score"])) for row in rows)


def _may_match(filters: Filters) -> bool:
    """An uploaded document tells no specialty; of kind it is a note."""
    return not filters.specialties and (not filters.sources or SOURCE_TYPE in filters.sources)


def _chunk(row: Any) -> Chunk:
    return Chunk(
        chunk_id=str(row["id"]),
        document_id=str(row["document_id"]),
        title=row["title"],
        text=row["content"],
        heading=row["heading"],
        position=row["index"],
        page=row["page"],
        source=row["source"] or SOURCE,
        source_type=SOURCE_TYPE,
        year=row["year"],
        version=str(row["version"]),
        visibility=row["visibility"],
    )
