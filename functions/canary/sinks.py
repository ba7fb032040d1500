"""What the canary can look at: one function a sink, which gives what of the patient stands there.

Only what was written since `Mark` is read where the sink can tell, so that an hour's look does not read a hospital's
whole memory. A function that cannot look raises UnseenError, never "nothing found"; AbsentError where the installation
has no such sink.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.canary.domain.own_texts import OWN_TEXTS
from functions.canary.domain.traces import Search, Trace
from functions.canary.stores import knowledge_of, log_store, trace_store
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import http, providers
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

LOOK_SECONDS = 60  # of one statement
MOST_BYTES = 536_870_912  # of files and objects that are read in one look
PIECE = 1_048_576


class UnseenError(UnavailableError):
    """Nobody looked; `reason` says why, as a code."""

    def __init__(self, reason: str) -> None:
        super().__init__("The sink cannot be looked at.", code=reason)


class AbsentError(UnavailableError):
    """This installation does not write there."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where things stood before anything was told. `sizes`: of log files; `transaction`: an id of the database."""

    began: datetime
    transaction: str = ""
    sizes: tuple[tuple[Path, int], ...] = ()


async def mark(settings: Settings, now: datetime) -> Mark:
    """What cannot be noted is not looked at later."""
    try:
        transaction = await _transaction()
    except UnavailableError:
        transaction = ""
    return Mark(now, transaction, tuple((path, path.stat().st_size) for path in _log_files(settings)))


async def _transaction() -> str:
    from sqlalchemy import text

    async with providers.database().transaction(service("canary")) as connection:
        return str((await connection.execute(text("select pg_current_xact_id()::xid::text"))).scalar_one())


async def database(_settings: Settings, search: Search, since: Mark) -> list[Trace]:
    """Every row of every table that was written since, of the canary's own tenant: RLS shows no other's."""
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    if not since.transaction:
        raise UnseenError("DATABASE_UNAVAILABLE")
    found: list[Trace] = []
    try:
        async with providers.database().transaction(service("canary")) as connection:
            await connection.execute(text(f"set local statement_timeout = '{LOOK_SECONDS}s'"))
            tables = await connection.execute(text(TABLES))
            for schema, table, readable in tables.all():
                if not readable:
                    raise UnseenError("TABLE_UNREADABLE")
                own = [one.partition(".")[2] for one in OWN_TEXTS if one.startswith(f"{table}.")]
                told = {"since": since.transaction, "own": own}
                rows = await connection.stream(text(WRITTEN.format(schema, table)), told)
                async for (row,) in rows:
                    found += search.found("database", row.encode())
    except SQLAlchemyError:
        raise UnseenError("DATABASE_UNAVAILABLE") from None
    return found


# What the migrations wrote down of themselves is nobody's text.
TABLES = """select n.nspname, c.relname, has_table_privilege(c.oid, 'select') from pg_class c
 join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and c.relname <> 'alembic_version'
 and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_%'"""
# Rows of this transaction id or a later one; frozen ones are older than any.
WRITTEN = (
    'select (to_jsonb(t) - cast(:own as text[]))::text from "{}"."{}" t'
    " where age(t.xmin) <= age(cast(cast(:since as text) as xid))"
)


async def sessions(settings: Settings, search: Search, _since: Mark) -> list[Trace]:
    """Every key of ours in the session store with its value."""
    if not settings.redis.url:
        raise AbsentError
    return await keys(providers.redis(), search, "sessions")


async def keys(client: "Redis", search: Search, sink: str) -> list[Trace]:
    found = []
    async for key in client.scan_iter(match="va:*", count=1000):
        found += search.found(sink, bytes(key) if isinstance(key, bytes) else str(key).encode())
        found += search.found(sink, b"\n".join(_flat(await _value(client, key))))
    return found


async def _value(client: "Redis", key: bytes | str) -> object:
    match await client.type(key):
        case b"string" | "string":
            return await client.get(key)
        case b"hash" | "hash":
            return await client.hgetall(key)
        case b"list" | "list":
            return await client.lrange(key, 0, -1)
        case b"set" | "set":
            return await client.smembers(key)
        case b"zset" | "zset":
            return await client.zrange(key, 0, -1)
        case _:
            return None


