"""Who finds what: 10,000 random queries over 50 tenants in both stores, and the filter that loses results silently.

Thousands of requests one by one would take minutes: the very statements of the adapters run for many questions at a
time, and some hundred times the adapters themselves.
"""

import random
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from voiceassist.adapters.postgres import Database, async_dsn
from voiceassist.adapters.vectors import pgvector
from voiceassist.adapters.vectors.index_models import literal
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.adapters.vectors.qdrant import Qdrant, QdrantIndex
from voiceassist.core import ids
from voiceassist.core.identity import Principal
from voiceassist.ports.embedding import Model
from voiceassist.ports.vectors import Chunk, Query

from .passages import bulk, document_of, owner_of, vectors

pytestmark = pytest.mark.req("P1.4")

TENANTS = 50
QUERIES = 10_000
OF_EACH = 6
NEAREST = 10
# Who sees what does not hang on the length of the vectors: short ones are quicker.
MODEL = Model("short", "5407" * 16, 16, "mean", 512)
CROWD = Model("crowd", "c0de" * 16, 384, "mean", 512)
WORDS = ["warfarin", "apixaban", "gout", "sepsis", "asthma", "passage", "heparin", "stroke"]


@pytest.fixture(scope="module")
async def database(settings):
    opened = Database(settings.postgres.dsn)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def people(database):
    """Two persons in each tenant and what each may see: the own private document, and what the first one shares."""
    rows = vectors(TENANTS * 3 * OF_EACH, seed=5, dimension=MODEL.dimension)
    found = []
    for number in range(TENANTS):
        tenant = ids.new_id()
        first, second = await owner_of(database, tenant), await owner_of(database, tenant)
        shared = await document_of(database, first, visibility="shared")
        private = [await document_of(database, owner) for owner in (first, second)]
        places = [(first, shared, "shared"), (first, private[0], "private"), (second, private[1], "private")]
        for part, (owner, document, visibility) in enumerate(places):
            start = (number * 3 + part) * OF_EACH
            await bulk(database, owner, document, rows[start : start + OF_EACH], model=MODEL, visibility=visibility)
        found += [(first, {shared, private[0]}), (second, {shared, private[1]})]
    return found


@pytest.fixture(scope="module")
def questions():
    return vectors(QUERIES, seed=11, dimension=MODEL.dimension)


def many(statement: str) -> str:
    """An adapter's statement for every question at once: of each, the documents that it found."""
    inner = statement.replace("cast(:vector as halfvec)", "cast(q.vector as halfvec)")
    for asked in ("cast(:blind as tsquery)", "cast(:clear as tsquery)"):
        inner = inner.replace(asked, "websearch_to_tsquery('english', q.words)")
    return (
        "select q.n, array_agg(distinct h.document_id) from"  # noqa: S608 - a statement of ours
        " unnest(cast(:vectors as text[]), cast(:texts as text[])) with ordinality as q(vector, words, n)"
        f" cross join lateral ({inner}) h group by q.n"
    )


async def test_no_person_finds_a_foreign_passage_in_postgres(database, people, questions):
    each = QUERIES // len(people)
    asked = answered = foreign = 0
    chance = random.Random(3)
    for number, (person, visible) in enumerate(people):
        rows = questions[number * each : (number + 1) * each]
        given = {
            "vectors": [literal(row) for row in rows],
            "texts": [" or ".join(chance.sample(WORDS, 2)) for _ in rows],
            "model": MODEL.id,
            "limit": NEAREST,
        }
        async with database.transaction(person) as connection:
            for statement in (pgvector._BY_MEANING, pgvector._BY_WORDS):
                parameters = {name: value for name, value in given.items() if name != "model" or ":model" in statement}
                for _, documents in await connection.execute(text(many(statement)), parameters):
                    answered += 1
                    foreign += bool({str(one) for one in documents} - visible)
            everything = await connection.execute(text("select distinct document_id from chunks"))
            assert {str(one) for (one,) in everything} == visible  # without any filter of ours
        asked += each
    assert (asked, foreign) == (QUERIES, 0)
    assert answered > QUERIES, "nothing was found, so nothing foreign could be"


