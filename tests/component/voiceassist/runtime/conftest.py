"""An outbox in a real database, and a broker that accepts, refuses, dawdles or is away."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from sqlalchemy import text

from events.catalog import DocumentDeleted, PhiScanRequested
from events.catalog.payload import DOCUMENT, OTHER, OWNER, TENANT
from events.envelope import CloudEvent
from functions.phi.claims import Claims
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.objects import ObjectStore
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.runtime import encryption, outbox, publisher
from voiceassist.runtime.settings import Settings

ROOM = "outbox-test"
REEMBEDDING = ("dev.knative.sources.ping", "hourly")


async def keys_of(settings: Settings) -> TenantKeys:
    database = Database(settings.postgres.dsn, pool_size=1)
    try:
        return await encryption.keyring_of(settings, database, lambda: encryption.kms_of(settings)).of(TENANT)
    finally:
        await database.close()


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
    publisher.client.cache_clear()
    database = Database(settings.postgres.dsn)
    await run(database, "delete from outbox")
    yield database
    await run(database, "delete from outbox")
    await database.close()
    publisher.client().close()
    publisher.client.cache_clear()


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


class World:
    """What the catalogue's examples speak of, in the database, and what the database holds at a moment."""

    # What changes by itself: a publisher's leases and marks.
    BESIDES = {"outbox": "id, room, key, event"}  # noqa: RUF012 - a constant

    def __init__(self, settings: Settings) -> None:
        self._dsn = settings.postgres.dsn
        self._settings = settings

    # A tenant's keys are made when the first thing of it is sealed, whoever does that first.
    APART = ("alembic_version", "data_keys")

    def snapshot(self) -> dict[str, tuple[int, str]]:
        """Of every table: how many rows the default tenant has, and a digest of them."""

        async def look(connection: Any) -> dict[str, tuple[int, str]]:
            tables = await connection.fetch(
                "select tablename from pg_tables where schemaname = 'public' and tablename <> all($1)", self.APART
            )
            found = {}
            for (table,) in tables:
                columns = self.BESIDES.get(table, "*")
                found[table] = tuple(
                    await connection.fetchrow(
                        f"select count(*), coalesce(md5(string_agg(t::text, '|' order by t::text)), '')"  # noqa: S608
                        f" from (select {columns} from {table}) t"
                    )
                )
            return found

        return self._run(look)

    def make(self) -> None:
        """A user, their document that waits, an upload nobody goes on with, old news and old deliveries of theirs, with
        the ids of the examples."""

        async def build(connection: Any) -> None:
            for table in ("processed_events", "outbox", "notifications", "documents", "subscriptions", "uploads"):
                await connection.execute(f"delete from {table}")  # noqa: S608
            await connection.execute(
                "insert into users (id, tenant_id, iss, sub, role) values ($1, $2, 'https://issuer.test', $3, 'user')"
                " on conflict do nothing",
                OWNER, TENANT, str(OWNER),
            )  # fmt: skip
            await connection.execute(
                "insert into documents (id, tenant_id, owner_id, doc_key, content_hash, title, file_name, format,"
                " size_bytes, object_key) values ($1, $2, $3, 'k', $4, 't', 't.txt', 'txt', 1, 'k')",
                DOCUMENT, TENANT, OWNER, DOCUMENT.bytes,
            )  # fmt: skip
            await connection.execute(
                "insert into uploads (id, tenant_id, owner_id, file_name, title, visibility, doc_key, source,"
                " size_bytes, part_bytes, store_id, expires_at) values ($1, $2, $3, 'f', 't', 'private', 'k', '', 1, 1,"
                " 'gone', now() - interval '1 day')",
                ids.new_id(), TENANT, OWNER,
            )  # fmt: skip
            await connection.execute(
                "insert into indexing_jobs (id, tenant_id, owner_id, document_id) values ($1, $2, $3, $1)",
                DOCUMENT, TENANT, OWNER,
            )  # fmt: skip
            await connection.execute(
                "insert into notifications (id, tenant_id, owner_id, kind, created_at)"
                " values ($1, $2, $3, 'old', now() - interval '1 year')",
                ids.new_id(), TENANT, OWNER,
            )  # fmt: skip
            await connection.execute(
                "insert into subscriptions (id, tenant_id, owner_id, name, sink, filters, active, secret)"
                " values ($1, $2, $3, 'n', 'https://sink.example.org', '[]', false, '')",
                OTHER, TENANT, OWNER,
            )  # fmt: skip
            await connection.execute(
                "insert into subscription_deliveries (id, tenant_id, owner_id, subscription_id, event_id, event_type,"
                " outcome, duration_ms, created_at) values ($1, $2, $3, $4, '1', 't', 'delivered', 1,"
                " now() - interval '1 year')",
                ids.new_id(), TENANT, OWNER, OTHER,
            )  # fmt: skip

        self._run(build)

    def make_for(self, event: CloudEvent) -> None:
        """The same, and before ingestion's tick an index of another model, without passages; before a scan its text."""
        self.make()
        if event.type == PhiScanRequested.TYPE:
            s3 = self._settings.s3
            objects = ObjectStore(
                s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, self._settings.ca_file
            )
            Claims(objects).store(asyncio.run(keys_of(self._settings)), OWNER, DOCUMENT, b"SSN 123-45-6789")

        async def build(connection: Any) -> None:
            await connection.execute(
                "insert into embedding_models (id, name, weights, dimension, pooling, max_tokens, quantisation)"
                " values ('before', 'before', '', 8, 'mean', 8, 'float32') on conflict do nothing"
            )
            await connection.execute(
                "insert into passage_indexes (tenant_id, model_id) values ($1, 'before') on conflict (tenant_id)"
                " do update set model_id = 'before', previous_model_id = null",
                TENANT,
            )

        if (event.type, event.extensions.get("schedule")) == REEMBEDDING:
            self._run(build)

    def _run(self, work: Callable[[Any], Any]) -> Any:
        """As a service of the default tenant, in a loop of its own: tests of processes are not asynchronous."""

        async def run() -> Any:
            connection = await asyncpg.connect(self._dsn)
            try:
                async with connection.transaction():
                    await connection.execute(
                        "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                        str(TENANT),
                    )
                    return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(run())


@pytest.fixture
def world(settings: Settings) -> World:
    made = World(settings)
    made.make()
    return made
