"""Another model takes over the passages of a tenant while they are searched and written, on real PostgreSQL."""

import asyncio
from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
from sqlalchemy import text

from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import index_models, pgvector
from voiceassist.adapters.vectors.index_models import Reembedding
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.core.identity import service
from voiceassist.ports.embedding import Model
from voiceassist.ports.vectors import IndexModelError, Query

from .passages import chunks, document_of, owner_of, vectors

pytestmark = pytest.mark.req("P5.5")

COUNT = 20


class Embedder:
    """A text's numbers follow from the text and the model's name; what was embedded is noted."""

    def __init__(self, name: str, dimension: int) -> None:
        self.model = Model(name, name.encode().hex().ljust(64, "0"), dimension, "mean", 512)
        self.model_id, self.dimension = self.model.id, dimension
        self.embedded: list[str] = []
        self.fails_after: int | None = None

    def embed_passages(self, texts):
        if self.fails_after is not None and len(self.embedded) >= self.fails_after:
            raise MemoryError
        self.embedded += texts
        return np.stack([self.embed_query(one) for one in texts])

    def embed_query(self, text_):
        return vectors(1, seed=crc32(f"{self.model.name} {text_}".encode()), dimension=self.dimension)[0]

    def count_tokens(self, text_):
        return len(text_)


@pytest.fixture(scope="module")
async def database(settings):
    opened = Database(settings.postgres.dsn)
    yield opened
    await opened.close()


class House:
    """A tenant with one document of twenty passages under the first model, and the room before and after the change."""

    def __init__(self, database, ring, owner, document):
        self.database, self.ring, self.owner, self.document = database, ring, owner, document
        self.old, self.new = Embedder("old", 32), Embedder("new", 48)
        known = {one.model_id: one for one in (self.old, self.new)}
        self.before = PgVectorIndex(database, ring, owner, self.old.model)
        self.after = PgVectorIndex(database, ring, owner, self.new.model, embedders=known.__getitem__)
        self.passages = chunks(document, [f"Passage about subject number {n}." for n in range(COUNT)])

    async def write(self, passages, embedder):
        made = embedder.embed_passages([one.searchable for one in passages])
        await PgVectorIndex(self.database, self.ring, self.owner, embedder.model).upsert(passages, made)

    async def found(self, index, embedder, number=7):
        """The ids in the ranking by meaning of a question that is the passage itself."""
        asked = self.passages[number].searchable
        hits = (await index.search(Query(asked, embedder.embed_query(asked), limit=100))).by_meaning
        assert hits[0].chunk.chunk_id == self.passages[number].chunk_id
        assert hits[0].score == pytest.approx(1.0, abs=3e-3)
        return {hit.chunk.chunk_id for hit in hits}

    def job(self, **options):
        return Reembedding(
            self.database,
            self.ring,
            service("test", self.owner.tenant_id),
            self.new,
            **{"batch": 6, "grace_seconds": 0} | options,
        )

    async def rows(self, columns):
        async with self.database.transaction(self.owner) as connection:
            rows = await connection.execute(text(f"select {columns} from chunks order by index"))  # noqa: S608
            return [tuple(row) for row in rows]

    async def serving(self):
        async with self.database.transaction(self.owner) as connection:
            return await index_models.serving(connection)


@pytest.fixture
async def house(database, ring):
    owner = await owner_of(database)
    made = House(database, ring, owner, await document_of(database, owner))
    await made.write(made.passages, made.old)
    made.old.embedded.clear()
    return made


async def test_searches_go_on_with_the_old_model_until_the_new_one_is_complete(house):
    everything = {one.chunk_id for one in house.passages}
    batches = 0

    async def ask_meanwhile():
        assert await house.found(house.before, house.old) == everything
        assert await house.found(house.after, house.new) == everything

    while True:
        finished = await house.job(grace_seconds=60).run(go_on=lambda: False)
        await ask_meanwhile()
        if finished:
            break
        batches += 1
        assert (await house.serving()).model_id == house.old.model_id
    assert batches == 4  # 20 passages in batches of 6
    assert (await house.serving()) == index_models.Serving(house.new.model_id, house.old.model_id)
    assert sorted(house.new.embedded) == sorted(one.searchable for one in house.passages)


async def test_after_a_while_the_old_vectors_go_and_who_still_asks_with_them_is_told(house):
    assert await house.job(grace_seconds=60).run()
    assert set(await house.rows("embedding_model, next_model")) == {(house.old.model_id, house.new.model_id)}
    await house.found(house.before, house.old)
    assert await house.job(grace_seconds=0).run()
    assert set(await house.rows("embedding_model, next_model, vector_dims(embedding)")) == {
        (house.new.model_id, None, 48)
    }
    assert await house.serving() == index_models.Serving(house.new.model_id)
    assert len(await house.found(house.after, house.new)) == COUNT
    with pytest.raises(IndexModelError):
        await house.before.search(Query("passage", house.old.embed_query("passage")))


async def test_after_a_crash_it_goes_on_where_it_was(house):
    house.new.fails_after = 12
    with pytest.raises(MemoryError):
        await house.job().run()
    assert sum(model == house.new.model_id for (model,) in await house.rows("next_model")) == 12
    assert len(await house.found(house.after, house.new)) == COUNT
    house.new.fails_after = None
    assert await house.job().run()
    assert len(house.new.embedded) == COUNT, "a passage was embedded twice"
    assert len(await house.found(house.after, house.new)) == COUNT


async def test_two_at_once_do_no_harm(house):
    assert any(await asyncio.gather(*(house.job().run() for _ in range(4))))
    assert await house.job().run()
    assert set(await house.rows("embedding_model")) == {(house.new.model_id,)}
    assert len(await house.found(house.after, house.new)) == COUNT


async def test_what_is_uploaded_meanwhile_is_found_at_once_and_comes_along(house):
    await house.job().run(go_on=lambda: False)
    later = await document_of(house.database, house.owner)
    added = chunks(later, ["Something else entirely: zebrafish."])
    await house.write(added, house.old)
    house.passages += added
    assert len(await house.found(house.after, house.new, number=COUNT)) == COUNT + 1
    assert await house.job().run()
    assert len(await house.found(house.after, house.new, number=COUNT)) == COUNT + 1


async def test_what_is_written_anew_meanwhile_gets_the_vector_of_its_new_text(house):
    await house.job().run(go_on=lambda: False)
    house.passages[0] = replace(house.passages[0], text="Written anew in between.")
    await house.write(house.passages[:1], house.old)
    assert (await house.rows("next_model"))[0] == (None,)
    assert await house.job().run()
    assert len(await house.found(house.after, house.new, number=0)) == COUNT


async def test_a_text_that_changes_under_the_embedder_keeps_its_place_free(house):
    """The batch was read, then the passage changed: the vector of the old text is not stored."""
    changed = replace(house.passages[0], text="Changed while it was embedded.")
    loop = asyncio.get_running_loop()
    original = house.new.embed_passages

    def embed(texts):
        if not house.new.embedded:
            asyncio.run_coroutine_threadsafe(house.write([changed], house.old), loop).result(30)
        return original(texts)

    house.new.embed_passages = embed
    house.passages[0] = changed
    assert await house.job().run()
    assert len(await house.found(house.after, house.new, number=0)) == COUNT


async def test_who_writes_with_the_old_model_after_the_switch_is_refused(house):
    assert await house.job().run()
    with pytest.raises(IndexModelError):
        await house.write(chunks(house.document, ["late"]), house.old)
    assert len(await house.rows("id")) == COUNT


async def test_the_switch_waits_for_who_is_writing(house):
    """A writer that has the tenant's row holds the switch up; what it leaves is then seen and embedded."""
    added = chunks(await document_of(house.database, house.owner), ["Written by a slow hand."])
    async with house.database.transaction(house.owner) as connection:
        made = house.old.embed_passages([added[0].searchable])
        await pgvector.write(connection, await house.ring.of(house.owner.tenant_id), added, made, model=house.old.model)
        job = asyncio.create_task(house.job().run())
        done, _ = await asyncio.wait({job}, timeout=0.5)
        assert not done
    assert await job is False
    assert (await house.serving()).model_id == house.old.model_id
    assert await house.job().run()
    house.passages += added
    assert len(await house.found(house.after, house.new, number=COUNT)) == COUNT + 1


async def test_a_room_that_has_only_the_new_model_says_what_to_do(house):
    alone = PgVectorIndex(house.database, house.ring, house.owner, house.new.model)
    with pytest.raises(IndexModelError):
        await alone.search(Query("passage", house.new.embed_query("passage")))
    assert len((await alone.search(Query("passage", limit=50))).by_words) == COUNT


async def test_a_way_back_embeds_nothing_that_is_still_there(house):
    assert await house.job(grace_seconds=60).run()
    back = Reembedding(
        house.database, house.ring, service("test", house.owner.tenant_id), house.old, batch=6, grace_seconds=60
    )
    assert await back.run()
    assert house.old.embedded == []
    assert len(await house.found(house.before, house.old)) == COUNT


async def test_another_tenant_is_not_touched(house, database, ring):
    other = await owner_of(database)
    theirs = House(database, ring, other, await document_of(database, other))
    await theirs.write(theirs.passages, theirs.old)
    assert await house.job().run()
    assert (await theirs.serving()).model_id == theirs.old.model_id
    assert set(await theirs.rows("embedding_model, next_model")) == {(theirs.old.model_id, None)}


async def test_a_tenant_without_passages_needs_nothing(database, ring):
    owner = await owner_of(database)
    job = Reembedding(database, ring, service("test", owner.tenant_id), Embedder("new", 48))
    assert await job.run()
