"""Where the people of a tenant are signed in, for administrators, and how they end that."""

from uuid import UUID

from fastapi import Response

from functions.auth import access, accounts, browser, cutoff, schema
from functions.auth.routes.accounts import Looker, Manager, desk
from functions.auth.routes.sessions import SessionId, shown
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, named
from voiceassist.runtime import http_room, logging, providers

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)


@router.get("/api/v1/users/{user_id}/sessions")
async def list_sessions(user_id: UUID, caller: Looker, answer: Response) -> schema.SignIns:
    """The sign-ins of somebody of the tenant, newest first, a device each."""
    answer.headers["cache-control"] = "no-store"
    await accounts.one(caller, user_id, at=desk())
    found = await browser.open_sessions().of_user(str(user_id))
    return schema.SignIns(items=tuple(shown(one, used, caller.session_id) for one, used in found))


@router.delete("/api/v1/users/{user_id}/sessions", status_code=204)
async def end_sessions(user_id: UUID, caller: Manager) -> None:
    """Sign somebody out everywhere; sockets and access tokens end within two seconds."""
    await accounts.one(caller, user_id, at=desk())
    await _record(caller, named("user", [user_id]))
    await cutoff.everything(browser.open_sessions(), providers.redis(), str(user_id))
    log.info("auth.cut_off", user_id=str(user_id))


@router.delete("/api/v1/users/{user_id}/sessions/{session_id}", status_code=204)
async def end_session(user_id: UUID, session_id: SessionId, caller: Manager) -> None:
    """End one sign-in of somebody, with what was opened by it."""
    await accounts.one(caller, user_id, at=desk())
    about = str(user_id)
    if session_id not in {one.id for one, _ in await browser.open_sessions().of_user(about)}:
        raise NotFoundError("There is no such session of this person.")
    await _record(caller, (*named("user", [user_id]), *named("session", [session_id])))
    await cutoff.one(browser.open_sessions(), providers.redis(), about, session_id)
    log.info("auth.session_ended", user_id=about, session_id=session_id)


async def _record(caller: Principal, objects: tuple[str, ...]) -> None:
    """First: what cannot be recorded does not happen."""
    await providers.auditor("auth").record(Act(caller, "session.ended", objects=objects))
