"""The relying party against providers of different origin: what must work, and what must not (SPEC P2.2, P2.3, N45).

Every test runs against our embedded provider, against npm's oidc-provider, and against the latter behaving like the
provider in Nextcloud.
"""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text

from functions.auth.service import ACTING
from voiceassist.runtime import metrics, providers
from voiceassist.runtime.jose import unverified
from voiceassist.runtime.revocation import Holder, Revocations

pytestmark = [
    pytest.mark.req("P2.3"),
    pytest.mark.parametrize("way", ["embedded", "oidc-provider", "like-nextcloud"], indirect=True),
]


def refused(answer, status=401, code="UNAUTHENTICATED"):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def count(reason):
    return metrics.AUTH_FAILURES.labels(reason)._value.get()


def encoded(told):
    return urlsafe_b64encode(told if isinstance(told, bytes) else json.dumps(told).encode()).rstrip(b"=").decode()


def claims_of(token):
    return unverified(token)[1]


def replacing(forge):
    """Answers of the token endpoint with another ID token than the provider's."""

    def change(path, answer):
        if not path.endswith("/token"):
            return answer
        told = answer.json()
        return httpx.Response(answer.status_code, json=told | {"id_token": forge(told["id_token"])})

    return change


async def test_a_person_signs_in_and_is_known_by_issuer_and_subject(way, database):
    sub = await way.peer.person()
    session = await way.sign_in(sub)
    async with database.transaction(ACTING) as connection:
        found = await connection.execute(
            text("select id, email, role, profile from users where iss = :iss and sub = :sub"),
            {"iss": way.peer.issuer, "sub": sub},
        )
        (row,) = found.all()
    assert (str(row[0]), row[2], row[3]) == (session.user_id, "user", "nurse")
    assert row[1].endswith("@hospital.example")
    assert session.email == row[1]
    again = await way.sign_in(sub)
    assert again.user_id == session.user_id
    assert again.id != session.id


