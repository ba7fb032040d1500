"""The audit on a real database: entries of a tenant of their own, as three roles see them."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.hash_chain import Record
from voiceassist.core.identity import Principal, service
from voiceassist.runtime.audit_keys import AuditKeys
from voiceassist.runtime.auditing import Writer


@pytest.fixture(scope="session")
async def database(settings):
    made = Database(settings.postgres.dsn, pool_size=12)
    yield made
    await made.close()


@pytest.fixture
async def tenant(database):
    """A tenant nobody else writes in."""
    tenant_id = ids.new_id()
    async with database.transaction(service("test")) as connection:
        await connection.execute(text("insert into tenants (id, name) values (:id, 'Audited')"), {"id": tenant_id})
    return tenant_id


@pytest.fixture
async def doctor(database, tenant):
    user_id = ids.new_id()
    async with database.transaction(service("test", tenant)) as connection:
        await connection.execute(
            text(
                "insert into users (id, tenant_id, iss, sub, role, profile)"
                " values (:id, :tenant, 'https://issuer.test', :sub, 'user', 'physician')"
            ),
            {"id": user_id, "tenant": tenant, "sub": f"sub-{user_id}"},
        )
    return Principal(str(user_id), tenant, "user", user_id=user_id, profile="physician", session_id="c0ffee")


@pytest.fixture
def keys(settings):
    return AuditKeys(settings.audit)


@pytest.fixture
def writer(database, keys):
    return Writer(database, keys, part="test", chains=4)


@pytest.fixture
def entries(database, tenant):
    """The records of each chain of the tenant, in order."""

    async def read():
        async with database.transaction(service("test", tenant)) as connection:
            rows = await connection.execute(
                text("select chain, number, key, body, mac from audit_entries order by chain, number")
            )
            found = {}
            for chain, number, key, body, mac in rows.all():
                found.setdefault(chain, []).append(Record(number, key, body.encode(), bytes(mac)))
        return found

    return read


@pytest.fixture
def as_role(engines):
    """Run statements as a role of the cluster, outside of any pool."""

    def run(role, statements, tenant=None):
        postgres = next(store for store in engines.stores if store.name == "postgres")

        async def work():
            connection = await asyncpg.connect(postgres.dsn(role))
            try:
                if tenant:
                    await connection.execute("select set_config('app.tenant', $1, false)", str(tenant))
                    await connection.execute("select set_config('app.role', 'service', false)")
                return [await connection.fetch(statement) for statement in statements]
            finally:
                await connection.close()

        return asyncio.to_thread(asyncio.run, work())

    return run