async def test_the_index_itself_asks_as_the_person(database, ring, people, questions):
    """What a caller holds: the adapter, some hundred times; and somebody without any document finds what is shared."""
    chance = random.Random(4)
    for question in questions[:300]:
        person, visible = chance.choice(people)
        answer = await PgVectorIndex(database, ring, person, MODEL).search(Query("passage", question, limit=100))
        assert {hit.chunk.document_id for hit in answer.by_meaning} == visible
        assert {hit.chunk.document_id for hit in answer.by_words} == visible
    (first, seen), (_, other) = people[:2]
    nobody = Principal("nobody", first.tenant_id, "user", None)
    answer = await PgVectorIndex(database, ring, nobody, MODEL).search(Query("passage", questions[0], limit=100))
    assert {hit.chunk.document_id for hit in answer.by_meaning} == seen & other


async def test_a_pooled_connection_remembers_nobody(settings, people):
    """After a transaction the setting of whom it was for is empty, not null: no row, and no error either."""
    alone = Database(settings.postgres.dsn, pool_size=1)
    async with alone.transaction(people[0][0]) as connection:
        assert (await connection.execute(text("select count(*) from chunks"))).scalar_one() > 0
    async with alone.engine.connect() as connection:
        assert (await connection.execute(text("select current_setting('app.owner')"))).scalar_one() == ""
        assert (await connection.execute(text("select count(*) from chunks"))).scalar_one() == 0
        assert (await connection.execute(text("select count(*) from passage_indexes"))).scalar_one() == 0
    await alone.close()


@pytest.fixture(scope="module")
async def library(settings):
    """One collection of everybody's passages and 50 tenants' own; which tenant a document is of, by its id."""
    server = Qdrant(settings.qdrant.url, settings.qdrant.api_key, ca_file=settings.ca_file)
    name = f"isolation_{uuid4().hex[:8]}"
    await server.create(name, MODEL.dimension, MODEL)
    owner_by_document = {}
    rows = vectors((TENANTS + 1) * OF_EACH, seed=6, dimension=MODEL.dimension)
    tenants = [None, *(uuid4() for _ in range(TENANTS))]
    for number, tenant in enumerate(tenants):
        document = str(uuid4())
        owner_by_document[document] = tenant
        chunks = [Chunk(str(uuid4()), document, "Handbook", f"passage {WORDS[n]}") for n in range(OF_EACH)]
        await QdrantIndex(server, name, tenant=tenant).upsert(chunks, rows[number * OF_EACH : (number + 1) * OF_EACH])
    yield server, name, tenants, owner_by_document
    await server.drop(name)
    await server.close()


async def test_no_tenant_finds_a_foreign_passage_in_qdrant(library, questions):
    server, name, tenants, owner_by_document = library
    each = QUERIES // (TENANTS + 1) + 1
    asked = foreign = 0
    reached = {tenant: set() for tenant in tenants}
    chance = random.Random(3)
    for number, tenant in enumerate(tenants):
        index = QdrantIndex(server, name, tenant=tenant)
        searches = [
            search | {"with_payload": ["document_id"]}
            for row in questions[number * each : (number + 1) * each]
            for search in index._searches(Query(" ".join(chance.sample(WORDS, 2)), row, limit=NEAREST))
        ]
        results = await server.call("POST", f"/collections/{name}/points/query/batch", {"searches": searches})
        for result in results:
            owners = {owner_by_document[point["payload"]["document_id"]] for point in result["points"]}
            foreign += bool(owners - {None, tenant})
            reached[tenant] |= owners
        asked += len(searches) // 2
    assert (asked, foreign) == (QUERIES, 0)
    assert all(owners == {None, tenant} for tenant, owners in reached.items()), "some tenant did not find its own"


async def test_a_tenant_neither_overwrites_nor_deletes_what_is_not_its_own_in_qdrant(library):
    server, name, tenants, _ = library
    mine, yours = QdrantIndex(server, name, tenant=tenants[1]), QdrantIndex(server, name, tenant=tenants[2])
    everybodys = QdrantIndex(server, name)
    document = str(uuid4())
    chunk = Chunk(str(uuid4()), document, "Handbook", "original")
    for index in (mine, everybodys):
        await index.upsert([chunk], vectors(1, dimension=MODEL.dimension))
    before = [await index.count() for index in (mine, yours, everybodys)]
    await yours.upsert([Chunk(chunk.chunk_id, document, "Handbook", "changed")], vectors(1, dimension=MODEL.dimension))
    await yours.delete(document)
    assert [await index.count() for index in (mine, yours, everybodys)] == before
    for index in (mine, everybodys):
        found = (await index.search(Query("", vectors(1, dimension=MODEL.dimension)[0], limit=5))).by_meaning
        assert all(hit.chunk.text == "original" for hit in found if hit.chunk.chunk_id == chunk.chunk_id)


