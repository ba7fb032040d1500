"""One's own factors: set up, listed, renamed, removed, and recovery codes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import Response
from starlette.requests import Request

from functions.auth import access, browser, factor_store, factors, recording, schema, service
from functions.auth.device import named
from functions.auth.factors import Person
from functions.auth.subjects import Enrolling, FreshChanger, Owner, Subject, begin_session, tools
from voiceassist.core.errors import ForbiddenError, NotFoundError
from voiceassist.core.identity import service as acting
from voiceassist.runtime import http_room, logging, outbox, providers

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)


@router.get("/api/v1/auth/mfa")
async def own(who: Owner, answer: Response) -> schema.Factors:
    """What one can sign in with, and how many recovery codes are left."""
    answer.headers["cache-control"] = "no-store"
    async with acting_for(who) as connection:
        return await factor_store.all_of(connection, who.user_id)


@router.post("/api/v1/auth/mfa/totp")
async def begin_authenticator(who: Enrolling, answer: Response) -> schema.Secret:
    """A new secret for an authenticator app; the one before counts until this one is confirmed."""
    answer.headers["cache-control"] = "no-store"
    return await factors.new_secret(who.person, await tools(who.person.tenant_id))


@router.post("/api/v1/auth/mfa/totp/confirm")
async def confirm_authenticator(
    body: schema.Code, who: Enrolling, request: Request, answer: Response
) -> schema.Enrolled:
    """A code of the new secret, and it counts; a sign-in that had no factor is complete."""
    at = await tools(who.person.tenant_id)
    async with acting_for(who.person) as connection:
        first = await first_factor(connection, who)
        await factors.confirm_secret(connection, who.person, body.code, at)
        codes = await factors.new_codes(connection, who.person) if first else ()
        await recording.factor(connection, who.person, "added", kind="authenticator")
    return await enrolled(who, codes, request, answer)


@router.post("/api/v1/auth/mfa/passkeys/options")
async def begin_passkey(who: Enrolling, answer: Response) -> dict[str, Any]:
    """What to have the authenticator make, as WebAuthn's PublicKeyCredentialCreationOptionsJSON."""
    answer.headers["cache-control"] = "no-store"
    at = await tools(who.person.tenant_id)
    async with acting_for(who.person) as connection:
        return await factors.new_passkey(connection, who.person, at)


@router.post("/api/v1/auth/mfa/passkeys", status_code=201)
async def add_passkey(body: schema.NewPasskey, who: Enrolling, request: Request, answer: Response) -> schema.Enrolled:
    """The passkey that was made; a sign-in that had no factor is complete."""
    at = await tools(who.person.tenant_id)
    async with acting_for(who.person) as connection:
        first = await first_factor(connection, who)
        await factors.add_passkey(connection, who.person, body.name, body.credential, at)
        codes = await factors.new_codes(connection, who.person) if first else ()
        await recording.factor(connection, who.person, "added", kind="passkey")
    return await enrolled(who, codes, request, answer)


@router.patch("/api/v1/auth/mfa/passkeys/{passkey_id}", status_code=204)
async def rename_passkey(passkey_id: UUID, body: schema.NewName, who: FreshChanger) -> None:
    async with acting_for(who) as connection:
        if not await factor_store.rename_passkey(connection, who.user_id, passkey_id, body.name):
            raise NotFoundError("There is no such factor of yours.")
        await recording.factor(connection, who, "renamed", kind="passkey")


@router.delete("/api/v1/auth/mfa/passkeys/{passkey_id}", status_code=204)
async def remove_passkey(passkey_id: UUID, who: FreshChanger) -> None:
    async with acting_for(who) as connection:
        await factors.remove(connection, who, passkey_id)
        await recording.factor(connection, who, "removed", kind="passkey")
    await changed(who)


@router.delete("/api/v1/auth/mfa/totp", status_code=204)
async def remove_authenticator(who: FreshChanger) -> None:
    async with acting_for(who) as connection:
        await factors.remove(connection, who, None)
        await recording.factor(connection, who, "removed", kind="authenticator")
    await changed(who)


@router.post("/api/v1/auth/mfa/recovery-codes", status_code=201)
async def new_codes(who: FreshChanger, answer: Response) -> schema.RecoveryCodes:
    """Ten new codes; those before open nothing any more."""
    answer.headers["cache-control"] = "no-store"
    async with acting_for(who) as connection:
        codes = await factors.new_codes(connection, who)
        await recording.factor(connection, who, "added", kind="recovery_code")
    await changed(who)
    return schema.RecoveryCodes(recovery_codes=codes)


async def first_factor(connection: "AsyncConnection", who: Subject) -> bool:
    """Whether this one is the first; in a sign-in it must be, or a stolen password could add a factor of its own."""
    if not await factors.stands(connection, who.person):
        raise ForbiddenError("This account is disabled.")
    first = not await factor_store.count(connection, who.person.user_id)
    if who.challenge is not None and not first:
        raise ForbiddenError("Please sign in with the factor that you have.", code="FACTOR_EXISTS")
    return first


async def enrolled(who: Subject, codes: tuple[str, ...], request: Request, answer: Response) -> schema.Enrolled:
    answer.headers["cache-control"] = "no-store"
    await changed(who.person)
    if who.challenge is None:
        return schema.Enrolled(recovery_codes=codes)
    value, session = await service.complete(
        who.challenge,
        who.person.attempt,
        device=named(request.headers.get("user-agent", "")),
        pending=browser.pending(),
        sessions=browser.open_sessions(),
    )
    await begin_session(request, answer, value, session)
    return schema.Enrolled(recovery_codes=codes, session=schema.me(session))


async def changed(who: Person) -> None:
    log.info("auth.factor_changed", user_id=str(who.user_id))
    await outbox.nudge(providers.database())


@asynccontextmanager
async def acting_for(who: Person) -> AsyncIterator["AsyncConnection"]:
    async with providers.database().transaction(acting("auth", who.tenant_id)) as connection:
        yield connection
