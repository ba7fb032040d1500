"""One contract for every passage index, and what belongs to one of them alone."""

import random
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text

from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors.pgvector import PgVectorIndex, literal
from voiceassist.adapters.vectors.qdrant import Qdrant, QdrantIndex
from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.vectors import Chunk, Query

pytestmark = [pytest.mark.req("P1.4"), pytest.mark.req("P1.3")]

MODEL = "test-model"
DIMENSION = 384


@pytest.fixture(scope="module")
async def database(settings):
    opened = Database(settings.postgres.dsn)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def server(settings):
    opened = Qdrant(settings.qdrant.url, settings.qdrant.api_key, ca_file=settings.ca_file)
    yield opened
    await opened.close()


async def owner_of(database, tenant_id=None) -> Principal:
    """A new user, of a new tenant unless one is named: other tests share documents in theirs."""
    tenant_id = tenant_id or ids.new_id()
    user_id = ids.new_id()
    async with database.transaction(service("test", tenant_id)) as connection:
        await connection.execute(
            text("insert into tenants (id, name) values (:id, 't') on conflict do nothing"), {"id": tenant_id}
        )
        await connection.execute(
            text("insert into users (id, tenant_id, iss, sub, role) values (:id, :tenant, 'i', :sub, 'user')"),
            {"id": user_id, "tenant": tenant_id, "sub": str(user_id)},
        )
    return Principal(str(user_id), tenant_id, "user", user_id)


async def document_of(database, owner, title="Handbook", visibility="private") -> str:
    document_id = ids.new_id()
    async with database.transaction(owner) as connection:
        await connection.execute(
            text(
                "insert into documents (id, tenant_id, owner_id, doc_key, content_hash, title, file_name, format,"
                " size_bytes, object_key, status, visibility) values (:id, :tenant, :owner, 'k', :hash, :title, 'f',"
                " 'txt', 1, 'o', 'completed', :visibility)"
            ),
            {
                "id": document_id,
                "tenant": owner.tenant_id,
                "owner": owner.user_id,
                "hash": document_id.bytes,
                "title": title,
                "visibility": visibility,
            },
        )
    return str(document_id)


class Store:
    """An index with a way to make documents in it."""

    def __init__(self, index, make_document):
        self.index = index
        self.document = make_document


@pytest.fixture(params=["pgvector", "qdrant"])
async def store(request, database, server):
    if request.param == "pgvector":
        owner = await owner_of(database)

        async def make(title="Handbook"):
            return await document_of(database, owner, title)

        yield Store(PgVectorIndex(database, owner, MODEL), make)
        return
    name = f"contract_{uuid4().hex[:8]}"
    await server.create(name, DIMENSION)

    async def named(title="Handbook"):
        return str(uuid4())

    yield Store(QdrantIndex(server, name), named)
    await server.drop(name)


def vectors(count: int, seed: int = 7) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def chunks(document_id: str, texts: list[str], title: str = "Handbook") -> list[Chunk]:
    return [
        Chunk(
            chunk_id=str(uuid4()), document_id=document_id, title=title, text=text_, heading="Treatment",
            position=number, page=number + 1,
        )
        for number, text_ in enumerate(texts)
    ]  # fmt: skip


TEXTS = ["Warfarin is reversed with vitamin K.", "Apixaban needs no monitoring.", "Gout flares are treated early."]


async def test_both_rankings_find_the_passage_and_give_it_back_whole(store):
    found, rows = chunks(await store.document(), TEXTS), vectors(3)
    await store.index.upsert(found, rows)
    answer = await store.index.search(Query("apixaban monitoring", rows[1], limit=3))
    best = answer.by_meaning[0]
    assert (best.chunk.chunk_id, best.chunk.text, best.chunk.heading, best.chunk.page) == (
        found[1].chunk_id, TEXTS[1], "Treatment", 2,
    )  # fmt: skip
    assert best.score == pytest.approx(1.0, abs=2e-3)
    assert answer.by_words[0].chunk.chunk_id == found[1].chunk_id
    assert [hit.score for hit in answer.by_meaning] == sorted((hit.score for hit in answer.by_meaning), reverse=True)


async def test_similarities_are_cosines(store):
    found, rows = chunks(await store.document(), TEXTS), vectors(3)
    await store.index.upsert(found, rows)
    question = vectors(1, seed=99)[0]
    by_id = dict(zip((chunk.chunk_id for chunk in found), rows @ question, strict=True))
    for hit in (await store.index.search(Query("", question))).by_meaning:
        assert hit.score == pytest.approx(float(by_id[hit.chunk.chunk_id]), abs=2e-3)


async def test_the_title_is_searched_too(store):
    title = "Heparin induced thrombocytopenia"
    found = chunks(await store.document(title), ["Argatroban is an alternative."], title)
    await store.index.upsert(found, vectors(1))
    assert (await store.index.search(Query("thrombocytopenia"))).by_words[0].chunk.chunk_id == found[0].chunk_id


