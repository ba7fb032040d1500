"""Versions of a document: the newest is found, older ones can be compared and no longer cited as current."""

import asyncio

import pytest

from functions.documents.main import room as documents
from functions.ingestion import main
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.ports.vectors import Query
from voiceassist.runtime import providers

pytestmark = pytest.mark.req("P5.4")

FIRST = b"# Gout\n\nColchicine is given early. The dose is one milligram.\n\n# Diet\n\nBeer is avoided.\n"
SECOND = b"# Gout\n\nColchicine is given early. The dose is half a milligram.\n\n# Follow up\n\nUrate is checked.\n"
THIRD = b"# Gout\n\nColchicine is stopped.\n"
KEY = "ward-gout"


@pytest.fixture
def found(database):
    """The passages of an owner that hold a word."""

    async def search(owner, word):
        index = PgVectorIndex(database, providers.keyring(), owner, providers.embedder().model)
        return [hit.chunk for hit in (await index.search(Query(word))).by_words]

    return search


@pytest.fixture
def indexed(uploaded, deliver):
    async def make(data, **options):
        owner, body, event = await uploaded(data, "gout.md", doc_key=KEY, **options)
        assert await deliver(main.room, event) == 204
        return owner, body

    return make


async def get(caller, owner, path):
    async with caller(documents, owner) as client:
        return (await client.get(path)).json()


async def states(caller, owner, chunks):
    async with caller(documents, owner) as client:
        answer = await client.post("/api/v1/documents/citations", json={"chunk_ids": [one.chunk_id for one in chunks]})
    return [(item["state"], item["version"], item["superseded_by"]) for item in answer.json()["items"]]


async def test_a_new_version_takes_the_place_of_the_old_one_when_it_is_indexed(uploaded, indexed, found, caller, said):
    owner, old = await indexed(FIRST)
    cited = await found(owner, "colchicine")
    assert await states(caller, owner, cited) == [("current", 1, None)]

    _, new, _ = await uploaded(SECOND, "gout-2.md", doc_key=KEY, owner=owner)
    assert (new["version"], new["duplicate"]) == (2, False)
    assert [one.document_id for one in await found(owner, "colchicine")] == [old["id"]]  # until the new one is indexed

    _, new = await indexed(SECOND + b"\n", owner=owner)
    assert new["version"] == 3
    (chunk,) = await found(owner, "colchicine")
    assert (chunk.document_id, chunk.version) == (new["id"], "3")
    assert await found(owner, "beer") == []
    assert await states(caller, owner, [*cited, chunk]) == [("superseded", 1, new["id"]), ("current", 3, None)]

    listed = (await get(caller, owner, "/api/v1/documents"))["items"]
    assert [item["id"] for item in listed if item["own"]] == [new["id"]]
    versions = (await get(caller, owner, f"/api/v1/documents/{old['id']}/versions"))["items"]
    assert [(item["version"], item["status"]) for item in versions] == [
        (3, "completed"), (2, "superseded"), (1, "superseded"),
    ]  # fmt: skip
    assert [event.type.split(".")[-2] for event in await said(old["id"])] == ["uploaded", "indexed", "superseded"]


async def test_a_version_that_was_overtaken_is_not_indexed_any_more(uploaded, indexed, deliver, found, job_of):
    owner, old, event = await uploaded(FIRST, "gout.md", doc_key=KEY)
    await indexed(SECOND, owner=owner)
    assert (await job_of(owner, old))["state"] == "superseded"
    assert await deliver(main.room, event) == 204
    assert await found(owner, "beer") == []


async def test_a_version_that_ends_after_a_newer_one_is_superseded_at_once(
    uploaded, indexed, deliver, found, caller, monkeypatch, said
):
    owner, old, event = await uploaded(FIRST, "gout.md", doc_key=KEY)
    real, newer = main.service.prepare, []

    async def overtaken(*args, **options):
        prepared = await real(*args, **options)
        if not newer:
            newer.append(asyncio.create_task(indexed(SECOND, owner=owner)))
            await asyncio.wait(newer)
        return prepared

    monkeypatch.setattr(main.service, "prepare", overtaken)
    assert await deliver(main.room, event) == 204
    _, new = await newer[0]
    assert [one.document_id for one in await found(owner, "colchicine")] == [new["id"]]
    document = await get(caller, owner, f"/api/v1/documents/{old['id']}")
    assert (document["status"], document["superseded_by"]) == ("superseded", new["id"])


async def test_the_same_file_again_is_no_version_and_an_older_one_is(indexed, uploaded, found):
    owner, first = await indexed(FIRST)
    _, again, _ = await uploaded(FIRST, "other-name.md", doc_key=KEY, owner=owner)
    assert (again["id"], again["version"], again["duplicate"]) == (first["id"], 1, True)
    await indexed(SECOND, owner=owner)
    _, back = await indexed(FIRST, owner=owner)
    assert (back["version"], back["duplicate"]) == (3, False)
    (chunk,) = await found(owner, "beer")
    assert chunk.document_id == back["id"]


