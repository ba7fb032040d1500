"""Browser sessions in Redis (SPEC P2.6, P2.7, N41).

A cookie is `<id>.<secret>`: the id names the session in lists, logs and tokens and never changes, the secret of 256
random bits is replaced whenever the session gains or loses power. Redis knows only its SHA-256, so a dump of the store
opens no session. Idle time is the key's time to live, absolute time stands in the record. A store that cannot be read
refuses (fails closed): a session that may have been revoked is not a session.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal, Role
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

CSRF_HEADER = "x-csrf-token"
IDENTIFIER = re.compile(r"[0-9a-f]{32}")


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in with both factors, and on what. Times are Unix time; `csrf` goes into a header on writes.

    `upstream` are digests by which the provider of the first factor, passed at `passed_at`, can end the session.
    """

    id: str
    user_id: str
    tenant_id: str
    role: Role
    profile: str
    name: str
    email: str
    device: str = ""
    csrf: str
    proof: str
    started_at: float
    mfa_at: float
    upstream: tuple[str, ...] = ()
    passed_at: float = 0.0

    def principal(self) -> Principal:
        return Principal(
            subject=self.user_id,
            tenant_id=UUID(self.tenant_id),
            role=self.role,
            user_id=UUID(self.user_id),
            profile=self.profile,
            session_id=self.id,
            name=self.name,
            second_factor_at=self.mfa_at,
        )


class Sessions:
    """Open, read, renew, list and end sessions. Times are seconds."""

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

    async def open(self, *, user_id: str, **about: Any) -> tuple[str, Session]:
        """A new session: the value for the cookie and the record; `about` are the record's other fields."""
        identifier, secret, now = secrets.token_hex(16), secrets.token_urlsafe(32), self._now()
        session = Session(
            id=identifier,
            user_id=user_id,
            csrf=secrets.token_urlsafe(32),
            proof=digest(secret),
            started_at=now,
            mfa_at=now,
            **about,
        )
        async with store(), self._redis.pipeline() as together:
            together.set(_key(identifier), msgspec.json.encode(session), ex=self._idle)
            together.sadd(_index(user_id), identifier)
            together.expire(_index(user_id), self._absolute)
            await together.execute()
        return f"{identifier}.{secret}", session

    async def read(self, value: str) -> Session | None:
        """The live session of a cookie, whose idle time starts anew; None when there is none of that secret."""
        session = await self._shown(value)
        return session if session is not None and await self._touched(session) else None

    async def touch(self, identifier: str) -> bool:
        """Somebody spoke in the session: its idle time starts anew; False when it has ended."""
        session = await self._found(identifier)
        return session is not None and await self._touched(session)

    async def renew(self, value: str, **changes: Any) -> tuple[str, Session] | None:
        """After one more factor or a change of power: the same session under a new secret; the old cookie is worthless.

        None when the session has ended. `changes` are fields of the record.
        """
        session = await self._shown(value)
        if session is None:
            return None
        secret = secrets.token_urlsafe(32)
        renewed = msgspec.structs.replace(session, proof=digest(secret), csrf=secrets.token_urlsafe(32), **changes)
        async with store():
            kept = await self._redis.set(_key(session.id), msgspec.json.encode(renewed), ex=self._idle, xx=True)
        return (f"{session.id}.{secret}", renewed) if kept and await self._touched(renewed) else None

    async def of_user(self, user_id: str) -> list[tuple[Session, float]]:
        """The living sessions of a person, newest first, each with the Unix time of its last use."""
        async with store():
            names = sorted(map(_text, await self._redis.smembers(_index(user_id))))
            async with self._redis.pipeline() as together:
                for name in names:
                    together.get(_key(name))
                    together.ttl(_key(name))
                answers = await together.execute() if names else []
            pairs = list(zip(names, answers[::2], answers[1::2], strict=True))
            if gone := [name for name, record, _ in pairs if record is None]:
                await self._redis.srem(_index(user_id), *gone)
        found = [(msgspec.json.decode(record, type=Session), left) for _, record, left in pairs if record is not None]
        living = [(session, left) for session, left in found if self._left(session) > 0]
        now = self._now()
        return sorted(
            ((session, now - max(0, min(self._idle, self._left(session)) - left)) for session, left in living),
            key=lambda pair: -pair[0].started_at,
        )

    async def close(self, value: str) -> Session | None:
        """End the session of a cookie; which it was."""
        session = await self._shown(value)
        if session is not None:
            await self.end(session.user_id, session.id)
        return session

    async def end(self, user_id: str, identifier: str) -> bool:
        """End one session of a person; False where there is none. Whoever holds sockets open must be told, too."""
        session = await self._found(identifier)
        if session is None or session.user_id != user_id:
            return False
        async with store(), self._redis.pipeline() as together:
            together.delete(_key(identifier))
            together.srem(_index(user_id), identifier)
            return bool((await together.execute())[0])

    async def _shown(self, value: str) -> Session | None:
        identifier, _, secret = value.partition(".")
        session = await self._found(identifier)
        return session if session is not None and hmac.compare_digest(session.proof, digest(secret)) else None

    async def _found(self, identifier: str) -> Session | None:
        if not IDENTIFIER.fullmatch(identifier):
            return None
        async with store():
            found = await self._redis.get(_key(identifier))
        return msgspec.json.decode(found, type=Session) if found else None

    async def _touched(self, session: Session) -> bool:
        left = self._left(session)
        async with store():
            if left <= 0:
                await self._redis.delete(_key(session.id))
                return False
            return bool(await self._redis.expire(_key(session.id), max(1, int(min(self._idle, left)))))

    def _left(self, session: Session) -> float:
        return session.started_at + self._absolute - self._now()


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
    """The part of a cookie's value that names its session; it opens nothing."""
    return value.partition(".")[0]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _key(identifier: str) -> str:
    return f"{PREFIX}session:{identifier}"


def _index(user_id: str) -> str:
    return f"{PREFIX}sessions:{user_id}"


def cookie_name(settings: Settings, name: str) -> str:
    """`__Host-` binds a cookie to this origin, but browsers demand TLS for it; without TLS we serve loopback only."""
    return f"__Host-{name}" if is_secure(settings) else name


def is_secure(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


def session_cookie(settings: Settings) -> str:
    return cookie_name(settings, "va_session")