async def test_plurals_meet_and_words_of_grammar_find_nothing(store):
    await store.index.upsert(chunks(await store.document(), TEXTS), vectors(3))
    assert len((await store.index.search(Query("gout flare"))).by_words) == 1
    empty = await store.index.search(Query("what is the"))
    assert (empty.by_words, empty.by_meaning) == ((), ())


async def test_writing_twice_changes_nothing_and_writing_anew_replaces(store):
    found, rows = chunks(await store.document(), TEXTS), vectors(3)
    for _ in range(2):
        await store.index.upsert(found, rows)
    assert await store.index.count() == 3
    from dataclasses import replace

    await store.index.upsert([replace(found[0], text="Something else.")], rows[:1])
    assert await store.index.count() == 3
    assert (await store.index.search(Query("", rows[0]))).by_meaning[0].chunk.text == "Something else."


async def test_deleting_takes_one_document_and_leaves_the_other(store):
    first, second = await store.document(), await store.document()
    await store.index.upsert(chunks(first, TEXTS), vectors(3))
    await store.index.upsert(chunks(second, TEXTS), vectors(3))
    await store.index.delete(first)
    left = (await store.index.search(Query("warfarin", vectors(1)[0], limit=10))).by_meaning
    assert {hit.chunk.document_id for hit in left} == {second}


async def test_the_limit_is_kept(store):
    await store.index.upsert(chunks(await store.document(), TEXTS * 5), vectors(15))
    answer = await store.index.search(Query("warfarin apixaban gout", vectors(1)[0], limit=4))
    assert len(answer.by_meaning) == len(answer.by_words) == 4


async def test_words_that_look_like_query_syntax_are_words(store):
    await store.index.upsert(chunks(await store.document(), TEXTS), vectors(3))
    for odd in ("warfarin & | ! ( ' \" :*", "'; drop table chunks; --", "warfarin <-> k", "\\", "or or or"):
        await store.index.search(Query(odd))


async def test_superseded_passages_are_not_found_in_qdrant(server):
    name = f"superseded_{uuid4().hex[:8]}"
    await server.create(name, DIMENSION)
    index = QdrantIndex(server, name)
    old = Chunk(chunk_id=str(uuid4()), document_id="d", title="Old", text="Warfarin first.", superseded=True)
    new = Chunk(chunk_id=str(uuid4()), document_id="d", title="New", text="Apixaban before warfarin.")
    await index.upsert([old, new], vectors(2))
    answer = await index.search(Query("warfarin", vectors(2)[0]))
    assert {hit.chunk.title for hit in (*answer.by_meaning, *answer.by_words)} == {"New"}
    await server.drop(name)


async def test_the_payload_holds_what_the_specification_asks(server):
    name = f"payload_{uuid4().hex[:8]}"
    await server.create(name, DIMENSION)
    await QdrantIndex(server, name).upsert(chunks("d", TEXTS[:1]), vectors(1))
    (point,) = (await server.call("POST", f"/collections/{name}/points/scroll", {"limit": 5, "with_payload": True}))[
        "points"
    ]
    needed = {
        "document_id", "chunk_id", "version", "source_type", "page", "chapter", "heading", "specialty", "year",
        "superseded",
    }  # fmt: skip
    assert needed <= set(point["payload"])
    await server.drop(name)


async def test_the_vendors_own_client_reads_what_we_wrote(server, settings):
    from qdrant_client import AsyncQdrantClient

    name = f"client_{uuid4().hex[:8]}"
    await server.create(name, DIMENSION)
    rows = vectors(3)
    await QdrantIndex(server, name).upsert(chunks("d", TEXTS), rows)
    client = AsyncQdrantClient(
        url=settings.qdrant.url,
        api_key=settings.qdrant.api_key,
        verify=_context(settings.ca_file),
        check_compatibility=False,  # a thread of its own that would trust no local CA
    )
    answer = await client.query_points(name, query=rows[2].tolist(), using="dense", limit=1)
    assert answer.points[0].payload["text"] == TEXTS[2]
    await client.close()
    await server.drop(name)


def _context(ca_file):
    import ssl

    return ssl.create_default_context(cafile=ca_file) if ca_file else True


async def test_a_store_that_is_down_or_refuses_is_unavailable(settings, free_port):
    down = Qdrant(f"http://127.0.0.1:{free_port}", "key")
    with pytest.raises(UnavailableError):
        await down.ping()
    with pytest.raises(UnavailableError):
        await Qdrant("", "").ping()
    wrong = Qdrant(settings.qdrant.url, "wrong key", ca_file=settings.ca_file)
    with pytest.raises(UnavailableError):
        await wrong.ping()
    for server in (down, wrong):
        await server.close()


async def bulk(database, owner, document_id, rows, *, model=MODEL):
    async with database.transaction(owner) as connection:
        await connection.execute(
            text(
                "insert into chunks (id, tenant_id, owner_id, document_id, index, content, token_count, embedding,"
                " embedding_model) select gen_random_uuid(), :tenant, :owner, :document, n, 'passage ' || n, 1,"
                " cast(v as halfvec), :model from unnest(cast(:vectors as text[])) with ordinality as t(v, n)"
            ),
            {
                "tenant": owner.tenant_id,
                "owner": owner.user_id,
                "document": document_id,
                "vectors": [literal(row) for row in rows],
                "model": model,
            },
        )


