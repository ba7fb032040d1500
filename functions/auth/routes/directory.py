"""How the accounts follow a directory; the room that reads it calls, and nobody else."""

from typing import Annotated

from fastapi import Depends

from functions.auth import access, browser, cutoff, directory
from functions.auth.routes.accounts import desk
from voiceassist.contracts.directory import AppliedAll, Apply
from voiceassist.core.errors import ForbiddenError
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, http_room, logging, providers

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)

Caller = Annotated[Principal, Depends(door.principal)]
READER = "users"


@router.post("/api/v1/auth/directory")
async def apply(body: Apply, caller: Caller) -> AppliedAll:
    """Make the accounts of the caller's tenant what the directory says; asked twice, it changes nothing more."""
    if not caller.is_service or caller.subject != READER:
        raise ForbiddenError("Only the room that reads the directory tells what it says.")
    done = await directory.apply(caller, body, at=desk(), cut_off=out)
    log.info("auth.directory_applied", tenant_id=str(caller.tenant_id), count=len(done))
    return AppliedAll(items=tuple(done))


async def out(user_id: str) -> None:
    await cutoff.everything(browser.open_sessions(), providers.redis(), user_id)
