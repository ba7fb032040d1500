"""One contract for every passage index, and what belongs to one of them alone."""

from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest

from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.adapters.vectors.qdrant import Qdrant, QdrantIndex
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.ports.vectors import IndexModelError, Query

from .passages import DIMENSION, MODEL, TEXTS, bulk, chunks, document_of, owner_of, vectors

pytestmark = [pytest.mark.req("P1.4"), pytest.mark.req("P1.3")]


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


class Store:
    """An index, the same index for another model, a way to make documents in it and to let one be superseded."""

    def __init__(self, index, under, make_document, supersede):
        self.index = index
        self.under = under
        self.document = make_document
        self.supersede = supersede


@pytest.fixture(params=["pgvector", "qdrant"])
async def store(request, database, ring, server):
    if request.param == "pgvector":
        owner = await owner_of(database)

        async def make(title="Handbook"):
            return await document_of(database, owner, title)

        async def retire(chunk, _vector):
            async with database.transaction(service("test", owner.tenant_id)) as connection:
                await connection.exec_driver_sql("update chunks set superseded = true where id = $1", (chunk.chunk_id,))

        yield Store(
            PgVectorIndex(database, ring, owner, MODEL),
            lambda model: PgVectorIndex(database, ring, owner, model),
            make,
            retire,
        )
        return
    name = f"contract_{uuid4().hex[:8]}"
    await server.create(name, DIMENSION, MODEL)
    index = QdrantIndex(server, name, model_id=MODEL.id)

    async def named(title="Handbook"):
        return str(uuid4())

    async def overwrite(chunk, vector):
        await index.upsert([replace(chunk, superseded=True)], vector[None])

    yield Store(index, lambda model: QdrantIndex(server, name, model_id=model.id), named, overwrite)
    await server.drop(name)


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


async def test_the_nearest_are_found(store):
    """The recall floor: of the ten nearest among 400, at least 99 in 100 over all questions."""
    rows, asked = vectors(400, seed=21), vectors(20, seed=22)
    found = chunks(await store.document(), [f"passage {n}" for n in range(len(rows))])
    await store.index.upsert(found, rows)
    place = {chunk.chunk_id: number for number, chunk in enumerate(found)}
    right = 0
    for question in asked:
        hits = (await store.index.search(Query("", question, limit=10))).by_meaning
        floor = np.sort(rows @ question)[-10] - 2e-3  # halves differ in the third place
        right += sum(rows[place[hit.chunk.chunk_id]] @ question >= floor for hit in hits)
    assert right >= 0.99 * 10 * len(asked)


async def test_the_limit_is_kept(store):
    await store.index.upsert(chunks(await store.document(), TEXTS * 5), vectors(15))
    answer = await store.index.search(Query("warfarin apixaban gout", vectors(1)[0], limit=4))
    assert len(answer.by_meaning) == len(answer.by_words) == 4


async def test_words_that_look_like_query_syntax_are_words(store):
    await store.index.upsert(chunks(await store.document(), TEXTS), vectors(3))
    for odd in ("warfarin & | ! ( ' \" :*", "'; drop table chunks; --", "warfarin <-> k", "\\", "or or or"):
        await store.index.search(Query(odd))


async def test_superseded_passages_are_not_found(store):
    found, rows = chunks(await store.document(), TEXTS), vectors(3)
    await store.index.upsert(found, rows)
    await store.supersede(found[0], rows[0])
    answer = await store.index.search(Query("warfarin apixaban gout", rows[0], limit=10))
    for ranking in (answer.by_meaning, answer.by_words):
        assert {hit.chunk.chunk_id for hit in ranking} == {found[1].chunk_id, found[2].chunk_id}


async def test_vectors_of_another_dimension_are_refused(store):
    found = chunks(await store.document(), TEXTS)
    await store.index.upsert(found, vectors(3))
    with pytest.raises(IndexModelError):
        await store.index.upsert(found, vectors(3, dimension=8))
    with pytest.raises(IndexModelError):
        await store.index.search(Query("warfarin", vectors(1, dimension=8)[0]))
    assert await store.index.count() == 3
    assert len((await store.index.search(Query("warfarin", vectors(1)[0]))).by_meaning) == 3


async def test_vectors_of_another_model_are_refused_with_what_to_do(store):
    """Even one of the same dimension: the numbers would compare, and mean nothing."""
    found = chunks(await store.document(), TEXTS)
    await store.index.upsert(found, vectors(3))
    other = store.under(replace(MODEL, name="other"))
    with pytest.raises(IndexModelError) as refused:
        await other.search(Query("warfarin", vectors(1)[0]))
    assert "voiceassist reindex" in refused.value.detail
    assert refused.value.code == "INDEX_MODEL_MISMATCH"
    with pytest.raises(IndexModelError):
        await other.upsert(chunks(await store.document(), TEXTS), vectors(3))
    assert await store.index.count() == 3


async def test_words_are_found_whatever_the_model(store):
    await store.index.upsert(chunks(await store.document(), TEXTS), vectors(3))
    answer = await store.under(replace(MODEL, name="other")).search(Query("apixaban monitoring"))
    assert (answer.by_meaning, [hit.chunk.text for hit in answer.by_words]) == ((), [TEXTS[1]])


async def test_what_the_model_is_stays_with_the_collection(server):
    name = f"described_{uuid4().hex[:8]}"
    await server.create(name, DIMENSION, MODEL)
    config = (await server.call("GET", f"/collections/{name}"))["config"]
    assert config["metadata"]["model"] == {
        "id": "test/float32/mean/7e577e57", "name": "test", "weights": "7e57" * 16, "dimension": 384,
        "pooling": "mean", "max_tokens": 512, "quantisation": "float32",
    }  # fmt: skip
    await server.drop(name)


async def test_what_the_model_is_stays_with_the_passages(database, ring):
    owner = await owner_of(database)
    await PgVectorIndex(database, ring, owner, MODEL).upsert(
        chunks(await document_of(database, owner), TEXTS), vectors(3)
    )
    async with database.transaction(owner) as connection:
        rows = await connection.exec_driver_sql(
            "select m.name, m.weights, m.dimension, m.pooling, m.max_tokens, m.quantisation"
            " from passage_indexes i join embedding_models m on m.id = i.model_id"
        )
        assert [tuple(row) for row in rows] == [("test", "7e57" * 16, 384, "mean", 512, "float32")]


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


async def test_nobody_writes_into_the_document_of_another(database, ring):
    owner = await owner_of(database)
    other = await owner_of(database, owner.tenant_id)
    document = await document_of(database, owner)
    await PgVectorIndex(database, ring, other, MODEL).upsert(chunks(document, TEXTS), vectors(3))
    assert await PgVectorIndex(database, ring, owner, MODEL).count() == 0
    await PgVectorIndex(database, ring, owner, MODEL).upsert(chunks(document, TEXTS), vectors(3))
    await PgVectorIndex(database, ring, other, MODEL).delete(document)
    assert await PgVectorIndex(database, ring, owner, MODEL).count() == 3


async def test_vectors_of_another_model_are_not_compared(database, ring):
    owner = await owner_of(database)
    await bulk(database, owner, await document_of(database, owner), vectors(3), model=replace(MODEL, name="older"))
    answer = await PgVectorIndex(database, ring, owner, MODEL).search(Query("passage", vectors(1)[0]))
    assert (answer.by_meaning, len(answer.by_words)) == ((), 3)
