"""A provider ends what it began, and nobody else does (OpenID Connect Back-Channel Logout 1.0; SPEC P2.3, N45, N49)."""

import asyncio
import json
import time

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text

from functions.auth.service import ACTING
from functions.auth.upstream import Upstream
from voiceassist.adapters.issuer.app import LOGGED_OUT
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import metrics, providers, sessions
from voiceassist.runtime.jose import unverified
from voiceassist.runtime.revocation import Holder, Revocations
from voiceassist.runtime.settings import load_settings

pytestmark = pytest.mark.req("P2.3")
PATH = "/api/v1/auth/backchannel-logout"
LOGOUT = {"typ": "logout+jwt"}


def count(reason):
    return metrics.AUTH_FAILURES.labels(f"logout_{reason}")._value.get()


async def living(session):
    found = await sessions.of(load_settings(), providers.redis()).of_user(session.user_id)
    return session.id in {one.id for one, _ in found}


async def post(way, token, **form):
    return await way.here.call("POST", PATH, data={"logout_token": token} | form)


@pytest.fixture
async def way(ways):
    """Our own provider alone in the settings."""
    return (await ways("embedded"))[0]


@pytest.fixture
async def signed_in(way):
    """The session, the subject and the session id at the provider."""
    sub = await way.peer.person()
    session = await way.sign_in(sub)
    return session, sub, unverified(way.wire.id_token)[1]["sid"]


@pytest.mark.req("N49")
async def test_a_session_at_the_provider_ends_ours_and_its_sockets(way, signed_in):
    session, _, sid = signed_in
    revocations = Revocations(providers.redis())
    heard = revocations.heard()
    assert await anext(heard) is None  # it listens from now on
    answer = await post(way, way.peer.sign(way.peer.logout_claims(sid=sid), **LOGOUT))
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (200, b"", "no-store")
    assert not await living(session)
    assert await anext(heard) == session.id
    assert await revocations.ended([Holder.of(session.principal(), session.started_at)]) == [True]


async def test_one_session_of_two_is_meant_by_its_id_and_both_by_the_subject(way, signed_in):
    first, sub, sid = signed_in
    second = await _one_more(way, sub)
    assert (await post(way, way.peer.sign(way.peer.logout_claims(sid=sid, sub=sub), **LOGOUT))).status_code == 200
    assert [await living(one) for one in (first, second)] == [False, True]
    third = await _one_more(way, sub)
    assert (await post(way, way.peer.sign(way.peer.logout_claims(sub=sub), **LOGOUT))).status_code == 200
    assert [await living(one) for one in (second, third)] == [False, False]


async def _one_more(way, sub):
    """A sign-in on another device: nothing of the one before is handed over."""
    way.here.http.cookies.clear()
    return await way.sign_in(sub)


async def test_keycloaks_type_is_taken(way, signed_in):
    session, _, sid = signed_in
    assert (await post(way, way.peer.sign(way.peer.logout_claims(sid=sid, typ="Logout"), typ="JWT"))).status_code == 200
    assert not await living(session)


async def test_whoever_is_not_signed_in_is_signed_out_already(way, signed_in):
    session, sub, sid = signed_in
    mixed = ({"sid": sid, "sub": "another"}, {"sid": "another", "sub": sub})
    for about in ({"sid": "another"}, {"sub": "nobody"}, *mixed):
        assert (await post(way, way.peer.sign(way.peer.logout_claims(**about), **LOGOUT))).status_code == 200
    assert await living(session)


async def test_it_is_on_record_whose_session_ended(way, signed_in):
    session, _, sid = signed_in
    await post(way, way.peer.sign(way.peer.logout_claims(sid=sid), **LOGOUT))
    async with providers.database().transaction(ACTING) as connection:
        found = await connection.execute(
            text("select body from audit_entries where action = 'session.closed' and user_id = :user"),
            {"user": session.user_id},
        )
        (entry,) = [json.loads(row[0]) for row in found.all()]
    assert entry["facts"] == {"by": "provider"}


