"""Where a person is signed in, and how that ends; tickets for the voice socket."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Response
from starlette.requests import Request

from functions.auth import access, browser, cutoff, schema
from functions.auth.browser import Reader, Writer
from voiceassist.core.errors import NotFoundError
from voiceassist.runtime import credentials, http_room, logging, providers
from voiceassist.runtime.sessions import Session
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)

SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("/api/v1/auth/sessions")
async def list_sessions(caller: Reader, answer: Response) -> schema.SignIns:
    """One's own sign-ins, newest first, a device each."""
    answer.headers["cache-control"] = "no-store"
    found = await browser.open_sessions().of_user(caller.subject)
    return schema.SignIns(items=tuple(shown(one, used, caller.session_id) for one, used in found))


@router.delete("/api/v1/auth/sessions")
async def end_others(request: Request, _caller: Writer) -> schema.Ended:
    """End every sign-in but this one, with what was opened by them."""
    kept = await browser.session(request)
    count = await cutoff.others(browser.open_sessions(), providers.redis(), kept)
    log.info("auth.sessions_ended", user_id=kept.user_id, count=count)
    return schema.Ended(ended=count)


@router.delete("/api/v1/auth/sessions/{session_id}", status_code=204)
async def end_session(session_id: SessionId, caller: Writer) -> None:
    """End one sign-in, with what was opened by it."""
    if not await cutoff.one(browser.open_sessions(), providers.redis(), caller.subject, session_id):
        raise NotFoundError("There is no such session of yours.")
    log.info("auth.session_ended", user_id=caller.subject, session_id=session_id)


@router.post("/api/v1/auth/ws-ticket", status_code=201)
async def ticket(body: schema.WantedTicket, request: Request, caller: Writer, answer: Response) -> schema.MadeTicket:
    """What our page opens a socket with: once, within 30 seconds, from the site that asked."""
    answer.headers["cache-control"] = "no-store"
    made = await credentials.Tickets(providers.redis()).issue(
        caller, origin=request.headers.get("origin", ""), purpose=body.purpose
    )
    return schema.MadeTicket(ticket=made, expires_in=credentials.TICKET_SECONDS)


def shown(session: Session, used: float, current: str) -> schema.SignIn:
    """A sign-in as its person or an administrator is told of it; `current` is the id of the one that asks."""
    limits = load_settings().limits
    return schema.SignIn(
        id=session.id,
        device=session.device,
        started_at=_moment(session.started_at),
        last_used_at=_moment(used),
        ends_at=_moment(min(used + limits.session_idle_seconds, session.started_at + limits.session_absolute_seconds)),
        current=session.id == current,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
