"""The policies room on a real database: two people, going back, break-glass; and the wall behind every policy."""

import json
import time
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from functions.documents.main import room as documents
from functions.notifications.main import room as notifications
from functions.policies import main
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.ports.policy import Decision
from voiceassist.runtime.access import bundles, guarding

ROUTE, GLASS = "/api/v1/admin/policies", "/api/v1/break-glass"
PACKAGED = bundles.packaged()
REASON = "Mr Quackenbush is unconscious in bay 4"
FILES = {**PACKAGED.modules, **PACKAGED.data}


def fresh(principal, **more):
    return replace(principal, second_factor_at=time.time(), **more)


def draft(*, give=(), take=()):
    table = json.loads(FILES["permissions.json"])
    duties = table["permissions"]["duties"]
    for duty, action in give:
        duties[duty]["actions"].append(action)
    for duty, action in take:
        duties[duty]["actions"].remove(action)
    return {"files": FILES | {"permissions.json": json.dumps(table)}}


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Where this test's policies go; the rooms of the other tests keep theirs."""
    place = tmp_path / "bundle.json"
    monkeypatch.setattr(main, "bundle_path", lambda _settings: place)
    return place


@pytest.fixture
async def admin(person):
    return fresh(await person("admin"))


async def call(caller, who, method, path, **options):
    async with caller(main.room, who) as client:
        return await client.request(method, path, **options)


@pytest.mark.req("P7.9")
async def test_what_weakens_needs_somebody_else(caller, person, admin, published, settings):
    second = fresh(await person("admin"))
    weaker = draft(give=[("viewer", "question.ask")])
    tried = (await call(caller, admin, "POST", f"{ROUTE}/dry-run", json=weaker)).json()
    assert (tried["verdict"]["faults"], tried["needs_second"]) == ([], True)
    assert {(one["action"], one["role"], one["allowed_after"]) for one in tried["changed"]} == {
        ("question.ask", "viewer", True)
    }
    made = await call(caller, admin, "POST", ROUTE, json=weaker)
    assert (made.status_code, made.json()["state"], made.json()["needs_second"]) == (201, "proposed", True)
    path = f"{ROUTE}/{made.json()['id']}"
    alone = await call(caller, admin, "POST", f"{path}/publish")
    assert (alone.status_code, alone.json()["code"]) == (403, "SECOND_APPROVER_NEEDED")
    assert not published.exists()
    both = await call(caller, second, "POST", f"{path}/publish")
    assert (both.status_code, both.json()["approver_id"]) == (200, str(second.user_id))
    key = bundles.public_of(settings.access.signing_key)
    assert bundles.published(published, public_key=key).bundle.revision == both.json()["revision"]
    assert (await call(caller, second, "POST", f"{path}/publish")).status_code == 409
    assert (await call(caller, second, "POST", f"{path}/reject")).status_code == 409
    current = (await call(caller, admin, "GET", f"{ROUTE}/current")).json()
    assert current["files"] == weaker["files"]

    # Taking it away again weakens nothing, so one is enough; and going back to what was weaker needs two again.
    tighter = await call(caller, admin, "POST", ROUTE, json=draft())
    assert not tighter.json()["needs_second"]
    done = await call(caller, admin, "POST", f"{ROUTE}/{tighter.json()['id']}/publish")
    assert (done.status_code, done.json()["state"]) == (200, "published")
    assert bundles.published(published, public_key=key).number == done.json()["number"] > both.json()["number"]
    back = await call(caller, admin, "POST", f"{path}/roll-back")
    assert (back.status_code, back.json()["state"], back.json()["needs_second"]) == (201, "proposed", True)
    gone = await call(caller, second, "POST", f"{ROUTE}/{back.json()['id']}/reject")
    assert gone.json()["state"] == "rejected"
    listed = (await call(caller, admin, "GET", ROUTE)).json()["items"]
    assert {one["state"] for one in listed} >= {"published", "replaced", "rejected"}
    again = await call(caller, admin, "POST", f"{ROUTE}/{done.json()['id']}/roll-back")
    assert again.json()["state"] == "published"


async def test_what_one_person_may_not_publish_the_database_does_not_take(database, caller, admin, published):
    made = (await call(caller, admin, "POST", ROUTE, json=draft(give=[("viewer", "phi.scan")]))).json()
    forced = "update policies set state = 'published', approver_id = author_id where id = :id"
    async with database.transaction(admin) as connection:
        await connection.execute(text("update policies set state = 'replaced' where state = 'published'"))
    with pytest.raises(DBAPIError):
        async with database.transaction(admin) as connection:
            await connection.execute(text(forced), {"id": made["id"]})
    with pytest.raises(DBAPIError):
        async with database.transaction(admin) as connection:
            await connection.execute(text("update policies set files = '{}' where id = :id"), {"id": made["id"]})


