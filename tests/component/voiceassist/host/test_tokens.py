"""Access and refresh tokens at the real door: made by key or grant, for one part, ended at once (SPEC P2.5, N48)."""

import asyncio
import hashlib
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import InvalidStatus

from voiceassist.adapters.redis import connect as redis_connect
from voiceassist.runtime import jose, revocation
from voiceassist.runtime.revocation import Revocations

from .conftest import rows

TOKEN = "/api/v1/auth/token"
GRANTS = "/api/v1/auth/grants"
CALCULATORS = "/api/v1/calculators"
SCOPES = ["calc:run", "kb:read", "documents:write", "voice:talk"]


@pytest.fixture(scope="module")
def clinician(host, people, clinician):
    return type(clinician)(host, people["clinician"]).sign_in()


@pytest.fixture(scope="module")
def door(host):
    with host.client() as client:
        yield client


def key_of(person, **changes):
    wanted = {"name": "Archive", "scopes": SCOPES, "expires_in_days": 1} | changes
    answer = person.post("/api/v1/auth/keys", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def key(clinician):
    return key_of(clinician)["key"]


def granted(person, **changes):
    answer = person.post(GRANTS, json={"name": "Ward app", "scopes": SCOPES} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def grant(clinician):
    return granted(clinician)


def by_key(door, key, audience="calculators", headers=None, **more):
    form = {"grant_type": "client_credentials", "client_secret": key, "audience": audience}
    return door.post(TOKEN, data=form | more, headers=headers)


def by_refresh(door, grant, audience="calculators", headers=None, **more):
    form = {
        "grant_type": "refresh_token",
        "client_id": grant["id"],
        "refresh_token": grant["refresh_token"],
        "audience": audience,
    }
    return door.post(TOKEN, data=form | more, headers=headers)


def made(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def refused(answer, status, error):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"] == error
    return answer.json()


def bearer(token):
    return {"authorization": f"Bearer {token}"}


# Made


@pytest.mark.req("P2.5")
def test_a_key_makes_a_token_for_one_part_and_five_minutes(door, key, clinician):
    answer = made(by_key(door, key))
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 300)
    assert "refresh_token" not in answer
    header, claims = jose.unverified(answer["access_token"])
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert claims["aud"] == "calculators"
    assert claims["exp"] - claims["iat"] == 300
    assert claims["sid"].startswith("key-")
    assert {"iss", "sub", "jti", "client_id", "auth_time", "amr", "scope"} <= claims.keys()
    assert door.get(CALCULATORS, headers=bearer(answer["access_token"])).status_code == 200


@pytest.mark.req("P2.5")
def test_the_key_set_holds_two_keys_and_no_secret(door, key):
    answer = door.get("/api/v1/auth/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    assert len(keys) >= 2
    assert all(one["alg"] == "ES256" and one["use"] == "sig" and "d" not in one for one in keys)
    header, _ = jose.unverified(made(by_key(door, key))["access_token"])
    assert header["kid"] in {one["kid"] for one in keys}


def test_private_keys_are_sealed_in_the_database(host, door):
    assert door.get("/api/v1/auth/jwks.json").status_code == 200
    for row in rows(host, "select sealed from signing_keys"):
        assert b"PRIVATE KEY" not in bytes(row["sealed"])


@pytest.mark.req("P2.5")
def test_a_grant_rotates_and_its_tokens_act_for_its_owner(door, grant, clinician, host):
    assert jose.unverified(made(by_refresh(door, grant))["access_token"])[1]["sid"] == f"app-{grant['id']}"
    hashes = [
        bytes(row["hash"]) for row in rows(host, "select hash from refresh_tokens where grant_id = $1", grant["id"])
    ]
    assert hashlib.sha256(grant["refresh_token"].encode()).digest() in hashes
    assert len(hashes) == 2
    me = clinician.http.get("/api/v1/auth/me").json()["user"]["id"]
    other = granted(clinician)
    answer = made(by_refresh(door, other))
    assert jose.unverified(answer["access_token"])[1]["sub"] == me
    again = made(
        by_refresh(door, other | {"refresh_token": answer["refresh_token"]}, "documents", scope="documents:write")
    )
    assert again["scope"] == "documents:write"
    assert door.get("/api/v1/documents", headers=bearer(again["access_token"])).status_code == 200


def test_grants_are_listed_without_their_tokens_and_ended_by_their_owner(door, clinician, browser, grant, problem):
    listed = clinician.http.get(GRANTS)
    assert grant["refresh_token"] not in listed.text
    assert grant["id"] in [one["id"] for one in listed.json()["items"]]
    token = made(by_refresh(door, grant))["access_token"]
    admin = browser("admin").sign_in()
    path = f"{GRANTS}/{grant['id']}"
    problem(admin.http.delete(path, headers={"x-csrf-token": admin.csrf}), 404, "NOT_FOUND")
    problem(clinician.http.delete(path), 403, "CSRF")
    assert clinician.http.delete(path, headers={"x-csrf-token": clinician.csrf}).status_code == 204
    problem(door.get(CALCULATORS, headers=bearer(token)), 401, "UNAUTHENTICATED")
    problem(clinician.http.delete(path, headers={"x-csrf-token": clinician.csrf}), 404, "NOT_FOUND")


@pytest.mark.req("P2.10")
def test_old_second_factors_grant_nothing(browser, problem, host):
    here = browser().sign_in()
    name = f"va:session:{here.http.cookies.get('__Host-va_session').partition('.')[0]}"

    async def age():
        redis = redis_connect(host.settings.redis.url)
        record = json.loads(await redis.get(name))
        await redis.set(name, json.dumps(record | {"mfa_at": time.time() - 301}), keepttl=True)
        await redis.aclose()
        redis_connect.cache_clear()

    asyncio.run(age())
    problem(here.post(GRANTS, json={"name": "x", "scopes": ["calc:run"]}), 401, "STEP_UP_REQUIRED")
    wanted = {"name": "x", "scopes": ["calc:run"], "expires_in_days": 1}
    problem(here.post("/api/v1/auth/keys", json=wanted), 401, "STEP_UP_REQUIRED")
    stepped = here.post("/api/v1/auth/mfa/step-up", json={"code": here.code(1)})
    assert stepped.status_code == 200, stepped.text
    here.csrf = stepped.json()["csrf_token"]
    assert granted(here, scopes=["calc:run"])["id"]


# Refused


FORMS = {
    "no grant type": ({"grant_type": ""}, 400, "unsupported_grant_type"),
    "password": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    "code of somebody": ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
    "unknown key": ({"client_secret": "va_" + "x" * 43}, 401, "invalid_client"),
    "no key": ({"client_secret": ""}, 401, "invalid_client"),
    "no audience": ({"audience": ""}, 400, "invalid_target"),
    "unknown audience": ({"audience": "payroll"}, 400, "invalid_target"),
    "audience of auth": ({"audience": "auth"}, 400, "invalid_target"),
    "audience without its scope": ({"audience": "events"}, 400, "invalid_target"),
    "wider scope": ({"scope": "events:operate calc:run"}, 400, "invalid_scope"),
}


@pytest.mark.req("N45")
@pytest.mark.parametrize(("change", "status", "error"), FORMS.values(), ids=FORMS.keys())
def test_what_was_not_granted_is_not_made(door, key, change, status, error):
    form = {"grant_type": "client_credentials", "client_secret": key, "audience": "calculators"} | change
    refused(door.post(TOKEN, data=form), status, error)


@pytest.mark.parametrize("body", [b"", b"{}", b"grant_type=a&grant_type=b", b"\xff\xfe=1", b"a=" + b"x" * 3000])
def test_what_is_no_form_is_no_request(door, body):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    refused(door.post(TOKEN, content=body, headers=headers), 400, "invalid_request")


@pytest.mark.req("N45")
def test_a_token_opens_no_other_part(door, key, problem):
    token = made(by_key(door, key))["access_token"]
    for path in ("/api/v1/documents", "/api/v1/notifications", "/api/v1/auth/keys"):
        problem(door.get(path, headers=bearer(token)), 401, "UNAUTHENTICATED")


@pytest.mark.req("N45")
def test_a_refresh_token_or_an_api_key_is_no_access_token_and_no_token_is_a_cookie(door, grant, key, browser, problem):
    problem(door.get(CALCULATORS, headers=bearer(grant["refresh_token"])), 401, "UNAUTHENTICATED")
    token = made(by_key(door, key))["access_token"]
    here = browser()
    here.http.cookies.set("__Host-va_session", token, domain="localhost.local", path="/")
    problem(here.http.get("/api/v1/auth/me"), 401, "UNAUTHENTICATED")
    refused(by_key(door, token), 401, "invalid_client")


@pytest.mark.req("N45")
def test_a_revoked_keys_tokens_end_with_it(door, clinician, problem):
    mine = key_of(clinician)
    token = made(by_key(door, mine["key"]))["access_token"]
    assert door.get(CALCULATORS, headers=bearer(token)).status_code == 200
    path = f"/api/v1/auth/keys/{mine['id']}"
    assert clinician.http.delete(path, headers={"x-csrf-token": clinician.csrf}).status_code == 204
    problem(door.get(CALCULATORS, headers=bearer(token)), 401, "UNAUTHENTICATED")
    refused(by_key(door, mine["key"]), 401, "invalid_client")


@pytest.mark.req("N45")
@pytest.mark.parametrize("kid", ["same", "other"])
def test_a_token_signed_by_anybody_else_is_refused(door, key, problem, kid):
    header, claims = jose.unverified(made(by_key(door, key))["access_token"])
    mine = ECKey.generate_key("P-256")
    told = header | ({} if kid == "same" else {"kid": str(mine.thumbprint())})
    problem(door.get(CALCULATORS, headers=bearer(jwt.encode(told, claims, mine))), 401, "UNAUTHENTICATED")


# Refresh


@pytest.mark.req("N48")
@pytest.mark.req("N45")
def test_a_spent_refresh_token_ends_the_whole_family_and_is_told(door, host, clinician, grant, problem):
    first = made(by_refresh(door, grant))
    assert door.get(CALCULATORS, headers=bearer(first["access_token"])).status_code == 200
    before = metric(host)
    refused(by_refresh(door, grant), 400, "invalid_grant")
    refused(by_refresh(door, grant | {"refresh_token": first["refresh_token"]}), 400, "invalid_grant")
    problem(door.get(CALCULATORS, headers=bearer(first["access_token"])), 401, "UNAUTHENTICATED")
    (one,) = [one for one in clinician.http.get(GRANTS).json()["items"] if one["id"] == grant["id"]]
    assert one["ended_because"] == "reuse"
    assert metric(host) >= before + 1
    events = [json.loads(row["event"]) for row in rows(host, "select event from outbox where room = 'auth'")]
    told = [event for event in events if event["subject"] == grant["id"]]
    assert [event["type"] for event in told] == ["org.voiceassist.grant.reused.v1"]
    acts = rows(host, "select body from audit_entries where body like $1", f"%grant:{grant['id']}%")
    recorded = [json.loads(row["body"]) for row in acts]
    assert ("grant.reused", "refused") in [(act["action"], act["outcome"]) for act in recorded]


def metric(host):
    with host.client() as client:
        text = client.get("/metrics").text
    (line,) = [line for line in text.splitlines() if line.startswith("voiceassist_refresh_reused_total ")]
    return float(line.split()[1])


@pytest.mark.req("N45")
def test_of_two_refreshes_at_once_one_succeeds_and_the_family_ends(host, grant):
    def once(_):
        with host.client() as client:
            return by_refresh(client, grant).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(once, range(8)))
    assert statuses == [200, *[400] * 7]


@pytest.mark.req("N45")
def test_a_refresh_token_of_another_client_is_refused_and_not_spent(door, clinician, grant):
    other = granted(clinician)
    refused(by_refresh(door, grant | {"id": other["id"]}), 400, "invalid_grant")
    refused(by_refresh(door, grant | {"id": "nobody"}), 401, "invalid_client")
    assert made(by_refresh(door, grant))


@pytest.mark.parametrize(
    ("change", "error"), [({"audience": "payroll"}, "invalid_target"), ({"scope": "events:operate"}, "invalid_scope")]
)
def test_what_is_asked_for_wrongly_spends_no_refresh_token(door, grant, change, error):
    refused(by_refresh(door, grant, **change), 400, error)
    assert made(by_refresh(door, grant))


@pytest.mark.parametrize("change", ["refresh_tokens", "app_grants"])
def test_what_has_expired_is_refused(door, host, grant, change):
    column = {"refresh_tokens": "grant_id", "app_grants": "id"}[change]
    rows(host, f"update {change} set expires_at = now() where {column} = $1", grant["id"])  # noqa: S608 - our names
    refused(by_refresh(door, grant), 400, "invalid_grant")


def test_what_a_person_who_is_disabled_granted_opens_nothing(door, host, clinician, grant):
    me = clinician.http.get("/api/v1/auth/me").json()["user"]["id"]
    rows(host, "update users set status = 'disabled' where id = $1", me)
    try:
        refused(by_refresh(door, grant), 400, "invalid_grant")
    finally:
        rows(host, "update users set status = 'active' where id = $1", me)
    assert made(by_refresh(door, grant))


# The voice socket


async def test_a_token_for_the_voice_opens_the_socket_and_no_other_does(door, key, host, voice_port):
    async def echo(socket):
        async for message in socket:
            await socket.send(message)

    def dial(token):
        url = host.url.replace("https", "wss") + "/v1/realtime"
        return connect(url, ssl=host.tls, additional_headers=bearer(token), proxy=None)

    voice = made(await asyncio.to_thread(by_key, door, key, "realtime"))["access_token"]
    other = made(await asyncio.to_thread(by_key, door, key))["access_token"]
    async with serve(echo, "127.0.0.1", voice_port):
        async with dial(voice) as socket:
            await socket.send("x")
            assert await socket.recv() == "x"
        with pytest.raises(InvalidStatus) as no:
            await dial(other)
    assert no.value.response.status_code == 401


# Proof of possession


PAIR = ECKey.generate_key("P-256")
OKP = OKPKey.generate_key("Ed25519")


def proof(host, path, *, pair=PAIR, method="GET", credential="", header=None, **claims):
    alg = "ES256" if pair.key_type == "EC" else "Ed25519"
    told = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": host.url + path, "iat": int(time.time())}
    if credential:
        told["ath"] = jose.encoded(hashlib.sha256(credential.encode()).digest())
    told = {name: value for name, value in (told | claims).items() if value is not ...}
    protected = {"alg": alg, "typ": "dpop+jwt", "jwk": pair.as_dict(private=False)} | (header or {})
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jws.serialize_compact(protected, json.dumps(told).encode(), pair, registry=registry)


def shown(credential, evidence, scheme="DPoP"):
    return {"authorization": f"{scheme} {credential}", "dpop": evidence}


@pytest.fixture(scope="module")
def bound(clinician):
    return key_of(clinician, dpop_jkt=str(PAIR.thumbprint()))["key"]


@pytest.mark.req("P2.15")
@pytest.mark.parametrize("pair", [PAIR, OKP], ids=["ES256", "Ed25519"])
def test_a_bound_key_opens_with_a_proof_for_this_very_call(door, host, clinician, pair):
    mine = key_of(clinician, dpop_jkt=str(pair.thumbprint()))["key"]
    evidence = proof(host, CALCULATORS, pair=pair, credential=mine)
    assert door.get(CALCULATORS, headers=shown(mine, evidence)).status_code == 200


PROOFS = {
    "no proof": lambda _host, key: {"authorization": f"DPoP {key}"},
    "bound key as bearer": lambda _host, key: bearer(key),
    "bearer with proof": lambda host, key: shown(key, proof(host, CALCULATORS, credential=key), "Bearer"),
    "another key pair": lambda host, key: shown(key, proof(host, CALCULATORS, pair=OKP, credential=key)),
    "another method": lambda host, key: shown(key, proof(host, CALCULATORS, method="POST", credential=key)),
    "another address": lambda host, key: shown(key, proof(host, "/api/v1/documents", credential=key)),
    "another site": lambda host, key: shown(key, proof(host, CALCULATORS, credential=key, htu="https://evil.example/")),
    "another credential": lambda host, key: shown(key, proof(host, CALCULATORS, credential=key + "x")),
    "no credential": lambda host, key: shown(key, proof(host, CALCULATORS)),
    "old": lambda host, key: shown(key, proof(host, CALCULATORS, credential=key, iat=int(time.time()) - 62)),
    "of the future": lambda host, key: shown(key, proof(host, CALCULATORS, credential=key, iat=int(time.time()) + 30)),
    "without a number": lambda host, key: shown(key, proof(host, CALCULATORS, credential=key, jti=...)),
    "another type": lambda host, key: shown(key, proof(host, CALCULATORS, credential=key, header={"typ": "JWT"})),
    "rubbish": lambda _host, key: shown(key, "a.b.c"),
}


@pytest.mark.req("N45")
@pytest.mark.parametrize("headers", PROOFS.values(), ids=PROOFS.keys())
def test_a_bound_key_without_its_proof_opens_nothing(door, host, bound, problem, headers):
    problem(door.get(CALCULATORS, headers=headers(host, bound)), 401, "UNAUTHENTICATED")


@pytest.mark.req("N45")
def test_a_proof_works_once(door, host, bound, problem):
    headers = shown(bound, proof(host, CALCULATORS, credential=bound))
    assert door.get(CALCULATORS, headers=headers).status_code == 200
    problem(door.get(CALCULATORS, headers=headers), 401, "UNAUTHENTICATED")


def test_an_unbound_key_takes_no_proof(door, host, key, problem):
    headers = shown(key, proof(host, CALCULATORS, credential=key))
    problem(door.get(CALCULATORS, headers=headers), 401, "UNAUTHENTICATED")


def test_a_token_of_a_bound_key_is_bound_too(door, host, bound, problem):
    refused(by_key(door, bound), 401, "invalid_client")
    refused(by_key(door, bound, headers={"dpop": "a.b.c"}), 400, "invalid_dpop_proof")
    evidence = proof(host, TOKEN, method="POST")
    answer = made(by_key(door, bound, headers={"dpop": evidence}))
    assert answer["token_type"] == "DPoP"
    refused(by_key(door, bound, headers={"dpop": evidence}), 400, "invalid_dpop_proof")
    token = answer["access_token"]
    problem(door.get(CALCULATORS, headers=bearer(token)), 401, "UNAUTHENTICATED")
    headers = shown(token, proof(host, CALCULATORS, credential=token))
    assert door.get(CALCULATORS, headers=headers).status_code == 200


def test_a_bound_grant_needs_its_key_pair_at_each_refresh(door, host, clinician):
    grant = granted(clinician, dpop_jkt=str(PAIR.thumbprint()))
    refused(by_refresh(door, grant), 400, "invalid_grant")
    stranger = {"dpop": proof(host, TOKEN, method="POST", pair=OKP)}
    refused(by_refresh(door, grant, headers=stranger), 400, "invalid_grant")
    assert made(by_refresh(door, grant, headers={"dpop": proof(host, TOKEN, method="POST")}))


# Revocation


async def test_everything_of_a_person_who_is_cut_off_ends(door, key, host, clinician, problem):
    token = made(await asyncio.to_thread(by_key, door, key))["access_token"]
    me = (await asyncio.to_thread(clinician.http.get, "/api/v1/auth/me")).json()["user"]["id"]
    redis = redis_connect(host.settings.redis.url)
    try:
        await Revocations(redis).revoke(revocation.person(me))
        answer = await asyncio.to_thread(door.get, CALCULATORS, headers=bearer(token))
        problem(answer, 401, "UNAUTHENTICATED")
    finally:
        await redis.delete(f"va:revoked:{revocation.person(me)}")
        await redis.aclose()
        redis_connect.cache_clear()