def _flat(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(name)
            yield from _flat(inner)
    elif isinstance(value, list | set | tuple):
        for inner in value:
            yield from _flat(inner)
    elif value is not None:
        yield str(value).encode()


async def objects(settings: Settings, search: Search, since: Mark) -> list[Trace]:
    """Names and bytes of what was stored since; our own files are sealed, so anything readable is a leak."""
    if not settings.s3.endpoint and not settings.s3.access_key:
        raise AbsentError

    def look() -> list[Trace]:
        store, found, read = providers.objects(), [], 0
        for name, size in store.changed_since(since.began):
            found += search.found("objects", name.encode())
            read += size
            if read > MOST_BYTES:
                raise UnseenError("TOO_MUCH")
            found += [trace for piece in store.stream(name, MOST_BYTES) for trace in search.found("objects", piece)]
        return found

    return await asyncio.to_thread(look)


async def knowledge(settings: Settings, search: Search, _since: Mark) -> list[Trace]:
    """Every payload of the knowledge that belongs to everybody."""
    if not settings.qdrant.url:
        raise AbsentError
    return await _searched(search, "knowledge", knowledge_of(providers.knowledge()))


async def events(settings: Settings, search: Search, _since: Mark) -> list[Trace]:
    """The local broker's files: events, deliveries, dead letters. A cluster's broker shows nobody what it holds."""
    database = settings.broker.database
    if not database or not settings.data_dir:
        raise UnseenError("BROKER_ELSEWHERE")
    files = [path for path in Path(database).parent.glob(f"{Path(database).name}*") if path.is_file()]
    if not files or sum(path.stat().st_size for path in files) > MOST_BYTES:
        raise UnseenError("TOO_MUCH" if files else "BROKER_ELSEWHERE")
    return await asyncio.to_thread(lambda: [trace for path in files for trace in _in_file(search, "events", path, 0)])


async def logs(settings: Settings, search: Search, since: Mark) -> list[Trace]:
    """The log files of this machine from where they ended, or the log store that gathers those of a cluster."""
    if settings.canary.logs_url:
        return await _searched(search, "logs", log_store(settings, since.began))
    ended, files = dict(since.sizes), _log_files(settings)
    if not files:
        raise UnseenError("LOGS_ELSEWHERE")

    def look() -> list[Trace]:
        # A file that is shorter than it was has begun anew.
        begun = {path: ended.get(path, 0) if path.stat().st_size >= ended.get(path, 0) else 0 for path in files}
        return [trace for path in files for trace in _in_file(search, "logs", path, begun[path])]

    return await asyncio.to_thread(look)


async def traces(settings: Settings, search: Search, since: Mark) -> list[Trace]:
    """Spans in the operator's store of traces."""
    if not settings.telemetry.otlp_endpoint:
        raise AbsentError  # spans end in the process
    if not settings.canary.traces_url:
        raise UnseenError("TRACES_ELSEWHERE")
    return await _searched(search, "traces", trace_store(settings, since.began))


async def metrics(settings: Settings, search: Search, _since: Mark) -> list[Trace]:
    """What the gateway and, where they can be reached, broker and realtime service count."""
    bases = [settings.canary.url or settings.base_url, settings.broker.operations_url, settings.realtime.url]
    found = []
    for base in filter(None, bases):
        answer = await http.client().get(f"{base.rstrip('/')}/metrics", timeout=LOOK_SECONDS)
        if answer.status_code != 200:
            raise UnseenError("METRICS_UNAVAILABLE")
        found += search.found("metrics", answer.content)
    return found


SINKS = {
    "database": database,
    "sessions": sessions,
    "objects": objects,
    "knowledge": knowledge,
    "events": events,
    "logs": logs,
    "traces": traces,
    "metrics": metrics,
}


async def _searched(search: Search, sink: str, pages: AsyncIterator[Any]) -> list[Trace]:
    found = []
    async for page in pages:
        found += await asyncio.to_thread(search.found, sink, page)
    return found


def _log_files(settings: Settings) -> list[Path]:
    return sorted((Path(settings.data_dir) / "logs").glob("*.log")) if settings.data_dir else []


def _in_file(search: Search, sink: str, path: Path, start: int) -> list[Trace]:
    with path.open("rb") as file:
        file.seek(start)
        return search.found_in(sink, file)
