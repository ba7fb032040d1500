import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from voiceassist.core.errors import SettingsError, UnauthenticatedError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import jose, tokens, workloads
from voiceassist.runtime.settings import Workload

KNOWN = workloads.derived("k" * 40, more=("once", "some-seconds", "a", "b", "c"))
OTHERS = workloads.derived("x" * 40)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
WHO = Principal("u1", DEFAULT_TENANT, "user", uuid4(), "physician", frozenset({"calc:run"}), "s1")
HEARD = replace(WHO, actors=("gateway",))


def mint(principal=WHO, issuer="gateway", audience="phi", workload=KNOWN, now=NOW):
    return tokens.mint(principal, issuer=issuer, audience=audience, workload=workload, now=now)


def verify(token, audience="phi", workload=KNOWN, now=NOW):
    return tokens.verify(token, audience=audience, workload=workload, now=now)


def private(part, workload=KNOWN):
    return workloads.signing(workload, part)


def public(part):
    return next(key for key in json.loads(KNOWN.keys)["keys"] if key["kid"] == part)


def forged(header, claims, key=None):
    """A token that says what an attacker wants, signed by the key of the room phi or another."""
    algorithms = ["ES256", "ES384", "HS256", "HS512", "none"]
    return jwt.encode(header, claims, key or private("phi"), algorithms=algorithms)


def unsigned(header, claims, signature="AAAA"):
    return ".".join([*(jose.encoded(json.dumps(part).encode()) for part in (header, claims)), signature])


def chain(length):
    return {"sub": "a", "act": chain(length - 1)} if length > 1 else {"sub": "a"}


def without(*names):
    return {name: value for name, value in CLAIMS.items() if name not in names}


def by_secret(secret):
    """By hand: joserfc itself would not take a public key for a secret."""
    signed = unsigned({"alg": "HS256", "kid": "gateway", "typ": tokens.TYPE}, AS_GATEWAY, "").rstrip(".")
    return f"{signed}.{jose.encoded(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


# What the room phi, which holds its own key and everybody's public ones, would tell to be let in at `documents`.
CLAIMS = {
    "iss": "phi", "aud": "documents", "sub": "u1", "act": {"sub": "phi"}, "tenant": str(DEFAULT_TENANT),
    "role": "admin", "iat": SECONDS, "exp": SECONDS + 60,
}  # fmt: skip
HEADER = {"alg": "ES256", "kid": "phi", "typ": tokens.TYPE}
AS_GATEWAY = CLAIMS | {"iss": "gateway", "act": {"sub": "gateway"}}
PEM = private("gateway").as_pem(private=False).decode()

ATTACKS = {
    "empty": "",
    "not a token": "a.b.c",
    "alg none": unsigned({"alg": "none", "kid": "gateway", "typ": tokens.TYPE}, AS_GATEWAY),
    "alg none, signed by nobody": unsigned({"alg": "none", "kid": "gateway", "typ": tokens.TYPE}, AS_GATEWAY, ""),
    "signature of zeros": unsigned(HEADER, CLAIMS, "A" * 86),
    "public key as HMAC secret, PEM": by_secret(PEM),
    "public key as HMAC secret, JWK": by_secret(json.dumps(public("gateway"))),
    "public key as HMAC secret, x": by_secret(public("gateway")["x"]),
    "all public keys as HMAC secret": by_secret(KNOWN.keys),
    "another curve": forged(HEADER | {"alg": "ES384"}, CLAIMS, ECKey.generate_key("P-384")),
    "another type": forged(HEADER | {"typ": "JWT"}, CLAIMS),
    "type of an access token": forged(HEADER | {"typ": "at+jwt"}, CLAIMS),
    "no kid": forged({"alg": "ES256", "typ": tokens.TYPE}, CLAIMS),
    "unknown kid": forged(HEADER | {"kid": "nobody"}, CLAIMS),
    "kid as a list": forged(HEADER, CLAIMS).replace(
        forged(HEADER, CLAIMS).split(".")[0], unsigned(HEADER | {"kid": ["phi"]}, {}).split(".")[0]
    ),
    "kid as a path": forged(HEADER | {"kid": "../phi"}, CLAIMS),
    "embedded key": forged(HEADER | {"jwk": public("phi")}, CLAIMS),
    "key address": forged(HEADER | {"jku": "https://evil.test/keys"}, CLAIMS),
    "another installation's key, our kid": forged(HEADER, CLAIMS, private("phi", OTHERS)),
    "another room's key, gateway's kid": forged(HEADER | {"kid": "gateway"}, AS_GATEWAY),
    "another room's key, gateway's name": forged(HEADER, AS_GATEWAY),
    "another room's key, gateway as issuer only": forged(HEADER, CLAIMS | {"iss": "gateway"}),
    "another room's key, gateway as actor only": forged(HEADER, CLAIMS | {"act": {"sub": "gateway"}}),
    "another room's key, gateway before it hidden": forged(
        HEADER, CLAIMS | {"act": {"sub": "gateway", "act": {"sub": "phi"}}}
    ),
    "a room as the broker": forged(HEADER, without("act") | {"sub": "broker", "role": "service"}),
    "a room as a person without an actor": forged(HEADER, without("act")),
    "no issuer": forged(HEADER, without("iss")),
    "no audience": forged(HEADER, without("aud")),
    "several audiences": forged(HEADER, CLAIMS | {"aud": ["documents", "phi"]}),
    "another audience": forged(HEADER, CLAIMS | {"aud": "retrieval"}),
    "no expiry": forged(HEADER, without("exp")),
    "no moment of issue": forged(HEADER, without("iat")),
    "expired": forged(HEADER, CLAIMS | {"iat": SECONDS - 120, "exp": SECONDS - 60}),
    "from the future": forged(HEADER, CLAIMS | {"iat": SECONDS + 60, "exp": SECONDS + 120}),
    "a year long": forged(HEADER, CLAIMS | {"exp": SECONDS + 31_536_000}),
    "expiry as text": forged(HEADER, CLAIMS | {"exp": str(SECONDS + 60)}),
    "unknown role": forged(HEADER, CLAIMS | {"role": "root"}),
    "no tenant": forged(HEADER, without("tenant")),
    "tenant is no id": forged(HEADER, CLAIMS | {"tenant": "t"}),
    "actor is no object": forged(HEADER, CLAIMS | {"act": "phi"}),
    "actor without a name": forged(HEADER, CLAIMS | {"act": {"sub": ""}}),
    "actors without end": forged(HEADER, CLAIMS | {"act": chain(tokens.MOST_ACTORS + 1)}),
}  # fmt: skip


