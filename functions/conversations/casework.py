"""Cases and rounds: made, told of, read and wiped; each is put on record, and no record means no answer."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from functions.conversations import case_schema as schema
from functions.conversations import case_store as store
from functions.conversations import note_store
from functions.conversations.kit import Kit
from functions.conversations.store import ROOM, tenants
from voiceassist.core import ids
from voiceassist.core.errors import ConflictError, NotFoundError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, Outcome, named
from voiceassist.runtime import cases, logging

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

ROUNDS = timedelta(hours=4)  # N74


async def listed(kit: Kit, caller: Principal, before: UUID | None, limit: int) -> schema.Cases:
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        await _end_own(kit, connection, caller)
        found = await cases.listed(connection, keys, caller, now=kit.now(), before=before, limit=limit)
        await _record(kit, connection, caller, "case.listed", [one.id for one in found])
    items = tuple(_summary(one) for one in found)
    cursor = str(items[-1].id) if len(items) == limit else None
    return schema.Cases(items=items, next_cursor=cursor, keep_days=kit.keep_days)


async def made(kit: Kit, caller: Principal, asked: schema.NewCase) -> schema.Case:
    """Raises ConflictError where no rounds are under way, or none is kept beyond rounds."""
    if not asked.rounds and not kit.keep_days:
        raise ConflictError("No cases are kept here beyond rounds.", code="CASES_NOT_KEPT")
    keys = await kit.keyring.of(caller.tenant_id)
    case_id, now = ids.new_id(), kit.now()
    async with kit.database.transaction(caller) as connection:
        await _end_own(kit, connection, caller)
        rounds = await store.rounds(connection, caller, now=now) if asked.rounds else None
        if asked.rounds and rounds is None:
            raise ConflictError("No rounds are under way.", code="NO_ROUNDS")
        body = cases.TITLE.seal(keys, case_id, asked.title)
        await store.add(connection, caller, case_id, body, now=now, days=kit.keep_days, rounds=rounds)
        await cases.add_facts(connection, keys, caller, case_id, _facts(asked.facts, now))
        found = await cases.find(connection, keys, caller, case_id, now=now)
        await _record(kit, connection, caller, "case.created", [case_id], facts=len(asked.facts))
    return _shown(found)


async def shown(kit: Kit, caller: Principal, case_id: UUID) -> schema.Case:
    """Raises NotFoundError; that somebody asked for it is on record then, too."""
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        found = await cases.find(connection, keys, caller, case_id, now=kit.now())
        await _record(kit, connection, caller, "case.read", [case_id], found=found is not None)
    return _shown(found)


async def retitled(kit: Kit, caller: Principal, case_id: UUID, asked: schema.Retitled) -> schema.Case:
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        if there := await _used(kit, connection, caller, case_id):
            await store.retitle(connection, caller, case_id, cases.TITLE.seal(keys, case_id, asked.title))
        found = await cases.find(connection, keys, caller, case_id, now=kit.now()) if there else None
        await _record(kit, connection, caller, "case.updated", [case_id], found=there)
    return _shown(found)


async def told(kit: Kit, caller: Principal, case_id: UUID, asked: schema.NewFacts) -> schema.Case:
    """Add facts. Raises NotFoundError, and ConflictError where the case has too many."""
    keys = await kit.keyring.of(caller.tenant_id)
    now = kit.now()
    async with kit.database.transaction(caller) as connection:
        there = await _used(kit, connection, caller, case_id)  # its row is locked: facts are counted one after another
        if there and await store.count_facts(connection, case_id) + len(asked.facts) > cases.MOST_FACTS:
            raise ConflictError("The case has too many facts.", code="CASE_FULL")
        if there:
            await cases.add_facts(connection, keys, caller, case_id, _facts(asked.facts, now))
        found = await cases.find(connection, keys, caller, case_id, now=now) if there else None
        await _record(kit, connection, caller, "case.updated", [case_id], found=there, facts=len(asked.facts))
    return _shown(found)


async def erased(kit: Kit, caller: Principal, case_id: UUID, fact_id: UUID) -> None:
    async with kit.database.transaction(caller) as connection:
        there = await _used(kit, connection, caller, case_id)
        gone = there and await store.erase_fact(connection, caller, case_id, fact_id)
        await _record(kit, connection, caller, "case.fact_erased", [case_id], found=gone)
    if not gone:
        raise NotFoundError("There is no such fact for you.")


async def removed(kit: Kit, caller: Principal, case_id: UUID) -> None:
    """With its facts; what was said about it stays by its own time. Raises ConflictError where a note is signed."""
    async with kit.database.transaction(caller) as connection:
        is_signed = await note_store.is_signed_for(connection, case_id)
        gone = not is_signed and await store.remove(connection, caller, case_id)
        outcome: Outcome = "refused" if is_signed else "success" if gone else "not_found"
        await kit.auditor.record(Act(caller, "case.deleted", outcome, named("case", [case_id])), connection)
    if is_signed:
        raise ConflictError("A case with a signed note is kept for as long as the law asks.", code="NOTE_SIGNED")
    if not gone:
        raise NotFoundError("There is no such case for you.")


async def rounds(kit: Kit, caller: Principal) -> schema.Rounds:
    async with kit.database.transaction(caller) as connection:
        await _end_own(kit, connection, caller)
        return await _rounds(kit, connection, caller)


async def started(kit: Kit, caller: Principal) -> schema.Rounds:
    """Begin rounds; those that are under way go on as they are."""
    now = kit.now()
    async with kit.database.transaction(caller) as connection:
        await _end_own(kit, connection, caller)
        rounds_id = ids.new_id()
        if await store.start_rounds(connection, caller, rounds_id, now=now, ends=now + ROUNDS):
            objects = named("rounds", [rounds_id])
            await kit.auditor.record(Act(caller, "rounds.started", objects=objects), connection)
        return await _rounds(kit, connection, caller)


async def ended(kit: Kit, caller: Principal) -> None:
    """Wipe the rounds now, before their time; where there are none, nothing happens."""
    async with kit.database.transaction(caller) as connection:
        found = await store.own_rounds(connection, caller, over=None)
        await _wipe(kit, connection, caller, found, "rounds.ended")


async def forget_old(kit: Kit) -> int:
    """Delete what has run out in every tenant; nobody is shown it any more. Skipped or run twice, it does no harm."""
    async with kit.database.transaction(service(ROOM)) as connection:
        of_all = await tenants(connection)
    count = 0
    for tenant_id in of_all:
        me = service(ROOM, tenant_id)
        async with kit.database.transaction(me) as connection:
            count += await note_store.forget(connection, now=kit.now())
            count += await store.forget(connection, now=kit.now())
            found = await store.over(connection, now=kit.now())
            count += await _wipe(kit, connection, me, found, "rounds.expired")
    log.info("cases.forgotten", count=count)
    return count


async def _end_own(kit: Kit, connection: "AsyncConnection", caller: Principal) -> None:
    """What has run out is wiped as soon as its owner comes by; the schedule does it for everybody else."""
    found = await store.own_rounds(connection, caller, over=kit.now())
    await _wipe(kit, connection, caller, found, "rounds.expired")


async def _wipe(kit: Kit, connection: "AsyncConnection", by: Principal, found: list[UUID], action: str) -> int:
    if not found:
        return 0
    gone = await store.wipe(connection, found)
    objects = (*named("rounds", found), *named("case", gone))[:200]
    await kit.auditor.record(Act(by, action, objects=objects, facts={"count": len(gone)}), connection)
    return len(gone)


async def _rounds(kit: Kit, connection: "AsyncConnection", caller: Principal) -> schema.Rounds:
    now = kit.now()
    found = await store.rounds(connection, caller, now=now)
    if found is None:
        return schema.Rounds()
    left = int((found["expires_at"] - now).total_seconds())
    return schema.Rounds(started_at=found["created_at"], expires_at=found["expires_at"], seconds_left=left)


async def _used(kit: Kit, connection: "AsyncConnection", caller: Principal, case_id: UUID) -> bool:
    return await cases.used(connection, caller, case_id, now=kit.now(), days=kit.keep_days)


def _facts(new: Iterable[schema.NewFact], now: "datetime") -> list[cases.Fact]:
    return [cases.Fact(ids.new_id(), one.kind, one.text, one.at, now) for one in new]


def _summary(case: cases.Case) -> schema.Summary:
    return schema.Summary(
        id=case.id,
        title=case.title,
        rounds=case.rounds_id is not None,
        created_at=case.created_at,
        updated_at=case.updated_at,
        expires_at=case.expires_at,
    )


def _shown(case: cases.Case | None) -> schema.Case:
    if case is None:
        raise NotFoundError("There is no such case for you.")
    facts = tuple(
        schema.Fact(id=one.id, kind=one.kind, text=one.text, at=one.at, told_at=one.told_at) for one in case.facts
    )
    return schema.Case(**_summary(case).model_dump(), facts=facts)


async def _record(
    kit: Kit,
    connection: "AsyncConnection",
    caller: Principal,
    action: str,
    found_ids: Sequence[UUID],
    *,
    found: bool = True,
    **facts: int,
) -> None:
    act = Act(caller, action, "success" if found else "not_found", named("case", found_ids), facts=facts)
    await kit.auditor.record(act, connection)
