"""The first factor, by the issuer, and the way out."""

import contextlib
import hmac
from functools import lru_cache, partial
from typing import Annotated

from fastapi import Path, Query, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from functions.auth import access, browser, cutoff, page, schema, service
from functions.auth.id_token import TokenRefusedError
from functions.auth.pending import CHALLENGE_SECONDS, PRE_LOGIN_SECONDS
from functions.auth.relying_party import RelyingParties
from voiceassist.core.errors import (
    MfaRequiredError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    VoiceAssistError,
)
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act
from voiceassist.runtime import http_room, logging, metrics, providers
from voiceassist.runtime.pseudonyms.vault import SealedVault
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)

Text = Annotated[str, Query(max_length=2048)]
Name = Annotated[str, Query(max_length=36, pattern=r"^[a-z0-9_-]*$")]
Named = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,32}$")]


@lru_cache(maxsize=1)
def relying_parties() -> RelyingParties:
    return RelyingParties(load_settings())


@router.get("/api/v1/auth/login", status_code=302, response_class=RedirectResponse)
async def login(provider: Name | None = None, tenant: Name = "") -> Response:
    """Send the browser to an issuer; its way back is bound to it by a short-lived cookie.

    Where there are several, `provider` names one of them and `tenant` leaves those of one organisation; a person
    chooses among what is left.
    """
    parties = relying_parties().offered(tenant)
    chosen = provider if provider is not None else next(iter(parties), "") if len(parties) == 1 else None
    if chosen is None and parties:
        return page.choice({name: party.provider.label or party.provider.issuer for name, party in parties.items()})
    if chosen is None or chosen not in parties:
        raise NotFoundError("There is no such sign-in service.", code="NO_PROVIDER")
    value, pre_login = await browser.pending().begin(chosen)
    answer = RedirectResponse(await parties[chosen].start(pre_login), 302, {"cache-control": "no-store"})
    # Lax: the callback comes from the issuer's site, and a Strict cookie would not be sent with it.
    browser.set_cookie(answer, "va_login", value, same_site="lax", seconds=PRE_LOGIN_SECONDS)
    return answer


@router.get("/api/v1/auth/callback", response_class=Response)
async def callback(
    request: Request, state: Text = "", code: Text = "", iss: Text | None = None, error: Text = ""
) -> Response:
    """The issuer's answer: the first factor is passed, the second is asked for."""
    return await _answered(request, "", state=state, code=code, iss=iss, error=error)


@router.get("/api/v1/auth/callback/{provider}", response_class=Response)
async def callback_of(
    provider: Named, request: Request, state: Text = "", code: Text = "", iss: Text | None = None, error: Text = ""
) -> Response:
    """The same for one of several issuers, by its name in the settings."""
    return await _answered(request, provider, state=state, code=code, iss=iss, error=error)


async def _answered(request: Request, provider: str, *, state: str, code: str, iss: str | None, error: str) -> Response:
    try:
        challenge = await _challenge(request, provider, state=state, code=code, iss=iss, error=error)
        answer: Response = page.onward()
        browser.set_cookie(answer, "va_challenge", challenge, same_site="strict", seconds=CHALLENGE_SECONDS)
    except VoiceAssistError as fault:
        if isinstance(fault, TokenRefusedError):
            metrics.AUTH_FAILURES.labels(fault.reason).inc()
            log.warning("auth.refused", reason=fault.reason)
        if "text/html" not in request.headers.get("accept", ""):
            raise
        answer = page.refused(fault.status, fault.detail or fault.title)
    browser.drop_cookie(answer, "va_login", same_site="lax")
    if browser.cookie(request, "va_invitation"):
        browser.drop_cookie(answer, "va_invitation", same_site="lax")
    return answer


async def _challenge(request: Request, provider: str, *, state: str, code: str, iss: str | None, error: str) -> str:
    pre_login = await browser.pending().take(browser.cookie(request, "va_login"))
    if pre_login is None or not hmac.compare_digest(pre_login.state.encode(), state.encode()):
        raise TokenRefusedError("state")
    party = relying_parties().named(provider)
    if party is None or provider != pre_login.provider:
        raise TokenRefusedError("mix_up")  # it came back to the door of another issuer than it was sent to
    if error or not code:
        raise TokenRefusedError("issuer_error")
    claims = await party.finish(code, iss, pre_login)
    return await service.first_factor_passed(
        claims,
        provider=party.provider,
        client=browser.client(request),
        database=providers.database(),
        pending=browser.pending(),
        cut_off=partial(cutoff.everything, browser.open_sessions(), providers.redis()),
        invitation=browser.cookie(request, "va_invitation"),
        auditor=providers.auditor("auth"),
    )


@router.get("/api/v1/auth/me")
async def me(request: Request, answer: Response) -> schema.Me:
    """Who is signed in, or how far the sign-in is."""
    session = await browser.open_sessions().read(browser.cookie(request, "va_session"))
    if session is not None:
        answer.headers["cache-control"] = "no-store"
        return schema.me(session)
    if await browser.pending().challenged(browser.cookie(request, "va_challenge"), browser.client(request)):
        raise MfaRequiredError("Please enter the code of your authenticator.")
    raise UnauthenticatedError("Please sign in.")


@router.post("/api/v1/auth/logout", status_code=204)
async def logout(caller: browser.Writer, answer: Response) -> None:
    """End the session here and in the browser; nobody stays signed in because the record is not to be had."""
    await cutoff.one(browser.open_sessions(), providers.redis(), caller.subject, caller.session_id)
    with contextlib.suppress(UnavailableError):
        await providers.auditor("auth").record(Act(caller, "session.closed"))
    browser.drop_cookie(answer, "va_session", same_site="strict")
    await forget_stand_ins(caller)
    log.info("auth.signed_out", user_id=caller.subject, session_id=caller.session_id)


async def forget_stand_ins(caller: Principal) -> None:
    """What stood for patients in the conversations of whoever leaves. They go in half an hour by themselves, too, so
    that a store that is away keeps nobody signed in."""
    vault = SealedVault(providers.redis(), providers.keyring())
    try:
        await vault.forget_owner(caller.tenant_id, str(caller.user_id or caller.subject))
    except UnavailableError as error:
        log.warning("auth.stand_ins_left", code=error.code)