NOW = int(time.time())
FORGED = {
    "of another issuer": ({"iss": "https://evil.example"}, {}, "iss"),
    "issuer with a slash": ({"iss": "https://issuer.test/"}, {}, "iss"),
    "no issuer": ({"iss": ...}, {}, "iss"),
    "for another client": ({"aud": "another"}, {}, "aud"),
    "for nobody": ({"aud": ...}, {}, "aud"),
    "for others": ({"aud": ["another"]}, {}, "aud"),
    "expired": ({"exp": NOW - 90}, {}, "exp"),
    "without an end": ({"exp": ...}, {}, "exp"),
    "end as text": ({"exp": str(NOW + 90)}, {}, "exp"),
    "issued long ago": ({"iat": NOW - 3_600}, {}, "iat"),
    "issued in the future": ({"iat": NOW + 3_600}, {}, "iat"),
    "without a time": ({"iat": ...}, {}, "iat"),
    "not yet": ({"nbf": NOW + 3_600}, {}, "nbf"),
    "with a nonce": ({"nonce": "n"}, {}, "nonce"),
    "with an empty nonce": ({"nonce": ""}, {}, "nonce"),
    "without an event": ({"events": ...}, {}, "events"),
    "of another event": ({"events": {"http://schemas.openid.net/event/other": {}}}, {}, "events"),
    "event as a list": ({"events": [LOGGED_OUT]}, {}, "events"),
    "event that is no object": ({"events": {LOGGED_OUT: True}}, {}, "events"),
    "about nobody": ({"sid": ...}, {}, "sub"),
    "about a number": ({"sid": 7}, {}, "sub"),
    "about an empty name": ({"sub": ""}, {}, "sub"),
    "about a long name": ({"sid": "s" * 256}, {}, "sub"),
    "without a jti": ({"jti": ...}, {}, "jti"),
    "jti as a number": ({"jti": 7}, {}, "jti"),
    "typ of an access token": ({}, {"typ": "at+jwt"}, "type"),
    "typ of a proof": ({}, {"typ": "dpop+jwt"}, "type"),
    "no typ": ({}, {"typ": ...}, "type"),
    "brings its key": ({}, {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}, "header"),
    "says where its key is": ({}, {"jku": "https://evil.example/jwks"}, "header"),
    "key id as a path": ({}, {"kid": "../../issuer/key.pem"}, "kid"),
    "of an unknown key": ({}, {"kid": "nobody"}, "signature"),
}


@pytest.mark.req("N45")
@pytest.mark.parametrize(("changes", "header", "reason"), FORGED.values(), ids=FORGED.keys())
async def test_a_forged_logout_token(way, signed_in, changes, header, reason):
    session, _, sid = signed_in
    before = count(reason)
    answer = await post(way, way.peer.sign(way.peer.logout_claims(sid=sid) | changes, **(LOGOUT | header)))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.headers["cache-control"] == "no-store"
    assert count(reason) == before + 1
    assert await living(session)


@pytest.mark.req("N45")
async def test_a_logout_token_signed_by_a_stranger(way, signed_in):
    session, _, sid = signed_in
    before = count("signature")
    token = way.peer.sign(way.peer.logout_claims(sid=sid), key=ECKey.generate_key("P-256"), **LOGOUT)
    assert (await post(way, token)).status_code == 400
    assert count("signature") == before + 1
    assert await living(session)


@pytest.mark.req("N45")
async def test_the_id_token_of_a_sign_in_ends_nothing(way, signed_in):
    session, _, _ = signed_in
    assert (await post(way, way.wire.id_token)).status_code == 400
    assert await living(session)


@pytest.mark.req("N45")
async def test_a_logout_token_shown_again_ends_no_later_session(way, signed_in):
    _, sub, _ = signed_in
    token = way.peer.sign(way.peer.logout_claims(sub=sub), **LOGOUT)
    assert (await post(way, token)).status_code == 200
    later, before = await way.sign_in(sub), count("replay")
    assert (await post(way, token)).status_code == 400
    assert count("replay") == before + 1
    assert await living(later)


async def test_of_the_same_token_at_once_one_counts(way, signed_in):
    _, sub, _ = signed_in
    token = way.peer.sign(way.peer.logout_claims(sub=sub), **LOGOUT)
    answers = await asyncio.gather(*(post(way, token) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


async def test_what_could_not_be_done_may_be_asked_for_again(way, signed_in, monkeypatch):
    session, _, sid = signed_in
    token = way.peer.sign(way.peer.logout_claims(sid=sid), **LOGOUT)

    async def away(*_args):
        raise UnavailableError("The session store is not available.", code="SESSION_STORE_UNAVAILABLE")

    with monkeypatch.context() as patch:
        patch.setattr(Upstream, "user_of", away)
        answer = await post(way, token)
    assert (answer.status_code, answer.json()["code"]) == (503, "SESSION_STORE_UNAVAILABLE")
    assert await living(session)
    assert (await post(way, token)).status_code == 200
    assert not await living(session)


LONG = b"logout_token=" + b"x" * 20_000


@pytest.mark.parametrize("body", [b"", b"logout_token=", b"logout_token=x&logout_token=y", b"{}", b"other=x", LONG])
async def test_what_is_no_logout_token_is_refused(way, body):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    way.here.http.headers.update(headers)
    answer = await way.here.http.post(PATH, content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), answer.text


async def test_tokens_of_strangers_ask_the_provider_for_nothing(way):
    token = way.peer.sign(way.peer.logout_claims(sub="s", iss="https://evil.example"), **LOGOUT)
    assert (await post(way, token)).status_code == 400
    assert way.wire.asked == []
