"""What opens something and is no browser session: API keys as remembered, client secrets, tickets; all by digest."""

import secrets
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.identity import Principal, Role
from voiceassist.runtime.sessions import digest, store

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEY_CACHE_SECONDS = 30
CLIENT_SECRET_SECONDS = 60  # N40
TICKET_SECONDS = 30  # N40
TICKET_PREFIX = "wt_"

Purpose = Literal["voice"]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf something acts that is not a browser session, and with which scopes.

    `session_id` names the sign-in or key it comes from, with which it ends.
    """

    user_id: str = ""
    tenant_id: str = ""
    role: Role = "viewer"
    profile: str = ""
    scopes: tuple[str, ...] = ()
    session_id: str = ""

    def principal(self) -> Principal:
        return Principal(
            subject=self.user_id,
            tenant_id=UUID(self.tenant_id),
            role=self.role,
            user_id=UUID(self.user_id),
            profile=self.profile,
            scopes=frozenset(self.scopes),
            session_id=self.session_id,
        )


class ApiKey(Grant, frozen=True, kw_only=True):
    """What introspection says about a key; `active` False is remembered too.

    `jkt` is the thumbprint (RFC 7638) of the key pair that must sign a proof at each call; empty: none.
    """

    active: bool
    jkt: str = ""


class ClientSecret(Grant, frozen=True, kw_only=True):
    """An `ek_…`: whose voice session it opens and with which session settings (JSON of the realtime service)."""

    session: bytes


class Ticket(Grant, frozen=True, kw_only=True):
    """A `wt_…`: whose socket it opens, for what, and from which site."""

    purpose: Purpose
    origin: str


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
    """Short-lived secrets with which an OpenAI client opens the realtime socket (N40: 60 seconds)."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def issue(self, principal: Principal, session: bytes, *, seconds: int = CLIENT_SECRET_SECONDS) -> str:
        value = "ek_" + secrets.token_urlsafe(32)
        record = ClientSecret(**_about(principal), session=session)
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


class Tickets:
    """What our own page opens a socket with: 256 bits, once, for 30 seconds, bound to sign-in, site and purpose."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def issue(self, principal: Principal, *, origin: str, purpose: Purpose) -> str:
        value = TICKET_PREFIX + secrets.token_urlsafe(32)
        record = Ticket(**_about(principal), purpose=purpose, origin=origin)
        async with store():
            await self._redis.set(_key("ticket", value), msgspec.json.encode(record), ex=TICKET_SECONDS)
        return value

    async def take(self, value: str, *, origin: str, purpose: Purpose) -> Ticket | None:
        """The ticket, once; shown at another site or for another purpose it is used up and opens nothing."""
        async with store():
            found = await self._redis.getdel(_key("ticket", value[:256]))
        ticket = msgspec.json.decode(found, type=Ticket) if found else None
        return ticket if ticket and (ticket.origin, ticket.purpose) == (origin, purpose) else None


def _about(principal: Principal) -> dict[str, Any]:
    return {
        "user_id": str(principal.user_id),
        "tenant_id": str(principal.tenant_id),
        "role": principal.role,
        "profile": principal.profile,
        "scopes": tuple(sorted(principal.scopes)),
        "session_id": principal.session_id,
    }


def _key(kind: str, value: str) -> str:
    return f"{PREFIX}{kind}:{digest(value)}"
