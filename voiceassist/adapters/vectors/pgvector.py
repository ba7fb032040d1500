"""pgvector under row-level security: the passages of uploaded documents.

Search is exact. A row-level policy is a filter, and under an approximate index a filter loses results
without a word (recall .037 measured); `+ 0` in the ordering keeps every such index out of the plan.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.postgres import Database
from voiceassist.core.identity import Principal
from voiceassist.core.text import terms
from voiceassist.ports.vectors import Chunk, Hit, Query, Rankings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.ext.asyncio import AsyncConnection

SOURCE = "Uploaded document"

_COLUMNS = "c.id, c.document_id, d.title, c.content, c.heading, c.index, c.page, d.version, c.visibility"
_FROM = "from chunks c join documents d on d.id = c.document_id"
_CURRENT = "d.status = 'completed' and not c.superseded and c.embedding_model = :model"

_BY_MEANING = f"""
select {_COLUMNS}, 1 - (c.embedding <=> cast(:vector as halfvec)) as score {_FROM}
where {_CURRENT}
order by (c.embedding <=> cast(:vector as halfvec)) + 0, c.id
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

_INSERT = """
insert into chunks (id, tenant_id, owner_id, document_id, visibility, index, page, heading, content, token_count,
                    embedding, embedding_model)
select :id, d.tenant_id, d.owner_id, d.id, d.visibility, :index, :page, :heading, :content, :tokens,
       cast(:vector as halfvec), :model
from documents d where d.id = :document_id
on conflict (id) do update set
    index = excluded.index, page = excluded.page, heading = excluded.heading, content = excluded.content,
    token_count = excluded.token_count, embedding = excluded.embedding, embedding_model = excluded.embedding_model,
    updated_at = now()
"""


class PgVectorIndex:
    """What `principal` may see, and no other row: the policies of the table decide, not a WHERE of ours."""

    def __init__(self, database: Database, principal: Principal, model_id: str) -> None:
        self._database = database
        self._principal = principal
        self._model_id = model_id

    async def search(self, query: Query) -> Rankings:
        meaning: tuple[Hit, ...] = ()
        wording = " or ".join(terms(query.text))
        common = {"model": self._model_id, "limit": query.limit}
        async with self._database.transaction(self._principal) as connection:
            if query.vector is not None:
                meaning = await _hits(connection, _BY_MEANING, common | {"vector": literal(query.vector)})
            words = await _hits(connection, _BY_WORDS, common | {"words": wording}) if wording else ()
        return Rankings(by_meaning=meaning, by_words=words)

    async def upsert(self, chunks: Sequence[Chunk], vectors: "NDArray[np.float32]") -> None:
        async with self._database.transaction(self._principal) as connection:
            await write(connection, chunks, vectors, model_id=self._model_id)

    async def delete(self, document_id: str) -> None:
        async with self._database.transaction(self._principal) as connection:
            await remove(connection, UUID(document_id))

    async def count(self) -> int:
        from sqlalchemy import text

        async with self._database.transaction(self._principal) as connection:
            return int((await connection.execute(text("select count(*) from chunks"))).scalar_one())


async def write(
    connection: "AsyncConnection", chunks: Sequence[Chunk], vectors: "NDArray[np.float32]", *, model_id: str
) -> None:
    """Store chunks in the caller's transaction; tenant, owner and visibility are the document's own."""
    from sqlalchemy import text

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
            "model": model_id,
        }
        for chunk, vector in zip(chunks, vectors, strict=True)
    ]
    if rows:
        await connection.execute(text(_INSERT), rows)


async def remove(connection: "AsyncConnection", document_id: UUID) -> None:
    from sqlalchemy import text

    await connection.execute(text("delete from chunks where document_id = :id"), {"id": document_id})


def literal(vector: "NDArray[np.float32]") -> str:
    """pgvector's text form."""
    return "[" + ",".join(f"{float(value):.6g}" for value in vector) + "]"


async def _hits(connection: "AsyncConnection", statement: str, parameters: dict[str, Any]) -> tuple[Hit, ...]:
    from sqlalchemy import text

    rows = (await connection.execute(text(statement), parameters)).mappings().all()
    return tuple(Hit(_chunk(row), float(row["score"])) for row in rows)


def _chunk(row: Any) -> Chunk:
    return Chunk(
        chunk_id=str(row["id"]),
        document_id=str(row["document_id"]),
        title=row["title"],
        text=row["content"],
        heading=row["heading"],
        position=row["index"],
        page=row["page"],
        source=SOURCE,
        version=str(row["version"]),
        visibility=row["visibility"],
    )
