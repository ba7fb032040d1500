"""Break-glass: somebody else's records for half an hour, with a reason, and not in secret (45 CFR 164.312(a)(2)(ii)).

The owner and every other administrator are told by the event; row-level security opens and closes by the clock.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from events.catalog import EmergencyOpened
from functions.policies import store
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.postgres import Database
from voiceassist.core import clock, ids
from voiceassist.core.errors import ForbiddenError, NotFoundError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, Auditor, named
from voiceassist.runtime import outbox

ROOM = "policies"
LASTS = timedelta(minutes=30)


async def opened(
    caller: Principal, owner_id: UUID, reason: str, *, database: Database, auditor: Auditor, keys: TenantKeys
) -> dict[str, Any]:
    """The grant. What cannot be put on record and told is not opened."""
    if caller.user_id is None or caller.user_id == owner_id:
        raise ForbiddenError("Break-glass is for the records of somebody else.")
    async with database.transaction(service(ROOM, caller.tenant_id)) as connection:
        if not await store.is_colleague(connection, owner_id):
            raise NotFoundError("There is no such person.")
    grant_id = ids.new_id()
    async with database.transaction(caller) as connection:
        made = await store.open_grant(
            connection,
            grant_id=grant_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            owner_id=owner_id,
            reason=store.REASON.seal(keys, grant_id, reason),
            expires_at=clock.now() + LASTS,
        )
        payload = EmergencyOpened(
            grant_id=grant_id, tenant_id=caller.tenant_id, owner_id=owner_id, opened_by=caller.user_id
        )
        event = outbox.event_of(ROOM, EmergencyOpened.TYPE, payload, subject=str(grant_id), key=str(owner_id))
        await outbox.add(connection, ROOM, event)
        objects = (*named("grant", [grant_id]), *named("user", [owner_id]))
        await auditor.record(Act(caller, "emergency.opened", objects=objects, purpose="BTG"), connection)
    await outbox.nudge(database)
    return shown(made, keys)


async def closed(caller: Principal, grant_id: UUID, *, database: Database, auditor: Auditor) -> None:
    """End one's own grant before its time."""
    if caller.user_id is None:
        raise NotFoundError
    async with database.transaction(caller) as connection:
        if not await store.close_grant(connection, grant_id, caller.user_id):
            raise NotFoundError("There is no such grant of yours.")
        await auditor.record(Act(caller, "emergency.closed", objects=named("grant", [grant_id])), connection)


def shown(row: dict[str, Any], keys: TenantKeys) -> dict[str, Any]:
    """A row with its reason in the clear; empty where it no longer opens."""
    try:
        reason = store.REASON.open(keys, row["id"], row["reason"])
    except SealBrokenError:
        reason = ""
    return {name: value for name, value in row.items() if name != "tenant_id"} | {"reason": reason}
