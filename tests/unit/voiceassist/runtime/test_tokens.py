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
