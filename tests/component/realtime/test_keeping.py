"""What was said lies in PostgreSQL before it is told so, and outlives a service that is killed."""

import asyncio
import signal
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from voiceassist.adapters.postgres import Database
from voiceassist.core.identity import service as part
from voiceassist.runtime import encryption, memory

EXTENDED = {"voiceassist": {"extensions": True}}
SAVED = "voiceassist.conversation.saved"
ENDED = "update conversations set expires_at = now() - interval '1 second' where id = :id"
CASE = (
    "insert into cases (id, tenant_id, owner_id, body, expires_at, created_at, updated_at)"
    " values (:id, :tenant, :owner, '', now() + interval '1 day', now(), now())"
)


@pytest.fixture
async def kept(settings):
    """The items of a conversation as the store has them."""
    database = Database(settings.postgres.dsn)
    kms = encryption.kms_of(settings)
    ring = encryption.keyring_of(settings, database, lambda: kms)

    async def read(owner, conversation_id):
        keys = await ring.of(owner.tenant_id)
        async with database.transaction(owner) as connection:
            return await memory.items(connection, keys, conversation_id)

    yield read
    await database.close()


@pytest.fixture
async def member(service, settings):
    """A principal with an account."""
    owner, database = service.principal(), Database(settings.postgres.dsn)
    async with database.transaction(part("test")) as connection:
        await connection.execute(
            text("insert into users (id, tenant_id, iss, sub, role) values (:id, :tenant, 'i', :sub, 'user')"),
            {"id": owner.user_id, "tenant": owner.tenant_id, "sub": owner.subject},
        )
    await database.close()
    return owner


async def asked(client, words, items=2):
    """Ask in writing and wait until the question and its answer lie in the store."""
    before = len(client.of(SAVED))
    await client.write(words)
    while len(client.of(SAVED)) - before < items:
        await client.next()
    return client.of(SAVED)[-1]


async def test_a_conversation_lies_in_the_store_as_it_was_told(dial, service, member, kept):
    async with dial(token=service.token(member)) as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        saved = await asked(client, "How do I treat atrial fibrillation?")
        items = await kept(member, saved["conversation_id"])
    assert [(item.role, item.text) for item in items] == [
        ("user", "How do I treat atrial fibrillation?"), ("assistant", client.answer),
    ]  # fmt: skip
    assert items[1].facts["citation.list"]["citations"][0]["title"] == "Atrial fibrillation"
    assert [event["seq"] for event in client.of(SAVED)] == [1, 2] == [item.seq for item in items]


async def test_what_was_told_as_saved_outlives_a_service_that_is_killed(new_service, dial, member, kept):
    service = new_service()
    async with dial(service=service, token=service.token(member)) as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        saved = await asked(client, "How do I treat atrial fibrillation?")
        service.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(service.process.wait, 10)
    items = await kept(member, saved["conversation_id"])
    assert [item.item_id for item in items] == [event["item_id"] for event in client.of(SAVED)]
    assert items[1].text == client.answer


async def test_an_answer_that_was_cut_is_stored_as_heard_and_sound_nowhere(dial, service, member, kept):
    async with dial(token=service.token(member)) as client:
        await client.update(**EXTENDED)
        saved = await asked(client, "How do I treat atrial fibrillation?")
        whole = (await kept(member, saved["conversation_id"]))[1].text
        await client.send("conversation.item.truncate", item_id=saved["item_id"], content_index=0, audio_end_ms=1200)
        await client.until(SAVED)
        answer = (await kept(member, saved["conversation_id"]))[1]
    assert answer.interrupted
    assert whole.startswith(answer.text)
    assert 0 < len(answer.text) < len(whole)
    assert (answer.seq, answer.number) == (3, 2)


@pytest.fixture
async def recent(settings):
    """The words of the last items of somebody's last two conversations."""
    database = Database(settings.postgres.dsn)
    kms = encryption.kms_of(settings)
    ring = encryption.keyring_of(settings, database, lambda: kms)

    async def read(owner, most=9):
        keys = await ring.of(owner.tenant_id)
        async with database.transaction(owner) as connection:
            return await memory.recent_texts(connection, keys, owner, conversations=2, most=most)

    async def run(who, statement, **values):
        async with database.transaction(who) as connection:
            await connection.execute(text(statement), values)

    yield SimpleNamespace(read=read, run=run)
    await database.close()


async def test_the_last_conversations_come_newest_first_and_only_ones_own(dial, service, member, recent):
    told = []
    for question in ("How do I treat atrial fibrillation?", "What is florbundian?", "And the eGFR, please?"):
        async with dial(token=service.token(member)) as client:
            await client.update(output_modalities=["text"], **EXTENDED)
            saved = await asked(client, question)
            told.append((question, client.answer, saved["conversation_id"]))
    (first, first_answer, _), (second, second_answer, of_case), (third, third_answer, last) = told
    assert await recent.read(member) == [third_answer, third, second_answer, second]
    assert await recent.read(member, most=1) == [third_answer]
    assert await recent.read(service.principal()) == []
    await recent.run(member, ENDED, id=last)
    assert await recent.read(member) == [second_answer, second, first_answer, first]
    await recent.run(member, CASE, id=of_case, tenant=member.tenant_id, owner=member.user_id)
    await recent.run(member, "update conversations set case_id = id where id = :id", id=of_case)
    assert await recent.read(member) == [first_answer, first]


async def test_who_has_no_account_is_answered_and_nothing_is_kept(dial, service, kept):
    owner = service.principal()
    async with dial(token=service.token(owner)) as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write("How do I treat atrial fibrillation?")
        await client.until("response.done")
    assert client.of(SAVED) == []


async def test_where_nothing_is_to_be_kept_nothing_is(new_service, dial, member):
    service = new_service(VOICEASSIST_MEMORY__KEEP_DAYS="0")
    async with dial(service=service, token=service.token(member)) as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write("How do I treat atrial fibrillation?")
        await client.until("response.done")
        await client.update(output_modalities=["text"], **EXTENDED)
    assert client.of(SAVED) == []
