"""What every call of the API passes before it is forwarded: identity, limits, origin, scope, body."""

import hmac

from starlette.types import Scope

from voiceassist.core.errors import (
    ForbiddenError,
    PayloadTooLargeError,
    UnauthenticatedError,
    UnsupportedFormatError,
    ValidationError,
)
from voiceassist.runtime import metrics, scopes, sessions
from voiceassist.runtime.host import headers
from voiceassist.runtime.host.callers import Caller, Callers, address
from voiceassist.runtime.host.limits import Limit, Limiter
from voiceassist.runtime.origins import origins
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Wiring

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Reading about events is for every key that may do anything with them; no room can bear this name.
CATALOGUE = "event catalogue"
ANY_OF_EVENTS = "events:"
# The way in, and the question whether one is in, must be open to those who are not in yet.
SIGN_IN = {
    ("GET", "/api/v1/auth/login"): "start",
    ("GET", "/api/v1/auth/callback"): "callback",
    ("POST", "/api/v1/auth/mfa/verify"): "code",
    ("POST", "/api/v1/auth/token"): "token",
    # From a provider, not a browser; its credential is the token that it brings.
    ("POST", "/api/v1/auth/backchannel-logout"): "logout",
    ("GET", "/api/v1/auth/mfa/challenge"): "offer",
    ("POST", "/api/v1/auth/mfa/passkeys/challenge"): "passkey",
    # A first factor is set up between the two; in a session the room asks for its token itself.
    ("POST", "/api/v1/auth/mfa/totp"): "enrol",
    ("POST", "/api/v1/auth/mfa/totp/confirm"): "confirm",
    ("POST", "/api/v1/auth/mfa/passkeys/options"): "enrol",
    ("POST", "/api/v1/auth/mfa/passkeys"): "confirm",
    ("POST", "/api/v1/auth/invitations/show"): "invitation",
    ("POST", "/api/v1/auth/invitations/accept"): "register",
}
# Of one of several issuers, whose name stands behind it.
CALLBACK = "/api/v1/auth/callback"
ANYBODY = frozenset({("GET", "/api/v1/auth/me"), ("GET", "/api/v1/auth/jwks.json"), ("GET", "/api/v1/openapi.json")})
JSON = frozenset({"application/json"})
PART = "application/octet-stream"  # of an upload in parts
LINES = "application/x-ndjson"
TEXT = "text/plain"
FORM = frozenset({"application/x-www-form-urlencoded"})
# Besides JSON; the room says which of its routes takes which.
ACCEPTED = {
    "documents": JSON | {"multipart/form-data", PART},
    "phi": JSON | {LINES, TEXT},
    "issuer": FORM,
    "auth": JSON | FORM,  # the token endpoint (RFC 6749, section 3.2)
}


def step_of(method: str, path: str) -> str | None:
    """Which step of a sign-in a call is, if it is one."""
    known = CALLBACK if path.startswith(f"{CALLBACK}/") else path
    return SIGN_IN.get((method, known))


