"""Accounts: invited, accepted, disabled, enabled, deprovisioned and released. Each act is on the audit and said."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from events.catalog import UserCreated, UserDisabled, UserSynced, UserUpdated
from functions.auth import account_store, factor_store, factors, store
from functions.auth.account_schema import Accepted, Account, Invitation, MadeInvitation, NewInvitation
from functions.auth.account_store import Waiting
from functions.auth.domain import Identity
from functions.auth.factors import Person
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import ConflictError, ForbiddenError, NotFoundError, ValidationError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, Auditor, named
from voiceassist.runtime import outbox
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ROOM = "auth"
PREFIX = "vi_"
NO_INVITATION = "This invitation is not good any more. Please ask for a new one."


@dataclass(frozen=True, slots=True)
class Desk:
    """Where accounts are kept, and where what is done to them is put on record."""

    database: Database
    auditor: Auditor


def acting(caller: Principal) -> Principal:
    """The room, within the caller's tenant: row-level security would hide other people from an administrator."""
    return service(ROOM, caller.tenant_id)


async def invite(caller: Principal, wanted: NewInvitation, settings: Settings, *, at: Desk) -> MadeInvitation:
    """A link for one person, good once and for 72 hours."""
    token = PREFIX + secrets.token_urlsafe(32)
    async with at.database.transaction(acting(caller)) as connection:
        made = await account_store.invite(connection, caller.tenant_id, _id(caller), wanted, token)
        await record(at.auditor, connection, caller, "user.invited", "invitation", made.id)
    return MadeInvitation(**made.model_dump(), link=f"{settings.base_url}/voice/#invitation={token}")


async def revoke(caller: Principal, invitation_id: UUID, *, at: Desk) -> None:
    async with at.database.transaction(acting(caller)) as connection:
        if not await account_store.revoke(connection, invitation_id):
            raise NotFoundError("There is no open invitation of this id.")
        await record(at.auditor, connection, caller, "invitation.revoked", "invitation", invitation_id)


async def disable(caller: Principal, user_id: UUID, *, at: Desk, for_good: bool = False) -> None:
    """From now on no sign-in; the caller of this ends what is open, when it has committed."""
    if user_id == caller.user_id:
        raise ConflictError("Nobody can disable their own account.", code="OWN_ACCOUNT")
    state: Any = "deprovisioned" if for_good else "disabled"
    was = "active invited disabled" if for_good else "active invited"
    async with at.database.transaction(acting(caller)) as connection:
        await _changed(connection, user_id, was=was, now=state)
        if for_good:  # keys and factors are no data of the person that somebody may want back
            await factor_store.forget_all(connection, user_id)
        payload = UserDisabled(user_id=user_id, tenant_id=caller.tenant_id, disabled_by=_id(caller), state=state)
        await say(connection, payload, user_id)
        await record(at.auditor, connection, caller, f"user.{state}", "user", user_id)
    await outbox.nudge(at.database)


async def enable(caller: Principal, user_id: UUID, *, at: Desk) -> None:
    async with at.database.transaction(acting(caller)) as connection:
        if await account_store.follows_and_is_locked(connection, user_id):
            raise ConflictError("This account is disabled in the directory.", code="DISABLED_IN_DIRECTORY")
        await _changed(connection, user_id, was="disabled", now="active")
        payload = UserUpdated(user_id=user_id, tenant_id=caller.tenant_id, updated_by=_id(caller), change="enabled")
        await say(connection, payload, user_id)
        await record(at.auditor, connection, caller, "user.enabled", "user", user_id)
    await outbox.nudge(at.database)


async def release(caller: Principal, user_id: UUID, *, at: Desk) -> None:
    """A new person may come with the subject of a tombstone, and gets nothing of what the old one had."""
    async with at.database.transaction(acting(caller)) as connection:
        if not await account_store.release(connection, user_id):
            raise NotFoundError("There is no tombstone of this id.")
        payload = UserUpdated(user_id=user_id, tenant_id=caller.tenant_id, updated_by=_id(caller), change="released")
        await say(connection, payload, user_id)
        await record(at.auditor, connection, caller, "user.released", "user", user_id)
    await outbox.nudge(at.database)