async def test_an_unfit_policy_is_not_kept_and_what_cannot_be_written_is_not_published(
    caller, admin, published, monkeypatch, database
):
    broken = {"files": FILES | {"authz.rego": "package voiceassist.authz\n{"}}
    answer = await call(caller, admin, "POST", ROUTE, json=broken)
    assert (answer.status_code, answer.json()["code"]) == (400, "POLICY_UNFIT")
    told = (await call(caller, admin, "POST", f"{ROUTE}/validate", json=broken)).json()
    assert [one["code"] for one in told["faults"]] == ["NOT_COMPILED"]
    made = (await call(caller, admin, "POST", ROUTE, json=draft(take=[("nurse", "phi.scan")]))).json()
    monkeypatch.setattr(main, "bundle_path", lambda _settings: None)
    refused = await call(caller, admin, "POST", f"{ROUTE}/{made['id']}/publish")
    assert (refused.status_code, refused.json()["code"]) == (503, "POLICIES_UNPUBLISHABLE")
    assert (await call(caller, admin, "GET", f"{ROUTE}/{made['id']}")).json()["state"] == "proposed"
    assert (await call(caller, admin, "GET", f"{ROUTE}/{ids.new_id()}")).status_code == 404


async def test_only_the_installations_own_administrators_with_a_fresh_factor(caller, person, admin, published):
    stranger = fresh(await person("admin", tenant_id=ids.new_id()))
    assert (await call(caller, stranger, "POST", ROUTE, json=draft())).status_code == 403
    late = replace(admin, second_factor_at=time.time() - 301)
    answer = await call(caller, late, "POST", ROUTE, json=draft())
    assert (answer.status_code, answer.json()["code"]) == (401, "STEP_UP_REQUIRED")
    assert (await call(caller, await person("viewer"), "POST", ROUTE, json=draft())).status_code == 403


@pytest.mark.req("P7.5")
async def test_break_glass_opens_is_told_and_closes(caller, person, admin, database, said, deliver):
    doctor, owner, nurse = fresh(await person(), profile="physician"), await person(), await person()
    async with caller(documents, owner) as client:
        sent = {"file": ("a.md", b"# Bay 4\n\nSeen.", "text/markdown")}
        document = (await client.post("/api/v1/documents", files=sent)).json()["id"]

    async def sees():
        async with caller(documents, doctor) as client:
            return (await client.get(f"/api/v1/documents/{document}")).status_code == 200

    assert not await sees()
    wanted = {"owner_id": str(owner.user_id), "reason": REASON}
    nobody = await call(caller, fresh(nurse, profile="nurse"), "POST", GLASS, json=wanted)
    assert nobody.status_code == 403
    assert (await call(caller, doctor, "POST", GLASS, json=wanted | {"reason": "because"})).status_code == 400
    assert (await call(caller, doctor, "POST", GLASS, json=wanted | {"owner_id": doctor.subject})).status_code == 403
    assert (await call(caller, doctor, "POST", GLASS, json=wanted | {"owner_id": str(ids.new_id())})).status_code == 404
    made = (await call(caller, doctor, "POST", GLASS, json=wanted)).json()
    assert made["reason"] == REASON
    assert await sees()
    async with caller(documents, doctor) as client:
        assert (await client.delete(f"/api/v1/documents/{document}")).status_code == 404

    async with database.transaction(service("test")) as connection:
        row = await connection.execute(text("select * from break_glass where id = :id"), {"id": made["id"]})
        assert REASON.encode() not in row.mappings().one()["reason"]
        audited = await connection.execute(text("select body from audit_entries where body::text like :id"),
                                           {"id": f"%{made['id']}%"})  # fmt: skip
        assert [one["action"] for (one,) in ((json.loads(body),) for (body,) in audited)] == ["emergency.opened"]
    (event,) = await said(made["id"])
    assert REASON not in event.data.decode()
    for _ in range(2):  # delivered twice, told once
        assert await deliver(notifications, event) == 204
    for who, told in ((owner, 1), (admin, 1), (nurse, 0), (doctor, 0)):
        async with caller(notifications, who) as client:
            found = (await client.get("/api/v1/notifications")).json()["items"]
        assert len([one for one in found if one["data"].get("grant") == made["id"]]) == told

    assert (await call(caller, owner, "GET", GLASS)).json()["items"][0]["id"] == made["id"]
    assert made["id"] not in (await call(caller, nurse, "GET", GLASS)).text
    assert made["id"] in (await call(caller, admin, "GET", GLASS)).text
    assert (await call(caller, nurse, "POST", f"{GLASS}/{made['id']}/close")).status_code == 404
    assert (await call(caller, doctor, "POST", f"{GLASS}/{made['id']}/close")).status_code == 204
    assert not await sees()


