"""The outbox against a real database: what is committed is sent, what is rolled back is not, what is old is dropped."""

from uuid import UUID

import pytest

from events.catalog import DocumentDeleted
from events.envelope import CloudEvent
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.runtime import outbox, publisher

ROOM = "outbox-test"


def gone():
    payload = DocumentDeleted(document_id=ids.new_id(), tenant_id=ids.new_id(), owner_id=ids.new_id())
    return outbox.event_of(ROOM, DocumentDeleted.TYPE, payload, subject="x", key="x")


async def test_what_was_committed_is_sent_once(database, broker, say):
    said = await say()
    assert await publisher.publish(database) == 1
    assert await publisher.publish(database) == 0
    assert broker.ids == [said]


async def test_an_event_of_a_rolled_back_transaction_is_never_sent(database, broker):
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction must be open when it is raised
        async with database.transaction(service("test")) as connection:
            await outbox.add(connection, ROOM, gone())
            raise RuntimeError
    assert await publisher.publish(database) == 0
    assert broker.got == []


async def test_an_event_is_handled_the_first_time_only(database):
    event = gone()
    async with database.transaction(service("test")) as connection:
        assert await outbox.first_time(connection, ROOM, event)
    async with database.transaction(service("test")) as connection:
        assert not await outbox.first_time(connection, ROOM, event)
        assert await outbox.first_time(connection, "another-room", event)


async def test_nobody_can_use_up_the_ids_of_another_integrator(database):
    mine, theirs = (
        CloudEvent(id="1", source="/lab", type="org.example.result", extensions={"ownerid": str(ids.new_id())})
        for _ in range(2)
    )
    for event in (mine, theirs):
        async with database.transaction(service("test")) as connection:
            assert await outbox.first_time(connection, ROOM, event)
    async with database.transaction(service("test")) as connection:
        assert not await outbox.first_time(connection, ROOM, mine)


async def test_after_a_commit_nothing_can_fail_any_more(broker):
    await outbox.nudge(Database("postgresql://va_app:x@127.0.0.1:9/none"))


async def test_what_is_long_done_is_forgotten_and_what_was_refused_is_kept(database, broker, say, states, execute):
    old, refused, fresh = [await say() for _ in range(3)]
    broker.refuse.append((refused, 400))
    assert await publisher.publish(database) == 2
    await execute(
        "update outbox set created_at = created_at - interval '8 days',"
        " published_at = published_at - interval '8 days' where id = any(:ids)",
        ids=[UUID(old), UUID(refused)],
    )
    for days in (1, 61):
        await execute(
            "insert into processed_events values (:room, '/trim', :id, now() - make_interval(days => :days))",
            room=ROOM,
            id=f"{days} days",
            days=days,
        )
    await outbox.trim(database)
    assert set(await states()) == {UUID(refused), UUID(fresh)}
    left = await execute("delete from processed_events where source = '/trim' returning event_id")
    assert [row[0] for row in left] == ["1 days"]
