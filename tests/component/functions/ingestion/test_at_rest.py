"""Nothing of a document stands on any disk in clear: title, file name, publisher, key, headings, text.

A document goes the whole way, by its rooms' doors, in two versions and once in parts; then every file of every store is
read as bytes, write-ahead logs and the log of events too. Beside it lie a document as older releases wrote it and a
public passage, whose words must be found: a search that sees nothing would prove nothing.
"""

import asyncio
import os
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text

from events.broker.jobs import Append, Entry
from events.broker.store import Store
from functions.documents import store
from functions.documents.main import room as documents
from functions.ingestion import main, older
from functions.notifications.main import room as notifications
from voiceassist.adapters import redis
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption import key_store
from voiceassist.adapters.vectors import pgvector, sealing
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.adapters.vectors.qdrant import QdrantIndex
from voiceassist.core import ids
from voiceassist.core.errors import ErasedError
from voiceassist.core.identity import service
from voiceassist.ports.vectors import Chunk, Query
from voiceassist.runtime import providers
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.postgres import ADMIN, PostgresEngine
from voiceassist.runtime.resealing import Sealed

pytestmark = [pytest.mark.req("P11.2"), pytest.mark.req("N30")]

KINDS = ("title", "file name", "publisher", "key", "heading", "text")


def canaries(disk_search, prefix):
    """One word of each kind, which no stemmer cuts."""
    return {f"{prefix} {kind}": disk_search.word() + "qx" for kind in KINDS}


def file_of(words, prefix):
    return (
        f"# {words[f'{prefix} heading']}\n\nWarfarin {words[f'{prefix} text']} is reversed with vitamin K.\n".encode()
    )


def fields_of(words, prefix):
    told = {"title": "title", "source": "publisher", "doc_key": "key"}
    return {field: words[f"{prefix} {kind}"] for field, kind in told.items()}


async def indexed(uploaded, deliver, said, words, prefix, owner=None, **fields):
    """Upload, index, tell the owner; returns owner, answer and everything that was said about it."""
    name = words[f"{prefix} file name"] + ".md"
    owner, body, event = await uploaded(file_of(words, prefix), name, owner=owner, **fields_of(words, prefix) | fields)
    assert await deliver(main.room, event) == 204
    events = await said(body["id"])
    for each in events[1:]:
        await deliver(notifications, each)
    return owner, body, events


async def in_parts(caller, owner, words, prefix):
    """An upload that is announced, and stays open."""
    request = {"file_name": words[f"{prefix} file name"] + ".md", "size_bytes": 9, **fields_of(words, prefix)}
    async with caller(documents, owner) as client:
        answer = await client.post("/api/v1/documents/uploads", json=request)
        assert answer.status_code == 201, answer.text
        (open_one,) = (await client.get("/api/v1/documents/uploads")).json()["items"]
    assert open_one["file_name"] == request["file_name"]


async def in_clear(database, owner, word):
    """A document with one passage as an older release left it."""
    document = ids.new_id()
    async with database.transaction(owner) as connection:
        await connection.execute(
            text(
                "insert into documents (id, tenant_id, owner_id, doc_key, content_hash, title, file_name, format,"
                " size_bytes, object_key, status) values (:id, :tenant, :owner, :key, :hash, :title, 'f', 'txt', 1,"
                " 'o', 'completed')"
            ),
            {
                "id": document, "tenant": owner.tenant_id, "owner": owner.user_id, "key": str(document),
                "hash": document.bytes, "title": word,
            },
        )  # fmt: skip
        await connection.execute(
            text(
                "insert into chunks (id, tenant_id, owner_id, document_id, index, content, words, token_count,"
                " embedding, embedding_model) values (:id, :tenant, :owner, :id, 0, :word,"
                " to_tsvector('english', :word), 1, cast(:vector as halfvec), 'm')"
            ),
            {
                "id": document, "tenant": owner.tenant_id, "owner": owner.user_id, "word": word,
                "vector": str([1.0] * 8),
            },
        )  # fmt: skip
    return document


async def public(word):
    """A passage of the shared library in Qdrant's engine; returns its collection, to be dropped."""
    embedder = providers.embedder()
    name = f"at_rest_{uuid4().hex[:8]}"
    await providers.knowledge().create(name, embedder.dimension, embedder.model)
    await QdrantIndex(providers.knowledge(), name).upsert(
        [Chunk(str(uuid4()), "d", word, word)], embedder.embed_passages([word])
    )
    return name


def logged(folder, settings, events):
    """What the broker keeps of the events."""
    folder.mkdir(parents=True, exist_ok=True)
    log = Store(folder / "at-rest.db", bytes.fromhex(settings.kek))
    log.apply([Append([Entry("voiceassist/default", event, (), 1, 255) for event in events])])
    log.close()


