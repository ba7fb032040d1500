"""The door of auth: sign-in by the issuer, second factor, session, and what API keys are worth."""

import hmac
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends, Query, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from functions.auth import key_store, keys, page, schema, service
from functions.auth.domain import fingerprint
from functions.auth.id_token import TokenRefusedError
from functions.auth.pending import CHALLENGE_SECONDS, PRE_LOGIN_SECONDS, Pending
from functions.auth.relying_party import RelyingParty
from voiceassist.core.errors import (
    ForbiddenError,
    MfaRequiredError,
    NotFoundError,
    UnauthenticatedError,
    VoiceAssistError,
)
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, logging, metrics, providers, sessions
from voiceassist.runtime.http_room import http_app

log = logging.get_logger(__name__)


async def redis_answers() -> None:
    await providers.redis().ping()


room = door.Room("auth", checks={"postgres": lambda: providers.database().ping(), "redis": redis_answers})
app = http_app(room, title="Auth")

Text = Annotated[str, Query(max_length=2048)]


@lru_cache(maxsize=1)
def relying_party() -> RelyingParty:
    return RelyingParty(room.settings)


def pending() -> Pending:
    return Pending(providers.redis())


def open_sessions() -> sessions.Sessions:
    return sessions.of(room.settings, providers.redis())


@app.get("/api/v1/auth/login", status_code=302, response_class=RedirectResponse)
async def login() -> Response:
    """Send the browser to the issuer; its way back is bound to it by a short-lived cookie."""
    value, pre_login = await pending().begin()
    answer = RedirectResponse(await relying_party().start(pre_login), 302, {"cache-control": "no-store"})
    # Lax: the callback comes from the issuer's site, and a Strict cookie would not be sent with it.
    _set_cookie(answer, "va_login", value, same_site="lax", seconds=PRE_LOGIN_SECONDS)
    return answer


@app.get("/api/v1/auth/callback", response_class=Response)
async def callback(
    request: Request, state: Text = "", code: Text = "", iss: Text | None = None, error: Text = ""
) -> Response:
    """The issuer's answer: the first factor is passed, the second is asked for."""
    try:
        challenge = await _challenge(request, state=state, code=code, iss=iss, error=error)
        answer: Response = page.onward()
        _set_cookie(answer, "va_challenge", challenge, same_site="strict", seconds=CHALLENGE_SECONDS)
    except VoiceAssistError as fault:
        if isinstance(fault, TokenRefusedError):
            metrics.AUTH_FAILURES.labels(fault.reason).inc()
            log.warning("auth.refused", reason=fault.reason)
        if "text/html" not in request.headers.get("accept", ""):
            raise
        answer = page.refused(fault.status, fault.detail or fault.title)
    _drop_cookie(answer, "va_login", same_site="lax")
    return answer


async def _challenge(request: Request, *, state: str, code: str, iss: str | None, error: str) -> str:
    pre_login = await pending().take(_cookie(request, "va_login"))
    if pre_login is None or not hmac.compare_digest(pre_login.state.encode(), state.encode()):
        raise TokenRefusedError("state")
    if error or not code:
        raise TokenRefusedError("issuer_error")
    claims = await relying_party().finish(code, iss, pre_login)
    return await service.first_factor_passed(
        claims, client=_client(request), database=providers.database(), pending=pending()
    )


@app.post("/api/v1/auth/mfa/verify")
async def verify(body: schema.Code, request: Request, answer: Response) -> schema.Me:
    """Complete the challenge; the session begins here, with an id nobody has seen before."""
    value, session = await service.second_factor(
        body.code,
        cookie=_cookie(request, "va_challenge"),
        client=_client(request),
        kek=room.settings.kek,
        database=providers.database(),
        pending=pending(),
        sessions=open_sessions(),
    )
    if before := _cookie(request, "va_session"):
        await open_sessions().close(before)
    _set_cookie(answer, "va_session", value, same_site="strict")
    _drop_cookie(answer, "va_challenge", same_site="strict")
    answer.headers["cache-control"] = "no-store"
    log.info("auth.signed_in", user_id=session.user_id, session_id=sessions.session_id(value))
    return _me(session)