async def test_a_bad_new_version_leaves_the_old_one_in_its_place(indexed, uploaded, deliver, found, caller):
    owner, first = await indexed(FIRST)
    _, bad, event = await uploaded(b"# Only a heading", "gout.md", doc_key=KEY, owner=owner)
    assert await deliver(main.room, event) == 204
    assert (await get(caller, owner, f"/api/v1/documents/{bad['id']}"))["status"] == "failed"
    assert [one.document_id for one in await found(owner, "colchicine")] == [first["id"]]


async def test_two_versions_are_compared_sentence_by_sentence(indexed, caller):
    owner, _ = await indexed(FIRST)
    _, new = await indexed(SECOND, owner=owner)
    diff = await get(caller, owner, f"/api/v1/documents/{new['id']}/diff")
    assert (diff["old"], diff["new"], diff["unchanged"], diff["truncated"]) == (1, 2, 1, False)
    assert [(change["kind"], change["heading"], change["text"]) for change in diff["changes"]] == [
        ("removed", "Gout", "The dose is one milligram."),
        ("added", "Gout", "The dose is half a milligram."),
        ("added", "Follow up", "Urate is checked."),
        ("removed", "Diet", "Beer is avoided."),
    ]
    _, third = await indexed(THIRD, owner=owner)
    explicit = await get(caller, owner, f"/api/v1/documents/{third['id']}/diff?against=1")
    assert (explicit["old"], explicit["new"]) == (1, 3)
    async with caller(documents, owner) as client:
        for path in (f"{third['id']}/diff?against=9", f"{third['id']}/diff?against=0"):
            assert (await client.get(f"/api/v1/documents/{path}")).status_code in {400, 404}


async def test_deletion_takes_every_version_and_their_citations_along(indexed, found, caller, person, said):
    owner, first = await indexed(FIRST)
    cited = await found(owner, "colchicine")
    _, second = await indexed(SECOND, owner=owner)
    cited += await found(owner, "colchicine")
    async with caller(documents, await person()) as client:
        assert (await client.delete(f"/api/v1/documents/{second['id']}")).status_code == 404
        assert (await client.get(f"/api/v1/documents/{second['id']}/versions")).status_code == 404
        assert (await client.get(f"/api/v1/documents/{second['id']}/diff")).status_code == 404
    async with caller(documents, owner) as client:
        assert (await client.delete(f"/api/v1/documents/{second['id']}")).status_code == 204
        assert (await client.get(f"/api/v1/documents/{first['id']}")).status_code == 404
    assert await found(owner, "colchicine") == []
    assert await states(caller, owner, cited) == [("deleted", None, None)] * 2
    for document in (first, second):
        assert (await said(document["id"]))[-1].type == "org.voiceassist.document.deleted.v1"


async def test_a_superseded_version_is_deleted_alone(indexed, found, caller):
    owner, first = await indexed(FIRST)
    _, second = await indexed(SECOND, owner=owner)
    async with caller(documents, owner) as client:
        assert (await client.delete(f"/api/v1/documents/{first['id']}")).status_code == 204
    assert [one.document_id for one in await found(owner, "colchicine")] == [second["id"]]


async def test_nobody_learns_what_became_of_a_strangers_citation(indexed, found, caller, person):
    owner, _ = await indexed(FIRST)
    cited = await found(owner, "colchicine")
    assert await states(caller, await person(), cited) == [("deleted", None, None)]


async def test_source_and_year_are_kept_and_come_with_every_passage(indexed, caller, found):
    owner, body = await indexed(FIRST, source="Ward council", year="2024")
    document = await get(caller, owner, f"/api/v1/documents/{body['id']}")
    assert (document["doc_key"], document["source"], document["year"]) == (KEY, "Ward council", 2024)
    (chunk,) = await found(owner, "colchicine")
    assert (chunk.source, chunk.year) == ("Ward council", 2024)
    other, _ = await indexed(b"---\nyear: 2019\n---\n# Gout\n\nColchicine helps.\n")
    (chunk,) = await found(other, "colchicine")
    assert (chunk.source, chunk.year) == ("Uploaded document", 2019)


@pytest.mark.parametrize(
    ("field", "value"), [("doc_key", "a b"), ("doc_key", "x" * 121), ("year", "24"), ("year", "x")]
)
async def test_a_bad_key_or_year_is_refused_by_name(caller, person, field, value):
    async with caller(documents, await person()) as client:
        answer = await client.post("/api/v1/documents", files={"file": ("a.txt", b"x")}, data={field: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{field}")