async def test_what_is_asked_for_is_bound_to_this_attempt(way):
    start = await way.start()
    query = dict(parse_qsl(urlsplit(start.headers["location"]).query))
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert min(len(query[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    other = dict(parse_qsl(urlsplit((await way.start()).headers["location"]).query))
    assert not {query[name] for name in ("state", "nonce", "code_challenge")} & set(other.values())
    assert start.headers["cache-control"] == "no-store"


async def test_the_code_is_redeemed_with_verifier_and_secret_where_the_provider_wants_it(way):
    sub = await way.peer.person()
    assert (await way.first_factor(sub)).status_code == 200
    (request,) = [one for one in way.wire.requests if one.url.path.endswith("/token")]
    form = dict(parse_qsl(request.content.decode()))
    known = {"grant_type", "code", "redirect_uri", "code_verifier"}
    if way.peer.client_auth == "client_secret_post":
        assert set(form) == known | {"client_id", "client_secret"}
        assert "authorization" not in request.headers
    else:
        assert set(form) == known
        assert request.headers["authorization"].startswith("Basic ")
    assert request.url.query == b""


async def test_the_provider_wants_the_verifier_of_this_attempt(way):
    def other_verifier(request):
        if not request.url.path.endswith("/token"):
            return request
        form = dict(parse_qsl(request.content.decode())) | {"code_verifier": "v" * 64}
        headers = {name: value for name, value in request.headers.items() if name in {"authorization", "host"}}
        return httpx.Request("POST", request.url, data=form, headers=headers)

    back, before = await way.there(await way.peer.person()), count("code")
    way.wire.asking = other_verifier
    refused(await way.back(back))
    assert count("code") == before + 1


async def test_a_stolen_code_is_worth_nothing_in_another_attempt(way):
    """Injection: the thief's own attempt has its own state and verifier."""
    stolen = (await way.there(await way.peer.person())).params["code"]
    thief = await way.there(await way.peer.person())
    refused(await way.back(thief, code=stolen))


async def test_an_answer_is_good_once_and_in_its_own_attempt(way):
    sub = await way.peer.person()
    first = await way.there(sub)
    assert (await way.back(first)).status_code == 200
    refused(await way.back(first))
    second = await way.there(sub)
    for state in (first.params["state"], "", None, "x" * 43):
        refused(await way.back(second, state=state))
        second = await way.there(sub)


@pytest.mark.req("N45")
async def test_an_answer_of_another_issuer_is_a_mix_up(way):
    back, before = await way.there(await way.peer.person()), count("mix_up")
    assert ("iss" in back.params) == way.peer.says_issuer
    refused(await way.back(back, iss="https://evil.example"))
    assert count("mix_up") == before + 1
    if way.peer.says_issuer:
        refused(await way.back(await way.there(await way.peer.person()), iss=None))
        assert count("mix_up") == before + 2


async def test_an_answer_at_the_door_of_another_provider_is_a_mix_up(way):
    back, before = await way.there(await way.peer.person()), count("mix_up")
    other = "/api/v1/auth/callback/other" if back.path.endswith("callback") else "/api/v1/auth/callback"
    refused(await way.back(back.copy_with(path=other)))
    assert count("mix_up") == before + 1


WRONG = {
    "other audience": ({"aud": "another"}, {}, "aud"),
    "several audiences": ({"aud": ["another", "third"]}, {}, "aud"),
    "other issuer": ({"iss": "https://evil.example"}, {}, "iss"),
    "no issuer": ({"iss": ...}, {}, "iss"),
    "other nonce": ({"nonce": "another"}, {}, "nonce"),
    "no nonce": ({"nonce": ...}, {}, "nonce"),
    "expired": ({"exp": 1_700_000_000}, {}, "exp"),
    "no end": ({"exp": ...}, {}, "exp"),
    "issued long ago": ({"iat": 1_700_000_000}, {}, "iat"),
    "no subject": ({"sub": ...}, {}, "sub"),
    "of an access token": ({}, {"typ": "at+jwt"}, "type"),
    "of a logout token": ({}, {"typ": "logout+jwt"}, "type"),
    "brings its key": ({}, {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}, "header"),
    "says where its key is": ({}, {"jku": "https://evil.example/jwks"}, "header"),
    "of an unknown key": ({}, {"kid": "nobody"}, "signature"),
    "hash of another access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, {}, "at_hash"),
}


@pytest.mark.req("N45")
@pytest.mark.parametrize(("changes", "header", "reason"), WRONG.values(), ids=WRONG.keys())
async def test_a_token_that_the_provider_signed_for_something_else(way, changes, header, reason):
    way.wire.answering = replacing(lambda token: way.peer.sign(claims_of(token) | changes, **header))
    back, before = await way.there(await way.peer.person()), count(reason)
    refused(await way.back(back))
    assert count(reason) == before + 1


def by_nobody(way, token):
    head, payload, _ = token.split(".")
    yield "algorithm", f"{encoded({'alg': 'none', 'kid': way.peer.kid})}.{payload}.AAAA"
    yield "shape", f"{encoded({'alg': 'none'})}.{payload}."
    unsigned = f"{encoded({'alg': 'HS256', 'kid': way.peer.kid})}.{payload}"
    secret = way.peer.provider().client_secret.encode()
    yield "algorithm", f"{unsigned}.{encoded(hmac.digest(secret, unsigned.encode(), hashlib.sha256))}"
    yield "signature", f"{head}.{payload}.{encoded(bytes(64))}"


@pytest.mark.req("N45")
@pytest.mark.parametrize("number", range(4), ids=["alg none", "no signature", "client secret as key", "zeros"])
async def test_a_token_that_nobody_signed(way, number):
    reasons = []

    def forge(token):
        reason, made = list(by_nobody(way, token))[number]
        reasons.append((reason, count(reason)))
        return made

    way.wire.answering = replacing(forge)
    refused(await way.first_factor(await way.peer.person()))
    ((reason, before),) = reasons
    assert count(reason) == before + 1


@pytest.mark.req("N45")
async def test_a_token_signed_by_another_key_of_the_same_name(way):
    stranger = type(way.peer.key).generate_key(*(["P-256"] if way.peer.algorithm == "ES256" else [2048]))
    way.wire.answering = replacing(lambda token: way.peer.sign(claims_of(token), key=stranger))
    before = count("signature")
    refused(await way.first_factor(await way.peer.person()))
    assert count("signature") == before + 1


async def test_another_algorithm_than_the_pinned_one(way):
    """Also where the provider's key would verify it."""
    party = way.parties.named(way.name)
    party._algorithms = frozenset({"RS256" if way.peer.algorithm == "ES256" else "ES256"})
    before = count("algorithm")
    refused(await way.first_factor(await way.peer.person()))
    assert count("algorithm") == before + 1


async def test_the_provider_may_change_its_key(way):
    sub, passed = await way.peer.person(), [0.0]
    party = way.parties.named(way.name)
    party._keys._clock = lambda: time.monotonic() + passed[0]
    assert (await way.first_factor(sub)).status_code == 200
    retired, kid = way.peer.key, way.peer.kid
    await way.peer.rotate()
    passed[0] += 31
    assert (await way.first_factor(sub)).status_code == 200
    way.wire.answering = replacing(lambda token: way.peer.sign(claims_of(token), key=retired, kid=kid))
    refused(await way.first_factor(sub))


async def test_unknown_key_ids_do_not_become_a_flood(way):
    sub = await way.peer.person()
    way.wire.answering = replacing(lambda token: way.peer.sign(claims_of(token), kid="nobody"))
    for _ in range(3):
        refused(await way.first_factor(sub))
    assert sum("jwks" in path for path in way.wire.asked) == 1


async def test_a_wrong_client_secret_is_our_own_fault_and_said(way):
    party = way.parties.named(way.name)
    party.provider = way.peer.provider(client_secret="0123456789abcdef")
    refused(await way.first_factor(await way.peer.person()), 503, "ISSUER_REFUSES_CLIENT")


DOWN = {"discovery": "openid-configuration", "token endpoint": "token", "keys": ("jwks", "jwks.json")}


@pytest.mark.parametrize("ends", DOWN.values(), ids=DOWN.keys())
async def test_a_provider_that_is_down_is_told_so(way, ends):
    sub = await way.peer.person()
    if ends == DOWN["discovery"]:
        way.wire.down = (ends,)
        refused(await way.start(), 503, "ISSUER_UNAVAILABLE")
    else:
        back = await way.there(sub)
        way.wire.down = ends if isinstance(ends, tuple) else (ends,)
        refused(await way.back(back), 503, "ISSUER_UNAVAILABLE")
    way.wire.down = ()
    assert (await way.first_factor(sub)).status_code == 200


ODD = {
    "error": httpx.Response(500, text="oops"),
    "page": httpx.Response(200, text="<html>"),
    "redirect": httpx.Response(302),
    "list": httpx.Response(200, json=[]),
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
async def test_an_answer_that_is_none_is_an_outage(way, answer):
    back = await way.there(await way.peer.person())
    way.wire.answering = lambda path, real: answer if path.endswith("/token") else real
    refused(await way.back(back), 503, "ISSUER_UNAVAILABLE")


@pytest.mark.parametrize("changes", [{"issuer": "https://evil.example"}, {"token_endpoint": None}, {"jwks_uri": 7}])
async def test_another_issuer_than_the_pinned_one_is_not_followed(way, changes):
    def other(path, answer):
        if not path.endswith("openid-configuration"):
            return answer
        return httpx.Response(200, json=answer.json() | changes)

    way.wire.answering = other
    refused(await way.start(), 503, "ISSUER_MISMATCH")


async def test_what_the_token_leaves_out_is_asked_for_about_the_same_person(way):
    sub = await way.peer.person()
    assert (await way.first_factor(sub)).status_code == 200
    asked = [one for one in way.wire.requests if one.url.path in {"/me", "/userinfo"}]
    assert len(asked) == (1 if way.peer.tells_in_userinfo else 0)
    if not asked:
        return
    assert asked[0].headers["authorization"].startswith("Bearer ")

    def about(told, status=200):
        return lambda path, real: httpx.Response(status, json=told) if path == "/me" else real

    before = count("userinfo")
    for answer in (about({"sub": "somebody else", "roles": ["admin"]}), about({"roles": ["admin"]}), about({}, 401)):
        way.wire.answering = answer
        refused(await way.first_factor(sub))
    assert count("userinfo") == before + 3
    way.wire.answering = about({}, 503)
    refused(await way.first_factor(sub), 503, "ISSUER_UNAVAILABLE")


async def test_who_signs_out_at_the_provider_is_signed_out_here(way):
    sub, other = await way.peer.person(), await way.peer.person()
    session = await way.sign_in(sub)
    token, cookies = way.wire.id_token, dict(way.here.http.cookies)
    bystander = await way.sign_in(other)
    await way.peer.sign_out(token)
    assert await way.session() == bystander
    way.here.http.cookies = httpx.Cookies(cookies)
    assert await way.session() is None
    ended = await Revocations(providers.redis()).ended(
        [Holder.of(one.principal(), one.started_at) for one in (session, bystander)]
    )
    assert ended == [True, False]  # by which open voice sockets are closed, too


async def test_who_signs_out_between_the_factors_gets_no_session(way):
    sub = await way.peer.person()
    await way.sign_in(sub)
    assert (await way.first_factor(sub)).status_code == 200
    await way.peer.sign_out(way.wire.id_token)
    refused(await way.second_factor())
    # A later sign-in is not meant.
    await way.sign_in(sub)