async def test_no_word_of_a_document_stands_in_any_file_of_any_store(
    engines, settings, database, uploaded, deliver, said, caller, disk_search
):
    shown = {name: disk_search.word() + "qx" for name in ("plain pg", "plain vectord", "plain valkey", "plain s3")}
    words = {}
    for prefix in ("first", "second", "open"):
        words |= canaries(disk_search, prefix)
    owner, _, events = await indexed(uploaded, deliver, said, words, "first")
    again = {"doc_key": words["first key"]}
    _, newer, more = await indexed(uploaded, deliver, said, words, "second", owner, **again)
    assert newer["version"] == 2
    await in_parts(caller, owner, words, "open")

    embedder = providers.embedder()
    index = PgVectorIndex(database, providers.keyring(), owner, embedder.model)
    for asked in (words["second text"], words["second heading"], words["second title"]):
        (hit,) = (await index.search(Query(asked))).by_words
        assert hit.chunk.document_id == newer["id"]
    async with caller(documents, owner) as client:
        one = (await client.get(f"/api/v1/documents/{newer['id']}")).json()
        difference = (await client.get(f"/api/v1/documents/{newer['id']}/diff")).json()
        (news, *_) = (await caller(notifications, owner).get("/api/v1/notifications")).json()["items"]
    assert (one["title"], one["doc_key"]) == (words["second title"], words["first key"])
    assert one["source"] == words["second publisher"]
    assert words["first text"] in str(difference)
    assert news["document_title"] in {words["first title"], words["second title"]}
    logged(engines.layout.broker, settings, [*events, *more])

    await in_clear(database, owner, shown["plain pg"])
    collection = await public(shown["plain vectord"])
    valkey = redis.connect(settings.redis.url)
    await valkey.set("va:at-rest", shown["plain valkey"])
    await asyncio.to_thread(providers.objects().put, "at-rest/plain", shown["plain s3"].encode())
    admin = await asyncpg.connect(
        PostgresEngine(engines.layout, engines.secrets, Account(os.getuid(), os.getgid(), switch=False)).dsn(ADMIN)
    )
    await admin.execute("checkpoint")
    await admin.close()
    await asyncio.sleep(2.5)  # Valkey writes once a second
    found, _ = await asyncio.to_thread(disk_search.found_on_disk, engines.layout.data, words | shown)
    assert {name for name, _ in found} == set(shown), "the search finds what is there, and no canary"
    assert Path(engines.layout.broker / "at-rest.db").stat().st_size > 0
    await providers.knowledge().drop(collection)


async def test_the_hourly_round_seals_what_an_older_release_wrote(database, person, disk_search):
    owner = await person(tenant_id=ids.new_id())
    word = disk_search.word() + "qx"
    document = await in_clear(database, owner, word)
    assert await older.seal(database, providers.keyring()) >= 2
    async with database.transaction(owner) as connection:
        rows = await connection.execute(
            text("select d::text || c::text from documents d join chunks c on c.document_id = d.id where d.id = :id"),
            {"id": document},
        )
        assert word not in rows.scalar_one()
    index = PgVectorIndex(database, providers.keyring(), owner, providers.embedder().model)
    (hit,) = (await index.search(Query(word))).by_words
    assert (hit.chunk.title, hit.chunk.text) == (word, word)


async def test_after_a_rotation_a_document_is_sealed_again_and_found(
    database, person, uploaded, deliver, said, caller, disk_search
):
    words = canaries(disk_search, "first")
    owner = await person(tenant_id=ids.new_id())
    _, body, _ = await indexed(uploaded, deliver, said, words, "first", owner)
    await in_parts(caller, owner, words, "first")
    keyring = providers.keyring()
    assert await keyring.rotate(owner.tenant_id, at_once=True) == 2
    sealed = Sealed(database, providers.objects(), keyring, store.SEALED, ())
    assert await sealed.reseal(owner.tenant_id) >= len(store.SEALED)
    counts = await sealed.counts(owner.tenant_id)
    assert set(counts) == {f"{column.table}.{column.name}" for column in store.SEALED}
    assert all(set(found) == {2} for found in counts.values())
    index = PgVectorIndex(database, keyring, owner, providers.embedder().model)
    (hit,) = (await index.search(Query(words["first text"]))).by_words
    assert (hit.chunk.document_id, hit.chunk.title) == (body["id"], words["first title"])


async def test_an_erased_tenant_holds_up_nobody_and_its_passages_are_gone(database, person, disk_search):
    """What was in clear is sealed before the keys go; vectors go with them."""
    owner = await person(tenant_id=ids.new_id())
    document = await in_clear(database, owner, disk_search.word())
    keyring = providers.keyring()
    keys = await keyring.of(owner.tenant_id)
    sealed = Sealed(
        database, providers.objects(), keyring, sealing.SEALED, (), (sealing.seal_clear,), (pgvector.shred,)
    )

    class Silent:
        async def record(self, _act, _connection=None):
            pass

    await sealed.erase(owner.tenant_id, by=service("test", owner.tenant_id), reason="test", auditor=Silent())
    index = PgVectorIndex(database, keyring, owner, providers.embedder().model)
    with pytest.raises(ErasedError):
        await index.search(Query("anything"))
    assert await older.seal(database, keyring) == 0
    async with database.transaction(owner) as connection:
        assert await key_store.keys(connection, owner.tenant_id) == []  # a person sees none
        row = (
            (await connection.execute(text("select * from documents where id = :id"), {"id": document}))
            .mappings()
            .one()
        )
        assert (await connection.execute(text("select count(*) from chunks"))).scalar_one() == 0
    assert (row["title"], row["file_name"]) == ("", "")
    with pytest.raises(SealBrokenError):  # another key opens nothing
        sealing.TITLE.open(
            await keyring.of((await person(tenant_id=ids.new_id())).tenant_id), document, row["title_sealed"]
        )
    assert sealing.TITLE.open(keys, UUID(str(document)), row["title_sealed"]), "what opened it was in this test's hand"
