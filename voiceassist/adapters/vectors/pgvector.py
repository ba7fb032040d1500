"""pgvector under row-level security: the passages of uploaded documents.

Search is exact. A row-level policy is a filter, and under an approximate index a filter loses results
without a word (recall .037 measured); `+ 0` in the ordering keeps every such index out of the plan.

A passage has room for two vectors, of the model that serves its tenant and of the one that will (index_models.py).

Texts are sealed and words for search are blind (sealing.py): only passages that are found are opened.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption import words
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import index_models, sealing
from voiceassist.adapters.vectors.index_models import literal
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.core.text import terms
from voiceassist.ports.embedding import Embedder, Model
from voiceassist.ports.vectors import Chunk, Filters, Hit, IndexModelError, Query, Rankings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

SOURCE = "Uploaded document"
SOURCE_TYPE = "note"

_COLUMNS = """
c.id, c.document_id, c.index, c.page, d.version, c.visibility, d.year, c.heading, c.heading_sealed, c.content,
c.content_sealed, d.title, d.title_sealed, d.source, d.source_sealed
""".strip()
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

# Titles are searched too: the title decides. While rows in clear are left of an older release, both kinds of words are
# asked for: that divides every score by two and so changes no order.
_BY_WORDS = f"""
with clear as materialized (
    select {sealing.ANY_CLEAR} as rows
),
asked as materialized (
    select cast(:blind as tsquery) || case when clear.rows then cast(:clear as tsquery) else '' end as words from clear
),
titled as materialized (
    select id, coalesce(words, setweight(to_tsvector('english', title), 'A')) as words
    from documents where status = 'completed'
),
worded as materialized (
    select c.id, ts_rank(t.words || w.words, asked.words, 1) as score
    {_FROM} join titled t on t.id = c.document_id cross join asked
    cross join lateral (
        select coalesce(c.words, to_tsvector('english', c.heading || ' ' || c.content)) as words
    ) w
    where {_CURRENT} and (w.words @@ asked.words or t.words @@ asked.words)
    order by score desc, c.id
    limit :limit
)
select {_COLUMNS}, worded.score {_FROM} join worded on worded.id = c.id
order by worded.score desc, c.id
"""  # noqa: S608 - constants only

_VERSION = """
select md5(coalesce(string_agg(concat_ws('/', id, version, visibility, updated_at), ',' order by id), ''))
from documents where status = 'completed'
"""

_INSERT = """
insert into chunks (id, tenant_id, owner_id, document_id, visibility, index, page, heading_sealed, content_sealed,
                    words, token_count, embedding, embedding_model)
select :id, d.tenant_id, d.owner_id, d.id, d.visibility, :index, :page, :heading_sealed, :content_sealed,
       cast(:words as tsvector), :tokens, cast(:vector as halfvec), :model
