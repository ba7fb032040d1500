"""The embedded engines as the rooms meet them: reachable with their password, closed without it."""

import ssl

import asyncpg
import httpx
import pytest
from botocore.exceptions import ClientError
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from voiceassist.adapters.objects import ObjectStore
from voiceassist.migrations import downgrade, head, upgrade
from voiceassist.runtime.engines.postgres import ADMIN, PostgresEngine
from voiceassist.runtime.engines.stack import Stack
from voiceassist.runtime.settings import Settings

pytestmark = pytest.mark.req("P1.6")


async def test_postgres_has_pgvector_checksums_and_scram(settings: Settings, engines: Stack) -> None:
    connection = await asyncpg.connect(settings.postgres.dsn)
    try:
        assert await connection.fetchval("select '[1,2]'::halfvec(2) <=> '[2,1]'::halfvec(2)") == pytest.approx(
            0.2, abs=1e-3
        )
        assert await connection.fetchval("show data_checksums") == "on"
        assert await connection.fetchval("show listen_addresses") == ""
        assert await connection.fetchval("show summarize_wal") == "on"
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["va_app", "va_owner", "va_audit_writer", "va_replica", "va_backup", ADMIN])
async def test_postgres_refuses_a_wrong_password(engines: Stack, role: str) -> None:
    sockets = engines.layout.run / "postgres"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=str(sockets), user=role, password="wrong", database="voiceassist")


async def test_the_application_role_can_not_lift_row_level_security(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.postgres.dsn)
    try:
        row = await connection.fetchrow(
            "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
        )
        assert row is not None
        assert tuple(row) == (False, False, False)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("alter table documents disable row level security")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("create table mine (id int)")
    finally:
        await connection.close()


@pytest.mark.req("P1.2")
def test_valkey_lets_its_user_touch_its_own_keys_only(settings: Settings) -> None:
    with Redis.from_url(settings.redis.url) as client:
        assert client.set("va:test", "1", ex=5)
        with pytest.raises(NoPermissionError):
            client.set("other", "1")
        for command in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*")):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command)


@pytest.mark.req("P1.2")
def test_valkey_refuses_without_password(engines: Stack) -> None:
    with (
        Redis.from_url(f"unix://{engines.layout.run}/valkey/valkey.sock") as client,
        pytest.raises(AuthenticationError),
    ):
        client.get("va:test")


def test_vectord_refuses_without_key(settings: Settings) -> None:
    client = QdrantClient(
        url=settings.qdrant.url, api_key="wrong", verify=settings.ca_file, check_compatibility=False, timeout=5
    )
    with pytest.raises(UnexpectedResponse) as refused:
        client.get_collections()
    assert refused.value.status_code == 401


def store(settings: Settings, **changes: str) -> ObjectStore:
    s3 = settings.s3
    options = {"endpoint": s3.endpoint, "access_key": s3.access_key, "secret_key": s3.secret_key} | changes
    return ObjectStore(**options, bucket=s3.bucket, region=s3.region, ca_file=settings.ca_file)


def test_s3_keeps_an_object(settings: Settings) -> None:
    objects = store(settings)
    objects.put("a/b", b"sealed" * 1000)
    assert objects.get("a/b") == b"sealed" * 1000
    objects.delete("a/b")


@pytest.mark.parametrize("changes", [{"secret_key": "wrong"}, {"access_key": "wrong"}])
def test_s3_refuses_a_wrong_signature(settings: Settings, changes: dict[str, str]) -> None:
    with pytest.raises(ClientError) as refused:
        store(settings, **changes).client.list_objects_v2(Bucket=settings.s3.bucket)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


SHUT = {400, 401, 404}  # 400: the volume server knows file ids only


def test_s3_side_doors_are_shut(settings: Settings, engines: Stack) -> None:
    """The filer serves, takes and deletes objects without credentials unless its signing keys are set."""
    objects = store(settings)
    objects.put("door/probe", b"secret")
    for port in (engines.ports.filer, engines.ports.volume):
        address = f"http://127.0.0.1:{port}/buckets/{settings.s3.bucket}/door/probe"
        assert httpx.get(address).status_code in SHUT
        assert httpx.put(address, content=b"forged").status_code in SHUT
        assert httpx.delete(address).status_code in SHUT
    assert objects.get("door/probe") == b"secret"


def test_s3_anonymous_is_refused(settings: Settings) -> None:
    context = ssl.create_default_context(cafile=settings.ca_file)
    url = f"{settings.s3.endpoint}/{settings.s3.bucket}?list-type=2"
    assert httpx.get(url, verify=context, trust_env=False).status_code == 403


def test_s3_encrypts_at_rest_on_demand(settings: Settings) -> None:
    client = store(settings).client
    client.put_object(Bucket=settings.s3.bucket, Key="sse", Body=b"x", ServerSideEncryption="AES256")
    assert client.get_object(Bucket=settings.s3.bucket, Key="sse")["Body"].read() == b"x"


@pytest.mark.req("P1.7")
async def test_migrations_go_up_down_and_up(engines: Stack) -> None:
    """In a database of its own: the session's one stays at head for the other tests."""
    import asyncio

    postgres = PostgresEngine(engines.layout, engines.secrets, engines.account)
    admin = await asyncpg.connect(
        host=str(postgres.sockets), user=ADMIN, password=engines.secrets.postgres_admin, database="postgres"
    )
    await admin.execute("create database travel owner va_owner")
    try:
        inside = await asyncpg.connect(
            host=str(postgres.sockets), user=ADMIN, password=engines.secrets.postgres_admin, database="travel"
        )
        await inside.execute("create extension vector; alter schema public owner to va_owner")
        dsn = postgres.dsn("va_owner").replace("/voiceassist?", "/travel?")

        async def tables() -> int:
            return await inside.fetchval(
                "select count(*) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
            )

        await asyncio.to_thread(upgrade, dsn)
        assert await inside.fetchval("select version_num from alembic_version") == head()
        full = await tables()
        assert full > 0
        await asyncio.to_thread(downgrade, dsn)
        assert await tables() == 0
        await asyncio.to_thread(upgrade, dsn)
        assert await tables() == full
        await inside.close()
    finally:
        await admin.execute("drop database travel with (force)")
        await admin.close()


def test_every_tool_of_the_copied_postgres_runs(engines: Stack) -> None:
    """A copy that loses the shape of the tree breaks psql and pg_basebackup, and shows it late."""
    import subprocess

    from voiceassist.runtime.engines import binaries

    tools = binaries.postgres(engines.layout.runtime)
    for tool in ("psql", "pg_dump", "pg_basebackup", "pg_rewind", "pg_combinebackup", "pg_verifybackup", "pgbench"):
        result = subprocess.run([str(tools / tool), "--version"], capture_output=True, text=True)
        assert result.returncode == 0, (tool, result.stderr)
        assert "18." in result.stdout


def test_no_port_listens_beyond_loopback(engines: Stack) -> None:
    import psutil

    own = {item.child.record.pid for item in engines.supervisor.running if item.child}
    listening = [
        connection.laddr
        for pid in own
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {address.ip for address in listening} == {"127.0.0.1"}
