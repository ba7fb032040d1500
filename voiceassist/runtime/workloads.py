"""The key pairs by which the parts of one installation know each other (docs/decisions/0006).

Every part has its own private key and the public keys of all, as JSON Web Key Sets (RFC 7517) in two settings. So
whoever checks a token cannot make one in another's name. A key's id begins with the part whose it is, what follows a
dot tells apart the keys of one part while one takes the place of the other: `retrieval`, `retrieval.2`.
"""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import SettingsError, UnauthenticatedError
from voiceassist.runtime.settings import Workload
from voiceassist.runtime.workload_keys import ALGORITHM, PUBLIC, listed, owner, unusable, written

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

# Whoever calls and is no room; `operator` is this command line.
GATEWAY, REALTIME, BROKER, OPERATOR = "gateway", "realtime", "broker", "operator"
WIRING = Path(__file__).resolve().parents[2] / "knative" / "rooms"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-5)


def signing(workload: Workload, part: str) -> "ECKey":
    """The private key of a part that this process is; SettingsError where it is not that part."""
    found = _private(workload.key).get(part)
    if found is None:
        raise SettingsError(f"The setting VOICEASSIST_WORKLOAD__KEY holds no key of {part}.")
    return found


def speaker(workload: Workload, part: str) -> str:
    """The part in whose name this process speaks for `part`: itself, or the gateway that relays for it."""
    return part if part in _private(workload.key) else GATEWAY


def known(workload: Workload, kid: str) -> "ECKey":
    """The public key of this id; UnauthenticatedError where nobody here has it."""
    found = _public(workload.keys).get(kid)
    if found is None:
        raise UnauthenticatedError("The caller's token is not valid.")
    return found


def only(workload: Workload, *parts: str) -> str:
    """The private keys of these parts alone, for a process that is no more than them."""
    return written(key for key in listed(workload.key) if owner(key["kid"]) in parts)


def rooms() -> tuple[str, ...]:
    """The rooms of this checkout, by the files of their wiring."""
    return tuple(sorted(path.stem for path in WIRING.glob("*.yaml") if path.stem != "kustomization"))


def derived(secret: str, more: Iterable[str] = ()) -> Workload:
    """The keys of every part out of one secret: for the local stack, whose supervisor hands each process its own."""
    parts = (GATEWAY, REALTIME, BROKER, OPERATOR, *rooms(), *more)
    return _derived(secret, parts)


@lru_cache(maxsize=8)
def _derived(secret: str, parts: tuple[str, ...]) -> Workload:
    private = [_pair(secret, part) for part in parts]
    public = [{name: value for name, value in key.items() if name in PUBLIC} for key in private]
    return Workload(key=written(private), keys=written(public))


def _pair(secret: str, part: str) -> dict[str, Any]:
    """One part's key: RFC 5869 (one block each of 48 bytes' worth) and FIPS 186-5, A.2.1: extra random bits."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from joserfc.jwk import ECKey

    root = hmac.digest(b"voiceassist workloads", secret.encode(), hashlib.sha512)
    bits = hmac.digest(root, part.encode() + b"\x01", hashlib.sha512)[:48]
    private = ec.derive_private_key(int.from_bytes(bits) % (ORDER - 1) + 1, ec.SECP256R1())
    members = dict(ECKey.import_key(private).as_dict(private=True))
    return {name: members[name] for name in ("kty", "crv", "x", "y", "d")} | {"kid": part, "alg": ALGORITHM}


@lru_cache(maxsize=8)
def _private(text: str) -> dict[str, "ECKey"]:
    """By part; of several keys the last is the one that signs."""
    return {owner(str(key.kid)): key for key in _imported(text, "KEY")}


@lru_cache(maxsize=8)
def _public(text: str) -> dict[str, "ECKey"]:
    return {str(key.kid): key for key in _imported(text, "KEYS")}


def _imported(text: str, name: str) -> list["ECKey"]:
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        return [ECKey.import_key(key) for key in listed(text)]
    except (JoseError, ValueError, TypeError, KeyError):
        raise unusable(name) from None
