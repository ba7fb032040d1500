"""Which sign-ins came from which session at the provider, and what the provider ended of late; in Redis.

A provider's names for people and sessions are kept as digests together with its issuer: no provider can end what
another began, and the store does not tell who they are.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from functions.auth.id_token import LEEWAY_SECONDS
from functions.auth.logout_token import MAX_AGE_SECONDS, Ended
from functions.auth.pending import CHALLENGE_SECONDS
from voiceassist.adapters.redis import PREFIX
from voiceassist.runtime.jose import TokenRefusedError
from voiceassist.runtime.sessions import digest, store

if TYPE_CHECKING:
    from redis.asyncio import Redis

# Longer than a first factor waits for the second.
ENDED_SECONDS = 2 * CHALLENGE_SECONDS
# Longer than a logout token can be good.
SEEN_SECONDS = MAX_AGE_SECONDS + 2 * LEEWAY_SECONDS


def marks(issuer: str, sub: str, sid: object) -> tuple[str, ...]:
    """What a person and a session of a provider are known by here; what is no name has no mark."""
    named = ((kind, name) for kind, name in (("sub", sub), ("sid", sid)) if name and isinstance(name, str))
    return tuple(digest(f"{issuer}\n{kind}\n{name}") for kind, name in named)


class Upstream:
    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def remember(self, names: Collection[str], user_id: str, seconds: int) -> None:
        """Whose sign-in these marks are about, for as long as a session may live."""
        async with store(), self._redis.pipeline() as together:
            for name in names:
                together.set(_key("of", name), user_id, ex=seconds)
            await together.execute()

    async def user_of(self, name: str) -> str:
        """The user whose sign-in bears the mark; empty for nobody's."""
        async with store():
            found: Any = await self._redis.get(_key("of", name))
        return bytes(found).decode() if found else ""

    async def end(self, name: str, now: float) -> None:
        """No first factor that was passed before `now` (Unix time) leads to a session any more."""
        async with store():
            await self._redis.set(_key("ended", name), repr(now), ex=ENDED_SECONDS)

    async def ended(self, names: Collection[str], since: float) -> bool:
        """Whether one of these marks was ended after `since`, when the first factor was passed."""
        if not names:
            return False
        async with store():
            moments = await self._redis.mget([_key("ended", name) for name in names])
        return any(moment is not None and float(moment) >= since for moment in moments)

    async def first(self, issuer: str, told: Ended) -> None:
        """TokenRefusedError for a logout token that came before, UnavailableError where nobody can say."""
        async with store():
            kept = await self._redis.set(_token(issuer, told), b"1", ex=SEEN_SECONDS, nx=True)
        if not kept:
            raise TokenRefusedError("replay")

    async def again(self, issuer: str, told: Ended) -> None:
        """What it asks for could not be done: the provider may send it once more."""
        async with store():
            await self._redis.delete(_token(issuer, told))


def _key(kind: str, name: str) -> str:
    return f"{PREFIX}upstream-{kind}:{name}"


def _token(issuer: str, told: Ended) -> str:
    return _key("token", digest(f"{issuer}\n{told.jti}"))
