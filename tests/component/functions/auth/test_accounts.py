"""Accounts at the room's door: invitation, registration, disable, tombstone, reset; on the audit and said."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from functions.auth import accounts, service, store
from functions.auth.domain import Identity, identity_of
from functions.auth.service import ACTING
from voiceassist.adapters.issuer.directory import Directory
from voiceassist.adapters.issuer.seed import seed, users_file
from voiceassist.core import ids
from voiceassist.core.errors import ForbiddenError, NotFoundError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime.settings import Provider

NURSE = {"name": "Nora Field", "email": "nora@hospital.example", "role": "user", "profile": "nurse"}
ISSUER = "https://issuer.test"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.fixture
async def admin(client, person):
    return await (await client(await person("admin"))).signed_in()


async def invited(admin, **changes):
    made = await admin.users(
        "POST", "/invitations", json=NURSE | {"email": f"{ids.new_id()}@hospital.example"} | changes
    )
    assert made.status_code == 201, made.text
    link = made.json()["link"]
    assert "/voice/#invitation=vi_" in link
    return made.json(), link.partition("#invitation=")[2]


async def acts_on(database, identifier):
    async with database.transaction(ACTING) as connection:
        rows = await connection.execute(
            text("select body from audit_entries where body like :about order by body"), {"about": f"%{identifier}%"}
        )
        return {json.loads(body)["action"] for (body,) in rows}


@pytest.mark.req("P2.8")
async def test_an_invited_person_gets_the_invited_role_where_the_issuer_tells_none(admin, client, database):
    made, token = await invited(admin)
    claims = {"iss": ISSUER, "sub": str(ids.new_id()), "email": made["email"].upper(), "name": "Nora"}
    auditor = Remembering()

    async def came_back(invitation):
        await service.first_factor_passed(
            claims, provider=Provider(), client="c", database=database, pending=admin.pending, cut_off=_nothing,
            invitation=invitation, auditor=auditor,
        )  # fmt: skip
        async with database.transaction(ACTING) as connection:
            return await store.upsert(connection, DEFAULT_TENANT, identity_of(claims))

    user = await came_back(token)
    assert (user.role, user.profile, user.active) == ("user", "nurse", True)
    assert [act.action for act in auditor.acts] == ["user.created"]
    assert (await came_back("")).role == "user"  # also at the next sign-in
    with pytest.raises(NotFoundError):
        await came_back(token)  # a link is good once
    claims["roles"] = ["viewer"]
    assert (await came_back("")).role == "viewer"  # the issuer's word counts
    del claims["roles"]
    assert (await came_back("")).role == "user"


async def _nothing(_user_id):
    pass


async def test_an_invitation_of_another_address_is_refused_and_stays_open(admin, database):
    _, token = await invited(admin)
    claims = {"iss": ISSUER, "sub": str(ids.new_id()), "email": "somebody@else.example"}
    with pytest.raises(ForbiddenError):
        await service.first_factor_passed(
            claims, provider=Provider(), client="c", database=database, pending=admin.pending, cut_off=_nothing,
            invitation=token, auditor=Remembering(),
        )  # fmt: skip
    async with database.transaction(ACTING) as connection:
        assert await accounts.good(connection, token)
        assert await store.role_of(connection, ISSUER, claims["sub"]) is None  # nothing was written


@pytest.mark.req("A2.1")
async def test_with_our_own_issuer_the_invited_person_registers(admin, client, settings):
    seed(Path(settings.data_dir))
    made, token = await invited(admin)
    guest = await client()
    shown = await guest.send("POST", "/invitations/show", json={"token": token})
    assert shown.json() == {"name": "Nora Field", "email": made["email"], "registers": True}
    username = f"n{ids.new_id().hex[-12:]}"
    accepted = {"token": token, "username": username, "password": "a long walk at 7 to work"}
    for password in ("short", "Password1234!", "aaaabbbbaaaa", f"{username}-2026-x"):
        answer = await guest.send("POST", "/invitations/accept", json=accepted | {"password": password})
        assert answer.status_code == 400, password
    refused(await guest.send("POST", "/invitations/accept", json={"token": token}), 400, "CREDENTIALS_MISSING")
    assert (await guest.send("POST", "/invitations/accept", json=accepted)).status_code == 204
    refused(await guest.send("POST", "/invitations/accept", json=accepted), 404, "NO_INVITATION")
    directory = Directory(users_file(Path(settings.data_dir)))
    user = directory.check(username, accepted["password"], "127.0.0.1")
    assert (user.role, user.profile, user.email) == ("user", "nurse", made["email"])
    _, token = await invited(admin)
    refused(await guest.send("POST", "/invitations/accept", json=accepted | {"token": token}), 409, "USERNAME_TAKEN")
    assert (await guest.send("POST", "/invitations/show", json={"token": token})).status_code == 200  # taken back


async def test_a_link_that_is_late_revoked_or_made_up_is_told_apart_by_nobody(admin, client, database):
    guest = await client()
    made, revoked = await invited(admin)
    assert (await admin.users("DELETE", f"/invitations/{made['id']}")).status_code == 204
    refused(await admin.users("DELETE", f"/invitations/{made['id']}"), 404, "NOT_FOUND")
    made, late = await invited(admin)
    async with database.transaction(ACTING) as connection:
        expires, hashed = (
            await connection.execute(
                text("select expires_at - now(), token_hash from invitations where id = :id"), {"id": made["id"]}
            )
        ).one()
        assert 71 * 3600 < expires.total_seconds() <= 72 * 3600
        assert late.encode() not in bytes(hashed)
        await connection.execute(text("update invitations set expires_at = now() where id = :id"), {"id": made["id"]})
    answers = [
        (await guest.send("POST", "/invitations/show", json={"token": token})).json() | {"trace_id": ""}
        for token in (revoked, late, "vi_" + "A" * 43)
    ]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["code"] == "NO_INVITATION"


async def test_a_disabled_person_is_out_at_once_and_stays_out(admin, client, database, said):
    there = await (await client()).signed_in()
    user_id = there.owner.user_id
    assert (await admin.users("POST", f"/{user_id}/disable")).status_code == 204
    refused(await there.send("GET", "/mfa"), 401, "UNAUTHENTICATED")
    refused(await admin.users("POST", f"/{user_id}/disable"), 409, "OTHER_STATE")
    identity = Identity("https://issuer.test", str(user_id), "", "", "user", "")
    async with database.transaction(ACTING) as connection:
        assert not (await store.upsert(connection, DEFAULT_TENANT, identity)).active
    assert (await admin.users("POST", f"/{user_id}/enable")).status_code == 204
    async with database.transaction(ACTING) as connection:
        assert (await store.upsert(connection, DEFAULT_TENANT, identity)).active
    assert [event.type.split(".")[3] for event in await said(user_id)] == ["disabled", "updated"]
    assert await acts_on(database, user_id) >= {"user.disabled", "user.enabled"}


async def test_a_new_person_with_an_old_name_gets_nothing_of_the_old(admin, client, database):
    there = await (await client()).signed_in()
    user_id = there.owner.user_id
    identity = Identity("https://issuer.test", str(user_id), "", "New", "user", "")
    refused(await admin.users("POST", f"/{user_id}/release"), 404, "NOT_FOUND")  # no tombstone yet
    assert (await admin.users("DELETE", f"/{user_id}")).status_code == 204
    refused(await there.send("GET", "/mfa"), 401, "UNAUTHENTICATED")
    refused(await admin.users("POST", f"/{user_id}/enable"), 409, "OTHER_STATE")
    async with database.transaction(ACTING) as connection:
        came = await store.upsert(connection, DEFAULT_TENANT, identity)
    assert (came.id, came.active) == (user_id, False)
    assert (await admin.users("POST", f"/{user_id}/release")).status_code == 204
    refused(await admin.users("POST", f"/{user_id}/release"), 404, "NOT_FOUND")
    async with database.transaction(ACTING) as connection:
        came = await store.upsert(connection, DEFAULT_TENANT, identity)
    assert came.active
    assert came.id != user_id
    assert (await admin.users("GET", f"/{user_id}")).json()["status"] == "deprovisioned"


async def test_an_administrator_resets_factors_and_the_person_is_told(admin, client, said):
    there = await (await client()).signed_in()
    user_id = there.owner.user_id
    assert (await admin.users("DELETE", f"/{user_id}/mfa")).status_code == 204
    refused(await there.send("GET", "/mfa"), 401, "UNAUTHENTICATED")
    there.csrf = ""
    await there.first_factor()
    assert (await there.send("GET", "/mfa/challenge")).json()["enrol"]
    event = (await said(user_id))[-1]
    told = json.loads(event.data)
    assert (told["change"], told["changed_by"]) == ("reset", str(admin.owner.user_id))


async def test_only_an_administrator_with_a_fresh_factor_manages(admin, client, person):
    there = await (await client()).signed_in()
    path = f"/{there.owner.user_id}"
    for who, code in (
        (await (await client()).signed_in(), "FORBIDDEN"),
        (await (await client(await person("viewer"))).signed_in(), "FORBIDDEN"),
    ):
        for method, where in (
            ("GET", ""),
            ("GET", path),
            ("POST", f"{path}/disable"),
            ("DELETE", path),
            ("DELETE", f"{path}/mfa"),
        ):
            refused(await who.users(method, where), 403, code)
    await admin.aged(301)
    for method, where in (("POST", f"{path}/disable"), ("DELETE", f"{path}/mfa"), ("POST", "/invitations")):
        refused(
            await admin.users(method, where, json=NURSE if where == "/invitations" else None), 401, "STEP_UP_REQUIRED"
        )
    assert (await admin.users("GET", "", params={"limit": 1})).json()["next_cursor"]
    refused(await admin.users("GET", f"/{ids.new_id()}"), 404, "NOT_FOUND")


async def test_nobody_disables_their_own_account(admin):
    refused(await admin.users("POST", f"/{admin.owner.user_id}/disable"), 409, "OWN_ACCOUNT")


async def test_people_of_another_tenant_are_not_there(admin, client, person):
    other = await person("user", tenant_id=ids.new_id())
    refused(await admin.users("GET", f"/{other.user_id}"), 404, "NOT_FOUND")
    refused(await admin.users("POST", f"/{other.user_id}/disable"), 404, "NOT_FOUND")
    refused(await admin.users("DELETE", f"/{other.user_id}/mfa"), 404, "NOT_FOUND")