async def test_a_grant_runs_out_and_cannot_be_stretched(database, person):
    doctor, owner = await person(), await person()
    grant = (
        "insert into break_glass (id, tenant_id, user_id, owner_id, reason, created_at, expires_at)"
        " values (:id, :tenant, :user, :owner, '', now() - cast(:ago as interval), now() + cast(:more as interval))"
    )
    named = {"tenant": doctor.tenant_id, "user": doctor.user_id, "owner": owner.user_id}
    import datetime as dt

    async def opened(ago, more):
        async with database.transaction(doctor) as connection:
            times = {"ago": dt.timedelta(minutes=ago), "more": dt.timedelta(minutes=more)}
            await connection.execute(text(grant), named | times | {"id": ids.new_id()})
            rows = await connection.execute(
                text("select owner_id from break_glass where now() < expires_at and user_id = :user"),
                {"user": doctor.user_id},
            )
            return len(rows.all())

    assert await opened(30, -0.01) == 0
    assert await opened(0, 30) == 1
    with pytest.raises(DBAPIError):
        await opened(0, 45)
    with pytest.raises(DBAPIError):
        async with database.transaction(owner) as connection:  # for somebody else
            await connection.execute(
                text(grant), named | {"id": ids.new_id(), "ago": dt.timedelta(), "more": dt.timedelta(minutes=9)}
            )


class Anything:
    """A policy engine that is wrong about everything."""

    revision = "wrong"

    async def decide(self, _request):
        return Decision(allow=True, reasons=(), revision="wrong")


@pytest.mark.req("P1.7")
async def test_the_second_wall_stands_when_the_policy_is_wrong(caller, person, monkeypatch):
    monkeypatch.setattr(guarding, "guard", lambda: guarding.Guard(Anything(), seconds=1))
    owner, stranger = await person(), await person("admin", tenant_id=ids.new_id())
    colleague = await person("admin")
    async with caller(documents, owner) as client:
        document = (
            await client.post("/api/v1/documents", files={"file": ("b.md", b"# x\n\ny", "text/markdown")})
        ).json()
    for other in (stranger, colleague):
        async with caller(documents, other) as client:
            assert document["id"] not in (await client.get("/api/v1/documents")).text
            for path in ("", "/versions"):
                assert (await client.get(f"/api/v1/documents/{document['id']}{path}")).status_code == 404
            assert (await client.delete(f"/api/v1/documents/{document['id']}")).status_code == 404
            assert (await client.get(f"/api/v1/jobs/{document['job_id']}")).status_code == 404


TABLES = """
select c.relname, c.relrowsecurity, c.relforcerowsecurity,
    (select count(*) from pg_policies p where p.tablename = c.relname and p.schemaname = 'public') as policies
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> 'alembic_version'
"""
# No row of a person: ids and events on their way, and the names of embedding models.
WITHOUT = {"outbox", "processed_events", "embedding_models"}


@pytest.mark.req("P1.7")
async def test_every_table_has_the_second_wall(database):
    async with database.transaction(service("test")) as connection:
        tables = {row["relname"]: row for row in (await connection.execute(text(TABLES))).mappings()}
        columns = await connection.execute(
            text("select table_name from information_schema.columns where column_name = 'tenant_id'"
                 " and table_schema = 'public'")
        )  # fmt: skip
        of_tenants = {name for (name,) in columns}
    bare = {name for name, row in tables.items() if not row["relrowsecurity"] or not row["policies"]}
    assert bare == WITHOUT
    assert not of_tenants & WITHOUT
    assert {name for name in of_tenants & set(tables) if not tables[name]["relforcerowsecurity"]} == set()


@pytest.mark.parametrize("role", ["service", "admin", "viewer", "user"])
async def test_no_role_sees_or_writes_a_row_of_another_tenant(database, person, role):
    here = await person("admin")
    stranger = await person("user", tenant_id=ids.new_id())
    foreign = replace(stranger, role=role)
    async with database.transaction(foreign) as connection:
        columns = await connection.execute(
            text("select c.table_name from information_schema.columns c join pg_class t on t.relname = c.table_name"
                 " where c.column_name = 'tenant_id' and c.table_schema = 'public'"
                 " and has_table_privilege(t.oid, 'select')")
        )  # fmt: skip
        for (table,) in columns.all():
            seen = await connection.execute(
                text(f"select count(*) from {table} where tenant_id <> :mine"), {"mine": stranger.tenant_id}  # noqa: S608
            )  # fmt: skip
            assert seen.scalar_one() == 0, table
    with pytest.raises(DBAPIError):
        async with database.transaction(foreign) as connection:
            await connection.execute(
                text("insert into notifications (id, tenant_id, owner_id, kind) values (:id, :t, :o, 'x')"),
                {"id": ids.new_id(), "t": here.tenant_id, "o": here.user_id},
            )
    async with database.transaction(foreign) as connection:
        tenants = (await connection.execute(text("select id from tenants"))).scalars().all()
    assert role == "service" or tenants == [stranger.tenant_id]
