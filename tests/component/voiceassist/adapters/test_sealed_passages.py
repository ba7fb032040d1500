"""Passages in PostgreSQL are sealed and found as before: the ranking of blind words is the ranking of the words."""

import random
from uuid import UUID

import pytest
from sqlalchemy import text

from voiceassist.adapters.encryption.keys import version_of
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import sealing
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.core.text import terms
from voiceassist.ports.vectors import Query

from .passages import DIMENSION, MODEL, TEXTS, bulk, chunks, document_of, owner_of, vectors

pytestmark = [pytest.mark.req("P11.2"), pytest.mark.req("P1.4")]

# How PostgreSQL ranks the words themselves.
PLAIN = """
with given as (
    select * from unnest(cast(:ids as uuid[]), cast(:titles as text[]), cast(:texts as text[])) as t(id, title, body)
),
worded as (
    select id, setweight(to_tsvector('english', title), 'A') || to_tsvector('english', 'Treatment ' || body) as words
    from given
)
select id, ts_rank(words, websearch_to_tsquery('english', :asked), 1) as score from worded
where words @@ websearch_to_tsquery('english', :asked) order by score desc, id limit 24
"""
VOCABULARY = (
    "warfarin apixaban heparin bleeding bleeds dose doses dosing renal kidney beta-blocker beta-blockers 0.5 1,000 mg"
    " CHA2DS2-VASc patient's don't e.g. and/or reversal K vitamin the of with https://guide.example/a?b=c x@y.org -5"
    " Ménière l'eau 10:30 50% §3 \\ back\\slash 'quoted' \"double\" & | ! <-> COVID-19 naïve 2024-01-02 2.5e3"
).split()


@pytest.fixture(scope="module")
async def database(settings):
    opened = Database(settings.postgres.dsn)
    yield opened
    await opened.close()


async def rows(database, tenant, statement, **values):
    async with database.transaction(service("test", tenant)) as connection:
        return (await connection.execute(text(statement), values)).all()


async def stored(database, tenant):
    """Every column of the tenant's passages and documents as text."""
    found = await rows(database, tenant, "select c::text from chunks c union all select d::text from documents d")
    return "\n".join(row[0] for row in found)


async def ranked(index, asked):
    return [(UUID(hit.chunk.chunk_id), hit.score) for hit in (await index.search(Query(asked, limit=24))).by_words]


async def ranked_plain(database, owner, passages, asked):
    values = {
        "ids": [UUID(one.chunk_id) for one in passages],
        "titles": [one.title for one in passages],
        "texts": [one.text for one in passages],
        "asked": " or ".join(terms(asked)),
    }
    return [tuple(row) for row in await rows(database, owner.tenant_id, PLAIN, **values)]


async def sealed_document(database, ring, owner, title):
    """A document as the rooms write it."""
    document_id = UUID(await document_of(database, owner, title))
    keys = await ring.of(owner.tenant_id)
    async with database.transaction(owner) as connection:
        assert await sealing.seal_documents(connection, keys) == 1
    return str(document_id)


async def test_no_word_of_a_passage_stands_in_its_row(database, ring):
    owner = await owner_of(database)
    document = await sealed_document(database, ring, owner, "Zorbamicin handbook")
    await PgVectorIndex(database, ring, owner, MODEL).upsert(chunks(document, TEXTS), vectors(3))
    kept = (await stored(database, owner.tenant_id)).lower()
    for word in ("zorbamicin", "handbook", "treatment", "treat", "warfarin", "apixaban", "gout", "flare", "vitamin"):
        assert word not in kept
        assert word.encode().hex() not in kept


async def test_blind_words_rank_as_the_words_do(database, ring):
    chance, owner = random.Random(7), await owner_of(database)
    index = PgVectorIndex(database, ring, owner, MODEL)
    passages = []
    for _ in range(12):
        title = " ".join(chance.choices(VOCABULARY, k=3))
        document = await sealed_document(database, ring, owner, title)
        passages += chunks(document, [" ".join(chance.choices(VOCABULARY, k=chance.randint(3, 60))) for _ in range(9)])
        for one in passages[-9:]:
            object.__setattr__(one, "title", title)
        await index.upsert(passages[-9:], vectors(9))
    asked_for = 0
    for _ in range(150):
        asked = " ".join(chance.choices(VOCABULARY, k=chance.randint(1, 6)))
        found, expected = await ranked(index, asked), await ranked_plain(database, owner, passages, asked)
        asked_for += bool(expected)
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-5)
        # Sums of equal numbers in another order differ in the last place, so only such neighbours may change places.
        best = dict(expected)
        for (one, _), (other, score) in zip(found, expected, strict=True):
            assert one == other or best.get(one, score) == pytest.approx(score, rel=1e-5), asked
    assert asked_for > 100


