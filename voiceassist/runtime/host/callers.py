"""Who calls: a browser session by cookie, an integrator by API key or by an access token made with one."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from starlette.types import Scope

from voiceassist.core.errors import UnauthenticatedError, UnavailableError
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import access_tokens, dpop, metrics, scopes, sessions
from voiceassist.runtime.credentials import ApiKey, KeyCache
from voiceassist.runtime.host import headers
from voiceassist.runtime.host.limits import Limiter
from voiceassist.runtime.host.rooms import Runner
from voiceassist.runtime.jose import TokenRefusedError
from voiceassist.runtime.key_sets import RemoteKeys, key_id
from voiceassist.runtime.origins import addresses
from voiceassist.runtime.revocation import Holder, Revocations
from voiceassist.runtime.sessions import Sessions
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Wiring

if TYPE_CHECKING:
    from joserfc.jwk import KeySet
    from redis.asyncio import Redis

KEY_PREFIX = "va_"
INTROSPECT = "/api/v1/auth/introspect"
KEY_SET = "/api/v1/auth/jwks.json"


@dataclass(frozen=True, slots=True)
class Caller:
    """`csrf` is what a cookie's holder must repeat in a header on writes."""

    principal: Principal
    by: Literal["cookie", "key", "token"]
    csrf: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a caller shows instead of a cookie: a credential, and by `scheme` DPoP a proof for this very request."""

    scheme: str
    credential: str
    proof: str
    method: str
    path: str
    address: str


class Callers:
    def __init__(
        self,
        *,
        settings: Settings,
        redis: "Redis",
        wiring: Wiring,
        runner: Runner,
        limiter: Limiter,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._sessions: Sessions = sessions.of(settings, redis)
        self._keys = KeyCache(redis)
        self._replays = dpop.Replays(redis)
        self._revocations = Revocations(redis)
        self._wiring = wiring
        self._runner = runner
        self._limiter = limiter
        self._now = now
        self._asking: dict[str, asyncio.Task[ApiKey]] = {}
        self._signers = RemoteKeys(self._key_set)
        self._verifier: tuple[KeySet, access_tokens.Verifier] | None = None

    async def identify(self, scope: Scope, purpose: str) -> Caller | None:
        """The caller, None without credentials; wrong credentials raise UnauthenticatedError."""
        shown = shown_in(scope)
        if shown is None:
            return await self.by_cookie(cookie(scope, sessions.session_cookie(self._settings)))
        return await self.by_credential(shown, purpose)

    async def by_cookie(self, value: str) -> Caller | None:
        session = await self._sessions.read(value)
        if session is None:
            return None
        return Caller(session.principal(), "cookie", session.csrf)

    async def by_credential(self, shown: Shown, purpose: str) -> Caller:
        """Of a key or a token, with a proof where it is bound to a key pair."""
        if shown.scheme not in {"bearer", "dpop"}:
            raise refused("scheme")
        try:
            if access_tokens.looks_like_one(shown.credential):
                return await self._by_token(shown, purpose)
            answer = await self.key_of(shown.credential, shown.address)
            await self._check_bound(shown, answer.jkt)
        except TokenRefusedError as fault:
            raise refused(fault.reason) from None
        return Caller(answer.principal(), "key")

    async def _by_token(self, shown: Shown, purpose: str) -> Caller:
        verifier = await self._verifying(key_id(shown.credential))
        access = verifier.verify(shown.credential, audience=purpose, now=self._now())
        await self._check_bound(shown, access.jkt)
        holder = Holder.of(access.principal, access.issued_at)
        try:
            (ended,) = await self._revocations.ended([holder])
        except UnavailableError:
            # Nobody can say whether it was revoked: it ends within five minutes, but not near patients' data.
            if not scopes.without_phi(purpose):
                raise
            ended = False
        if ended:
            raise TokenRefusedError("revoked")
        return Caller(access.principal, "token")

    async def _verifying(self, kid: str | None) -> access_tokens.Verifier:
        keys = await self._signers.holding(kid)
        if self._verifier is None or self._verifier[0] is not keys:
            self._verifier = keys, access_tokens.Verifier(keys, issuer=self._settings.base_url)
        return self._verifier[1]

    async def _check_bound(self, shown: Shown, jkt: str) -> None:
        if bool(jkt) != (shown.scheme == "dpop"):
            raise TokenRefusedError("dpop_scheme")
        if jkt:
            jti = dpop.check(
                shown.proof,
                method=shown.method,
                addresses=addresses(self._settings, shown.path),
                credential=shown.credential,
                jkt=jkt,
                now=self._now(),
            )
            await self._replays.first(jkt, jti)

    async def key_of(self, key: str, address: str) -> ApiKey:
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
        return answer

    async def _asked_once(self, key: str, address: str) -> ApiKey:
        """Hundreds of calls may come with a key that is not remembered: the first one asks, the others wait for it."""
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, address))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        return await asyncio.shield(asking)

    async def _ask(self, key: str, address: str) -> ApiKey:
        """Ask the auth room, which also remembers the answer for a moment."""
        await self._limiter.admit([self._limiter.address(address, "key")], fail_open=True)
        return msgspec.json.decode(await self._auth("POST", INTROSPECT, json={"key": key}), type=ApiKey)

    async def _key_set(self) -> dict[str, Any]:
        return msgspec.json.decode(await self._auth("GET", KEY_SET), type=dict[str, Any])

    async def _auth(self, method: str, path: str, **options: Any) -> bytes:
        import httpx

        room = self._wiring.rooms.get("auth")
        if room is None:
            raise UnavailableError("Keys cannot be checked here.", code="AUTH_UNAVAILABLE")

        identity = headers.inward(
            [], principal=service("gateway"), audience="auth", settings=self._settings, address=""
        )
        transport = httpx.ASGITransport(partial(self._runner.serve, room))
        async with httpx.AsyncClient(transport=transport, base_url="http://auth") as client:
            answer = await client.request(method, path, headers=identity, **options)
        if answer.status_code != 200:
            raise UnavailableError("Keys cannot be checked now.", code="AUTH_UNAVAILABLE")
        return answer.content


def shown_in(scope: Scope) -> Shown | None:
    """What the header Authorization of a request brings."""
    authorization = headers.value(scope["headers"], b"authorization")
    if not authorization:
        return None
    scheme, _, credential = authorization.partition(" ")
    return Shown(
        scheme=scheme.lower(),
        credential=credential.strip(),
        proof=proof_in(scope),
        method=scope.get("method", "GET"),  # the handshake of a socket is one
        path=scope["path"],
        address=address(scope),
    )


def proof_in(scope: Scope) -> str:
    """The one proof of a request; with two of them nobody knows which one counts (RFC 9449, section 4.3)."""
    found = [content for name, content in scope["headers"] if name == dpop.HEADER.encode()]
    return found[0].decode("latin-1") if len(found) == 1 else ""


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
