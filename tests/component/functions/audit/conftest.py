"""A tenant with a record of its own, the room, and hands that reach into the database past every rule."""

import asyncio
import json
from types import SimpleNamespace

import asyncpg
import pytest
from sqlalchemy import text

from functions.audit import anchoring, main, verifying
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.ports.auditing import Act
from voiceassist.runtime import providers


@pytest.fixture
async def ward(person, database):
    """An administrator, a viewer and a doctor of a tenant that nobody else writes in."""
    tenant = ids.new_id()
    people = {role: await person(role, tenant) for role in ("admin", "viewer", "user")}
    return SimpleNamespace(tenant=tenant, admin=people["admin"], viewer=people["viewer"], doctor=people["user"])


@pytest.fixture
def write(ward):
    """Put so many acts on record, one after another: they are on one chain."""

    async def some(count, **act):
        auditor = providers.auditor("test")
        for _ in range(count):
            await auditor.record(Act(**{"principal": ward.doctor, "action": "document.read"} | act))

    return some


@pytest.fixture
def anchor(ward):
    async def tick():
        await anchoring.tenant(main.anchored(), ward.tenant)

    return tick


@pytest.fixture
def verified(ward):
    async def now(means=None):
        return await verifying.tenant(means or main.means(), ward.tenant)

    return now


@pytest.fixture
def fault(verified):
    """The first fault and the result it stands in."""

    async def first():
        result = await verified()
        (broken,) = [one for one in result.chains if one.fault]
        return broken.fault, broken

    return first


@pytest.fixture
def tamper(engines):
    """Statements of the database's administrator with every trigger switched off: there is no stronger hand."""
    postgres = next(store for store in engines.stores if store.name == "postgres")

    async def run(*statements):
        async def work():
            connection = await asyncpg.connect(postgres.dsn("va_admin"))
            try:
                await connection.execute("set session_replication_role = replica")
                for statement, *arguments in statements:
                    await connection.execute(statement, *arguments)
            finally:
                await connection.close()

        await asyncio.to_thread(asyncio.run, work())

    return run


@pytest.fixture
def rows(database, ward):
    """Number, body and MAC of the tenant's chain 0."""

    async def read():
        async with database.transaction(service("test", ward.tenant)) as connection:
            found = await connection.execute(
                text("select number, body, mac from audit_entries where chain = 0 order by number")
            )
            return [(number, json.loads(body), bytes(mac)) for number, body, mac in found.all()]

    return read