@app.get("/api/v1/auth/me")
async def me(request: Request, answer: Response) -> schema.Me:
    """Who is signed in, or how far the sign-in is."""
    session = await open_sessions().read(_cookie(request, "va_session"))
    if session is not None:
        answer.headers["cache-control"] = "no-store"
        return _me(session)
    if await pending().challenged(_cookie(request, "va_challenge"), _client(request)):
        raise MfaRequiredError("Please enter the code of your authenticator.")
    raise UnauthenticatedError("Please sign in.")


@app.post("/api/v1/auth/logout", status_code=204)
async def logout(request: Request, answer: Response) -> None:
    """End the session here and in the browser."""
    caller = await writing(request)
    await open_sessions().close(_cookie(request, "va_session"))
    _drop_cookie(answer, "va_session", same_site="strict")
    log.info("auth.signed_out", user_id=caller.subject, session_id=caller.session_id)


async def _session(request: Request) -> sessions.Session:
    """The live browser session; a key or a part of the installation has none."""
    session = await open_sessions().read(_cookie(request, "va_session"))
    if session is None:
        raise UnauthenticatedError("Please sign in.")
    return session


async def signed_in(request: Request) -> Principal:
    session = await _session(request)
    return session.principal(sessions.session_id(_cookie(request, "va_session")))


async def writing(request: Request) -> Principal:
    """The same for a change, which our own page alone can ask for."""
    session = await _session(request)
    told = request.headers.get(sessions.CSRF_HEADER, "")
    if not hmac.compare_digest(told.encode(), session.csrf.encode()):
        raise ForbiddenError("The request lacks the token of this session.", code="CSRF")
    return session.principal(sessions.session_id(_cookie(request, "va_session")))


Reader = Annotated[Principal, Depends(signed_in)]
Writer = Annotated[Principal, Depends(writing)]


@app.post("/api/v1/auth/keys", status_code=201)
async def create_key(body: schema.NewKey, caller: Writer, answer: Response) -> schema.MadeKey:
    """Make an API key of one's own; this answer alone tells it."""
    answer.headers["cache-control"] = "no-store"
    made = await keys.create(caller, body, database=providers.database())
    log.info("auth.key_created", user_id=caller.subject)
    return made


@app.get("/api/v1/auth/keys")
async def list_keys(
    caller: Reader,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = key_store.PAGE,
) -> schema.ApiKeys:
    """One's own keys; an administrator sees those of the tenant."""
    found = await keys.listed(caller, cursor, limit, database=providers.database())
    return schema.ApiKeys(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@app.delete("/api/v1/auth/keys/{key_id}", status_code=204)
async def revoke_key(key_id: UUID, caller: Writer) -> None:
    """From now on the key opens nothing."""
    await keys.revoke(caller, key_id, database=providers.database(), cache=sessions.KeyCache(providers.redis()))
    log.info("auth.key_revoked", user_id=caller.subject)


@app.post("/api/v1/auth/introspect", include_in_schema=False)
async def introspect(body: schema.Key, request: Request) -> schema.KeyState:
    """What an API key is worth; parts of the installation ask this, people cannot."""
    if not (await door.principal(request)).is_service:
        raise NotFoundError
    async with providers.database().transaction(service.ACTING) as connection:
        state = await key_store.state(connection, body.key)
    cache = sessions.KeyCache(providers.redis())
    try:
        await cache.write(body.key, sessions.ApiKey(**state.model_dump() | {"scopes": tuple(state.scopes)}))
    except VoiceAssistError:
        log.warning("auth.key_cache_unavailable")
    return state


def _me(session: sessions.Session) -> schema.Me:
    user = schema.User(
        id=session.user_id, name=session.name, email=session.email, role=session.role, profile=session.profile
    )
    return schema.Me(user=user, csrf_token=session.csrf)


def _client(request: Request) -> str:
    return fingerprint(request.headers.get("user-agent", ""))


def _cookie(request: Request, name: str) -> str:
    return request.cookies.get(sessions.cookie_name(room.settings, name), "")


def _set_cookie(answer: Response, name: str, value: str, *, same_site: Any, seconds: int | None = None) -> None:
    answer.set_cookie(
        sessions.cookie_name(room.settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=sessions.is_secure(room.settings),
        httponly=True,
        samesite=same_site,
    )


def _drop_cookie(answer: Response, name: str, *, same_site: Any) -> None:
    answer.delete_cookie(
        sessions.cookie_name(room.settings, name),
        path="/",
        secure=sessions.is_secure(room.settings),
        httponly=True,
        samesite=same_site,
    )


@functions_framework.aio.http
async def auth(_request: Request) -> Any:
    return room
