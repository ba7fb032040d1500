"""Whose factors a request is about: of somebody signed in, or of somebody between the two factors."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from starlette.requests import Request

from functions.auth import browser, cutoff, passkeys, service
from functions.auth.factors import Person, Tools
from functions.auth.pending import Challenge
from voiceassist.core.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from voiceassist.ports.auditing import Act
from voiceassist.runtime import logging, providers, sessions
from voiceassist.runtime.sessions import Session
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """`challenge` is the begun sign-in, None in a session."""

    person: Person
    challenge: Challenge | None = None


async def tools(tenant_id: UUID) -> Tools:
    """Ask for them before a transaction begins."""
    keys = await providers.keyring().of(tenant_id)
    return Tools(keys, passkeys.site_of(load_settings().base_url), browser.pending())


async def subject(request: Request) -> Subject:
    """From the session whose token the request carries, or without a token from the challenge."""
    if request.headers.get(sessions.CSRF_HEADER):
        return Subject(await changing(request))
    value = browser.cookie(request, "va_challenge")
    challenge = await service.challenged(value, browser.client(request), browser.pending())
    return Subject(service.person_of(challenge, value), challenge)


async def enrolling(request: Request) -> Subject:
    """Who may add a factor: in a session with a fresh one, or in a sign-in that has no factor to ask for."""
    who = await subject(request)
    if who.challenge is None:
        await browser.fresh_factor(request)
    else:
        offered = await service.offered(who.person, database=providers.database())
        if not offered.enrol:
            raise ForbiddenError("Please sign in with the factor that you have.", code="FACTOR_EXISTS")
    return who


async def signed_in(request: Request) -> Person:
    found = await browser.session(request)
    return service.person_of(found, attempt=found.id)


async def changing(request: Request) -> Person:
    await browser.writing(request)
    return await signed_in(request)


async def changing_what_guards(request: Request) -> Person:
    await browser.fresh_factor(request)
    return await signed_in(request)


Between = Annotated[Subject, Depends(subject)]
Enrolling = Annotated[Subject, Depends(enrolling)]
Owner = Annotated[Person, Depends(signed_in)]
Changer = Annotated[Person, Depends(changing)]
FreshChanger = Annotated[Person, Depends(changing_what_guards)]


async def begin_session(request: Request, answer: Response, value: str, session: Session) -> None:
    """Hand the browser its session; whatever it had before ends. A sign-in that is not on record does not happen, nor
    one that its provider has ended meanwhile.
    """
    try:
        await _still_signed_in(session)
        await providers.auditor("auth").record(Act(session.principal(), "session.opened"))
    except (UnavailableError, UnauthenticatedError):
        await browser.open_sessions().close(value)  # nobody has its cookie yet
        raise
    if before := await browser.open_sessions().close(browser.cookie(request, "va_session")):
        await cutoff.told(providers.redis(), before.id)
    browser.set_cookie(answer, "va_session", value, same_site="strict")
    browser.drop_cookie(answer, "va_challenge", same_site="strict")
    answer.headers["cache-control"] = "no-store"
    log.info("auth.signed_in", user_id=session.user_id, session_id=session.id)


async def _still_signed_in(session: Session) -> None:
    """Said first whose sign-in it is, then asked: a logout that comes between finds the session."""
    upstream, seconds = browser.upstream(), load_settings().limits.session_absolute_seconds
    await upstream.remember(session.upstream, session.user_id, seconds)
    if await upstream.ended(session.upstream, session.passed_at):
        raise UnauthenticatedError("Please sign in again.")
