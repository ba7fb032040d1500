"""The browser behind a request: its cookies, and whose session it is."""

import hmac
from typing import Annotated, Any

from fastapi import Depends, Response
from starlette.requests import Request

from functions.auth.domain import fingerprint
from functions.auth.pending import Pending
from functions.auth.upstream import Upstream
from voiceassist.core.errors import ForbiddenError, UnauthenticatedError
from voiceassist.core.identity import Principal
from voiceassist.runtime import access, providers, sessions
from voiceassist.runtime.settings import load_settings


def pending() -> Pending:
    return Pending(providers.redis())


def upstream() -> Upstream:
    return Upstream(providers.redis())


def open_sessions() -> sessions.Sessions:
    return sessions.of(load_settings(), providers.redis())


async def session(request: Request) -> sessions.Session:
    """The live browser session; a key or a part of the installation has none."""
    found = await open_sessions().read(cookie(request, "va_session"))
    if found is None:
        raise UnauthenticatedError("Please sign in.")
    return found


async def signed_in(request: Request) -> Principal:
    return (await session(request)).principal()


async def writing(request: Request) -> Principal:
    """The same for a change, which our own page alone can ask for."""
    found = await session(request)
    told = request.headers.get(sessions.CSRF_HEADER, "")
    if not hmac.compare_digest(told.encode(), found.csrf.encode()):
        raise ForbiddenError("The request lacks the token of this session.", code="CSRF")
    return found.principal()


async def fresh_factor(request: Request) -> Principal:
    """The same for a change of what guards the account: the policy wants a second factor of the last minutes (SPEC
    P2.10). STEP_UP_REQUIRED says where to show one.
    """
    caller = await writing(request)
    await access.permit(caller, "factor.change")
    return caller


Reader = Annotated[Principal, Depends(signed_in)]
Writer = Annotated[Principal, Depends(writing)]


def client(request: Request) -> str:
    return fingerprint(request.headers.get("user-agent", ""))


def cookie(request: Request, name: str) -> str:
    return request.cookies.get(sessions.cookie_name(load_settings(), name), "")


def set_cookie(answer: Response, name: str, value: str, *, same_site: Any, seconds: int | None = None) -> None:
    settings = load_settings()
    answer.set_cookie(
        sessions.cookie_name(settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=sessions.is_secure(settings),
        httponly=True,
        samesite=same_site,
    )


def drop_cookie(answer: Response, name: str, *, same_site: Any) -> None:
    settings = load_settings()
    answer.delete_cookie(
        sessions.cookie_name(settings, name),
        path="/",
        secure=sessions.is_secure(settings),
        httponly=True,
        samesite=same_site,
    )
