"""Half-finished sign-ins in Redis: before the issuer has answered, and before the second factor."""

import secrets
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.errors import RateLimitedError
from voiceassist.core.identity import Role
from voiceassist.runtime.sessions import digest, store

if TYPE_CHECKING:
    from redis.asyncio import Redis

PRE_LOGIN_SECONDS = 600
CHALLENGE_SECONDS = 300
TRIES = 5  # of one person before the first wait
WAIT_SECONDS = CHALLENGE_SECONDS
LONGEST_WAIT_SECONDS = 3_600
MEMORY_SECONDS = 86_400

# What a browser was asked to do: make a passkey, show one, confirm a new secret (sealed).
Ceremony = Literal["passkey-new", "passkey-shown", "totp-new"]

# KEYS: tries and wait of the person. ARGV: tries allowed, first wait, longest wait, memory, in seconds. Answers the
# milliseconds to wait, 0 where the proof may be looked at. The wait begins before the last allowed proof is looked at,
# and a right one takes it back: so parallel tries cannot outrun it.
COUNT = """
local wait = redis.call('PTTL', KEYS[2])
if wait > 0 then return wait end
local tries, allowed = redis.call('INCR', KEYS[1]), tonumber(ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
if tries % allowed == 0 then
  local seconds = math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) * 2 ^ (tries / allowed - 1))
  redis.call('SET', KEYS[2], 1, 'EX', seconds)
end
return 0
"""


class PreLogin(msgspec.Struct, frozen=True):
    """What the callback must match: bound to the browser by the Lax cookie that names this record."""

    state: str
    nonce: str
    verifier: str
    provider: str = ""  # by its name in the settings


class Challenge(msgspec.Struct, frozen=True):
    """A passed first factor waiting for the second; `client` is the fingerprint of who passed it.

    `upstream` are the marks of the provider's session (upstream.py), `passed_at` is Unix time.
    """

    user_id: str
    tenant_id: str
    role: Role
    profile: str
    name: str
    email: str
    client: str
    upstream: tuple[str, ...] = ()
    passed_at: float = 0.0


class Pending:
    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._script: Any = None

    async def begin(self, provider: str = "") -> tuple[str, PreLogin]:
        """A cookie value and the secrets it stands for."""
        value = secrets.token_urlsafe(32)
        record = PreLogin(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), provider)
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

    async def count_try(self, user_id: str) -> None:
        """Count before looking at the proof, so that parallel guesses cannot share a try.

        The count is the person's and kept for a day: another sign-in does not bring five more guesses. After every five
        wrong ones comes a wait, twice as long as the one before. The first is as long as a challenge lives, so that no
        challenge sees more than five.
        """
        keys = [_key("tries", user_id), _key("wait", user_id)]
        async with store():
            if self._script is None:
                self._script = self._redis.register_script(COUNT)
            wait = int(await self._script(keys=keys, args=[TRIES, WAIT_SECONDS, LONGEST_WAIT_SECONDS, MEMORY_SECONDS]))
        if wait:
            raise RateLimitedError("Too many wrong codes. Please wait.", retry_after=max(1, -(-wait // 1000)))

    async def proven(self, user_id: str) -> None:
        """A right proof: the person's count begins anew."""
        async with store():
            await self._redis.delete(_key("tries", user_id), _key("wait", user_id))

    async def settle(self, value: str) -> bool:
        """End a challenge that was met; False when somebody else ended it first."""
        async with store():
            return int(await self._redis.delete(_key("challenge", value))) == 1

    async def begin_ceremony(self, kind: Ceremony, attempt: str, content: bytes) -> None:
        """Remember what the browser at this challenge or session is asked to do; a newer one takes its place."""
        async with store():
            await self._redis.set(_key(kind, attempt), content, ex=CHALLENGE_SECONDS)

    async def begun(self, kind: Ceremony, attempt: str) -> bytes | None:
        async with store():
            found: Any = await self._redis.get(_key(kind, attempt))
        return bytes(found) if found else None

    async def end_ceremony(self, kind: Ceremony, attempt: str) -> bytes | None:
        """What was begun, once."""
        async with store():
            found: Any = await self._redis.getdel(_key(kind, attempt))
        return bytes(found) if found else None


def _key(kind: str, value: str) -> str:
    return f"{PREFIX}{kind}:{digest(value)}"
