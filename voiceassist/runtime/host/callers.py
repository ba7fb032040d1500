"""Who calls: a browser session by cookie or an integrator by API key."""

import asyncio
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Literal

import msgspec
from starlette.types import Scope

from voiceassist.core.errors import UnauthenticatedError, UnavailableError
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import metrics, sessions
from voiceassist.runtime.host import headers
from voiceassist.runtime.host.limits import Limiter
from voiceassist.runtime.host.rooms import Runner
from voiceassist.runtime.sessions import ApiKey, KeyCache, Sessions
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Wiring

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEY_PREFIX = "va_"
INTROSPECT = "/api/v1/auth/introspect"


@dataclass(frozen=True, slots=True)
class Caller:
    """`csrf` is what a cookie's holder must repeat in a header on writes."""

    principal: Principal
    by: Literal["cookie", "key"]
    csrf: str = ""


class Callers:
    def __init__(self, *, settings: Settings, redis: "Redis", wiring: Wiring, runner: Runner, limiter: Limiter) -> None:
        self._settings = settings
        self._sessions: Sessions = sessions.of(settings, redis)
        self._keys = KeyCache(redis)
        self._wiring = wiring
        self._runner = runner
        self._limiter = limiter
        self._asking: dict[str, asyncio.Task[ApiKey]] = {}

    async def identify(self, scope: Scope) -> Caller | None:
        """The caller, None without credentials; wrong credentials raise UnauthenticatedError."""
        authorization = headers.value(scope["headers"], b"authorization")
        if authorization:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer":
                raise refused("scheme")
            return await self.by_key(token.strip(), address(scope))
        return await self.by_cookie(cookie(scope, sessions.session_cookie(self._settings)))

    async def by_cookie(self, value: str) -> Caller | None:
        session = await self._sessions.read(value)
        if session is None:
            return None
        return Caller(session.principal(sessions.session_id(value)), "cookie", session.csrf)

    async def by_key(self, key: str, address: str) -> Caller:
        if not key.startswith(KEY_PREFIX) or not key.isascii() or len(key) > 256:
            raise refused("key")
        try:
            answer = await self._keys.read(key)
        except UnavailableError:
            answer = None  # only the cache is gone; the table of keys is asked
        if answer is None:
            answer = await self._asked_once(key, address)
        if not answer.active:
            raise refused("key")
        return Caller(answer.principal(), "key")

    async def _asked_once(self, key: str, address: str) -> ApiKey:
        """Hundreds of calls may come with a key that is not remembered: the first one asks, the others wait for it."""
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, address))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        return await asyncio.shield(asking)

    async def _ask(self, key: str, address: str) -> ApiKey:
        await self._limiter.admit([self._limiter.address(address, "key")], fail_open=True)
        return await self._introspect(key)

    async def _introspect(self, key: str) -> ApiKey:
        """Ask the auth room, which also remembers the answer for a moment."""
        import httpx

        room = self._wiring.rooms.get("auth")
        if room is None:
            raise UnavailableError("Keys cannot be checked here.", code="AUTH_UNAVAILABLE")

        identity = headers.inward([], principal=service("gateway"), settings=self._settings, address="")
        transport = httpx.ASGITransport(partial(self._runner.serve, room))
        async with httpx.AsyncClient(transport=transport, base_url="http://auth") as client:
            answer = await client.post(INTROSPECT, json={"key": key}, headers=identity)
        if answer.status_code != 200:
            raise UnavailableError("Keys cannot be checked now.", code="AUTH_UNAVAILABLE")
        return msgspec.json.decode(answer.content, type=ApiKey)


def refused(reason: str) -> UnauthenticatedError:
    metrics.AUTH_FAILURES.labels(reason).inc()
    return UnauthenticatedError("The credentials are not valid.")


def address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def cookie(scope: Scope, name: str) -> str:
    """A cookie's value; two cookies of one name mean that somebody planted one, so neither counts."""
    found: list[str] = []
    for key, content in scope["headers"]:
        if key != b"cookie":
            continue
        for part in content.decode("latin-1").split(";"):
            label, _, value = part.strip().partition("=")
            if label == name:
                found.append(value)
    return unquoted(found[0]) if len(found) == 1 else ""


def unquoted(value: str) -> str:
    try:
        jar = SimpleCookie(f"c={value}")
    except CookieError:
        return ""
    return jar["c"].value if "c" in jar else ""
