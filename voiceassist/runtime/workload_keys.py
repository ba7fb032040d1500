"""The texts of the keys of parts: JSON Web Key Sets (RFC 7517) of P-256 keys, each with the part whose it is in its id.

Read without a library of keys, because every process that starts checks its settings.
"""

import json
from collections.abc import Iterable
from typing import Any

from voiceassist.core.errors import SettingsError
from voiceassist.runtime.jose import KEY_ID

ALGORITHM = "ES256"
CURVE = "P-256"
PUBLIC = frozenset({"kty", "crv", "x", "y", "kid", "alg", "use"})


def owner(kid: str) -> str:
    return kid.partition(".")[0]


def written(keys: Iterable[dict[str, Any]]) -> str:
    return json.dumps({"keys": list(keys)}, separators=(",", ":"))


def listed(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["keys"] if text else []
    return found


def check(key: str, keys: str) -> None:
    """A process does not start with keys that it cannot use, or with private ones where public ones belong."""
    for name, text in (("KEYS", keys), ("KEY", key)):
        try:
            found = listed(text)
            right = all(_well_formed(one, private=name == "KEY") for one in found)
            right = right and len({one["kid"] for one in found}) == len(found)
        except (ValueError, TypeError, KeyError, AttributeError):
            right = False
        if not right:
            raise unusable(name)


def unusable(name: str) -> SettingsError:
    return SettingsError(f"The setting VOICEASSIST_WORKLOAD__{name} is no set of keys that parts can use.")


def _well_formed(key: dict[str, Any], *, private: bool) -> bool:
    return (
        (key["kty"], key["crv"], key.get("alg", ALGORITHM)) == ("EC", CURVE, ALGORITHM)
        and key.keys() - PUBLIC == ({"d"} if private else set())
        and bool(KEY_ID.fullmatch(key["kid"]))
        and bool(owner(key["kid"]))
    )
