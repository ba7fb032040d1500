"""Searching the record, accounting for disclosures, verifying; each of these is put on record itself, beforehand."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.audit import domain, schema, store, verifying
from functions.audit.store import ROOM, Wanted
from functions.audit.verifying import Means, TenantResult
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import FieldError, ForbiddenError, ValidationError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, Auditor
from voiceassist.runtime import metrics
from voiceassist.runtime.audit_keys import AuditKeys

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

MOST_REPORTED = 10_000


async def search(
    database: Database, keys: AuditKeys, auditor: Auditor, caller: Principal, asked: schema.Search
) -> schema.Entries:
    view = domain.view_of(caller)
    if asked.patient and not domain.may_disclose(caller):
        raise ForbiddenError("Your role may not search by patient.")
    wanted = Wanted(
        after=moment(asked.after),
        before=moment(asked.before),
        action=asked.action,
        actor=asked.actor,
        outcome=asked.outcome,
        object=asked.object,
        patients=keys.patients(caller.tenant_id, asked.patient) if asked.patient else None,
        cursor=cursor_of(asked.cursor),
        limit=asked.limit,
    )
    async with database.transaction(_reader(caller)) as connection:
        found = await store.search(connection, wanted)
        facts = {"entries": len(found)}
        await auditor.record(Act(caller, "audit.searched", patient=asked.patient or "", facts=facts), connection)
    items = tuple(schema.Entry.model_validate(domain.shown(entry, view)) for entry in found)
    last = found[-1] if len(found) == asked.limit else None
    return schema.Entries(items=items, next_cursor=f"{last['at']}/{last['id']}" if last else None)


def _reader(caller: Principal) -> Principal:
    """Who sees more than their own entries reads as the room, the others as themselves: row-level security decides."""
    return caller if domain.view_of(caller) == "own" else service(ROOM, caller.tenant_id)


def moment(time: datetime | None) -> str | None:
    """As entries write it, so that texts compare as times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if time else None


def cursor_of(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    at, _, last = text.partition("/")
    try:
        datetime.fromisoformat(at)
        return at, str(UUID(last))
    except ValueError:
        raise ValidationError("The cursor is none of ours.", errors=(FieldError("/body/cursor", "CURSOR"),)) from None


async def disclosures(
    database: Database, keys: AuditKeys, auditor: Auditor, caller: Principal, asked: schema.Disclosed, *, now: datetime
) -> schema.Report:
    """Who had what of a patient, with the name of whoever is still known (45 CFR 164.528(b)(2))."""
    if not domain.may_disclose(caller):
        raise ForbiddenError("Your role may not account for disclosures.")
    if (asked.patient is None) == (asked.object is None):
        raise ValidationError("Name a patient or an object.", errors=(FieldError("/body/patient", "ONE_OF"),))
    before = asked.before or now
    after = asked.after or before - timedelta(days=366 * domain.YEARS_ACCOUNTED)
    patients = keys.patients(caller.tenant_id, asked.patient) if asked.patient else None
    wanted = Wanted(
        after=moment(after), before=moment(before), object=asked.object, patients=patients, limit=MOST_REPORTED + 1
    )
    async with database.transaction(_reader(caller)) as connection:
        found = await store.search(connection, wanted)
        named = await store.names(connection, sorted({one["by"]["user"] for one in found if one["by"]["user"]}))
        objects = (asked.object,) if asked.object else ()
        facts = {"entries": len(found)}
        act = Act(caller, "audit.disclosed", objects=objects, patient=asked.patient or "", facts=facts)
        await auditor.record(act, connection)
    told = [_disclosure(one, named) for one in reversed(found[:MOST_REPORTED])]
    return schema.Report(
        after=after,
        before=before,
        disclosures=tuple(told),
        accounted=sum(one.accounted for one in told),
        capped=len(found) > MOST_REPORTED,
    )


def _disclosure(entry: dict[str, Any], names: dict[str, str]) -> schema.Disclosure:
    by = entry["by"]
    return schema.Disclosure(
        at=entry["at"],
        to=names.get(by["user"]) or by["sub"],
        role=by["role"],
        profile=by["profile"],
        action=entry["action"],
        objects=tuple(entry["objects"]),
        purpose=entry["purpose"],
        outcome=entry["outcome"],
        accounted=domain.is_accounted(entry),
        entry=entry["id"],
    )


async def verify(means: Means, auditor: Auditor, caller: Principal) -> TenantResult:
    """The caller's tenant, now. The result is kept, whatever it is."""
    result = await verifying.tenant(means, caller.tenant_id)
    await kept(means.database, result)
    await auditor.record(Act(caller, "audit.verified", outcome="success" if result.ok else "failed"))
    return result


async def kept(database: Database, result: TenantResult) -> None:
    metrics.AUDIT_VERIFIED.set(int(result.ok))
    async with database.transaction(service(ROOM, result.tenant_id)) as connection:
        await store.add_verification(
            connection, result.tenant_id, ok=result.ok, entries=result.entries, result=result.told()
        )


async def state(database: Database, caller: Principal) -> schema.Verification:
    """What the last verification found, and how far the anchors are now."""
    if domain.view_of(caller) == "own":
        raise ForbiddenError("Your role may not ask for the state of the audit.")
    async with database.transaction(service(ROOM, caller.tenant_id)) as connection:
        return await _state(connection)


async def _state(connection: "AsyncConnection") -> schema.Verification:
    last = await store.last_verification(connection)
    at, result = last or (None, {})
    told = {one["chain"]: schema.ChainState.model_validate(one) for one in result.get("chains", ())}
    anchors = {one["chain"]: one for one in await store.states(connection)}
    states = []
    for chain in await store.chains(connection):
        known = told.pop(chain.chain, schema.ChainState(chain=chain.chain))
        anchored = anchors.get(chain.chain, {})
        states.append(
            known.model_copy(
                update={
                    "last": max(chain.last, chain.archived),
                    "anchored": anchored.get("anchored") or 0,
                    "anchored_at": anchored.get("anchored_at"),
                }
            )
        )
    states += told.values()  # chains that were there when it was verified and are not now
    return schema.Verification(
        ok=result.get("ok"), complete=result.get("complete"), verified_at=at, chains=tuple(states)
    )
