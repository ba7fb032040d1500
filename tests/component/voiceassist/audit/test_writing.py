"""Entries join their chain whole, in order and without gaps, whoever writes at once; and nobody can take them back."""

import asyncio
import json

import asyncpg
import pytest
from sqlalchemy import text

from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import UnavailableError
from voiceassist.core.hash_chain import Walk
from voiceassist.ports.auditing import Act
from voiceassist.runtime.audit_keys import AuditKeys
from voiceassist.runtime.auditing import Writer, came_from
from voiceassist.runtime.settings import Audit

pytestmark = pytest.mark.req("P11.4")

READ = {"action": "document.read", "objects": ("document:0190",)}


async def test_an_entry_says_who_what_which_when_where_why_and_how_it_ended(writer, doctor, entries, keys):
    came_from("9.9.9.9", "not a purpose")
    await writer.record(
        Act(doctor, "document.read", objects=("document:0190",), patient=" MRN 4711 ", facts={"pages": 3})
    )
    ((record,),) = (await entries()).values()
    told = json.loads(record.body)
    assert told["by"] == {
        "iss": "https://issuer.test",
        "sub": f"sub-{doctor.user_id}",
        "user": str(doctor.user_id),
        "role": "user",
        "profile": "physician",
        "act": "",
    }
    assert (told["action"], told["objects"], told["outcome"]) == ("document.read", ["document:0190"], "success")
    assert (told["in"], told["network"], told["session"], told["purpose"]) == ("test", "public", "c0ffee", "TREAT")
    assert told["patient"] == keys.patients(doctor.tenant_id, "mrn4711")[0]
    assert told["facts"] == {"pages": 3}
    assert b"4711" not in record.body
    assert (told["chain"], told["number"]) == (0, 1)


async def test_an_entry_is_there_exactly_when_what_it_is_about_is(writer, database, doctor, entries):
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction must be open when it is raised
        async with database.transaction(doctor) as connection:
            await writer.record(Act(doctor, "document.deleted"), connection)
            raise RuntimeError
    assert await entries() == {}
    async with database.transaction(doctor) as connection:
        await writer.record(Act(doctor, "document.deleted"), connection)
        await writer.record(Act(doctor, "document.deleted"), connection)
    assert [record.number for record in (await entries())[0]] == [1, 2]


async def test_many_writers_at_once_leave_chains_without_gaps(writer, database, doctor, entries, keys):
    async def one(place):
        if place % 7 == 0:  # some think better of it
            with pytest.raises(RuntimeError):  # noqa: PT012
                async with database.transaction(doctor) as connection:
                    await writer.record(Act(doctor, **READ), connection)
                    raise RuntimeError
        else:
            await writer.record(Act(doctor, **READ))

    await asyncio.gather(*(one(place) for place in range(210)))
    found = await entries()
    assert sum(map(len, found.values())) == 180
    assert len(found) > 1, "they did not wait for each other"
    for records in found.values():
        walk = Walk(lambda name: keys.find(doctor.tenant_id, name))
        assert walk.through(records) is None
        assert walk.head.number == len(records)


async def test_what_cannot_be_recorded_is_an_error_of_the_caller(database, doctor, entries):
    nobody = Writer(Database("postgresql://va_app:x@127.0.0.1:9/none"), AuditKeys(Audit(key="a1" * 32)), part="test")
    with pytest.raises(UnavailableError) as down:
        await nobody.record(Act(doctor, **READ))
    assert (down.value.code, down.value.status) == ("AUDIT_UNAVAILABLE", 503)
    keyless = Writer(database, AuditKeys(Audit()), part="test")
    with pytest.raises(UnavailableError):
        await keyless.record(Act(doctor, **READ))
    assert await entries() == {}


async def test_a_row_the_database_refuses_is_an_error_too(writer, database, doctor):
    async with database.transaction(doctor) as connection:
        with pytest.raises(UnavailableError):
            await writer.record(Act(other(doctor), **READ), connection)


def other(principal):
    """Somebody of another tenant than the transaction's."""
    from dataclasses import replace

    from voiceassist.core.identity import DEFAULT_TENANT

    return replace(principal, tenant_id=DEFAULT_TENANT)


CHANGES = (
    "update audit_entries set body = body",
    "update audit_entries set mac = mac",
    "delete from audit_entries",
    "truncate audit_entries",
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["va_app", "va_audit_writer", "va_owner"])
async def test_no_role_changes_or_removes_entries(writer, doctor, as_role, entries, role, change):
    await writer.record(Act(doctor, **READ))
    refused = asyncpg.InsufficientPrivilegeError
    if role == "va_owner" and change.startswith("update"):
        # No policy lets the owner update: it finds nothing to change.
        assert await as_role(role, [change], doctor.tenant_id) == [[]]
    else:
        with pytest.raises(refused):
            await as_role(role, [change], doctor.tenant_id)
    assert len((await entries())[0]) == 1


async def test_the_administrator_of_the_database_meets_the_trigger(writer, doctor, as_role, entries, engines):
    await writer.record(Act(doctor, **READ))
    for change in CHANGES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="kept as they are"):
            await as_role("va_admin", [change])
    assert len((await entries())[0]) == 1


async def test_the_writers_role_adds_and_does_nothing_else(settings, keys, doctor, entries, as_role):
    alone = Database(settings.postgres.audit_dsn, pool_size=1)
    await Writer(alone, keys, part="voice").record(Act(doctor, "session.opened"))
    await alone.close()
    assert len((await entries())[0]) == 1
    for forbidden in (
        "select * from audit_entries",
        "select * from users",
        "select * from documents",
        "select * from audit_checkpoints",
        "select audit_leave(gen_random_uuid(), 0::smallint, 1)",
        "insert into outbox (id, room, event) values (gen_random_uuid(), 'x', '')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_role("va_audit_writer", [forbidden], doctor.tenant_id)


async def test_a_tenant_sees_and_adds_its_own_entries_only(writer, database, doctor, tenant):
    await writer.record(Act(doctor, **READ))
    async with database.transaction(other(doctor)) as connection:
        seen = await connection.execute(text("select count(*) from audit_entries where tenant_id = :t"), {"t": tenant})
        assert seen.scalar() == 0
    async with database.transaction(doctor) as connection:
        assert (await connection.execute(text("select count(*) from audit_entries"))).scalar() == 1, "one's own"
