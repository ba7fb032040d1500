"""Is this ID token ours? OpenID Connect Core, section 3.1.3.7, and the attacks known on such tokens.

joserfc checks the signature against an algorithm allow-list; by itself it would accept an expired token,
any `typ`, and keys named in the header, so those checks stand here.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import UnauthenticatedError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ["ES256", "RS256"]
LEEWAY_SECONDS = 60
MAX_AGE_SECONDS = 600
MAX_BYTES = 16_384
# A token that brings its own key, or asks for understanding that we lack, is refused unread.
FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty"})


class TokenRefusedError(UnauthenticatedError):
    """The issuer's answer does not prove who signed in; `reason` is a constant word for the metric."""

    def __init__(self, reason: str) -> None:
        super().__init__("The sign-in could not be verified. Please start again.")
        self.reason = reason


def verify(
    token: str, keys: "KeySet", *, issuer: str, client_id: str, nonce: str, access_token: str, now: float
) -> dict[str, Any]:
    """The claims of a genuine token for this sign-in; raises TokenRefusedError."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    if len(token) > MAX_BYTES:
        raise TokenRefusedError("size")
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise TokenRefusedError("signature") from None
    header, claims = decoded.header, decoded.claims
    if FORBIDDEN_HEADERS & header.keys() or header.get("typ", "JWT") != "JWT":
        raise TokenRefusedError("header")
    check_claims(claims, issuer=issuer, client_id=client_id, nonce=nonce, now=now)
    if "at_hash" in claims and not same(claims["at_hash"], half_hash(access_token)):
        raise TokenRefusedError("at_hash")
    return dict(claims)


def check_claims(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: float) -> None:
    faults = {
        "iss": claims.get("iss") != issuer,
        "aud": not addressed(claims, client_id),
        "exp": not whole(claims.get("exp")) or claims["exp"] + LEEWAY_SECONDS < now,
        "iat": not whole(claims.get("iat")) or not now - MAX_AGE_SECONDS <= claims["iat"] <= now + LEEWAY_SECONDS,
        "nbf": "nbf" in claims and (not whole(claims["nbf"]) or claims["nbf"] > now + LEEWAY_SECONDS),
        "sub": not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255,
        "nonce": not nonce or not same(claims.get("nonce"), nonce),
    }
    for reason, wrong in faults.items():
        if wrong:
            raise TokenRefusedError(reason)


def addressed(claims: Mapping[str, Any], client_id: str) -> bool:
    """For us alone, or for several with us as the authorized party."""
    audience = claims.get("aud")
    if isinstance(audience, str):
        return audience == client_id and claims.get("azp", client_id) == client_id
    if not isinstance(audience, list) or client_id not in audience:
        return False
    party: object = claims.get("azp", client_id if len(audience) == 1 else "")
    return party == client_id


def whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def same(told: object, expected: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), expected.encode())


def half_hash(access_token: str) -> str:
    """Section 3.1.3.6, for algorithms with SHA-256."""
    digest = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
