"""API keys of integrators through the gateway: made in a browser session, shown once, ended at once."""

import datetime as dt
import hashlib
import json

import pytest

from voiceassist.adapters.redis import connect
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime.credentials import ApiKey, KeyCache

from .conftest import rows

KEYS = "/api/v1/auth/keys"
WANTED = {"name": "Radiology", "scopes": ["kb:read", "events:publish"], "expires_in_days": 30}
NOBODY = "01900000-0000-7000-8000-0000000000ff"


def made(person, **changes):
    answer = person.post(KEYS, json=WANTED | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def revoke(person, key_id):
    return person.http.delete(f"{KEYS}/{key_id}", headers={"x-csrf-token": person.csrf})


def using(host, key):
    return host.client(headers={"authorization": f"Bearer {key}"})


def said(host, key_id):
    stored = rows(host, "select event from outbox where room = 'auth' order by id")
    events = [json.loads(row["event"]) for row in stored]
    return [event for event in events if event["subject"] == key_id]


@pytest.fixture(scope="module")
def clinician(host, people, clinician):
    """Signed in a moment ago: making a key needs a young second factor."""
    return type(clinician)(host, people["clinician"]).sign_in()


@pytest.fixture(scope="module")
def admin(host, people, clinician):
    return type(clinician)(host, people["admin"]).sign_in()


@pytest.fixture(scope="module")
def viewer(host, people, clinician):
    return type(clinician)(host, people["viewer"]).sign_in()


@pytest.mark.req("P2.15")
def test_a_key_opens_what_its_scopes_say_and_is_told_once(host, clinician, problem):
    answer = clinician.post(KEYS, json=WANTED)
    key = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert key["key"].startswith("va_")
    assert (key["scopes"], key["owner"], key["revoked_at"]) == (
        ["events:publish", "kb:read"],
        "clinician@hospital.example",
        None,
    )
    ends_in = dt.datetime.fromisoformat(key["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=29, hours=23) < ends_in <= dt.timedelta(days=30)
    with using(host, key["key"]) as client:
        assert client.get("/api/v1/library").status_code == 200
        problem(client.get("/api/v1/documents"), 403, "FORBIDDEN")
    listed = clinician.http.get(KEYS)
    assert key["id"] in [item["id"] for item in listed.json()["items"]]
    assert key["key"] not in listed.text
    (row,) = rows(host, "select hash, name from api_keys where id = $1::uuid", key["id"])
    assert row["hash"] == hashlib.sha256(key["key"].encode()).digest()
    assert key["key"] not in host.log.read_text()


@pytest.mark.req("P2.15")
def test_a_revoked_key_opens_nothing_from_that_moment_on(host, clinician, problem):
    key = made(clinician)
    with using(host, key["key"]) as client:
        assert client.get("/api/v1/library").status_code == 200  # the answer about it is now remembered
        assert revoke(clinician, key["id"]).status_code == 204
        problem(client.get("/api/v1/library"), 401, "UNAUTHENTICATED")
    problem(revoke(clinician, key["id"]), 404, "NOT_FOUND")
    (shown,) = [item for item in clinician.http.get(KEYS).json()["items"] if item["id"] == key["id"]]
    assert shown["revoked_at"] is not None


async def test_an_answer_on_its_way_does_not_revive_a_revoked_key(settings):
    redis = connect(settings.redis.url)
    cache, key = KeyCache(redis), f"va_{NOBODY}"
    await cache.revoke(hashlib.sha256(key.encode()).digest())
    await cache.write(key, ApiKey(active=True, user_id=NOBODY, tenant_id=NOBODY))
    assert (await cache.read(key)).active is False
    await redis.aclose()
    connect.cache_clear()


def test_both_moments_are_said_in_the_transaction_without_the_key(host, clinician):
    key = made(clinician)
    revoke(clinician, key["id"])
    created, revoked = said(host, key["id"])
    assert created["type"] == "org.voiceassist.key.created.v1"
    assert created["data"] == {
        "key_id": key["id"],
        "tenant_id": str(DEFAULT_TENANT),
        "owner_id": key["owner_id"],
        "scopes": 2,
    }
    assert (revoked["type"], revoked["data"]["revoked_by"]) == ("org.voiceassist.key.revoked.v1", key["owner_id"])
    assert created["ownerid"] == revoked["ownerid"] == key["owner_id"]
    assert key["key"] not in json.dumps([created, revoked])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/body/name"),
        ({"name": "x" * 101}, "/body/name"),
        ({"name": "nul\x00"}, "/body/name"),
        ({"scopes": []}, "/body/scopes"),
        ({"scopes": "kb:read"}, "/body/scopes"),
        ({"scopes": ["kb:read", "made:up"]}, "/body/scopes/1"),
        ({"expires_in_days": 0}, "/body/expires_in_days"),
        ({"expires_in_days": 367}, "/body/expires_in_days"),
        ({"owner_id": NOBODY}, "/body"),
    ],
)
def test_what_is_asked_wrongly_is_pointed_at(clinician, problem, change, pointer):
    body = problem(clinician.post(KEYS, json=WANTED | change), 400, "VALIDATION_ERROR")
    assert [error["pointer"] for error in body["errors"]] == [pointer]


def test_only_our_own_page_manages_keys(host, clinician, problem):
    problem(clinician.http.post(KEYS, json=WANTED), 403, "CSRF")
    key = made(clinician)
    problem(clinician.http.delete(f"{KEYS}/{key['id']}"), 403, "CSRF")
    with using(host, key["key"]) as client:
        problem(client.get(KEYS), 403, "FORBIDDEN")
        problem(client.post(KEYS, json=WANTED), 403, "FORBIDDEN")
    with host.client() as client:
        problem(client.get(KEYS), 401, "UNAUTHENTICATED")


def test_a_viewer_gives_no_key_that_writes(viewer, problem):
    body = problem(viewer.post(KEYS, json=WANTED), 403, "FORBIDDEN")
    assert body["errors"] == [{"pointer": "/body/scopes/1", "code": "NOT_ALLOWED"}]
    assert made(viewer, scopes=["kb:read", "voice:talk"])["scopes"] == ["kb:read", "voice:talk"]


def test_a_key_loses_what_its_owner_loses(host, admin, clinician, problem):
    key = made(admin, scopes=["documents:write", "kb:read"])
    demote = "update users set role = $1 where id = $2::uuid"
    try:
        rows(host, demote, "viewer", key["owner_id"])
        with using(host, key["key"]) as client:
            assert client.get("/api/v1/library").status_code == 200
            problem(client.get("/api/v1/documents"), 403, "FORBIDDEN")
    finally:
        rows(host, demote, "admin", key["owner_id"])


def test_people_see_and_end_their_own_keys_and_an_admin_all(host, clinician, admin, viewer, problem):
    key, other = made(clinician), made(admin)
    problem(revoke(viewer, key["id"]), 404, "NOT_FOUND")
    problem(revoke(clinician, other["id"]), 404, "NOT_FOUND")
    own = {item["owner_id"] for item in clinician.http.get(KEYS).json()["items"]}
    assert own == {key["owner_id"]}
    everybodys = [item["id"] for item in admin.http.get(KEYS, params={"limit": 200}).json()["items"]]
    assert {key["id"], other["id"]} <= set(everybodys)
    assert revoke(admin, key["id"]).status_code == 204
    assert said(host, key["id"])[-1]["data"]["revoked_by"] == other["owner_id"]


def test_the_list_comes_in_pages(clinician):
    for _ in range(3):
        made(clinician)
    first = clinician.http.get(KEYS, params={"limit": 2}).json()
    second = clinician.http.get(KEYS, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert len(set(ids)) == 4
    assert ids == sorted(ids, reverse=True)


def test_nobody_holds_more_keys_than_he_can_look_through(viewer, problem):
    name = {"name": "One of many", "scopes": ["kb:read"]}
    keys = []
    while (answer := viewer.post(KEYS, json=WANTED | name)).status_code == 201:
        keys.append(answer.json()["id"])
        assert len(keys) <= 50
    problem(answer, 409, "TOO_MANY_KEYS")
    assert revoke(viewer, keys[0]).status_code == 204
    assert viewer.post(KEYS, json=WANTED | name).status_code == 201
