"""An administrator sees where others are signed in and ends it; nobody else does, and never in another tenant."""

import json
import time

import pytest
from sqlalchemy import text

from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime import providers, revocation


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.fixture
async def admin(client, person):
    return await (await client(await person("admin"))).signed_in()


@pytest.fixture
async def nurse(client):
    """At two devices."""
    here = await (await client()).signed_in()
    there = await client(here.owner, agent="another browser")
    there.secret = here.secret
    await there.first_factor()
    await there.verified(code=there.code(1))
    return here, there


def about(who):
    return f"/{who.owner.user_id}/sessions"


async def recorded(database, who):
    async with database.transaction(service("test", who.owner.tenant_id)) as connection:
        rows = await connection.execute(
            text("select body from audit_entries where body like :about order by number"),
            {"about": f'%"session.ended"%{who.owner.user_id}%'},
        )
        return [json.loads(body) for (body,) in rows]


async def test_an_administrator_lists_and_ends_one_session_of_somebody(admin, nurse, database):
    here, _ = nurse
    listed = await admin.users("GET", about(here))
    assert listed.status_code == 200, listed.text
    assert listed.headers["cache-control"] == "no-store"
    sessions = listed.json()["items"]
    assert len(sessions) == 2
    assert not any(one["current"] for one in sessions)
    own = {one["id"] for one in (await here.send("GET", "/sessions")).json()["items"]}
    assert {one["id"] for one in sessions} == own
    last = sessions[0]["id"]
    assert (await admin.users("DELETE", f"{about(here)}/{last}")).status_code == 204
    assert [one["id"] for one in (await admin.users("GET", about(here))).json()["items"]] == [sessions[1]["id"]]
    holder = revocation.Holder(last, str(here.owner.user_id), time.time() - 60)
    assert await revocation.Revocations(providers.redis()).ended([holder]) == [True]
    (entry,) = await recorded(database, here)
    assert entry["objects"] == [f"user:{here.owner.user_id}", f"session:{last}"]
    assert entry["by"]["user"] == str(admin.owner.user_id)


async def test_an_administrator_signs_somebody_out_everywhere(admin, nurse, database):
    here, _ = nurse
    assert (await admin.users("DELETE", about(here))).status_code == 204
    assert (await admin.users("GET", about(here))).json() == {"items": []}
    (entry,) = await recorded(database, here)
    assert entry["objects"] == [f"user:{here.owner.user_id}"]


async def test_nobody_else_sees_or_ends_the_sign_ins_of_others(admin, nurse, client, person):
    here, there = nurse
    session = (await admin.users("GET", about(here))).json()["items"][0]["id"]
    stranger = await (await client(await person("admin", ids.new_id()))).signed_in()
    for other, status, code in ((there, 403, "FORBIDDEN"), (stranger, 404, "NOT_FOUND")):
        refused(await other.users("GET", about(here)), status, code)
        refused(await other.users("DELETE", about(here)), status, code)
        refused(await other.users("DELETE", f"{about(here)}/{session}"), status, code)
    await admin.aged(400)
    refused(await admin.users("DELETE", about(here)), 401, "STEP_UP_REQUIRED")
    assert len((await admin.users("GET", about(here))).json()["items"]) == 2


async def test_a_session_is_ended_under_its_own_person_only(admin, nurse, client):
    here, _ = nurse
    other = await (await client()).signed_in()
    (session,) = (await admin.users("GET", about(other))).json()["items"]
    refused(await admin.users("DELETE", f"{about(here)}/{session['id']}"), 404, "NOT_FOUND")
    assert len((await admin.users("GET", about(other))).json()["items"]) == 1


async def test_what_cannot_be_put_on_record_ends_nothing(admin, nurse, monkeypatch):
    here, _ = nurse
    deaf = Remembering()
    deaf.broken = True
    with monkeypatch.context() as patch:
        patch.setattr(providers, "auditor", lambda _part: deaf)
        refused(await admin.users("DELETE", about(here)), 503, "AUDIT_UNAVAILABLE")
    assert len((await admin.users("GET", about(here))).json()["items"]) == 2