NAIVE = """
select 1 - (embedding::halfvec(384) <=> cast(:vector as halfvec(384))) from chunks
where embedding_model = '{model}' order by embedding::halfvec(384) <=> cast(:vector as halfvec(384)) limit :limit
"""


@pytest.mark.req("P1.1")
async def test_the_owners_filter_loses_nothing_where_an_approximate_index_would(database, ring, settings):
    """Facts: under an HNSW index a filter to 1 % of the rows left a recall of .037, without an error or a warning.

    The index is made, used and rolled back in one transaction of the tables' owner, for whom the policies hold too. The
    naive query must lose here, or the test proves nothing; ours must not, although the same index stands beside it.
    """
    owners, of_each = 50, 40
    tenant = ids.new_id()
    people = [await owner_of(database, tenant) for _ in range(owners)]
    keys = await ring.of(tenant)
    # Clusters that all owners share, as texts have them; each owner holds 2 % of the rows.
    centres = vectors(20, seed=1)
    rows = centres[np.arange(owners * of_each) % 20] + 0.6 * vectors(owners * of_each, seed=2)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for number, owner in enumerate(people):
        document = await document_of(database, owner)
        await bulk(database, owner, document, rows[number * of_each : (number + 1) * of_each], model=CROWD)
    asked = centres[:20] + 0.6 * vectors(20, seed=3)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    naive = text(NAIVE.format(model=CROWD.id))
    engine = create_async_engine(async_dsn(settings.postgres.owner_dsn))
    recalls: dict[str, list[float]] = {"naive": [], "ours": []}
    async with engine.connect() as connection:
        await connection.execute(
            text(
                "create index crowd on chunks using hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)"
                f" where embedding_model = '{CROWD.id}'"
            )
        )
        await connection.execute(text("set local enable_seqscan = off"))
        await connection.execute(text("set local enable_sort = off"))
        for number, owner in enumerate(people[:10]):
            await connection.execute(
                text("select set_config('app.tenant', :t, true), set_config('app.owner', :o, true)"),
                {"t": str(tenant), "o": str(owner.user_id)},
            )
            own = rows[number * of_each : (number + 1) * of_each]
            for question in asked:
                least = np.sort(own @ question)[::-1][NEAREST - 1] - 2e-3
                given = {"vector": literal(question), "limit": NEAREST}
                lost = [score for (score,) in await connection.execute(naive, given)]
                ours = await pgvector._hits(connection, keys, pgvector._BY_MEANING, given | {"model": CROWD.id})
                recalls["naive"].append(sum(score >= least for score in lost) / NEAREST)
                recalls["ours"].append(sum(hit.score >= least for hit in ours) / NEAREST)
        await connection.rollback()
    await engine.dispose()
    assert np.mean(recalls["naive"]) < 0.5, "the naive query no longer shows the trap: this test proves nothing"
    assert np.mean(recalls["ours"]) == 1.0


async def test_no_approximate_index_serves_the_ordering(settings):
    """However cheap the planner finds one: it is absent from the plan, where the naive query has it."""
    engine = create_async_engine(async_dsn(settings.postgres.owner_dsn))
    values = {"vector": literal(vectors(1)[0]), "limit": 10}
    async with engine.connect() as connection:
        await connection.execute(
            text(
                "create index crowd on chunks using hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)"
                f" where embedding_model = '{CROWD.id}'"
            )
        )
        await connection.execute(text("set local enable_seqscan = off"))
        await connection.execute(text("set local enable_sort = off"))
        plans = [
            "\n".join(line for (line,) in await connection.execute(text(f"explain {query}"), values | more))
            for query, more in ((pgvector._BY_MEANING, {"model": CROWD.id}), (NAIVE.format(model=CROWD.id), {}))
        ]
        await connection.rollback()
    await engine.dispose()
    assert "crowd" not in plans[0].replace(CROWD.id, "")
    assert "using crowd" in plans[1].lower(), "the naive query no longer shows the trap: this test proves nothing"
