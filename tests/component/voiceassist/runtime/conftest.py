"""An outbox in a real database, and a broker that accepts, refuses, dawdles or is away."""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from events.catalog import DocumentDeleted
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.runtime import http, outbox, publisher
from voiceassist.runtime.settings import Settings

ROOM = "outbox-test"


class Broker(ThreadingHTTPServer):
    """`got`: bodies it accepted. `refuse`: (part of a body, status). `before`: called with every event."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.got: list[str] = []
        self.refuse: list[tuple[str, int]] = []
        self.before: Callable[[dict[str, Any]], object] = lambda _event: None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/ns/default"

    @property
    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for body in self.got]

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Broker

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        status = next((code for marker, code in self.server.refuse if marker in body), 202)
        if status == 202:
            self.server.got.append(body)
        self.server.before(json.loads(body))
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def new_broker() -> Iterator[Callable[..., Broker]]:
    brokers: list[Broker] = []

    def start(port: int = 0) -> Broker:
        brokers.append(Broker(port))
        return brokers[-1]

    yield start
    for each in brokers:
        each.stop()


@pytest.fixture
def broker(new_broker: Callable[..., Broker]) -> Broker:
    return new_broker()


@pytest.fixture
async def database(settings: Settings, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The database, with an empty outbox that is sent to `broker`."""
    pointed = msgspec.structs.replace(settings, broker_url=broker.url)
    monkeypatch.setattr(publisher, "load_settings", lambda: pointed)
    monkeypatch.setattr(http, "load_settings", lambda: pointed)
    http.client.cache_clear()
    database = Database(settings.postgres.dsn)
    await run(database, "delete from outbox")
    yield database
    await run(database, "delete from outbox")
    await database.close()
    await http.client().aclose()
    http.client.cache_clear()


async def run(database: Database, statement: str, **parameters: object) -> list[Any]:
    async with database.transaction(service("test")) as connection:
        result = await connection.execute(text(statement), parameters)
        return list(result) if result.returns_rows else []


@pytest.fixture
def execute(database: Database) -> Callable[..., Any]:
    """`await execute(sql, name=value)`: the rows."""

    async def execute(statement: str, **parameters: object) -> list[Any]:
        return await run(database, statement, **parameters)

    return execute


@pytest.fixture
def say(database: Database) -> Callable[..., Any]:
    """`await say(key)`: commit an event of a room about a document that is gone; returns its id."""

    async def say(key: str | None = None) -> str:
        document = ids.new_id()
        payload = DocumentDeleted(document_id=document, tenant_id=ids.new_id(), owner_id=ids.new_id())
        event = outbox.event_of(ROOM, DocumentDeleted.TYPE, payload, subject=str(document), key=key or str(document))
        async with database.transaction(service("test")) as connection:
            await outbox.add(connection, ROOM, event)
        return event.id

    return say


@pytest.fixture
def states(execute: Callable[..., Any]) -> Callable[[], Any]:
    """Of every row: was it sent, and with what status was it refused."""

    async def states() -> dict[UUID, tuple[bool, int | None]]:
        rows = await execute("select id, published_at is not null, refused from outbox")
        return {row[0]: (row[1], row[2]) for row in rows}

    return states
