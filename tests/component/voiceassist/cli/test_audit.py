"""`voiceassist audit` on the real stores."""

import asyncio
import json
import os

import asyncpg
import pytest
from click.testing import CliRunner

from voiceassist.adapters.postgres import Database
from voiceassist.cli.main import group
from voiceassist.core import ids
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act
from voiceassist.runtime.audit_keys import AuditKeys
from voiceassist.runtime.auditing import Writer

pytestmark = pytest.mark.req("P11.4")


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch):
    for name in [name for name in os.environ if name.startswith("VOICEASSIST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(engines):
    def call(*arguments, **options):
        return CliRunner().invoke(group, ["audit", *arguments, "--data", str(engines.layout.data)], **options)

    return call


@pytest.fixture
def tenant(settings, engines):
    """A tenant with three entries: two of a patient, one of them for research."""
    tenant_id = ids.new_id()

    async def write():
        database = Database(settings.postgres.dsn, pool_size=1)
        writer = Writer(database, AuditKeys(settings.audit), part="test")
        who = Principal("somebody", tenant_id, "user", profile="physician")
        async with database.transaction(service("test")) as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            await raw.execute("insert into tenants (id, name) values ($1, 'Audited')", tenant_id)
        await writer.record(Act(who, "document.read", patient="MRN 5"))
        await writer.record(Act(who, "document.read", patient="MRN 5", purpose="HRESCH"))
        await writer.record(Act(who, "document.listed"))
        await database.close()

    asyncio.run(write())
    return tenant_id


def test_a_genuine_record_verifies_with_exit_code_0(run, tenant):
    done = run("verify", "--tenant", str(tenant))
    assert done.exit_code == 0, done.output
    assert "3 entries verified" in done.output
    told = json.loads(run("verify", "--tenant", str(tenant), "--json").output)
    assert (told["ok"], told["complete"], told["entries"]) == (True, True, 4), "the verification itself is on record"
    assert told["tenants"][0]["tenant"] == str(tenant)


def test_a_row_changed_by_sql_is_named_with_exit_code_1(run, tenant, engines):
    postgres = next(store for store in engines.stores if store.name == "postgres")

    async def tamper():
        connection = await asyncpg.connect(postgres.dsn("va_admin"))
        await connection.execute("set session_replication_role = replica")
        changed = await connection.fetchval(
            "update audit_entries set body = replace(body, 'TREAT', 'HRESCH')"
            " where tenant_id = $1 and number = 1 returning id",
            tenant,
        )
        await connection.close()
        return str(changed)

    changed = asyncio.run(tamper())
    done = run("verify", "--tenant", str(tenant))
    assert done.exit_code == 1
    assert f"BROKEN at entry 1 (id {changed}): changed" in done.output


def test_a_report_tells_every_access_to_a_patient(run, tenant):
    done = run("report", "--patient", "mrn5", "--tenant", str(tenant))
    assert done.exit_code == 0, done.output
    assert "2 accesses, 1 of them to be accounted for" in done.output
    told = json.loads(run("report", "--patient", "-", "--tenant", str(tenant), "--json", input="MRN 5\n").output)
    assert [one["purpose"] for one in told["disclosures"]] == ["TREAT", "HRESCH", "HSYSADMIN"]
    assert run("report", "--tenant", str(tenant)).exit_code != 0


def test_a_search_finds_by_action(run, tenant):
    told = json.loads(run("search", "--action", "document.", "--tenant", str(tenant), "--json").output)
    assert [one["action"] for one in told["items"]] == ["document.listed", "document.read", "document.read"]
    paged = run("search", "--action", "document.", "--limit", "2", "--tenant", str(tenant))
    assert "more: --cursor" in paged.stderr
    assert run("search", "--action", "Not an action").exit_code == 2
