"""Several issuers in the settings: each brings people of its own tenant, and nobody passes from one to another."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from voiceassist.core import ids
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.runtime import providers, sessions
from voiceassist.runtime.jose import unverified
from voiceassist.runtime.settings import load_settings

MERCY = UUID("01900000-0000-7000-8000-00000000aaaa")
CHANGES = {"tenant": MERCY, "label": "Mercy <Hospital>"}


def refused(answer, status=401, code="UNAUTHENTICATED"):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.fixture
async def both(ways):
    """Ours with the first tenant, and Nextcloud's kind with another."""
    first = {"label": "St. Anna"}
    return await ways("embedded", first_changes=first, others=[("cloud", "like-nextcloud", CHANGES)])


async def test_a_person_chooses_where_to_sign_in(both):
    page = await both[0].here.send("GET", "/login")
    assert page.status_code == 200
    assert "St. Anna" in page.text
    assert "Mercy &lt;Hospital&gt;" in page.text
    assert 'href="/api/v1/auth/login?provider=cloud"' in page.text
    assert 'href="/api/v1/auth/login?provider="' in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers


async def test_a_provider_is_picked_by_its_name_or_by_the_tenant(both):
    ours, cloud = both
    for query in ({"provider": "cloud"}, {"tenant": str(MERCY)}, {"provider": "cloud", "tenant": str(MERCY)}):
        assert (await cloud.start(**query)).headers["location"].startswith(cloud.peer.issuer)
    for query in ({"provider": ""}, {"tenant": str(DEFAULT_TENANT)}):
        assert (await ours.start(**query)).headers["location"].startswith(ours.peer.issuer)
    for query in (
        {"provider": "nobody"},
        {"tenant": str(ids.new_id())},
        {"provider": "cloud", "tenant": str(DEFAULT_TENANT)},
    ):
        refused(await ours.start(**query), 404, "NO_PROVIDER")
    refused(await ours.start(provider="<script>"), 400, "VALIDATION_ERROR")


async def test_each_issuers_people_are_of_its_tenant(both):
    ours, cloud = both
    here, there = await ours.sign_in(await ours.peer.person()), await cloud.sign_in(await cloud.peer.person())
    assert (UUID(here.tenant_id), UUID(there.tenant_id)) == (DEFAULT_TENANT, MERCY)
    # The group that Nextcloud calls admin is nothing here; the one that the settings name is.
    assert (there.role, there.profile) == ("user", "nurse")


async def test_the_same_subject_at_two_issuers_is_two_people(both):
    ours, cloud = both
    sub = await ours.peer.person()
    cloud.peer._people[sub] = {"name": "Somebody else", "email": "else@mercy.example", "groups": ["va-nurses"]}
    await cloud.peer._tell()
    here, there = await ours.sign_in(sub), await cloud.sign_in(sub)
    assert here.user_id != there.user_id
    assert {here.tenant_id, there.tenant_id} == {str(DEFAULT_TENANT), str(MERCY)}


@pytest.mark.req("N45")
async def test_a_token_of_one_issuer_does_not_sign_in_at_another(both):
    """Both ways, also for the same client id and nonce: the wrong signer, and the right one saying it is the other."""
    ours, cloud = both
    for way, other in ((ours, cloud), (cloud, ours)):
        for signer, issuer in ((other, way), (other, other), (way, other)):

            def change(path, answer, signer=signer, issuer=issuer):
                if not path.endswith("/token"):
                    return answer
                claims = unverified(answer.json()["id_token"])[1] | {"iss": issuer.peer.issuer}
                return httpx.Response(200, json=answer.json() | {"id_token": signer.peer.sign(claims)})

            way.wire.answering = change
            refused(await way.first_factor(await way.peer.person()))


@pytest.mark.req("N45")
async def test_the_answer_of_one_issuer_at_the_door_of_the_other(both):
    ours, cloud = both
    back = await cloud.there(await cloud.peer.person())
    refused(await cloud.back(back.copy_with(path="/api/v1/auth/callback")))
    back = await ours.there(await ours.peer.person())
    refused(await ours.back(back.copy_with(path="/api/v1/auth/callback/cloud")))


async def test_a_claim_names_no_tenant(both):
    _, cloud = both
    session = await cloud.sign_in(await cloud.peer.person(tenant=str(DEFAULT_TENANT), va_tenant=str(DEFAULT_TENANT)))
    assert session.tenant_id == str(MERCY)


async def test_nobody_moves_to_another_tenant_because_a_setting_did(ways, both):
    _, cloud = both
    sub = await cloud.peer.person()
    session = await cloud.sign_in(sub)
    elsewhere = {"tenant": DEFAULT_TENANT}
    _, moved = await ways("embedded", others=[("cloud", "like-nextcloud", elsewhere)])
    refused(await moved.first_factor(sub), 403, "OTHER_TENANT")
    async with providers.database().transaction(service("auth", MERCY)) as connection:
        found = await connection.execute(text("select tenant_id from users where id = :id"), {"id": session.user_id})
        assert found.scalar_one() == MERCY


@pytest.mark.req("N45")
async def test_an_issuer_ends_only_what_it_began(both):
    ours, cloud = both
    sub = await ours.peer.person()
    session = await ours.sign_in(sub)
    sid = unverified(ours.wire.id_token)[1]["sid"]
    for about in ({"sub": sub}, {"sid": sid}):
        own = cloud.peer.sign(cloud.peer.logout_claims(**about), typ="logout+jwt")
        assert (await ours.here.call("POST", "/api/v1/auth/backchannel-logout", data={"logout_token": own})).is_success
        as_other = cloud.peer.sign(cloud.peer.logout_claims(iss=ours.peer.issuer, **about), typ="logout+jwt")
        answer = await ours.here.call("POST", "/api/v1/auth/backchannel-logout", data={"logout_token": as_other})
        assert answer.status_code == 400
    living = await sessions.of(load_settings(), providers.redis()).of_user(session.user_id)
    assert [one.id for one, _ in living] == [session.id]


async def test_an_invitation_of_one_tenant_is_none_at_another(both, client, person):
    admin = await (await client(await person("admin"))).signed_in()
    wanted = {"name": "Nora Field", "email": "nora@hospital.example", "role": "admin", "profile": "administrator"}
    link = (await admin.users("POST", "/invitations", json=wanted)).json()["link"]
    _, cloud = both
    back = await cloud.there(await cloud.peer.person(email="nora@hospital.example"))
    name = sessions.cookie_name(load_settings(), "va_invitation")
    cloud.here.http.cookies.set(name, link.partition("=")[2])
    refused(await cloud.back(back), 404, "NO_INVITATION")
