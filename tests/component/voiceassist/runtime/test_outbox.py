"""The outbox against a real database and a broker that accepts, refuses or is away."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest
from sqlalchemy import text

from events.catalog import DocumentDeleted
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.runtime import http, outbox

ROOM = "outbox-test"


@pytest.fixture
def broker():
    """A peer that answers what `status` says and keeps what it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status = next((code for marker, code in self.server.refuse if marker in body), 202)
            if status == 202:
                self.server.got.append(body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.refuse = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
async def database(settings, broker, monkeypatch):
    import msgspec

    pointed = msgspec.structs.replace(settings, broker_url=f"http://127.0.0.1:{broker.server_port}/ns/default")
    monkeypatch.setattr(outbox, "load_settings", lambda: pointed)
    monkeypatch.setattr(http, "load_settings", lambda: pointed)
    http.client.cache_clear()
    database = Database(settings.postgres.dsn)
    async with database.transaction(service("test")) as connection:
        await connection.execute(text("delete from outbox"))
    yield database
    async with database.transaction(service("test")) as connection:
        await connection.execute(text("delete from outbox"))
    await database.close()
    await http.client().aclose()
    http.client.cache_clear()


async def say(database: Database) -> str:
    document = ids.new_id()
    payload = DocumentDeleted(document_id=document, tenant_id=ids.new_id(), owner_id=ids.new_id())
    event = outbox.event_of(ROOM, DocumentDeleted.TYPE, payload, subject=str(document), key=str(document))
    async with database.transaction(service("test")) as connection:
        await outbox.add(connection, ROOM, event)
    return event.id


async def states(database: Database) -> dict[UUID, tuple[bool, int | None]]:
    async with database.transaction(service("test")) as connection:
        rows = await connection.execute(text("select id, published_at is not null, refused from outbox"))
        return {row[0]: (row[1], row[2]) for row in rows}


async def test_what_was_committed_is_sent_once(database, broker):
    said = await say(database)
    assert await outbox.publish(database) == 1
    assert await outbox.publish(database) == 0
    assert len(broker.got) == 1
    assert said in broker.got[0]


async def test_a_broker_that_is_away_loses_nothing(database, broker):
    said = await say(database)
    broker.refuse.append((said, 503))
    assert await outbox.publish(database) == 0
    broker.refuse.clear()
    assert await outbox.publish(database) == 1


async def test_an_event_refused_for_good_is_kept_and_holds_up_nobody(database, broker):
    bad, good = await say(database), await say(database)
    broker.refuse.append((bad, 400))
    assert await outbox.publish(database) == 1
    assert (await states(database)) == {UUID(bad): (False, 400), UUID(good): (True, None)}


async def test_an_event_of_a_rolled_back_transaction_is_never_sent(database, broker):
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction must be open when it is raised
        async with database.transaction(service("test")) as connection:
            payload = DocumentDeleted(document_id=ids.new_id(), tenant_id=ids.new_id(), owner_id=ids.new_id())
            event = outbox.event_of(ROOM, DocumentDeleted.TYPE, payload, subject="x", key="x")
            await outbox.add(connection, ROOM, event)
            raise RuntimeError
    assert await outbox.publish(database) == 0
    assert broker.got == []


async def test_an_event_is_handled_the_first_time_only(database):
    payload = DocumentDeleted(document_id=ids.new_id(), tenant_id=ids.new_id(), owner_id=ids.new_id())
    event = outbox.event_of(ROOM, DocumentDeleted.TYPE, payload, subject="x", key="x")
    async with database.transaction(service("test")) as connection:
        assert await outbox.first_time(connection, ROOM, event)
    async with database.transaction(service("test")) as connection:
        assert not await outbox.first_time(connection, ROOM, event)
        assert await outbox.first_time(connection, "another-room", event)


async def test_after_a_commit_nothing_can_fail_any_more(broker):
    await outbox.nudge(Database("postgresql://va_app:x@127.0.0.1:9/none"))


async def test_what_is_long_done_is_forgotten_and_what_was_refused_is_kept(database, broker):
    old, refused, fresh = [await say(database) for _ in range(3)]
    broker.refuse.append((refused, 400))
    assert await outbox.publish(database) == 2
    async with database.transaction(service("test")) as connection:
        await connection.execute(
            text(
                "update outbox set created_at = created_at - interval '8 days',"
                " published_at = published_at - interval '8 days' where id = any(:ids)"
            ),
            {"ids": [UUID(old), UUID(refused)]},
        )
        for days in (1, 61):
            await connection.execute(
                text("insert into processed_events values (:room, '/trim', :id, now() - make_interval(days => :days))"),
                {"room": ROOM, "id": f"{days} days", "days": days},
            )
    await outbox.trim(database)
    assert set(await states(database)) == {UUID(refused), UUID(fresh)}
    async with database.transaction(service("test")) as connection:
        left = await connection.execute(text("delete from processed_events where source = '/trim' returning event_id"))
        assert [row[0] for row in left] == ["1 days"]
