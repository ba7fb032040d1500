"""What is sealed stands nowhere on the disk in clear: every file of every store, its log of changes too, as bytes.

A word of each kind is planted where the rooms put it. Beside each store's sealed ones a plain one is written, which
must be found: a search that sees nothing would prove nothing.
"""

import asyncio
import os
from types import SimpleNamespace

import asyncpg
import pytest
from sqlalchemy import text

from functions.auth import store as factors
from functions.phi.claims import Claims
from functions.retrieval import cache
from functions.retrieval.shared_cache import SharedAnswers
from functions.subscriptions import store as hooks
from voiceassist.adapters import redis
from voiceassist.adapters.caching import ValkeyCache
from voiceassist.adapters.objects import ObjectStore
from voiceassist.contracts.answers import Answer, Question
from voiceassist.core.identity import Principal, service
from voiceassist.core.ids import new_id
from voiceassist.runtime import memory
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.postgres import ADMIN, PostgresEngine
from voiceassist.runtime.pseudonyms.vault import Conversation, SealedVault
from voiceassist.runtime.vault import Vault

pytestmark = [pytest.mark.req("P11.2"), pytest.mark.req("N30")]


@pytest.fixture
async def stores(settings):
    s3 = settings.s3
    valkey = redis.connect(settings.redis.url)
    yield SimpleNamespace(
        objects=ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file),
        valkey=valkey,
    )
    await valkey.aclose()
    redis.connect.cache_clear()


async def plant(database, stores, ring, tenant, word):
    """One word in every place that is sealed, as its room writes it; returns them by name."""
    planted = {name: word() for name in ("totp", "hook", "said", "file", "scan", "stand-in", "question", "answer")}
    user, hook = new_id(), new_id()
    keys = await ring.of(tenant)
    async with database.transaction(service("test", tenant)) as connection:
        await connection.execute(
            text("insert into users (id, tenant_id, iss, sub, role) values (:id, :tenant, 'i', :sub, 'user')"),
            {"id": user, "tenant": tenant, "sub": str(user)},
        )
        await connection.execute(
            text("insert into mfa_totp (user_id, tenant_id, secret) values (:user, :tenant, :secret)"),
            {"user": user, "tenant": tenant, "secret": factors.SECRET.seal(keys, user, planted["totp"])},
        )
        await hooks.add(
            connection,
            Principal(str(user), tenant, "user", user),
            hook,
            name="hook",
            sink="https://sink.example",
            filters=[],
            active=False,
            secret=hooks.SECRET.seal(keys, hook, planted["hook"]),
        )
        await memory.keep(
            connection,
            keys,
            Principal(str(user), tenant, "user", user),
            new_id(),
            memory.Kept(planted["said"], 1, "user", "input_text", planted["said"]),
            days=1,
        )
    told = planted["file"].encode()
    await asyncio.to_thread(Vault(stores.objects).store, keys, new_id(), [told * 3, told])
    await asyncio.to_thread(Claims(stores.objects).store, keys, user, new_id(), planted["scan"].encode())
    vault = SealedVault(stores.valkey, ring)
    await vault.use(Conversation(tenant, str(new_id())), lambda book: book.shown("NAME", planted["stand-in"].title()))

    async def harmless(_text):
        return False

    level = SharedAnswers(ValkeyCache(stores.valkey, "raw-scan"), ring, harmless)
    caller, state = Principal(str(user), tenant, "user", user), cache.State("l", "d", "m")
    answer = Answer(status="abstained", text=planted["answer"], spoken=planted["answer"], citations=())
    await level.put(Question(question=planted["question"]), caller, state, answer, 0, public=True)
    assert await level.get(Question(question=planted["question"]), caller, state) == (answer, 0)
    return planted


async def plain(database, stores, word):
    """One word in each store that nobody sealed."""
    planted = {name: word() for name in ("plain pg", "plain valkey", "plain s3")}
    async with database.transaction(service("test")) as connection:
        await connection.execute(
            text("insert into tenants (id, name) values (:id, :name)"), {"id": new_id(), "name": planted["plain pg"]}
        )
    await stores.valkey.set("va:raw-scan", planted["plain valkey"])
    await asyncio.to_thread(stores.objects.put, "raw-scan/plain", planted["plain s3"].encode())
    return planted


async def test_no_sealed_word_stands_in_any_file_of_any_store(engines, database, stores, process, tenant, disk_search):
    sealed = await plant(database, stores, process(), tenant, disk_search.word)
    shown = await plain(database, stores, disk_search.word)
    account = Account(os.getuid(), os.getgid(), switch=False)
    admin = await asyncpg.connect(PostgresEngine(engines.layout, engines.secrets, account).dsn(ADMIN))
    await admin.execute("checkpoint")
    await admin.close()
    await asyncio.sleep(2.5)  # Valkey writes once a second
    found, size = await asyncio.to_thread(disk_search.found_on_disk, engines.layout.data, sealed | shown)
    assert size > 20_000_000
    assert found >= {("plain pg", "pg"), ("plain valkey", "valkey"), ("plain s3", "s3")}, (
        "the search finds what is there"
    )
    assert {name for name, _ in found} == set(shown)
