"""Public keys that somebody else publishes, asked for when they are needed and not more often (SPEC P2.5)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import UnavailableError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

KEYS_SECONDS = 300.0
REFETCH_SECONDS = 30.0  # a flood of unknown key ids must not become a flood of requests


class RemoteKeys:
    """`fetch` answers a JSON Web Key Set (RFC 7517); it is remembered for five minutes.

    A key id that is not in it asks again, at most once in 30 seconds, however many come at once.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[dict[str, Any]]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: tuple[float, KeySet] | None = None
        self._asking = asyncio.Lock()

    async def holding(self, kid: str | None) -> "KeySet":
        """The keys, freshly asked for where they do not hold `kid`; UnavailableError when nobody answers."""
        found = self._fresh(kid)
        if found is None:
            async with self._asking:
                found = self._fresh(kid)
                if found is None:
                    found = signing_keys(await self._fetch())
                    self._known = (self._clock(), found)
        return found

    def _fresh(self, kid: str | None) -> "KeySet | None":
        if self._known is None:
            return None
        age, keys = self._clock() - self._known[0], self._known[1]
        known = any(key.kid == kid for key in keys.keys)
        return keys if age < (KEYS_SECONDS if known else REFETCH_SECONDS) else None


def signing_keys(document: dict[str, Any]) -> "KeySet":
    """Public signing keys only: a symmetric or encryption key in the set must never verify anything."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    listed = document.get("keys")
    usable = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("kty") in {"EC", "RSA"} and key.get("use", "sig") == "sig"
    ]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError):
        raise UnavailableError("The sign-in service's keys are not usable.", code="ISSUER_UNAVAILABLE") from None


def key_id(token: str) -> str | None:
    """The unverified `kid`, only to decide whether keys must be fetched again."""
    import base64
    import binascii
    import json

    first = token.partition(".")[0][:4096]
    try:
        header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    kid = header.get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) else None