class Admission:
    """`wiring` tells the scopes of the rooms that are not the house's own."""

    def __init__(self, *, settings: Settings, callers: Callers, limiter: Limiter, wiring: Wiring | None = None) -> None:
        self._settings = settings
        self._scopes = scopes.of(wiring) if wiring else scopes.SCOPES
        self._callers = callers
        self._limiter = limiter
        self._origins = origins(settings)

    async def admit(self, scope: Scope, purpose: str) -> Caller | None:
        """The caller of a request for `purpose` (a room, realtime, events); None where anybody may call."""
        method, path = scope["method"], scope["path"]
        step = step_of(method, path)
        if step is not None:
            await self.sign_in(scope, step)
            return None
        caller = await self._identified(scope, purpose)
        fail_open = purpose != "auth" and method in SAFE_METHODS
        await self._limiter.admit(self._limits(scope, caller), fail_open=fail_open)
        if (method, path) in ANYBODY:
            return caller
        if caller is None:
            raise UnauthenticatedError("Please sign in.")
        self.authorise(caller, scope, purpose)
        return caller

    async def sign_in(self, scope: Scope, step: str) -> None:
        """A step of a sign-in: from our own pages only, and each counted by itself."""
        self.check_origin(scope)
        await self._limiter.admit([self._limiter.login(step, address(scope))], fail_open=False)

    async def anonymous(self, scope: Scope) -> None:
        """Count a page that anybody may see."""
        await self._limiter.admit([self._limiter.address(address(scope))], fail_open=False)

    async def _identified(self, scope: Scope, purpose: str) -> Caller | None:
        try:
            return await self._callers.identify(scope, purpose)
        except UnauthenticatedError:
            # Guessing credentials is counted like calling without any.
            await self._limiter.admit([self._limiter.address(address(scope))], fail_open=True)
            raise

    def _limits(self, scope: Scope, caller: Caller | None) -> list[Limit]:
        if caller is None:
            return [self._limiter.address(address(scope))]
        return self._limiter.user(caller.principal.subject, scope["path"])

    def authorise(self, caller: Caller, scope: Scope, purpose: str) -> None:
        """A key or token needs the scope of the purpose; a cookie needs our own page and its token for a write."""
        if caller.by != "cookie":
            if not self._granted(caller.principal.scopes, purpose):
                raise ForbiddenError("This key does not have the scope for that.")
        elif scope["method"] not in SAFE_METHODS:
            self.check_origin(scope)
            told = headers.value(scope["headers"], sessions.CSRF_HEADER.encode())
            if not hmac.compare_digest(told.encode(), caller.csrf.encode()):
                metrics.AUTH_FAILURES.labels("csrf").inc()
                raise ForbiddenError("The request lacks the token of this session.", code="CSRF")

    def _granted(self, scopes: frozenset[str], purpose: str) -> bool:
        if purpose == CATALOGUE:
            return any(scope.startswith(ANY_OF_EVENTS) for scope in scopes)
        return purpose in self._scopes and self._scopes[purpose] in scopes

    def check_origin(self, scope: Scope) -> None:
        """Refuse other sites; what sends no Origin is not a browser's cross-site request (Fetch standard)."""
        origin = headers.value(scope["headers"], b"origin")
        # A page with `Referrer-Policy: no-referrer` posts its forms with `Origin: null`; Fetch Metadata
        # then tells our own form from a foreign one.
        site = headers.value(scope["headers"], b"sec-fetch-site")
        foreign = origin not in self._origins if origin and origin != "null" else False
        unclear = origin == "null" and site != "same-origin"
        if scope["method"] not in SAFE_METHODS and (foreign or unclear or site in {"cross-site", "same-site"}):
            metrics.AUTH_FAILURES.labels("origin").inc()
            raise ForbiddenError("Requests from another site are refused.", code="FOREIGN_ORIGIN")

    def body_limit(self, scope: Scope, purpose: str) -> int:
        """Check what the headers say about the body; the bytes it may have."""
        limits = self._settings.limits
        bodies = {
            ("documents", "multipart/form-data"): limits.upload_bytes,
            ("documents", PART): limits.part_bytes,
            ("phi", LINES): limits.lines_bytes,
            ("phi", TEXT): limits.lines_bytes,
        }
        largest = bodies.get((purpose, media_type(scope)), limits.body_bytes)
        length = headers.value(scope["headers"], b"content-length")
        if length and not (length.isascii() and length.isdigit()):
            raise ValidationError("The length of the body is not valid.")
        if length and int(length) > largest:
            raise PayloadTooLargeError
        chunked = bool(headers.value(scope["headers"], b"transfer-encoding"))
        # An event may carry data of any type; the broker reads the envelope.
        accepted = purpose == "events" or media_type(scope) in ACCEPTED.get(purpose, JSON)
        if (chunked or int(length or 0) > 0) and not accepted:
            raise UnsupportedFormatError
        return largest


def media_type(scope: Scope) -> str:
    return headers.value(scope["headers"], b"content-type").partition(";")[0].strip().lower()
