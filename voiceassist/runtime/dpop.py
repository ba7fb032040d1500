"""Proof of possession (RFC 9449): a key or token that is bound to a key pair is worth nothing to whoever copies it."""

import hashlib
import hmac
from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voiceassist.adapters.redis import PREFIX
from voiceassist.runtime import jose
from voiceassist.runtime.jose import TokenRefusedError, whole
from voiceassist.runtime.sessions import digest, store

if TYPE_CHECKING:
    from joserfc.jwk import Key
    from redis.asyncio import Redis

TYPE = "dpop+jwt"
HEADER = "dpop"
ALGORITHMS = ("ES256", "Ed25519")
PROOF_SECONDS = 60  # how old a proof may be
LEEWAY_SECONDS = 5
REMEMBERED_SECONDS = 2 * PROOF_SECONDS
CURVES = {"P-256": "ES256", "Ed25519": "Ed25519"}
LONGEST_JTI = 256
# The one token that brings its own key: whose it is says the thumbprint, which somebody signed before.
FORBIDDEN = jose.FORBIDDEN_HEADERS - {"jwk"}


def check(proof: str, *, method: str, addresses: Collection[str], credential: str, jkt: str, now: float) -> str:
    """The proof's `jti`, yet to be looked up among those seen; TokenRefusedError for what proves nothing.

    `addresses` are the ways to write the request's address, without query; an empty `jkt` takes any key.
    """
    header, claims = jose.unverified(proof)
    key = _key_of(header)
    if jkt and not hmac.compare_digest(str(key.thumbprint()), jkt):
        raise TokenRefusedError("dpop_key")
    jose.read(proof, key, algorithms=ALGORITHMS, types=(TYPE,), forbidden=FORBIDDEN)
    expected = jose.encoded(hashlib.sha256(credential.encode()).digest())
    jti = claims.get("jti")
    faults = {
        "dpop_htm": claims.get("htm") != method,
        "dpop_htu": not _same_place(claims.get("htu"), addresses),
        "dpop_iat": not whole(claims.get("iat")) or not -LEEWAY_SECONDS <= now - claims["iat"] <= PROOF_SECONDS,
        "dpop_ath": bool(credential) and claims.get("ath") != expected,
        "dpop_jti": not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI,
    }
    for reason, wrong in faults.items():
        if wrong:
            raise TokenRefusedError(reason)
    return str(jti)


def thumbprint(proof: str) -> str:
    """Of the key in a proof (RFC 7638); says nothing about whether the proof is good."""
    return str(_key_of(jose.unverified(proof)[0]).thumbprint())


def _key_of(header: dict[str, Any]) -> "Key":
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey

    told = header.get("jwk")
    if not isinstance(told, dict) or "d" in told or CURVES.get(str(told.get("crv"))) != header.get("alg"):
        raise TokenRefusedError("dpop_key")
    try:
        return ECKey.import_key(told) if told.get("kty") == "EC" else OKPKey.import_key(told)
    except (JoseError, ValueError, TypeError, KeyError):
        raise TokenRefusedError("dpop_key") from None


def _same_place(told: object, addresses: Collection[str]) -> bool:
    """Without query and fragment (RFC 9449, section 4.3)."""
    if not isinstance(told, str):
        return False
    try:
        parts = urlsplit(told)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}{parts.path}" in addresses


class Replays:
    """Proofs that were seen, by a digest, for as long as they could be shown again. Without the store none counts."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def first(self, jkt: str, jti: str) -> None:
        """TokenRefusedError for a proof that came before, UnavailableError where nobody can say."""
        async with store():
            kept = await self._redis.set(
                f"{PREFIX}dpop:{digest(jkt + '|' + jti)}", b"1", ex=REMEMBERED_SECONDS, nx=True
            )
        if not kept:
            raise TokenRefusedError("dpop_replay")
