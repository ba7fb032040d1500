"""Half-finished sign-ins in Redis: before the issuer has answered, and before the second factor."""

import secrets
from typing import TYPE_CHECKING

import msgspec

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.errors import RateLimitedError
from voiceassist.core.identity import Role
from voiceassist.runtime.sessions import digest, store

if TYPE_CHECKING:
    from redis.asyncio import Redis

PRE_LOGIN_SECONDS = 600
CHALLENGE_SECONDS = 300
TRIES = 5
TRIES_SECONDS = 300


class PreLogin(msgspec.Struct, frozen=True):
    """What the callback must match: bound to the browser by the Lax cookie that names this record."""

    state: str
    nonce: str
    verifier: str


class Challenge(msgspec.Struct, frozen=True):
    """A passed first factor waiting for the second; `client` is the fingerprint of who passed it."""

    user_id: str
    tenant_id: str
    role: Role
    profile: str
    name: str
    email: str
    client: str


class Pending:
    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def begin(self) -> tuple[str, PreLogin]:
        """A cookie value and the secrets it stands for."""
        value = secrets.token_urlsafe(32)
        record = PreLogin(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
        async with store():
            await self._redis.set(_key("prelogin", value), msgspec.json.encode(record), ex=PRE_LOGIN_SECONDS)
        return value, record

    async def take(self, value: str) -> PreLogin | None:
        """The record of a cookie, once."""
        async with store():
            found = await self._redis.getdel(_key("prelogin", value)) if value else None
        return msgspec.json.decode(found, type=PreLogin) if found else None

    async def challenge(self, record: Challenge) -> str:
        value = secrets.token_urlsafe(32)
        async with store():
            await self._redis.set(_key("challenge", value), msgspec.json.encode(record), ex=CHALLENGE_SECONDS)
        return value

    async def challenged(self, value: str, client: str) -> Challenge | None:
        """The live challenge of a cookie, if the same client shows it."""
        async with store():
            found = await self._redis.get(_key("challenge", value)) if value else None
        record = msgspec.json.decode(found, type=Challenge) if found else None
        return record if record and secrets.compare_digest(record.client, client) else None

    async def count_try(self, record: Challenge) -> None:
        """Count before looking at the code, so that parallel guesses cannot share a try.

        The count is the user's, not the challenge's: another sign-in does not bring five more guesses.
        """
        key = _key("tries", record.user_id)
        async with store():
            # In one step: a count that lost its end to a crash would shut its user out for good.
            async with self._redis.pipeline() as together:
                together.incr(key)
                together.expire(key, TRIES_SECONDS, nx=True)
                tries = int((await together.execute())[0])
            wait = int(await self._redis.ttl(key)) if tries > TRIES else 0
        if tries > TRIES:
            raise RateLimitedError("Too many wrong codes. Please wait.", retry_after=max(1, wait))

    async def settle(self, value: str, record: Challenge) -> bool:
        """End a challenge that was met; False when somebody else ended it first."""
        async with store():
            ended = await self._redis.delete(_key("challenge", value))
            await self._redis.delete(_key("tries", record.user_id))
        return int(ended) == 1


def _key(kind: str, value: str) -> str:
    return f"{PREFIX}{kind}:{digest(value)}"