@pytest.mark.req("P1.1")
async def test_search_under_the_owners_policy_loses_nothing_even_beside_an_approximate_index(database):
    """The filter trap: with an HNSW index and 1 % of the rows visible, a naive query found 4 % of the answers."""
    tenant = ids.new_id()
    owners = [await owner_of(database, tenant) for _ in range(20)]
    rows = vectors(20 * 60, seed=3)
    for number, owner in enumerate(owners):
        await bulk(database, owner, await document_of(database, owner), rows[number * 60 : (number + 1) * 60])
    questions = vectors(10, seed=4)
    for number, owner in enumerate(owners[:5]):
        own = rows[number * 60 : (number + 1) * 60]
        index = PgVectorIndex(database, owner, MODEL)
        for question in questions:
            expected = np.sort(own @ question)[::-1][:10]
            hits = (await index.search(Query("", question, limit=10))).by_meaning
            assert len(hits) == 10
            assert [hit.score for hit in hits] == pytest.approx(expected.tolist(), abs=2e-3)


async def test_the_ordering_cannot_be_served_by_an_approximate_index(database, settings):
    """Fails on the naive ordering: an HNSW index, made here and rolled back, must not enter the plan."""
    from sqlalchemy.ext.asyncio import create_async_engine

    from voiceassist.adapters.postgres import async_dsn
    from voiceassist.adapters.vectors import pgvector

    engine = create_async_engine(async_dsn(settings.postgres.owner_dsn))
    statement = pgvector._BY_MEANING
    values = {"vector": literal(vectors(1)[0]), "model": MODEL, "limit": 10}
    async with engine.connect() as connection:
        await connection.execute(text("create index on chunks using hnsw (embedding halfvec_cosine_ops)"))
        await connection.execute(text("set local enable_seqscan = off"))
        await connection.execute(text("set local enable_sort = off"))
        naive = statement.replace("+ 0, c.id", "")
        plans = [
            "\n".join(line for (line,) in await connection.execute(text(f"explain {query}"), values))
            for query in (statement, naive)
        ]
        await connection.rollback()
    await engine.dispose()
    assert "hnsw" not in plans[0].lower()
    assert "embedding_idx" not in plans[0]
    assert "embedding_idx" in plans[1], "the naive query no longer shows the trap: this test proves nothing"


@pytest.mark.req("P1.4")
async def test_no_query_ever_returns_a_foreign_row(database):
    tenants = [ids.new_id(), ids.new_id()]
    people = [await owner_of(database, tenants[number % 2]) for number in range(10)]
    rows = vectors(200, seed=5)
    shared_of: dict = {tenant: set() for tenant in tenants}
    own_of = {}
    for number, owner in enumerate(people):
        private = await document_of(database, owner)
        await bulk(database, owner, private, rows[number * 20 : number * 20 + 10])
        own_of[owner.user_id] = {private}
        if number < 4:
            shared = await document_of(database, owner, visibility="shared")
            await PgVectorIndex(database, owner, MODEL).upsert(
                chunks(shared, [f"Shared passage {n}." for n in range(5)]), rows[number * 20 + 10 : number * 20 + 15]
            )
            shared_of[owner.tenant_id].add(shared)
    chance = random.Random(11)
    for _ in range(500):
        person = chance.choice(people)
        index = PgVectorIndex(database, person, MODEL)
        answer = await index.search(Query("shared passage", rows[chance.randrange(200)], limit=100))
        seen = {hit.chunk.document_id for hit in (*answer.by_meaning, *answer.by_words)}
        assert seen <= own_of[person.user_id] | shared_of[person.tenant_id]
    nobody = Principal("nobody", tenants[0], "user", None)
    answer = await PgVectorIndex(database, nobody, MODEL).search(Query("shared passage", rows[0], limit=100))
    assert {hit.chunk.document_id for hit in answer.by_meaning} <= shared_of[tenants[0]]


async def test_nobody_writes_into_the_document_of_another(database):
    owner = await owner_of(database)
    other = await owner_of(database, owner.tenant_id)
    document = await document_of(database, owner)
    await PgVectorIndex(database, other, MODEL).upsert(chunks(document, TEXTS), vectors(3))
    assert await PgVectorIndex(database, owner, MODEL).count() == 0
    await PgVectorIndex(database, owner, MODEL).upsert(chunks(document, TEXTS), vectors(3))
    await PgVectorIndex(database, other, MODEL).delete(document)
    assert await PgVectorIndex(database, owner, MODEL).count() == 3


async def test_vectors_of_another_model_are_not_compared(database):
    owner = await owner_of(database)
    await bulk(database, owner, await document_of(database, owner), vectors(3), model="older-model")
    answer = await PgVectorIndex(database, owner, MODEL).search(Query("passage", vectors(1)[0]))
    assert (answer.by_meaning, answer.by_words) == ((), ())
