"""The second factor: with it a session begins, and by it a session is trusted with what is dangerous."""

import time
from typing import Any

from fastapi import Response
from starlette.requests import Request

from functions.auth import access, browser, factors, schema, service
from functions.auth.device import named
from functions.auth.subjects import Between, Changer, begin_session, tools
from voiceassist.core.errors import UnauthenticatedError
from voiceassist.core.identity import service as acting
from voiceassist.runtime import http_room, logging, providers

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)


@router.post("/api/v1/auth/mfa/verify")
async def verify(body: schema.Proof, request: Request, answer: Response) -> schema.Me:
    """Complete the challenge; the session begins here, with an id nobody has seen before."""
    value, session = await service.second_factor(
        body,
        cookie=browser.cookie(request, "va_challenge"),
        client=browser.client(request),
        device=named(request.headers.get("user-agent", "")),
        pending=browser.pending(),
        tools=tools,
        database=providers.database(),
        sessions=browser.open_sessions(),
    )
    await begin_session(request, answer, value, session)
    return schema.me(session)


@router.get("/api/v1/auth/mfa/challenge")
async def challenge(request: Request, answer: Response) -> schema.Offered:
    """How the begun sign-in can go on; nobody learns it before the first factor."""
    answer.headers["cache-control"] = "no-store"
    value = browser.cookie(request, "va_challenge")
    begun = await service.challenged(value, browser.client(request), browser.pending())
    return await service.offered(service.person_of(begun, value), database=providers.database())


@router.post("/api/v1/auth/mfa/passkeys/challenge")
async def show_passkey(who: Between, answer: Response) -> dict[str, Any]:
    """What to ask the authenticator for, as WebAuthn's PublicKeyCredentialRequestOptionsJSON."""
    answer.headers["cache-control"] = "no-store"
    at = await tools(who.person.tenant_id)
    async with providers.database().transaction(acting("auth", who.person.tenant_id)) as connection:
        return await factors.show_passkey(connection, who.person, at)


@router.post("/api/v1/auth/mfa/step-up")
async def step_up(body: schema.Proof, request: Request, who: Changer, answer: Response) -> schema.SteppedUp:
    """A proof once more, for what is dangerous: the session goes on under a new secret and a new CSRF token."""
    await service.step_up(body, who, tools=await tools(who.tenant_id), database=providers.database())
    renewed = await browser.open_sessions().renew(browser.cookie(request, "va_session"), mfa_at=time.time())
    if renewed is None:
        raise UnauthenticatedError("Please sign in.")
    value, session = renewed
    browser.set_cookie(answer, "va_session", value, same_site="strict")
    answer.headers["cache-control"] = "no-store"
    log.info("auth.stepped_up", user_id=session.user_id, session_id=session.id)
    return schema.SteppedUp(csrf_token=session.csrf)
