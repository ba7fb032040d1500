"""The internal identity: a 60-second signed token that says on whose behalf one part calls another.

JWS compact (RFC 7515) with ES256 and `typ: va-int+jwt`. `iss` is the part that calls and `kid` its key, `aud` the one
part that is called, `sub` the person or service for whom something is done, `act` the part that does it and, inside,
the parts before it on the way (RFC 8693, section 4.1). Whoever acts now must be who signed: a part can tell of others
before it, and never be another. A browser or an integrator never sees such a token. Signing and checking cost some
100 µs each, which a broker or gateway would pay at every request: both are remembered, the times are looked at each
time.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from voiceassist.core.errors import UnauthenticatedError
from voiceassist.core.identity import ROLES, Principal
from voiceassist.runtime import jose, workload_keys, workloads
from voiceassist.runtime.settings import Workload

TYPE = "va-int+jwt"
LIFETIME_SECONDS = 60
LEEWAY_SECONDS = 5
# A principal's token is the same for this long, so that whoever hears it has checked it already.
REUSED_SECONDS = 15
REMEMBERED = 2048
MOST_ACTORS = 8  # a call that went through more parts goes in circles


def mint(principal: Principal, *, issuer: str, audience: str, workload: Workload, now: datetime | None = None) -> str:
    """Sign the principal for one part; `issuer` is the part that vouches and acts, whose key this process must have."""
    moment = int((now or datetime.now(UTC)).timestamp())
    return _signed(principal, issuer, audience, workload, moment - moment % REUSED_SECONDS)


@lru_cache(maxsize=REMEMBERED)
def _signed(principal: Principal, issuer: str, audience: str, workload: Workload, issued: int) -> str:
    from joserfc import jwt

    key = workloads.signing(workload, issuer)
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": principal.subject,
        "tenant": str(principal.tenant_id),
        "role": principal.role,
        "uid": str(principal.user_id) if principal.user_id else "",
        "profile": principal.profile,
        "scopes": sorted(principal.scopes),
        "sid": principal.session_id,
        "mfa": int(principal.second_factor_at),
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
    }
    if issuer != principal.subject:
        claims["act"] = _act((issuer, *principal.actors))
    header = {"alg": workload_keys.ALGORITHM, "kid": str(key.kid), "typ": TYPE}
    return jwt.encode(header, claims, key, algorithms=[workload_keys.ALGORITHM])


def _act(actors: tuple[str, ...]) -> dict[str, Any]:
    if len(actors) > MOST_ACTORS:
        raise UnauthenticatedError("The call went through too many parts.")
    inner: dict[str, Any] = {}
    for actor in reversed(actors):
        inner = {"sub": actor, "act": inner} if inner else {"sub": actor}
    return inner


def verify(token: str, *, audience: str, workload: Workload, now: datetime | None = None) -> Principal:
    """The principal of a valid token for this part; raises UnauthenticatedError for every other one."""
    if not token:
        raise UnauthenticatedError("The caller did not identify itself.")
    principal, told, issued, expires = _read(token, workload.keys)
    moment = (now or datetime.now(UTC)).timestamp()
    if told != audience or not issued - LEEWAY_SECONDS <= moment <= expires + LEEWAY_SECONDS:
        raise refused()
    return principal


@lru_cache(maxsize=REMEMBERED)
def _read(token: str, keys: str) -> tuple[Principal, str, int, int]:
    """Principal, audience and times of a token with a right signature. What raises is not remembered."""
    try:
        kid = jose.unverified(token)[0].get("kid")
        key = workloads.known(Workload(keys=keys), kid if isinstance(kid, str) else "")
        _, claims = jose.read(token, key, algorithms=(workload_keys.ALGORITHM,), types=(TYPE,), named=True)
    except jose.TokenRefusedError:
        raise refused() from None
    principal = _principal(claims)
    # Whoever acts now is whoever signed; a person, who has no key, never acts without a part.
    acting = principal.actors[0] if principal.actors else principal.subject
    signed_by = workload_keys.owner(cast("str", kid))
    if not (claims.get("iss") == acting == signed_by) or not _timed(claims) or not isinstance(claims.get("aud"), str):
        raise refused()
    return principal, claims["aud"], claims["iat"], claims["exp"]


def _timed(claims: dict[str, Any]) -> bool:
    """Both times are there, and not further apart than we make them."""
    issued, expires = claims.get("iat"), claims.get("exp")
    return jose.whole(issued) and jose.whole(expires) and 0 < expires - issued <= LIFETIME_SECONDS  # type: ignore[operator]


def refused() -> UnauthenticatedError:
    return UnauthenticatedError("The caller's token is not valid.")


def _principal(claims: dict[str, Any]) -> Principal:
    role = claims.get("role")
    if role not in ROLES:
        raise refused()
    try:
        return Principal(
            subject=str(claims["sub"]),
            tenant_id=UUID(cast("str", claims["tenant"])),
            role=role,
            user_id=UUID(claims["uid"]) if claims.get("uid") else None,
            profile=str(claims.get("profile", "")),
            scopes=frozenset(claims.get("scopes", ())),
            session_id=str(claims.get("sid", "")),
            second_factor_at=float(claims.get("mfa", 0)),
            actors=_actors(claims.get("act")),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise refused() from None


def _actors(act: dict[str, Any] | None) -> tuple[str, ...]:
    """The chain of an `act` claim, the latest first."""
    found: list[str] = []
    while act is not None and len(found) < MOST_ACTORS:
        found.append(act["sub"])
        act = act.get("act")
    if act is not None or not all(isinstance(actor, str) and actor for actor in found):
        raise ValueError
    return tuple(found)
