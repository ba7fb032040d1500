"""Ask each engine, embedded or external, as a room would: version, round trip, what is wrong, how to mend it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from voiceassist.runtime.settings import Settings

SECONDS = 3.0
OLDEST_PGVECTOR = (0, 8)  # before it, a filtered search by index drops results silently


@dataclass(frozen=True, slots=True)
class Finding:
    """`wrong` and `mend` are empty when all is well; `round_trip_ms` is None without an answer."""

    name: str
    mode: str
    address: str
    version: str = ""
    round_trip_ms: float | None = None
    wrong: str = ""
    mend: str = ""

    @property
    def ok(self) -> bool:
        return not self.wrong

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


class Fault(Exception):  # noqa: N818 - a finding, not a fault of this program
    """What is wrong with an engine and how to mend it."""

    def __init__(self, wrong: str, mend: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Probe:
    """`ask` returns (version, round trip in ms) or raises Fault."""

    name: str
    address: str
    setting: str
    ask: Callable[[Settings], tuple[str, float]]


# Engine of the supervisor -> how the report calls it and asks it.
def probes(settings: Settings) -> dict[str, Probe]:
    return {
        "postgres": Probe("postgres", _host(settings.postgres.dsn), "VOICEASSIST_POSTGRES__DSN", ask_postgres),
        "valkey": Probe("valkey", _host(settings.redis.url), "VOICEASSIST_REDIS__URL", ask_valkey),
        "vectord": Probe("qdrant", settings.qdrant.url, "VOICEASSIST_QDRANT__URL", ask_qdrant),
        "seaweedfs": Probe("seaweedfs", settings.s3.endpoint, "VOICEASSIST_S3__ENDPOINT", ask_s3),
    }


def examine(engine: str, settings: Settings, *, external: bool) -> Finding:
    """One engine's finding; never raises for a sick engine."""
    probe = probes(settings)[engine]
    mode = "external" if external else "embedded"
    try:
        version, milliseconds = probe.ask(settings)
    except Fault as fault:
        mend = fault.mend
        if fault.wrong == SILENT:
            mend = f"check {probe.setting} and that server" if external else "start it with `voiceassist up`"
        return Finding(probe.name, mode, probe.address, wrong=fault.wrong, mend=mend)
    return Finding(probe.name, mode, probe.address, version, round(milliseconds, 2))


SILENT = "it does not answer"
REFUSED = "it refuses our credentials"
CREDENTIALS = "restore secrets.json and the data from one backup, or correct the setting of the external engine"


def ask_postgres(settings: Settings) -> tuple[str, float]:
    import asyncpg

    async def ask() -> tuple[str, str, float]:
        connection = await asyncpg.connect(settings.postgres.dsn, timeout=SECONDS, command_timeout=SECONDS)
        try:
            server = await connection.fetchval("show server_version")
            vector = await connection.fetchval("select extversion from pg_extension where extname = 'vector'")
            began = time.perf_counter()
            await connection.fetchval("select 1")
            return str(server), str(vector or ""), (time.perf_counter() - began) * 1000
        finally:
            await connection.close()

    try:
        server, vector, milliseconds = _run(ask())
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        raise Fault(REFUSED, CREDENTIALS) from None
    except asyncpg.InvalidCatalogNameError:
        raise Fault("the database does not exist", "create it, or start with `voiceassist up`") from None
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError):
        raise Fault(SILENT, "") from None
    if not vector:
        raise Fault("the extension vector is missing", "run `create extension vector` as a superuser")
    if tuple(int(part) for part in vector.split(".")[:2]) < OLDEST_PGVECTOR:
        raise Fault(f"pgvector {vector} is too old", "install 0.8 or newer and `alter extension vector update`")
    return f"{server} (pgvector {vector})", milliseconds


def ask_valkey(settings: Settings) -> tuple[str, float]:
    from redis import Redis
    from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

    try:
        with Redis.from_url(settings.redis.url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            server: dict[str, Any] = client.info("server")
            began = time.perf_counter()
            client.ping()
            milliseconds = (time.perf_counter() - began) * 1000
    except (AuthenticationError, NoPermissionError):
        raise Fault(REFUSED, CREDENTIALS) from None
    except (RedisError, OSError, ValueError):
        raise Fault(SILENT, "") from None
    return str(server.get("valkey_version") or server.get("redis_version") or ""), milliseconds


def ask_qdrant(settings: Settings) -> tuple[str, float]:
    status, _, body, milliseconds = _get(settings.qdrant.url, settings, {"api-key": settings.qdrant.api_key})
    if status in (401, 403):
        raise Fault(REFUSED, CREDENTIALS)
    if status != 200 or not isinstance(body, dict):
        raise Fault(f"it answers with status {status}", "look at its log")
    return f"{body.get('version', '')} ({body.get('title', '')})", milliseconds


def ask_s3(settings: Settings) -> tuple[str, float]:
    from botocore.exceptions import BotoCoreError, ClientError

    from voiceassist.adapters.objects import ObjectStore

    s3 = settings.s3
    store = ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file)
    try:
        store.client.head_bucket(Bucket=s3.bucket)
        began = time.perf_counter()
        answer = store.client.head_bucket(Bucket=s3.bucket)
        milliseconds = (time.perf_counter() - began) * 1000
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404:
            raise Fault(f"the bucket {s3.bucket} does not exist", "create it, or start with `voiceassist up`") from None
        raise Fault(REFUSED, CREDENTIALS) from None
    except (BotoCoreError, ValueError):
        raise Fault(SILENT, "") from None
    return answer["ResponseMetadata"]["HTTPHeaders"].get("server", ""), milliseconds


def examine_service(name: str, url: str, settings: Settings) -> Finding:
    """One of our own processes by its health door."""
    try:
        status, _, _, milliseconds = _get(url, settings, {})
    except Fault:
        return Finding(name, "embedded", url, wrong=SILENT, mend="start it with `voiceassist up`")
    if status != 200:
        wrong = f"it answers with status {status}"
        return Finding(name, "embedded", url, round_trip_ms=round(milliseconds, 2), wrong=wrong, mend="look at its log")
    return Finding(name, "embedded", url, round_trip_ms=round(milliseconds, 2))


def _get(url: str, settings: Settings, headers: dict[str, str]) -> tuple[int, dict[str, str], Any, float]:
    import ssl

    import httpx

    try:
        verify = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
        with httpx.Client(verify=verify, timeout=SECONDS, trust_env=False, headers=headers) as client:
            client.get(url)
            began = time.perf_counter()
            answer = client.get(url)
            milliseconds = (time.perf_counter() - began) * 1000
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        raise Fault(SILENT, "") from None
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.status_code, dict(answer.headers), answer.json() if is_json else None, milliseconds


def _run(ask: Coroutine[Any, Any, tuple[str, str, float]]) -> tuple[str, str, float]:
    return asyncio.run(ask)


def _host(url: str) -> str:
    """Where a URL leads, without user, password and options."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix:{parts.path}"
    if not parts.hostname and "host=" in parts.query:
        return f"unix:{parts.query.partition('host=')[2].partition('&')[0]}"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