async def test_a_passage_put_in_place_of_another_does_not_open(database, ring):
    owner = await owner_of(database)
    found = chunks(await document_of(database, owner), TEXTS)
    index = PgVectorIndex(database, ring, owner, MODEL)
    await index.upsert(found, vectors(3))
    moved = "update chunks set content_sealed = (select content_sealed from chunks where id = :one) where id = :other"
    await rows(
        database, owner.tenant_id, moved + " returning 1", one=UUID(found[0].chunk_id), other=UUID(found[1].chunk_id)
    )
    with pytest.raises(UnavailableError, match="does not open"):
        await index.search(Query("warfarin apixaban"))
    swapped = "update chunks set content_sealed = heading_sealed where id = :one returning 1"
    await rows(database, owner.tenant_id, swapped, one=UUID(found[2].chunk_id))
    with pytest.raises(UnavailableError) as told:
        await index.search(Query("gout"))
    assert told.value.code == "PASSAGE_BROKEN"


async def test_what_an_older_release_wrote_is_found_and_sealed_while_it_is_found(database, ring):
    owner = await owner_of(database)
    index = PgVectorIndex(database, ring, owner, MODEL)
    old = await document_of(database, owner, "Old handbook")
    await bulk(database, owner, old, vectors(70))
    new = await sealed_new(database, ring, owner, index)
    for asked in ("passage handbook", "warfarin passage", "handbook apixaban"):
        before = await index.search(Query(asked, vectors(1)[0], limit=100))
        assert len(before.by_words) >= 70
        actor = service("test", owner.tenant_id)
        keys = await ring.of(owner.tenant_id)
        async with database.transaction(actor) as connection:
            await sealing.seal_passages(connection, keys, limit=11)  # half way
        between = await index.search(Query(asked, vectors(1)[0], limit=100))
        assert order(between) == order(before)
    assert await sealing.seal_clear(database, ring, actor) > 30
    assert await sealing.seal_clear(database, ring, actor) == 0
    after = await index.search(Query("passage handbook", vectors(1)[0], limit=100))
    assert {hit.chunk.title for hit in after.by_words} == {"Old handbook", "Handbook"}
    assert "passage" not in await stored(database, owner.tenant_id)
    assert new in {hit.chunk.document_id for hit in after.by_words}
    (kept,) = await rows(
        database,
        owner.tenant_id,
        "select title, file_name, doc_key, title_sealed from documents where id = :id",
        id=UUID(old),
    )
    assert (kept.title, kept.file_name, version_of(bytes(kept.title_sealed))) == ("", "", 1)
    assert kept.doc_key != old


async def sealed_new(database, ring, owner, index):
    """One more document as the rooms of today write it, beside old ones that stay in clear."""
    document = UUID(await document_of(database, owner))
    keys = await ring.of(owner.tenant_id)
    async with database.transaction(owner) as connection:
        assert await sealing.seal_documents(connection, keys, owner_id=owner.user_id, key=str(document)) == 1
    await index.upsert(chunks(str(document), TEXTS), vectors(3, seed=3))
    return str(document)


def order(answer):
    """Passages of one score are told apart by id alone, which stays."""
    return [[hit.chunk.chunk_id for hit in ranking] for ranking in (answer.by_meaning, answer.by_words)]


async def test_versions_of_one_key_stay_together_when_they_are_sealed(database, ring):
    owner = await owner_of(database)
    keys = await ring.of(owner.tenant_id)
    made = [UUID(await document_of(database, owner)) for _ in range(3)]
    for number, document in enumerate(made[:2], start=1):
        await rows(
            database,
            owner.tenant_id,
            "update documents set doc_key = 'family', version = :version where id = :id returning 1",
            version=number,
            id=document,
        )
    async with database.transaction(owner) as connection:
        assert await sealing.seal_documents(connection, keys, owner_id=owner.user_id, key="family") == 2
        assert await sealing.seal_documents(connection, keys) == 1
    found = dict(
        tuple(row)
        for row in await rows(database, owner.tenant_id, "select id, (doc_key, version)::text from documents")
    )
    family = sealing.key_index(keys, owner.user_id, "family")
    assert [found[one] for one in made[:2]] == [f"({family},1)", f"({family},2)"]
    assert family not in found[made[2]]
    assert family != sealing.key_index(keys, ids.new_id(), "family"), "owners are not told to have the same"


async def test_a_version_that_a_room_of_the_older_release_counted_beside_us_comes_behind(database, ring):
    """While both releases run, one counts under the key and the other under its blind index."""
    owner = await owner_of(database)
    keys = await ring.of(owner.tenant_id)
    told = "update documents set doc_key = 'family' where id = :id returning 1"
    for version in (1, 2):
        document = UUID(await document_of(database, owner))
        await rows(database, owner.tenant_id, told, id=document)
        async with database.transaction(owner) as connection:
            assert await sealing.seal_documents(connection, keys) == 1
        found = await rows(database, owner.tenant_id, "select version from documents where id = :id", id=document)
        assert found[0][0] == version


async def test_a_tenant_without_documents_gets_no_keys(database, ring):
    owner = await owner_of(database)
    actor = service("test", owner.tenant_id)
    assert await sealing.seal_clear(database, ring, actor) == 0
    assert await rows(database, owner.tenant_id, "select 1 from data_keys") == []


async def test_deleting_takes_the_blind_words_along(database, ring):
    owner = await owner_of(database)
    document = await document_of(database, owner)
    index = PgVectorIndex(database, ring, owner, MODEL)
    await index.upsert(chunks(document, TEXTS), vectors(3, dimension=DIMENSION))
    await index.delete(document)
    assert await rows(database, owner.tenant_id, "select words from chunks") == []
