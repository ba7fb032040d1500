"""Accounts follow a directory: made, changed, locked, opened and buried as it says. Nothing is ever deleted.

Two things it cannot do: touch an administrator's account that was made here, and open what an administrator has
disabled. Who is locked out or has another role than before is signed out everywhere, before the change is committed
(where that fails nothing is written) and after it (for who signed in between).
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from events.catalog import UserDisabled, UserSynced
from functions.auth import accounts, directory_store, factor_store
from functions.auth.accounts import Desk
from functions.auth.directory_store import Found
from voiceassist.contracts.directory import Applied, Apply, Described
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, named
from voiceassist.runtime import outbox

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Change = Literal["created", "updated", "enabled", "disabled", "deprovisioned"]
# What is on record and said of each; the others are no change.
ACTIONS: dict[Change, str] = {
    "created": "user.created",
    "updated": "user.updated",
    "enabled": "user.enabled",
    "disabled": "user.disabled",
    "deprovisioned": "user.deprovisioned",
}
NOBODY = UUID(int=0)  # RFC 9562, section 5.9


async def apply(
    caller: Principal, wanted: Apply, *, at: Desk, cut_off: Callable[[str], Awaitable[None]]
) -> list[Applied]:
    """All of it or nothing; `caller` acts for the tenant. `cut_off` is told the id of whoever must be out."""
    async with at.database.transaction(accounts.acting(caller)) as connection:
        if not await directory_store.has_tenant(connection, caller.tenant_id):
            raise NotFoundError("There is no such tenant.", code="NO_TENANT")
        found = await directory_store.found(connection, wanted.issuer, [one.sub for one in wanted.people])
        work = _Work(connection, caller, wanted.issuer)
        done = [await work.person(one, found.get(one.sub)) for one in wanted.people]
        for user_id in work.out:
            await cut_off(str(user_id))
        for change, whom in work.changes.items():
            await at.auditor.record(Act(caller, ACTIONS[change], objects=named("user", whom)), connection)
    for user_id in work.out:
        await cut_off(str(user_id))
    if work.changes:
        await outbox.nudge(at.database)
    return done


class _Work:
    """One transaction. `out`: who must be signed out; `changes`: who is to be put on record, last of all."""

    def __init__(self, connection: "AsyncConnection", caller: Principal, issuer: str) -> None:
        self._connection, self._caller, self._issuer = connection, caller, issuer
        self.out: list[UUID] = []
        self.changes: dict[Change, list[UUID]] = {}

    async def person(self, person: Described, found: Found | None) -> Applied:
        if found is None:
            return await self._new(person)
        if found.status == "deprovisioned":
            if not _gone(person):
                return Applied(sub=person.sub, user_id=found.id, outcome="tombstone")
            self.out.append(found.id)  # asked again, perhaps because nobody heard the answer
            return Applied(sub=person.sub, user_id=found.id, outcome="unchanged")
        if not found.from_directory and (found.role == "admin" or _gone(person)):
            return Applied(sub=person.sub, user_id=found.id, outcome="kept")
        if _gone(person):
            return await self._bury(person, found)
        return await self._follow(person, found)

    async def _new(self, person: Described) -> Applied:
        if person.state != "active":
            return Applied(sub=person.sub, outcome="absent")
        user_id = await directory_store.add(self._connection, self._caller.tenant_id, self._issuer, person)
        if user_id is None:
            return Applied(sub=person.sub, outcome="elsewhere")
        return await self._changed(person, user_id, "created")

    async def _bury(self, person: Described, found: Found) -> Applied:
        await directory_store.bury(self._connection, found.id)
        await factor_store.forget_all(self._connection, found.id)
        self.out.append(found.id)
        return await self._changed(person, found.id, "deprovisioned")

    async def _follow(self, person: Described, found: Found) -> Applied:
        locked, was_open = person.state == "disabled", found.status != "disabled"
        # Disabled before, and not by the directory: an administrator did it, and only one undoes it.
        here = found.disabled_here or (not was_open and not found.disabled_in_directory)
        status = "disabled" if locked or here else ("active" if found.status == "disabled" else found.status)
        if locked or found.standing != (person.role, person.profile):
            self.out.append(found.id)
        if found.is_as(person) and (status, locked) == (found.status, found.disabled_in_directory):
            return Applied(sub=person.sub, user_id=found.id, outcome="unchanged")
        await directory_store.follow(
            self._connection,
            found.id,
            person,
            status=status,
            disabled_in_directory=locked,
            disabled_here=here,
        )
        if was_open and status == "disabled":
            return await self._changed(person, found.id, "disabled")
        return await self._changed(person, found.id, "updated" if was_open or status == "disabled" else "enabled")

    async def _changed(self, person: Described, user_id: UUID, change: Change) -> Applied:
        tenant_id = self._caller.tenant_id
        self.changes.setdefault(change, []).append(user_id)
        synced = UserSynced(user_id=user_id, tenant_id=tenant_id, change=change)
        await accounts.say(self._connection, synced, user_id)
        if change in {"disabled", "deprovisioned"}:
            locked = UserDisabled(
                user_id=user_id,
                tenant_id=tenant_id,
                disabled_by=NOBODY,
                state="disabled" if change == "disabled" else "deprovisioned",
                by="directory",
            )
            await accounts.say(self._connection, locked, user_id)
        return Applied(sub=person.sub, user_id=user_id, outcome=change)


def _gone(person: Described) -> bool:
    return person.state == "gone"
