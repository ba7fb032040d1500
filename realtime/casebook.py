"""The cases of one speaker: opened into a session on record, and read anew for every turn.

So a fact that is added or erased meanwhile counts at once, and a case whose time is over is not used any more.
"""

from uuid import UUID

from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.postgres import Database
from voiceassist.contracts.cases import CaseFact
from voiceassist.core import clock
from voiceassist.core.errors import NotFoundError, UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, Auditor, Outcome, named
from voiceassist.runtime import access, cases
from voiceassist.runtime.encryption import KeysOfTenants


class Casebook:
    """`days`: for how long after its last use a case is kept."""

    def __init__(
        self, database: Database, keyring: KeysOfTenants, owner: Principal, *, auditor: Auditor, days: int
    ) -> None:
        self._database, self._keyring, self._owner = database, keyring, owner
        self._auditor, self._days = auditor, days

    async def open(self, case_id: UUID) -> cases.Case:
        """Raises NotFoundError, ForbiddenError, UnavailableError; that somebody asked for it is on record then, too."""
        await access.permit(self._owner, "case.read")
        keys, now = await self._keyring.of(self._owner.tenant_id), clock.now()
        async with self._database.transaction(self._owner) as connection:
            await cases.used(connection, self._owner, case_id, now=now, days=self._days)
            found = await cases.find(connection, keys, self._owner, case_id, now=now)
            outcome: Outcome = "success" if found else "not_found"
            await self._auditor.record(Act(self._owner, "case.opened", outcome, named("case", [case_id])), connection)
        if found is None:
            raise NotFoundError("There is no such case for you.")
        return found

    async def facts(self, case_id: UUID) -> tuple[CaseFact, ...] | None:
        """Newest first; None where there is no such case any more. Raises UnavailableError, ErasedError."""
        try:
            keys = await self._keyring.of(self._owner.tenant_id)
            async with self._database.transaction(self._owner) as connection:
                found = await cases.find(connection, keys, self._owner, case_id, now=clock.now())
        except SealBrokenError:
            raise UnavailableError("The case does not open.", code="CASE_UNREADABLE") from None
        if found is None:
            return None
        return tuple(CaseFact(kind=one.kind, text=one.text, since=one.since) for one in found.facts)