async def reset_factors(caller: Principal, user_id: UUID, *, at: Desk) -> None:
    """The person sets up a new factor at the next sign-in, and is told who did this."""
    async with at.database.transaction(acting(caller)) as connection:
        if not await factor_store.forget_all(connection, user_id):
            raise NotFoundError("There is no such account.")
        person = Person(user_id, caller.tenant_id, ("", ""), "", "", attempt="")
        await factors.say(connection, person, "reset", changed_by=_id(caller))
        await record(at.auditor, connection, caller, "user.factors_reset", "user", user_id)
    await outbox.nudge(at.database)


async def register(accepted: Accepted, settings: Settings, *, at: Desk) -> None:
    """The embedded issuer's new account for an invited person, who signs in with it next."""
    from voiceassist.adapters.issuer import registration

    if accepted.username is None or accepted.password is None:
        raise ValidationError("Please choose a user name and a password.", code="CREDENTIALS_MISSING")
    if registration.guessable(accepted.password, accepted.username):
        raise ValidationError("This password is too easy to guess.", code="WEAK_PASSWORD")
    async with at.database.transaction(service(ROOM)) as connection:
        invitation = await good(connection, accepted.token)
        role, profile = invitation.role, invitation.profile
        user = registration.new_user(
            accepted.username, accepted.password, invitation.name, invitation.email, role, profile
        )
        identity = Identity(settings.oidc.issuer, user.sub, user.email, user.name, role, profile)  # type: ignore[arg-type]
        stored = await store.upsert(connection, invitation.tenant_id, identity)
        await take(connection, invitation, stored.id, auditor=at.auditor)
        # Last, so that a directory that cannot be written takes everything back.
        if not registration.add(Path(settings.data_dir), user):
            raise ConflictError("This user name is taken.", code="USERNAME_TAKEN")
    await outbox.nudge(at.database)


async def good(connection: "AsyncConnection", token: str) -> Waiting:
    """The open invitation of a token; one answer for unknown, late, used and revoked ones."""
    found = await account_store.waiting(connection, token)
    if found is None:
        raise NotFoundError(NO_INVITATION, code="NO_INVITATION")
    return found


async def join(connection: "AsyncConnection", token: str, user_id: UUID, email: str, *, auditor: Auditor) -> None:
    """Somebody came back from the issuer with an invitation: it must be theirs."""
    found = await good(connection, token)
    if email and email.lower() != found.email.lower():
        raise ForbiddenError("This invitation is for another address.", code="OTHER_ADDRESS")
    await take(connection, found, user_id, auditor=auditor)


async def take(connection: "AsyncConnection", invitation: Waiting, user_id: UUID, *, auditor: Auditor) -> None:
    await account_store.accept(connection, invitation, user_id)
    payload = UserCreated(user_id=user_id, tenant_id=invitation.tenant_id, invited_by=invitation.invited_by)
    await say(connection, payload, user_id)
    await record(auditor, connection, service(ROOM, invitation.tenant_id), "user.created", "user", user_id)


async def listed(caller: Principal, before: UUID | None, limit: int, *, at: Desk) -> list[Account]:
    async with at.database.transaction(acting(caller)) as connection:
        return await account_store.accounts(connection, before, limit)


async def invitations(caller: Principal, *, at: Desk) -> list[Invitation]:
    async with at.database.transaction(acting(caller)) as connection:
        return await account_store.invitations(connection, account_store.PAGE)


async def one(caller: Principal, user_id: UUID, *, at: Desk) -> Account:
    async with at.database.transaction(acting(caller)) as connection:
        found = await account_store.account(connection, user_id)
    if found is None:
        raise NotFoundError("There is no such account.")
    return found


async def _changed(connection: "AsyncConnection", user_id: UUID, *, was: str, now: str) -> None:
    if await account_store.account(connection, user_id) is None:
        raise NotFoundError("There is no such account.")
    if not await account_store.set_status(connection, user_id, was=was, now=now):
        raise ConflictError("The account is in another state.", code="OTHER_STATE")


async def say(
    connection: "AsyncConnection", payload: UserCreated | UserDisabled | UserSynced | UserUpdated, user_id: UUID
) -> None:
    about = str(user_id)
    await outbox.add(connection, ROOM, outbox.event_of(ROOM, payload.TYPE, payload, subject=about, key=about))


async def record(
    auditor: Auditor, connection: "AsyncConnection", who: Principal, action: str, kind: str, identifier: UUID
) -> None:
    await auditor.record(Act(principal=who, action=action, objects=named(kind, [identifier])), connection)


def _id(caller: Principal) -> UUID:
    assert caller.user_id is not None  # noqa: S101 - administrators are people
    return caller.user_id