from documents d where d.id = :document_id
on conflict (id) do update set
    index = excluded.index, page = excluded.page, heading = '', content = '',
    heading_sealed = excluded.heading_sealed, content_sealed = excluded.content_sealed, words = excluded.words,
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
        self,
        database: Database,
        keyring: Keyring,
        principal: Principal,
        model: Model,
        *,
        embedders: Embedders = no_other,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._principal = principal
        self._model = model
        self._embedders = embedders

    async def search(self, query: Query) -> Rankings:
        if not _may_match(query.filters) or (query.filters.mine and self._principal.user_id is None):
            return Rankings()
        meaning: tuple[Hit, ...] = ()
        worded: tuple[Hit, ...] = ()
        wording = " or ".join(terms(query.text))
        keys = await self._keyring.of(self._principal.tenant_id)
        async with self._database.transaction(self._principal) as connection:
            if query.vector is not None:
                meaning = await self._by_meaning(connection, keys, query)
            if wording:
                asked = await words.asked(connection, keys, wording)
                statement, given = self._narrowed(_BY_WORDS, query)
                worded = await _hits(connection, keys, statement, given | {"blind": asked.blind, "clear": asked.clear})
        return Rankings(by_meaning=meaning, by_words=worded)

    async def _by_meaning(self, connection: "AsyncConnection", keys: "TenantKeys", query: Query) -> tuple[Hit, ...]:
        model, vector = self._model, query.vector
        serving = await index_models.serving(connection)
        if not serving.takes(model.id):
            embedder = self._embedders(serving.model_id)
            model = embedder.model
            vector = await asyncio.to_thread(embedder.embed_query, query.text)
        if vector is None or len(vector) != model.dimension:
            raise IndexModelError
        statement, given = self._narrowed(_BY_MEANING, query)
        return await _hits(connection, keys, statement, given | {"model": model.id, "vector": literal(vector)})

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
        keys = await self._keyring.of(self._principal.tenant_id)
        async with self._database.transaction(self._principal) as connection:
            await write(connection, keys, chunks, vectors, model=self._model)

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
    connection: "AsyncConnection",
    keys: "TenantKeys",
    chunks: Sequence[Chunk],
    vectors: "NDArray[np.float32]",
    *,
    model: Model,
) -> None:
    """Store chunks, sealed, in the caller's transaction; tenant, owner and visibility are the document's own.

    Raises IndexModelError when another model serves the tenant, which cannot change until the transaction ends.
    """
    from sqlalchemy import text

    if not chunks:
        return
    if vectors.shape != (len(chunks), model.dimension):
        raise IndexModelError
    if (await index_models.held(connection, model)).model_id != model.id:
        raise IndexModelError
    blind = await words.vectors(connection, keys, [sealing.searchable(one.heading, one.text) for one in chunks])
    rows = [
        {
            "id": UUID(chunk.chunk_id),
            "document_id": UUID(chunk.document_id),
            "index": chunk.position,
            "page": chunk.page,
            "words": of_words,
            "tokens": len(chunk.text.split()),
            "vector": literal(vector),
            "model": model.id,
        }
        | sealing.sealed_passage(keys, UUID(chunk.chunk_id), heading=chunk.heading, content=chunk.text)
        for chunk, vector, of_words in zip(chunks, vectors, blind, strict=True)
    ]
    await connection.execute(text(_INSERT), rows)


async def shred(connection: "AsyncConnection") -> None:
    """Drop every passage of the tenant for whom the transaction acts: vectors are not sealed, and tell of texts."""
    from sqlalchemy import text

    await connection.execute(text("delete from chunks"))


async def remove(connection: "AsyncConnection", document_id: UUID) -> None:
    from sqlalchemy import text

    await connection.execute(text("delete from chunks where document_id = :id"), {"id": document_id})


async def _hits(
    connection: "AsyncConnection", keys: "TenantKeys", statement: str, parameters: dict[str, Any]
) -> tuple[Hit, ...]:
    from sqlalchemy import text

    rows = (await connection.execute(text(statement), parameters)).mappings().all()
    try:
        return tuple(Hit(_chunk(keys, row), float(row["score"])) for row in rows)
    except SealBrokenError:
        # Somebody changed the database beside us: better no documents than some that are not what was written.
        raise UnavailableError("A passage does not open.", code="PASSAGE_BROKEN") from None


def _may_match(filters: Filters) -> bool:
    """An uploaded document tells no specialty; of kind it is a note."""
    return not filters.specialties and (not filters.sources or SOURCE_TYPE in filters.sources)


def _chunk(keys: "TenantKeys", row: Any) -> Chunk:
    heading, content = sealing.opened_passage(keys, row["id"], row)
    told = sealing.opened_document(keys, row["document_id"], row)
    return Chunk(
        chunk_id=str(row["id"]),
        document_id=str(row["document_id"]),
        title=told["title"],
        text=content,
        heading=heading,
        position=row["index"],
        page=row["page"],
        source=told["source"] or SOURCE,
        source_type=SOURCE_TYPE,
        year=row["year"],
        version=str(row["version"]),
        visibility=row["visibility"],
    )
