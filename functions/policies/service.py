"""Proposing, trying out, agreeing to and taking back policies of the installation.

They hold for every tenant, so only administrators of the organisation that runs the installation touch them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.policies import checking, domain, schema, store
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.rego import rust
from voiceassist.core.errors import (
    ConflictError,
    FieldError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
    ValidationError,
)
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.ports.auditing import Act, Auditor, named
from voiceassist.ports.policy import Bundle, PolicyError
from voiceassist.runtime.access import bundles

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Keeping:
    """`path` is the file of the policy in force; `asked` gives what was asked lately, by shape."""

    database: Database
    auditor: Auditor
    asked: Callable[[UUID], Awaitable[list[domain.Request]]]
    path: Path | None
    signing_key: str


def responsible(caller: Principal) -> UUID:
    """The administrator, who must belong to the organisation that runs the installation."""
    if caller.user_id is None or caller.tenant_id != DEFAULT_TENANT:
        raise ForbiddenError("Policies hold for the whole installation; only its own administrators change them.")
    return caller.user_id


async def dry_run(keeping: Keeping, caller: Principal, bundle: Bundle) -> schema.DryRun:
    """What would be decided otherwise: of all that roles and actions there are, and of what was asked lately."""
    told = await asyncio.to_thread(checking.verdict, bundle)
    recorded = await keeping.asked(caller.tenant_id)
    if any(fault.code == "NOT_COMPILED" for fault in told.faults):
        return schema.DryRun(verdict=told, needs_second=True, recorded=len(recorded), changed=())
    async with keeping.database.transaction(caller) as connection:
        now = await in_force(connection)
    found, asked = await asyncio.to_thread(_compared, now, bundle, recorded)
    changed = [*(_told(one, recorded=True) for one in asked), *(_told(one, recorded=False) for one in found)]
    unique = tuple(dict.fromkeys(changed))[:MOST_TOLD]
    return schema.DryRun(
        verdict=told,
        needs_second=domain.needs_second(now, bundle, [*found, *asked]),
        recorded=len(recorded),
        changed=unique,
    )


def _compared(
    now: Bundle, wanted: Bundle, recorded: list[domain.Request]
) -> tuple[list[domain.Change], list[domain.Change]]:
    before, after = rust.RegorusEngine(now).decide_now, rust.RegorusEngine(wanted).decide_now
    return [*_sampled(now, wanted)], domain.changes(recorded, before, after)


@lru_cache(maxsize=8)
def _sampled(now: Bundle, wanted: Bundle) -> tuple[domain.Change, ...]:
    """Seconds of work, and wanted by a dry run, the proposal and the publication after one another."""
    before, after = rust.RegorusEngine(now).decide_now, rust.RegorusEngine(wanted).decide_now
    return tuple(domain.changes_of_samples(now, wanted, before, after))


def _told(change: domain.Change, *, recorded: bool) -> schema.Changed:
    subject = change.request["subject"]
    return schema.Changed(
        action=change.request["action"],
        role=subject["role"],
        profile=subject["profile"],
        key=subject["key"],
        purpose=change.request["purpose"],
        allowed_before=change.before.allow,
        allowed_after=change.after.allow,
        reasons=change.after.reasons,
        recorded=recorded,
    )


async def in_force(connection: "AsyncConnection") -> Bundle:
    found = await store.current(connection)
    return bundle_of(found["files"]) if found else bundles.packaged()


def bundle_of(files: dict[str, str]) -> Bundle:
    return checking.bundle_of(schema.Draft(files=files))


async def propose(keeping: Keeping, caller: Principal, bundle: Bundle) -> dict[str, Any]:
    author = responsible(caller)
    found = await dry_run(keeping, caller, bundle)
    if found.verdict.faults:
        errors = tuple(FieldError(f"/body/files/{one.file}", one.code) for one in found.verdict.faults[:20])
        raise ValidationError("The policy is not fit to be published.", code="POLICY_UNFIT", errors=errors)
    async with keeping.database.transaction(caller) as connection:
        await store.alone(connection)
        made = await store.propose(connection, caller.tenant_id, author, bundle, needs_second=found.needs_second)
        await _record(keeping, caller, "policy.proposed", made, connection)
    return made


async def publish(keeping: Keeping, caller: Principal, policy_id: UUID) -> dict[str, Any]:
    """Put a proposal into force, everywhere within seconds; one that weakens needs somebody else than its author.

    Whether it weakens is looked at again: another one may have come into force since it was proposed.
    """
    approver = responsible(caller)
    async with keeping.database.transaction(caller) as connection:
        await store.alone(connection)
        found = await _proposed(connection, policy_id)
        bundle = bundle_of(found["files"])
        changed, asked = await asyncio.to_thread(
            _compared, await in_force(connection), bundle, await keeping.asked(caller.tenant_id)
        )
        second = found["needs_second"] or domain.needs_second(await in_force(connection), bundle, [*changed, *asked])
        if second and found["author_id"] == approver:
            raise ForbiddenError("Somebody else must agree to this change.", code="SECOND_APPROVER_NEEDED")
        made = await store.publish(connection, policy_id, approver)
        await _record(keeping, caller, "policy.published", made, connection)
        await _into_force(keeping, made["number"], bundle)
    return made


async def _into_force(keeping: Keeping, number: int, bundle: Bundle) -> None:
    """Last in the transaction: what cannot be written for all to see is not published."""
    if keeping.path is None:
        raise UnavailableError("There is no place where policies are published.", code="POLICIES_UNPUBLISHABLE")
    try:
        await asyncio.to_thread(bundles.publish, keeping.path, number, bundle, signing_key=keeping.signing_key)
    except (PolicyError, OSError):
        raise UnavailableError("The policy could not be signed and published.", code="POLICIES_UNPUBLISHABLE") from None


async def reject(keeping: Keeping, caller: Principal, policy_id: UUID) -> dict[str, Any]:
    approver = responsible(caller)
    async with keeping.database.transaction(caller) as connection:
        await _proposed(connection, policy_id)
        made = await store.reject(connection, policy_id, approver)
        if made is None:
            raise NotFoundError
        await _record(keeping, caller, "policy.rejected", made, connection)
    return made


async def roll_back(keeping: Keeping, caller: Principal, policy_id: UUID) -> dict[str, Any]:
    """Propose an earlier version again, and publish it at once where nobody else needs to agree."""
    async with keeping.database.transaction(caller) as connection:
        found = await store.one(connection, policy_id)
    if found is None or found["state"] not in {"replaced", "published"}:
        raise NotFoundError("There is no such version.")
    made = await propose(keeping, caller, bundle_of(found["files"]))
    return made if made["needs_second"] else await publish(keeping, caller, made["id"])


async def _proposed(connection: "AsyncConnection", policy_id: UUID) -> dict[str, Any]:
    found = await store.one(connection, policy_id)
    if found is None:
        raise NotFoundError("There is no such policy.")
    if found["state"] != "proposed":
        raise ConflictError("This policy is not waiting to be decided on.")
    return found


async def _record(
    keeping: Keeping, caller: Principal, action: str, row: dict[str, Any], connection: "AsyncConnection"
) -> None:
    facts = {"number": row["number"], "needs_second": row["needs_second"]}
    act = Act(caller, action, objects=(*named("policy", [row["id"]]), f"revision:{row['revision']}"), facts=facts)
    await keeping.auditor.record(act, connection)
