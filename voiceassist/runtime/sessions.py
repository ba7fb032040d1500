"""Browser sessions and the short memory of API keys, in Redis (SPEC P2.6, P2.7, N41).

The browser holds 256 random bits in a cookie; Redis knows only their SHA-256, so a dump of the store
opens no session. Idle time is the key's time to live, absolute time stands in the record. A store that
cannot be read refuses (fails closed): a session that may have been revoked is not a session.
"""

import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal, Role
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEY_CACHE_SECONDS = 30
CLIENT_SECRET_SECONDS = 60
CSRF_HEADER = "x-csrf-token"


class Session(msgspec.Struct, frozen=True):
    """Who signed in with both factors. `started_at` is Unix time; `csrf` goes into a header on writes."""

    user_id: str
    tenant_id: str
    role: Role
    profile: str
    name: str
    email: str
    csrf: str
    started_at: float

    def principal(self, session_id: str) -> Principal:
        return Principal(
            subject=self.user_id,
            tenant_id=UUID(self.tenant_id),
            role=self.role,
            user_id=UUID(self.user_id),
            profile=self.profile,
            session_id=session_id,
            name=self.name,
        )


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf something acts that is not a browser session, and with which scopes."""

    user_id: str = ""
    tenant_id: str = ""
    role: Role = "viewer"
    profile: str = ""
    scopes: tuple[str, ...] = ()

    def principal(self) -> Principal:
        return Principal(
            subject=self.user_id,
            tenant_id=UUID(self.tenant_id),
            role=self.role,
            user_id=UUID(self.user_id),
            profile=self.profile,
            scopes=frozenset(self.scopes),
        )


class ApiKey(Grant, frozen=True, kw_only=True):
    """What introspection says about a key; `active` False is remembered too."""

    active: bool


class ClientSecret(Grant, frozen=True, kw_only=True):
    """An `ek_…`: whose voice session it opens and with which session settings (JSON of the realtime service)."""

    session: bytes


class Sessions:
    """Open, read and end sessions. Times are seconds."""

    def __init__(
        self,
        redis: "Redis",
        *,
        idle_seconds: int,
        absolute_seconds: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._idle = idle_seconds
        self._absolute = absolute_seconds
        self._now = now

    async def open(
        self, *, user_id: str, tenant_id: str, role: Role, profile: str, name: str, email: str
    ) -> tuple[str, Session]:
        """A new session: the value for the cookie and the record."""
        session = Session(
            user_id, tenant_id, role, profile, name, email, csrf=secrets.token_urlsafe(32), started_at=self._now()
        )
        value = secrets.token_urlsafe(32)
        async with store():
            await self._redis.set(_key("session", value), msgspec.json.encode(session), ex=self._idle)
        return value, session

    async def read(self, value: str) -> Session | None:
        """The live session of a cookie, whose idle time starts anew; None when it has ended."""
        if not value:
            return None
        key = _key("session", value)
        async with store():
            found = await self._redis.getex(key, ex=self._idle)
            if found is None:
                return None
            session = msgspec.json.decode(found, type=Session)
            if self._now() - session.started_at >= self._absolute:
                await self._redis.delete(key)
                return None
        return session

    async def close(self, value: str) -> None:
        async with store():
            await self._redis.delete(_key("session", value))


class KeyCache:
    """Answers of introspection, kept for 30 seconds: the longest time that the key of a disabled user still works."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def read(self, key: str) -> ApiKey | None:
        async with store():
            found = await self._redis.get(_key("apikey", key))
        return msgspec.json.decode(found, type=ApiKey) if found else None

    async def write(self, key: str, answer: ApiKey) -> None:
        """Never over what is there: an answer that was on its way while the key was revoked must not revive it."""
        async with store():
            await self._redis.set(_key("apikey", key), msgspec.json.encode(answer), ex=KEY_CACHE_SECONDS, nx=True)

    async def revoke(self, digest: bytes) -> None:
        """From now on the key of this SHA-256 digest opens nothing."""
        async with store():
            name = f"{PREFIX}apikey:{digest.hex()}"
            await self._redis.set(name, msgspec.json.encode(ApiKey(active=False)), ex=KEY_CACHE_SECONDS)


class ClientSecrets:
    """Short-lived secrets with which a browser opens the realtime socket (N40: 60 seconds)."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def issue(self, principal: Principal, session: bytes, *, seconds: int = CLIENT_SECRET_SECONDS) -> str:
        value = "ek_" + secrets.token_urlsafe(32)
        record = ClientSecret(
            user_id=str(principal.user_id),
            tenant_id=str(principal.tenant_id),
            role=principal.role,
            profile=principal.profile,
            scopes=tuple(sorted(principal.scopes)),
            session=session,
        )
        async with store():
            await self._redis.set(_key("ek", value), msgspec.json.encode(record), ex=seconds)
        return value

    async def read(self, value: str) -> ClientSecret | None:
        """Whose it is; the gateway looks, the realtime service uses it up."""
        async with store():
            found = await self._redis.get(_key("ek", value))
        return msgspec.json.decode(found, type=ClientSecret) if found else None

    async def take(self, value: str) -> ClientSecret | None:
        """Read and remove in one step: of two sockets with one secret only one gets it."""
        async with store():
            found = await self._redis.getdel(_key("ek", value))
        return msgspec.json.decode(found, type=ClientSecret) if found else None


@asynccontextmanager
async def store() -> AsyncIterator[None]:
    """Turn a failing session store into the family's 503."""
    from redis.exceptions import RedisError

    try:
        yield
    except (RedisError, OSError):
        raise UnavailableError("The session store is not available.", code="SESSION_STORE_UNAVAILABLE") from None


def of(settings: Settings, redis: "Redis") -> Sessions:
    limits = settings.limits
    return Sessions(redis, idle_seconds=limits.session_idle_seconds, absolute_seconds=limits.session_absolute_seconds)


def session_id(value: str) -> str:
    """A name for the session in logs and tokens; the cookie cannot be computed from it."""
    return digest(value)[:32]


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _key(kind: str, value: str) -> str:
    return f"{PREFIX}{kind}:{digest(value)}"


def cookie_name(settings: Settings, name: str) -> str:
    """`__Host-` binds a cookie to this origin, but browsers demand TLS for it; without TLS we serve loopback only."""
    return f"__Host-{name}" if is_secure(settings) else name


def is_secure(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


def session_cookie(settings: Settings) -> str:
    return cookie_name(settings, "va_session")
