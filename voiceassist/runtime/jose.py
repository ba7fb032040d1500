"""A JSON Web Signature read strictly: what every token of ours and of others must pass before its claims are looked at.

joserfc checks the signature against a list of algorithms. By itself it would take any `typ`, keys named in the header,
members told twice, and several spellings of one signature, so those checks stand here (RFC 7515, RFC 8725).
"""

import base64
import hashlib
import json
import re
import string
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NoReturn

from voiceassist.core.errors import UnauthenticatedError

if TYPE_CHECKING:
    from joserfc.jwk import Key, KeySet

MAX_BYTES = 16_384
# A token that brings its own key, or asks for understanding that we lack, is refused unread.
KEYS_OF_ITS_OWN = frozenset({"jwk", "jku", "x5u", "x5c"})
FORBIDDEN_HEADERS = KEYS_OF_ITS_OWN | {"crit", "b64", "zip", "cty"}
SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
# The signs that may come last, by the length of a segment modulo four: left-over bits are zero (RFC 4648, section 3.5).
SIGNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
LAST = {0: SIGNS, 2: SIGNS[::16], 3: SIGNS[::4]}
KEY_ID = re.compile(r"[A-Za-z0-9._~:@=+-]{1,128}")


class TokenRefusedError(UnauthenticatedError):
    """A token that proves nothing; `reason` is a constant word for the metric, the caller is not told."""

    def __init__(self, reason: str, detail: str = "The credentials are not valid.") -> None:
        super().__init__(detail)
        self.reason = reason


class _TwiceError(ValueError):
    """A member of a JSON object was told twice."""


def read(
    token: str,
    keys: "Key | KeySet",
    *,
    algorithms: Collection[str],
    types: Collection[str],
    forbidden: Collection[str] = FORBIDDEN_HEADERS,
    named: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token signed by one of `keys`; TokenRefusedError for every other.

    `types` are the values of `typ` that will do; the empty string stands for none. `named`: it must say which key.
    """
    header, claims = unverified(token)
    if not forbidden_free(header, forbidden):
        raise TokenRefusedError("header")
    if header.get("typ", "") not in types:
        raise TokenRefusedError("type")
    if header.get("alg") not in algorithms:
        raise TokenRefusedError("algorithm")
    kid = header.get("kid")
    if (named or "kid" in header) and not (isinstance(kid, str) and KEY_ID.fullmatch(kid)):
        raise TokenRefusedError("kid")
    check_signature(token, header, keys, algorithms)
    return header, claims


def check_signature(token: str, header: dict[str, Any], keys: "Key | KeySet", algorithms: Collection[str]) -> None:
    """By joserfc, which is spared to read again what was read more strictly before."""
    from joserfc import jws
    from joserfc.errors import JoseError

    segments = token.encode().split(b".")
    signed = jws.CompactSignature(dict(header), segments[1])
    signed.segments.update({"header": segments[0], "payload": segments[1], "signature": segments[2]})
    try:
        good = jws.validate_compact(signed, keys, algorithms=list(algorithms))
    except (JoseError, ValueError, TypeError, KeyError):
        good = False
    if not good:
        raise TokenRefusedError("signature")


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they stand there, read by the letter of RFC 7515; nobody has signed them yet."""
    if len(token) > MAX_BYTES:
        raise TokenRefusedError("size")
    parts = token.split(".")
    if len(parts) != 3 or not all(map(SEGMENT.fullmatch, parts)):
        raise TokenRefusedError("shape")
    raw(parts[2])
    return _object(parts[0]), _object(parts[1])


def forbidden_free(header: dict[str, Any], forbidden: Collection[str]) -> bool:
    return not any(name in header for name in forbidden)


def raw(segment: str) -> bytes:
    """The bytes of a segment in its one spelling: left-over bits of the last sign must be zero."""
    if segment[-1:] not in LAST.get(len(segment) % 4, ""):
        raise TokenRefusedError("shape")
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def half_hash(value: str) -> str:
    """Left half of SHA-256: OpenID Connect Core, section 3.1.3.6."""
    return encoded(hashlib.sha256(value.encode()).digest()[:16])


def whole(value: object) -> bool:
    """Whether this is a number of seconds; JSON has no other that we take."""
    return isinstance(value, int) and not isinstance(value, bool)


def _object(segment: str) -> dict[str, Any]:
    try:
        content = _READER.decode(raw(segment).decode())
    except (ValueError, RecursionError):
        raise TokenRefusedError("shape") from None
    if not isinstance(content, dict):
        raise TokenRefusedError("shape")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _TwiceError
    return members


def _no_number(_name: str) -> NoReturn:
    raise ValueError


_READER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
