"""Several tenants, each with an issuer and a directory: what a directory says reaches its own people only."""

from uuid import UUID

import pytest

from functions.auth.main import room
from voiceassist.contracts.directory import AppliedAll, Apply, Described
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.runtime import providers, sessions
from voiceassist.runtime.settings import load_settings

MERCY = UUID("01900000-0000-7000-8000-00000000aaab")


@pytest.fixture
async def both(ways, person):
    """Ours with the first tenant, and Nextcloud's kind with another, which has somebody already."""
    await person("user", MERCY)
    return await ways("embedded", others=[("cloud", "like-nextcloud", {"tenant": MERCY, "label": "Mercy"})])


@pytest.fixture
def told(caller):
    """The room that reads a tenant's directory tells what it says of somebody; what became of the account."""

    async def say(tenant, issuer, sub, **described):
        about = Apply(issuer=issuer, people=(Described(sub=sub, **described),))
        async with caller(room, service("users", tenant)) as client:
            answer = await client.post(
                "/api/v1/auth/directory",
                content=about.model_dump_json(),
                headers={"content-type": "application/json"},
            )
        assert answer.status_code == 200, answer.text
        (one,) = AppliedAll.model_validate(answer.json()).items
        return one.outcome

    return say


async def open_sessions(session):
    return [one.id for one, _ in await sessions.of(load_settings(), providers.redis()).of_user(session.user_id)]


async def test_each_directory_disables_its_own_people_who_then_sign_in_nowhere(both, told):
    ours, cloud = both
    sub = await ours.peer.person()
    cloud.peer._people[sub] = {"name": "Somebody else", "email": "else@mercy.example", "groups": ["va-nurses"]}
    await cloud.peer._tell()
    # Their directory knows the nurse before the first sign-in; the account is the one the issuer then means.
    described = {"name": "Somebody else", "email": "else@mercy.example", "role": "user", "profile": "nurse"}
    assert await told(MERCY, cloud.peer.issuer, sub, state="active", **described) == "created"
    here, there = await ours.sign_in(sub), await cloud.sign_in(sub)
    assert (here.tenant_id, there.tenant_id) == (str(DEFAULT_TENANT), str(MERCY))
    assert await told(MERCY, cloud.peer.issuer, sub, state="active", **described) == "unchanged"
    # Out there: the sessions of that person end, those of the namesake do not.
    assert await told(MERCY, cloud.peer.issuer, sub, state="disabled", **described) == "disabled"
    assert await open_sessions(there) == []
    assert await open_sessions(here) == [here.id]
    refused = await cloud.first_factor(sub)
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    # Back again there, and in by the same issuer.
    assert await told(MERCY, cloud.peer.issuer, sub, state="active", **described) == "enabled"
    assert (await cloud.first_factor(sub)).status_code == 200


async def test_a_directory_cannot_speak_of_the_people_of_another_tenants_issuer(both, told):
    ours, cloud = both
    sub = await ours.peer.person()
    here = await ours.sign_in(sub)
    for state, outcome in (("active", "elsewhere"), ("disabled", "absent"), ("gone", "absent")):
        assert await told(MERCY, ours.peer.issuer, sub, state=state) == outcome
    assert await open_sessions(here) == [here.id]
    assert (await ours.first_factor(sub)).status_code == 200
    there = await cloud.sign_in(await cloud.peer.person())
    assert there.tenant_id == str(MERCY)
