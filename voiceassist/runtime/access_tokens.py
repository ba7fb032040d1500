"""Access tokens of our own (RFC 9068): ES256, five minutes, for one part of the installation each.

Made by the auth room, checked by the gateway. `sid` names the key or grant the token comes from, with which it ends
before its time; `cnf.jkt` the key pair that must sign a proof beside it (RFC 9449, section 6.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.core.identity import Principal
from voiceassist.runtime import jose
from voiceassist.runtime.jose import TokenRefusedError, whole

if TYPE_CHECKING:
    from joserfc.jwk import Key, KeySet

TYPE = "at+jwt"
ALGORITHM = "ES256"
LIFETIME_SECONDS = 300  # N40
LEEWAY_SECONDS = 5
GRANT_SECONDS = 30 * 86_400  # a grant made longer ago asks for a new sign-in
REMEMBERED = 2048
PEOPLE = frozenset({"admin", "viewer", "user"})
SECOND_FACTOR = "mfa"  # RFC 8176
BY_KEY, BY_GRANT = "key-", "app-"


@dataclass(frozen=True, slots=True)
class Access:
    """A checked token: who comes, with which scopes, and until when. Times are Unix time."""

    principal: Principal
    jkt: str
    issued_at: int
    expires_at: int


def claims_of(
    principal: Principal,
    *,
    issuer: str,
    audience: str,
    client: str,
    jti: str,
    now: int,
    auth_time: int,
    amr: tuple[str, ...],
    jkt: str = "",
) -> dict[str, Any]:
    """What the auth room signs. `client`: id of the key or grant; `auth_time`: when its person signed in for it."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": principal.subject,
        "aud": audience,
        "client_id": client,
        "jti": jti,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "auth_time": auth_time,
        "amr": list(amr),
        "sid": principal.session_id,
        "scope": " ".join(sorted(principal.scopes)),
        "tenant": str(principal.tenant_id),
        "role": principal.role,
        "profile": principal.profile,
    }
    return claims | {"cnf": {"jkt": jkt}} if jkt else claims


def sign(claims: Mapping[str, Any], key: "Key", kid: str) -> str:
    from joserfc import jwt

    header = {"alg": ALGORITHM, "kid": kid, "typ": TYPE}
    return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM])


class Verifier:
    """Checks tokens under one set of keys. A signature is checked once; the times are looked at each time."""

    def __init__(self, keys: "KeySet", *, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer
        # Unknown names of keys and refused tokens raise, and what raises is not remembered.
        self._read = lru_cache(maxsize=REMEMBERED)(self._unremembered)

    def verify(self, token: str, *, audience: str, now: float) -> Access:
        """Whose token it is; TokenRefusedError for every other, with the reason as a word."""
        access, told = self._read(token)
        if told != audience:
            raise TokenRefusedError("aud")
        if now > access.expires_at + LEEWAY_SECONDS:
            raise TokenRefusedError("exp")
        if now < access.issued_at - LEEWAY_SECONDS:
            raise TokenRefusedError("iat")
        return access

    def _unremembered(self, token: str) -> tuple[Access, str]:
        _, claims = jose.read(token, self._keys, algorithms=(ALGORITHM,), types=(TYPE,), named=True)
        check_claims(claims, issuer=self._issuer)
        try:
            principal = Principal(
                subject=claims["sub"],
                tenant_id=UUID(claims["tenant"]),
                role=claims["role"],
                user_id=UUID(claims["sub"]),
                profile=claims["profile"],
                scopes=frozenset(claims["scope"].split()),
                session_id=claims["sid"],
            )
            jkt = claims["cnf"]["jkt"] if "cnf" in claims else ""
        except (KeyError, ValueError, TypeError, AttributeError):
            raise TokenRefusedError("claims") from None
        if not isinstance(jkt, str) or ("cnf" in claims and not jkt):
            raise TokenRefusedError("cnf")
        return Access(principal, jkt, claims["iat"], claims["exp"]), claims["aud"]


def check_claims(claims: Mapping[str, Any], *, issuer: str) -> None:
    """What does not depend on the moment or on who is called."""
    sid, amr = claims.get("sid"), claims.get("amr")
    by_grant = isinstance(sid, str) and sid.startswith(BY_GRANT)
    faults = {
        "iss": claims.get("iss") != issuer,
        "aud": not isinstance(claims.get("aud"), str),  # one audience each: a list would serve several
        "exp": not whole(claims.get("exp")),
        "iat": not whole(claims.get("iat")) or not _short(claims),
        "nbf": "nbf" in claims,  # ours have none
        "sub": not isinstance(claims.get("sub"), str) or not claims["sub"],
        "jti": not isinstance(claims.get("jti"), str) or not claims["jti"],
        "sid": not isinstance(sid, str) or not sid.startswith((BY_KEY, BY_GRANT)),
        "role": claims.get("role") not in PEOPLE,
        "amr": not isinstance(amr, list) or (by_grant and SECOND_FACTOR not in amr),
        "auth_time": not whole(claims.get("auth_time")) or not _before(claims, by_grant=by_grant),
    }
    for reason, wrong in faults.items():
        if wrong:
            raise TokenRefusedError(reason)


def _short(claims: Mapping[str, Any]) -> bool:
    return whole(claims.get("exp")) and 0 < claims["exp"] - claims["iat"] <= LIFETIME_SECONDS


def _before(claims: Mapping[str, Any], *, by_grant: bool) -> bool:
    """The sign-in was before the token, and for a grant not too long before."""
    age = claims["iat"] - claims["auth_time"] if whole(claims.get("iat")) else -1
    return age >= -LEEWAY_SECONDS and (not by_grant or age <= GRANT_SECONDS)


def looks_like_one(credential: str) -> bool:
    """Told from an API key by its form alone; whether it is good is another question."""
    return credential.count(".") == 2 and credential.startswith("eyJ")