@pytest.mark.req("N45")
@pytest.mark.parametrize("attack", ATTACKS)
def test_every_other_token_is_refused(attack):
    with pytest.raises(UnauthenticatedError):
        verify(ATTACKS[attack], audience="documents")


def test_what_the_attacks_start_from_is_a_good_token():
    assert verify(forged(HEADER, CLAIMS), audience="documents").actors == ("phi",)


def test_a_principal_survives_the_journey():
    assert verify(mint()) == HEARD


@pytest.mark.req("P2.14")
def test_a_token_is_for_the_part_that_is_called_and_no_other():
    """Also where it was shown before, and is remembered."""
    token = mint(audience="phi")
    assert verify(token, audience="phi") == HEARD
    for part in ("documents", "gateway", "PHI", ""):
        with pytest.raises(UnauthenticatedError):
            verify(token, audience=part)


@pytest.mark.req("P2.14")
def test_a_room_holds_its_own_key_and_can_sign_as_nobody_else():
    room = Workload(key=workloads.only(KNOWN, "phi"), keys=KNOWN.keys)
    assert [key["kid"] for key in json.loads(room.key)["keys"]] == ["phi"]
    assert verify(mint(issuer="phi", audience="auth", workload=room), audience="auth").actors == ("phi",)
    assert verify(mint(), workload=room) == HEARD
    for other in ("gateway", "broker", "documents", "nobody"):
        with pytest.raises(SettingsError):
            mint(issuer=other, workload=room)


def test_an_old_token_is_refused_and_without_keys_every_one():
    token = mint()
    assert verify(token, now=NOW + timedelta(seconds=60)) == HEARD
    for shown in ({"now": NOW + timedelta(seconds=66)}, {"now": NOW - timedelta(seconds=30)}):
        with pytest.raises(UnauthenticatedError):
            verify(token, **shown)
    with pytest.raises(UnauthenticatedError):
        verify(token, workload=Workload())


def counted(monkeypatch, module, name):
    """How often joserfc is asked to encode or decode."""
    calls = []
    real = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args, **options: calls.append(1) or real(*args, **options))
    return calls


def test_a_token_is_checked_once_and_its_expiry_each_time(monkeypatch):
    checks = counted(monkeypatch, jws, "validate_compact")
    token = mint(issuer="once")
    for _ in range(3):
        assert verify(token) == replace(WHO, actors=("once",))
    assert len(checks) == 1
    with pytest.raises(UnauthenticatedError):
        verify(token, now=NOW + timedelta(seconds=66))


def test_a_remembered_token_is_worth_nothing_under_other_keys():
    token = mint()
    verify(token)
    with pytest.raises(UnauthenticatedError):
        verify(token, workload=OTHERS)
    assert mint(workload=OTHERS) != token


def test_a_refusal_is_not_remembered(monkeypatch):
    checks = counted(monkeypatch, jws, "validate_compact")
    for _ in range(2):
        with pytest.raises(UnauthenticatedError):
            verify(forged(HEADER, CLAIMS, private("phi", OTHERS)))
    assert len(checks) == 2


def test_a_principal_keeps_its_token_for_some_seconds_and_every_token_lasts_long_enough(monkeypatch):
    signings = counted(monkeypatch, jwt, "encode")
    moments = [NOW + timedelta(seconds=second) for second in range(30)]
    minted = [mint(issuer="some-seconds", now=moment) for moment in moments]
    assert len(set(minted)) == len(signings) == 2
    for token, moment in zip(minted, moments, strict=True):
        assert verify(token, now=moment + timedelta(seconds=45)) == replace(WHO, actors=("some-seconds",))


@pytest.mark.parametrize("change", [{"scopes": frozenset({"kb:read"})}, {"role": "viewer"}, {"session_id": "s2"}])
def test_another_principal_gets_another_token(change):
    assert verify(mint(replace(WHO, **change))) != verify(mint())


def test_what_is_remembered_is_bounded():
    for number in range(tokens.REMEMBERED + 10):
        verify(mint(replace(WHO, subject=f"u{number}")))
    assert tokens._read.cache_info().currsize == tokens._signed.cache_info().currsize == tokens.REMEMBERED


def test_every_part_on_the_way_is_named_and_the_person_stays_the_subject():
    """RFC 8693, section 4.1: the outermost actor is the one that acts now."""
    way = WHO
    for part in ("gateway", "realtime", "retrieval"):
        way = verify(mint(way, issuer=part))
    assert way.subject == WHO.subject
    assert way.actors == ("retrieval", "realtime", "gateway")


def test_a_service_of_its_own_acts_for_nobody():
    assert verify(mint(service("broker"), issuer="broker")).actors == ()


def test_a_call_that_goes_in_circles_ends():
    way = replace(WHO, actors=("a", "b") * (tokens.MOST_ACTORS // 2))
    with pytest.raises(UnauthenticatedError):
        mint(way, issuer="c")
