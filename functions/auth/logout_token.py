"""Is this logout token the provider's? OpenID Connect Back-Channel Logout 1.0, section 2.6.

What every token must pass is read in runtime/jose.py; here are the claims of the end of a sign-in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.auth.id_token import LEEWAY_SECONDS
from voiceassist.runtime import jose
from voiceassist.runtime.jose import TokenRefusedError, whole

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# Keycloak writes JWT; an ID token is told apart by its nonce and by the event that it lacks.
TYPES = ("logout+jwt", "JWT")
MAX_AGE_SECONDS = 300
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Ended:
    """Whose sign-in a provider has ended: all of `sub`, or the one session `sid`; either may be empty, not both."""

    sub: str
    sid: str
    jti: str


def verify(
    token: str, keys: "KeySet", *, issuer: str, client_id: str, algorithms: Collection[str], now: float
) -> Ended:
    """What a genuine token ends; raises TokenRefusedError. Whether it came before is not known here."""
    _, claims = jose.read(token, keys, algorithms=algorithms, types=TYPES)
    check_claims(claims, issuer=issuer, client_id=client_id, now=now)
    return Ended(claims.get("sub", ""), claims.get("sid", ""), claims["jti"])


def check_claims(claims: Mapping[str, Any], *, issuer: str, client_id: str, now: float) -> None:
    events, audience = claims.get("events"), claims.get("aud")
    named = [claims[name] for name in ("sub", "sid") if name in claims]
    faults = {
        "iss": claims.get("iss") != issuer,
        "aud": audience != client_id and not (isinstance(audience, list) and client_id in audience),
        "exp": not whole(claims.get("exp")) or claims["exp"] + LEEWAY_SECONDS < now,
        "iat": not whole(claims.get("iat")) or not now - MAX_AGE_SECONDS <= claims["iat"] <= now + LEEWAY_SECONDS,
        "nbf": "nbf" in claims and (not whole(claims["nbf"]) or claims["nbf"] > now + LEEWAY_SECONDS),
        "nonce": "nonce" in claims,
        "events": not isinstance(events, dict) or not isinstance(events.get(EVENT), dict),
        "sub": not named or not all(map(_identifier, named)),
        "jti": not _identifier(claims.get("jti")),
    }
    for reason, wrong in faults.items():
        if wrong:
            raise TokenRefusedError(reason)


def _identifier(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST
