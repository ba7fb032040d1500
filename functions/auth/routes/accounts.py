"""Accounts of the tenant, for administrators; and the door by which an invited person comes in."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.requests import Request

from functions.auth import access, account_schema, account_store, accounts, browser, cutoff
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import access as policy
from voiceassist.runtime import http_room, logging, providers
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)

INVITATION_SECONDS = 1_800  # in which somebody signs in at the issuer


def desk() -> accounts.Desk:
    return accounts.Desk(providers.database(), providers.auditor("auth"))


async def managing(request: Request) -> Principal:
    """An administrator at our own page, whose second factor is fresh: the policy decides it all."""
    caller = await browser.writing(request)
    await policy.permit(caller, "user.manage")
    return caller


async def looking(request: Request) -> Principal:
    caller = await browser.signed_in(request)
    await policy.permit(caller, "user.read")
    return caller


Manager = Annotated[Principal, Depends(managing)]
Looker = Annotated[Principal, Depends(looking)]


@router.get("/api/v1/users")
async def list_accounts(
    caller: Looker,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = account_store.PAGE,
) -> account_schema.Accounts:
    """Newest first."""
    found = await accounts.listed(caller, cursor, limit, at=desk())
    more = str(found[-1].id) if len(found) == limit else None
    return account_schema.Accounts(items=tuple(found), next_cursor=more)


@router.get("/api/v1/users/invitations")
async def list_invitations(caller: Looker) -> account_schema.Invitations:
    return account_schema.Invitations(items=tuple(await accounts.invitations(caller, at=desk())))


@router.post("/api/v1/users/invitations", status_code=201)
async def invite(
    body: account_schema.NewInvitation, caller: Manager, answer: Response
) -> account_schema.MadeInvitation:
    """A link for one person, good once and for 72 hours; this answer alone tells it."""
    answer.headers["cache-control"] = "no-store"
    made = await accounts.invite(caller, body, load_settings(), at=desk())
    log.info("auth.invited", user_id=caller.subject)
    return made


@router.delete("/api/v1/users/invitations/{invitation_id}", status_code=204)
async def revoke(invitation_id: UUID, caller: Manager) -> None:
    await accounts.revoke(caller, invitation_id, at=desk())


@router.get("/api/v1/users/{user_id}")
async def show(user_id: UUID, caller: Looker) -> account_schema.Account:
    return await accounts.one(caller, user_id, at=desk())


@router.post("/api/v1/users/{user_id}/disable", status_code=204)
async def disable(user_id: UUID, caller: Manager) -> None:
    """No sign-in from now on; what is open ends within two seconds."""
    await accounts.disable(caller, user_id, at=desk())
    await out(user_id)


@router.post("/api/v1/users/{user_id}/enable", status_code=204)
async def enable(user_id: UUID, caller: Manager) -> None:
    await accounts.enable(caller, user_id, at=desk())


@router.delete("/api/v1/users/{user_id}", status_code=204)
async def deprovision(user_id: UUID, caller: Manager) -> None:
    """For good: a tombstone stays, so that nobody who gets the same name at the issuer gets the old data."""
    await accounts.disable(caller, user_id, for_good=True, at=desk())
    await out(user_id)


@router.post("/api/v1/users/{user_id}/release", status_code=204)
async def release(user_id: UUID, caller: Manager) -> None:
    """A new person with the subject of a tombstone may come; they begin with nothing."""
    await accounts.release(caller, user_id, at=desk())


@router.delete("/api/v1/users/{user_id}/mfa", status_code=204)
async def reset_factors(user_id: UUID, caller: Manager) -> None:
    """Take all second factors away; the person is told, signed out, and sets up a new one at the next sign-in."""
    await accounts.reset_factors(caller, user_id, at=desk())
    await out(user_id)


@router.post("/api/v1/auth/invitations/show")
async def show_invitation(body: account_schema.Asked, answer: Response) -> account_schema.Invited:
    """Whom a link is for."""
    answer.headers["cache-control"] = "no-store"
    async with providers.database().transaction(service("auth")) as connection:
        found = await accounts.good(connection, body.token)
    return account_schema.Invited(name=found.name, email=found.email, registers=load_settings().oidc.embedded)


@router.post("/api/v1/auth/invitations/accept", status_code=204)
async def accept(body: account_schema.Accepted, answer: Response) -> None:
    """With our own issuer a new account; with another one the next sign-in of this browser takes the invitation."""
    settings = load_settings()
    if settings.oidc.embedded:
        await accounts.register(body, settings, at=desk())
        log.info("auth.registered")
        return
    async with providers.database().transaction(service("auth")) as connection:
        await accounts.good(connection, body.token)
    # Lax: the callback comes from the issuer's site.
    browser.set_cookie(answer, "va_invitation", body.token, same_site="lax", seconds=INVITATION_SECONDS)


async def out(user_id: UUID) -> None:
    await cutoff.everything(browser.open_sessions(), providers.redis(), str(user_id))
    log.info("auth.cut_off", user_id=str(user_id))
