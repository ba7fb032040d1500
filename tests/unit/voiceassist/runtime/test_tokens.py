from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from voiceassist.core.errors import UnauthenticatedError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import tokens

SECRET = "k" * 40
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WHO = Principal("u1", DEFAULT_TENANT, "user", uuid4(), "physician", frozenset({"calc:run"}), "s1")


def test_a_principal_survives_the_journey():
    token = tokens.mint(WHO, issuer="gateway", secret=SECRET, now=NOW)
    assert tokens.verify(token, secret=SECRET, now=NOW) == WHO


def forged(header, claims, secret=SECRET):
    return jwt.encode(header, claims, OctKey.import_key(secret), algorithms=["HS256", "HS512", "none"])


CLAIMS = {"sub": "u1", "tenant": str(DEFAULT_TENANT), "role": "admin", "exp": int(NOW.timestamp()) + 60}
HEADER = {"alg": "HS256", "typ": tokens.TYPE}


@pytest.mark.parametrize(
    ("why", "token"),
    [
        ("empty", ""),
        ("not a token", "a.b.c"),
        ("another secret", forged(HEADER, CLAIMS, "x" * 40)),
        ("another type", forged({"alg": "HS256", "typ": "JWT"}, CLAIMS)),
        ("another algorithm", forged({"alg": "HS512", "typ": tokens.TYPE}, CLAIMS)),
        ("no expiry", forged(HEADER, {k: v for k, v in CLAIMS.items() if k != "exp"})),
        ("expired", forged(HEADER, CLAIMS | {"exp": int(NOW.timestamp()) - 60})),
        ("unknown role", forged(HEADER, CLAIMS | {"role": "root"})),
        ("no tenant", forged(HEADER, {k: v for k, v in CLAIMS.items() if k != "tenant"})),
        ("tenant is no id", forged(HEADER, CLAIMS | {"tenant": "t"})),
    ],
)
def test_every_other_token_is_refused(why, token):
    with pytest.raises(UnauthenticatedError):
        tokens.verify(token, secret=SECRET, now=NOW)


def test_an_old_token_and_an_unset_secret_are_refused():
    token = tokens.mint(WHO, issuer="gateway", secret=SECRET, now=NOW)
    with pytest.raises(UnauthenticatedError):
        tokens.verify(token, secret=SECRET, now=NOW + timedelta(seconds=66))
    with pytest.raises(UnauthenticatedError):
        tokens.verify(token, secret="", now=NOW)


def counted(monkeypatch, name):
    """How often joserfc is asked to encode or decode."""
    calls = []
    real = getattr(jwt, name)
    monkeypatch.setattr(jwt, name, lambda *args, **options: calls.append(1) or real(*args, **options))
    return calls


def test_a_token_is_checked_once_and_its_expiry_each_time(monkeypatch):
    checks = counted(monkeypatch, "decode")
    token = tokens.mint(WHO, issuer="once", secret=SECRET, now=NOW)
    for _ in range(3):
        assert tokens.verify(token, secret=SECRET, now=NOW) == WHO
    assert len(checks) == 1
    with pytest.raises(UnauthenticatedError):
        tokens.verify(token, secret=SECRET, now=NOW + timedelta(seconds=66))


def test_a_remembered_token_is_worth_nothing_under_another_secret():
    token = tokens.mint(WHO, issuer="gateway", secret=SECRET, now=NOW)
    tokens.verify(token, secret=SECRET, now=NOW)
    with pytest.raises(UnauthenticatedError):
        tokens.verify(token, secret="x" * 40, now=NOW)
    assert tokens.mint(WHO, issuer="gateway", secret="x" * 40, now=NOW) != token


def test_a_refusal_is_not_remembered(monkeypatch):
    checks = counted(monkeypatch, "decode")
    for _ in range(2):
        with pytest.raises(UnauthenticatedError):
            tokens.verify("a.b.c", secret=SECRET, now=NOW)
    assert len(checks) == 2


def test_a_principal_keeps_its_token_for_some_seconds_and_every_token_lasts_long_enough(monkeypatch):
    signings = counted(monkeypatch, "encode")
    moments = [NOW + timedelta(seconds=second) for second in range(30)]
    minted = [tokens.mint(WHO, issuer="some-seconds", secret=SECRET, now=moment) for moment in moments]
    assert len(set(minted)) == len(signings) == 2
    for token, moment in zip(minted, moments, strict=True):
        assert tokens.verify(token, secret=SECRET, now=moment + timedelta(seconds=45)) == WHO


@pytest.mark.parametrize("change", [{"scopes": frozenset({"kb:read"})}, {"role": "viewer"}, {"session_id": "s2"}])
def test_another_principal_gets_another_token(change):
    token = tokens.mint(WHO, issuer="gateway", secret=SECRET, now=NOW)
    other = tokens.mint(replace(WHO, **change), issuer="gateway", secret=SECRET, now=NOW)
    assert tokens.verify(other, secret=SECRET, now=NOW) != tokens.verify(token, secret=SECRET, now=NOW)


def test_what_is_remembered_is_bounded():
    for number in range(tokens.REMEMBERED + 10):
        someone = replace(WHO, subject=f"u{number}")
        tokens.verify(tokens.mint(someone, issuer="gateway", secret=SECRET, now=NOW), secret=SECRET, now=NOW)
    assert tokens._read.cache_info().currsize == tokens._signed.cache_info().currsize == tokens.REMEMBERED
