"""Is this ID token ours? OpenID Connect Core, section 3.1.3.7, and the attacks known on such tokens.

What every token must pass is read in runtime/jose.py; here are the claims of a sign-in.
"""

import hmac
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from voiceassist.runtime import jose
from voiceassist.runtime.jose import half_hash, whole

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

TYPES = ("JWT", "")
LEEWAY_SECONDS = 60
MAX_AGE_SECONDS = 600


class TokenRefusedError(jose.TokenRefusedError):
    """The issuer's answer does not prove who signed in; `reason` is a constant word for the metric."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "The sign-in could not be verified. Please start again.")


def verify(
    token: str,
    keys: "KeySet",
    *,
    issuer: str,
    client_id: str,
    algorithms: Collection[str],
    nonce: str,
    access_token: str,
    now: float,
) -> dict[str, Any]:
    """The claims of a genuine token for this sign-in; raises TokenRefusedError."""
    try:
        _, claims = jose.read(token, keys, algorithms=algorithms, types=TYPES)
    except jose.TokenRefusedError as fault:
        raise TokenRefusedError(fault.reason) from None
    check_claims(claims, issuer=issuer, client_id=client_id, nonce=nonce, now=now)
    if "at_hash" in claims and not same(claims["at_hash"], half_hash(access_token)):
        raise TokenRefusedError("at_hash")
    return claims


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


def same(told: object, expected: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), expected.encode())
