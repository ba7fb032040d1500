"""The internal identity: a 60-second signed token that says on whose behalf one part calls another.

JWS compact (RFC 7515) with HS256 and `typ: va-int+jwt`. Only parts of one installation hold the
secret; a browser or an integrator never sees such a token. Signing and checking cost some 20 µs each,
which a broker or gateway would pay at every request: both are remembered, the expiry is looked at each time.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from voiceassist.core.errors import UnauthenticatedError
from voiceassist.core.identity import ROLES, Principal

if TYPE_CHECKING:
    from joserfc.jwk import OctKey

TYPE = "va-int+jwt"
LIFETIME_SECONDS = 60
LEEWAY_SECONDS = 5
# A principal's token is the same for this long, so that whoever hears it has checked it already.
REUSED_SECONDS = 15
REMEMBERED = 2048


def _key(secret: str) -> "OctKey":
    from joserfc.jwk import OctKey

    return OctKey.import_key(secret)


def mint(principal: Principal, *, issuer: str, secret: str, now: datetime | None = None) -> str:
    """Sign the principal; `issuer` is the part that vouches: gateway, broker, realtime, host or a room."""
    moment = int((now or datetime.now(UTC)).timestamp())
    return _signed(principal, issuer, secret, moment - moment % REUSED_SECONDS)


@lru_cache(maxsize=REMEMBERED)
def _signed(principal: Principal, issuer: str, secret: str, issued: int) -> str:
    from joserfc import jwt

    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": principal.subject,
        "tenant": str(principal.tenant_id),
        "role": principal.role,
        "uid": str(principal.user_id) if principal.user_id else "",
        "profile": principal.profile,
        "scopes": sorted(principal.scopes),
        "sid": principal.session_id,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
    }
    return jwt.encode({"alg": "HS256", "typ": TYPE}, claims, _key(secret), algorithms=["HS256"])


def verify(token: str, *, secret: str, now: datetime | None = None) -> Principal:
    """The principal of a valid token; raises UnauthenticatedError for every other one."""
    if not secret or not token:
        raise UnauthenticatedError("The caller did not identify itself.")
    principal, expires = _read(token, secret)
    if (now or datetime.now(UTC)).timestamp() > expires + LEEWAY_SECONDS:
        raise UnauthenticatedError("The caller's token is not valid.")
    return principal


@lru_cache(maxsize=REMEMBERED)
def _read(token: str, secret: str) -> tuple[Principal, int]:
    """Principal and expiry of a token with a right signature. What raises is not remembered."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        decoded = jwt.decode(token, _key(secret), algorithms=["HS256"])
    except (JoseError, ValueError, TypeError):
        raise UnauthenticatedError("The caller's token is not valid.") from None
    expires = decoded.claims.get("exp")
    if decoded.header.get("typ") != TYPE or not isinstance(expires, int):
        raise UnauthenticatedError("The caller's token is not valid.")
    return _principal(decoded.claims), expires


def _principal(claims: dict[str, Any]) -> Principal:
    role = claims.get("role")
    if role not in ROLES:
        raise UnauthenticatedError("The caller's token is not valid.")
    try:
        return Principal(
            subject=str(claims["sub"]),
            tenant_id=UUID(cast("str", claims["tenant"])),
            role=role,
            user_id=UUID(claims["uid"]) if claims.get("uid") else None,
            profile=str(claims.get("profile", "")),
            scopes=frozenset(claims.get("scopes", ())),
            session_id=str(claims.get("sid", "")),
        )
    except (KeyError, ValueError):
        raise UnauthenticatedError("The caller's token is not valid.") from None
