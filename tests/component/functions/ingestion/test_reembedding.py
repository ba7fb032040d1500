"""The hourly tick brings uploaded documents to another model, and answers go on meanwhile."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import text

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.ingestion import main, reembedding
from functions.retrieval import main as retrieval
from voiceassist.adapters.vectors import index_models
from voiceassist.core import ids
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.runtime import providers
from voiceassist.runtime.egress import PhiBlockedError

pytestmark = pytest.mark.req("P5.5")


class Turned:
    """MiniLM with its numbers in another order and a few more: another model for the index, the same nearness."""

    def __init__(self, inner):
        self._inner = inner
        self.model = replace(inner.model, name="turned", dimension=400)
        self.model_id, self.dimension = self.model.id, 400
        self.embedded = 0

    def _turned(self, vectors):
        return np.concatenate([vectors[..., ::-1], np.zeros((*vectors.shape[:-1], 16), np.float32)], axis=-1)

    def embed_passages(self, texts):
        self.embedded += len(texts)
        return self._turned(self._inner.embed_passages(texts))

    def embed_query(self, text):
        return self._turned(self._inner.embed_query(text))

    def count_tokens(self, text):
        return self._inner.count_tokens(text)


@pytest.fixture
async def owner(person, monkeypatch):
    """Of a tenant that the change is for: those of other tests keep their model."""
    tenant_id = ids.new_id()

    async def only(_database, _actor):
        return [tenant_id]

    monkeypatch.setattr(index_models, "tenants", only)
    return await person(tenant_id=tenant_id)


@pytest.fixture
def turned(monkeypatch, owner):
    """Another model, which the settings name from `change` on; the one before is still at hand."""
    before = providers.embedder()
    made = Turned(before)
    known = {one.model_id: one for one in (before, made)}

    def change():
        monkeypatch.setattr(providers, "embedder", lambda: made)
        monkeypatch.setattr(providers, "embedder_of", lambda model_id: known[model_id] if model_id else made)

    made.change = change

    async def ready():
        return "untouched"

    monkeypatch.setattr(retrieval.keeper, "ready", ready)
    return made


def tick(schedule):
    return CloudEvent(
        id="tick", source="/apis/v1/namespaces/voiceassist/pingsources/ingestion-hourly", type=Ping.TYPE,
        data=b"{}", datacontenttype="application/json", extensions={"schedule": schedule},
    )  # fmt: skip


async def test_a_tick_changes_the_model_and_the_document_is_found_before_and_after(
    uploaded, deliver, caller, database, turned, owner
):
    async def found():
        async with caller(retrieval.room, owner) as client:
            answer = await client.post("/api/v1/search", json={"query": "loading dose of zorbamicin"})
        assert answer.status_code == 200
        items = answer.json()["items"]
        return [item["text"] for item in items if item["source"] == "Uploaded document"]

    async def serving():
        async with database.transaction(owner) as connection:
            return (await index_models.serving(connection)).model_id

    given = b"# Zorbamicin\n\nThe loading dose of zorbamicin is 437 mg.\n"
    _, _, event = await uploaded(given, "zorbamicin.md", owner=owner)
    assert await deliver(main.room, event) == 204
    before = await serving()
    turned.change()
    assert "437 mg" in (await found())[0]
    _, _, event = await uploaded(given.replace(b"437", b"999"), "zorbamicin-1.md", owner=owner)
    assert await deliver(main.room, event) == 204
    assert before == await serving() != turned.model_id, "an upload meanwhile comes in with the model that serves"
    assert any("999 mg" in one for one in await found())

    assert await deliver(main.room, tick("hourly")) == 204
    assert await serving() == turned.model_id
    assert turned.embedded > 0
    assert "437 mg" in (await found())[0]

    _, _, event = await uploaded(given.replace(b"437", b"512"), "zorbamicin-2.md", owner=owner)
    assert await deliver(main.room, event) == 204
    assert any("512 mg" in one for one in await found())


async def test_a_tick_ends_with_its_time_and_the_next_goes_on(uploaded, deliver, database, turned, owner):
    _, _, event = await uploaded(b"# Gout\n\nColchicine is given early.\n", "gout-late.md", owner=owner)
    assert await deliver(main.room, event) == 204
    assert await reembedding.run(database, providers.keyring(), turned, seconds=0) == 1
    assert turned.embedded == 0
    seen = []
    assert await reembedding.run(database, providers.keyring(), turned, told=lambda *told: seen.append(told)) == 0
    assert (seen, turned.embedded) == ([(1, 1, True)], 1)


async def test_a_tenant_whose_passages_must_not_leave_keeps_its_model(uploaded, deliver, database, turned, owner):
    """A remote model behind the gate: the job for the others goes on, and this one is searched as before."""
    _, _, event = await uploaded(b"# Gout\n\nColchicine is given early.\n", "gout-blocked.md", owner=owner)
    assert await deliver(main.room, event) == 204

    def refuse(_texts):
        raise PhiBlockedError("KEEP_LOCAL", "embeddings")

    turned.embed_passages = refuse
    assert await reembedding.run(database, providers.keyring(), turned) == 1
    async with database.transaction(owner) as connection:
        assert (await index_models.serving(connection)).model_id == providers.embedder().model_id


async def test_a_passage_that_does_not_open_stops_nobody_else(uploaded, deliver, database, turned, owner):
    _, _, event = await uploaded(b"# Gout\n\nColchicine is given early.\n", "gout-broken.md", owner=owner)
    assert await deliver(main.room, event) == 204
    async with database.transaction(owner) as connection:
        await connection.execute(text("update chunks set content_sealed = heading_sealed"))
    assert await reembedding.run(database, providers.keyring(), turned) == 1
    assert turned.embedded == 0
    async with database.transaction(owner) as connection:
        assert (await index_models.serving(connection)).model_id == providers.embedder().model_id


async def test_a_document_that_must_not_leave_fails_with_the_reason(uploaded, deliver, job_of, turned, owner):
    def refuse(_texts):
        raise PhiBlockedError("KEEP_LOCAL", "embeddings")

    turned.embed_passages = refuse
    turned.change()
    _, body, event = await uploaded(b"# Gout\n\nColchicine is given early.\n", "gout-refused.md", owner=owner)
    assert await deliver(main.room, event) == 204
    job = await job_of(owner, body)
    assert (job["state"], job["error_code"]) == ("failed", "PHI_BLOCKED")


async def test_every_tenant_has_its_turn(database, person):
    somebody = await person(tenant_id=ids.new_id())
    found = await index_models.tenants(database, service("ingestion"))
    assert {somebody.tenant_id, DEFAULT_TENANT} <= set(found)
    assert len(found) == len(set(found))


async def test_a_tick_of_an_unknown_schedule_is_refused(deliver):
    assert await deliver(main.room, tick("weekly")) == 422
