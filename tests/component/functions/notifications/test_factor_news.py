"""Whoever changed somebody's second factor: its owner hears of it."""

import pytest

from events.catalog import FactorChanged
from functions.notifications.main import room
from voiceassist.core import ids
from voiceassist.runtime import outbox


@pytest.mark.parametrize("by_owner", [True, False])
async def test_a_changed_factor_is_told_to_its_owner(caller, person, deliver, by_owner):
    owner = await person()
    by = owner.user_id if by_owner else ids.new_id()
    payload = FactorChanged(user_id=owner.user_id, tenant_id=owner.tenant_id, change="code_used", changed_by=by, left=7)
    event = outbox.event_of("auth", payload.TYPE, payload, subject=str(owner.user_id), key=str(owner.user_id))
    assert await deliver(room, event) == 204
    async with caller(room, owner) as client:
        (notice,) = (await client.get("/api/v1/notifications")).json()["items"]
    told = {"change": "code_used", "left": 7} | ({} if by_owner else {"by": "administrator"})
    assert (notice["kind"], notice["document_id"], notice["data"]) == ("factor.changed", None, told)
