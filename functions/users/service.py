"""One look at a directory: read everybody, see what changed, have the accounts follow, report.

Everything is read before anything is written, so a directory that fails between two pages changes nothing. What has
been done is remembered portion by portion, so a crash in between costs only that the next run asks again for one
portion, and the accounts do nothing twice. Whoever is not named any more is asked for by name before their account is
buried: people move from page to page while others are deleted.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from events.catalog import DirectoryHeld
from functions.users import accounts, domain, store
from functions.users.domain import Directory, DirectoryError, Entry, Known, Plan
from functions.users.schema import Change, Report, Why
from functions.users.store import ROOM
from voiceassist.adapters.postgres import Database
from voiceassist.contracts.directory import MOST_PEOPLE, Applied, Described
from voiceassist.core import clock, ids
from voiceassist.core.errors import ConflictError, VoiceAssistError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, Auditor, Outcome
from voiceassist.runtime import logging, metrics, outbox

log = logging.get_logger(__name__)

AT_ONCE = 8  # questions for single people
PATIENCE = 20.0  # seconds that who asks waits for a run that is at work; the schedule comes again anyway
MOST_CHANGES = 500  # that a dry run lists
# What is remembered as done; the others are asked for again in the next run, since somebody may help meanwhile.
SETTLED = frozenset({"created", "updated", "enabled", "disabled", "deprovisioned", "unchanged", "absent"})
COUNTED = {"tombstone": "tombstones", "absent": ""}  # by its own name where it is not here; nothing is counted as ""


class Source(Protocol):
    async def everybody(self) -> list[Entry]: ...

    async def one(self, uid: str) -> Entry | None: ...

    async def groups(self) -> frozenset[str]: ...


Follow = Callable[[UUID, str, Sequence[Described]], Awaitable[tuple[Applied, ...]]]


@dataclass(frozen=True, slots=True)
class Kit:
    """What a run needs; `follow` tells the accounts."""

    database: Database
    auditor: Auditor
    source: Callable[[Directory], Source]
    follow: Follow = accounts.apply
    now: Callable[[], datetime] = clock.now


@dataclass(frozen=True, slots=True)
class Order:
    """`full`: everybody is compared, also who has not changed there; who asked stands on the audit as `by`."""

    why: Why
    full: bool = False
    dry_run: bool = False
    force: bool = False
    by: Principal | None = None


@dataclass(slots=True)
class _Run:
    kit: Kit
    directory: Directory
    order: Order
    id: UUID = field(default_factory=ids.new_id)
    counts: Counter[str] = field(default_factory=Counter)
    about: dict[str, object] = field(default_factory=dict)

    async def look(self) -> None:
        """Fill in the counts; DirectoryError and others where it could not be done."""
        source = self.kit.source(self.directory)
        entries = await source.everybody()
        if self.order.why == "request" and self.directory.groups:
            missing = sorted(set(self.directory.groups) - await source.groups())
            self.about["groups_missing"] = tuple(missing)
        known = await self.known()
        found = domain.plan(entries, known, self.directory, full=self.order.full)
        if not self._holds(entries, found) and found.absent:
            entries, found = await self._asked_for(source, entries, known, found)
            self._holds(entries, found)
        if self.about.get("code"):
            return
        people = domain.with_absent(found, found.absent, self.directory.issuer)
        if self.order.dry_run:
            changes = [Change(uid=one.sub, change=domain.change(one, known.get(one.sub))) for one, _ in people]
            self.about["changes"] = tuple(changes[:MOST_CHANGES])
        else:
            await self.follow(people)

    def _holds(self, entries: Sequence[Entry], found: Plan) -> bool:
        self.about |= {
            "listed": len(entries), "untold": found.untold, "active": found.active, "locked": found.locked,
            "code": domain.held(
                len(entries), found, self.directory.most_locked_percent, force=self.order.force
            ),
        }  # fmt: skip
        return bool(self.about["code"])

    async def _asked_for(
        self, source: Source, entries: Sequence[Entry], known: dict[str, Known], found: Plan
    ) -> tuple[list[Entry], Plan]:
        """Those who were not named are asked for one by one; who is there after all is one of the named."""
        few = asyncio.Semaphore(AT_ONCE)

        async def asked(uid: str) -> Entry | None:
            async with few:
                return await source.one(uid)

        there = [one for one in await asyncio.gather(*map(asked, found.absent)) if one is not None]
        both = [*entries, *there]
        return both, domain.plan(both, known, self.directory, full=self.order.full)

    async def follow(self, people: Sequence[tuple[Described, bytes]]) -> None:
        tenant_id = self.directory.tenant_id
        for start in range(0, len(people), MOST_PEOPLE):
            portion = people[start : start + MOST_PEOPLE]
            done = await self.kit.follow(tenant_id, self.directory.issuer, [person for person, _ in portion])
            settled = [
                (person.sub, hashed, person.state)
                for (person, hashed), applied in zip(portion, done, strict=True)
                if applied.outcome in SETTLED
            ]
            async with self.kit.database.transaction(service(ROOM, tenant_id)) as connection:
                await store.remember(connection, tenant_id, settled)
            for applied in done:
                if name := COUNTED.get(applied.outcome, applied.outcome):
                    self.counts[name] += 1
                    metrics.DIRECTORY_CHANGES.labels(applied.outcome).inc()

    async def known(self) -> dict[str, Known]:
        tenant_id = self.directory.tenant_id
        async with self.kit.database.transaction(service(ROOM, tenant_id)) as connection:
            return await store.known(connection, tenant_id)


async def run(kit: Kit, directory: Directory, order: Order) -> Report:
    """Never raises for the directory or the accounts: the report says what became of it."""
    patience = 0.0 if order.why == "schedule" else PATIENCE
    async with store.alone(kit.database, directory.tenant_id, patience=patience) as alone:
        began = kit.now()
        if not alone:
            return Report(run_id=ids.new_id(), why=order.why, started_at=began, outcome="busy")
        before = await report_of(kit.database, directory.tenant_id)
        if order.why == "schedule" and before and before[1] and before[1] > began:
            return before[0].model_copy(update={"outcome": "waiting", "why": order.why})
        work, started = _Run(kit, directory, order), time.monotonic()
        retry_at = None
        try:
            await work.look()
            outcome = "held" if work.about.get("code") else "done"
        except VoiceAssistError as error:
            outcome, work.about["code"] = "failed", error.code
            if isinstance(error, DirectoryError) and error.retry_after:
                retry_at = began + timedelta(seconds=error.retry_after)
        report = Report.model_validate(
            {
                "run_id": work.id, "why": order.why, "dry_run": order.dry_run, "started_at": began,
                "seconds": round(time.monotonic() - started, 3), "outcome": outcome, **work.about, **work.counts,
            }
        )  # fmt: skip
        await _told(kit, directory, order, report, before[0] if before else None, retry_at)
    return report


async def _told(
    kit: Kit, directory: Directory, order: Order, report: Report, before: Report | None, retry_at: datetime | None
) -> None:
    """Metric, log, and, but for a dry run, the report; that an answer is held is said once, until one is followed."""
    metrics.DIRECTORY_RUNS.labels("dry_run" if order.dry_run else report.outcome).inc()
    say = log.error if report.outcome == "held" else log.warning if report.outcome == "failed" else log.info
    say("directory.looked", tenant_id=str(directory.tenant_id), state=report.outcome, reason=report.code)
    tenant_id = directory.tenant_id
    if order.dry_run:
        return
    newly = report.outcome == "held" and (before is None or before.outcome != "held")
    async with kit.database.transaction(service(ROOM, tenant_id)) as connection:
        await store.keep(connection, tenant_id, report, retry_at)
        if newly:
            payload = DirectoryHeld(
                run_id=report.run_id,
                tenant_id=tenant_id,
                code="EMPTY_ANSWER" if report.code == "EMPTY_ANSWER" else "TOO_MANY_LOCKED",
                active=report.active,
                locked=report.locked,
            )
            about = str(tenant_id)
            await outbox.add(connection, ROOM, outbox.event_of(ROOM, payload.TYPE, payload, subject=about, key=about))
        for act in _acts(order, report, tenant_id, newly=newly):
            await kit.auditor.record(act, connection)
    if newly:
        await outbox.nudge(kit.database)


def _acts(order: Order, report: Report, tenant_id: UUID, *, newly: bool) -> list[Act]:
    """What is on record of a run besides each account's own entry: that somebody asked for it, and that it is held."""
    counts = {"locked": report.locked, "active": report.active}
    facts: dict[str, int | str | bool] = {"outcome": report.outcome, "code": report.code, **counts}
    about, found = (f"run:{report.run_id}",), []
    if order.by is not None:
        done: Outcome = "success" if report.outcome == "done" else "failed"
        asked = facts | {"forced": order.force}
        found.append(Act(order.by, "directory.synced", outcome=done, objects=about, facts=asked))
    if newly:
        who = service(ROOM, tenant_id)
        found.append(Act(who, "directory.held", outcome="refused", objects=about, facts=facts))
    return found


async def changed(kit: Kit, directory: Directory, uid: str) -> None:
    """Somebody says that this person has changed: they are asked for, and what the directory answers counts.

    Who would be locked out is left to a whole run with its guard: a hundred notices one by one are no way around it.
    Raises DirectoryError, ConflictError (a run is at work: it sees the change, or the next one does).
    """
    async with store.alone(kit.database, directory.tenant_id, patience=PATIENCE) as alone:
        if not alone:
            raise ConflictError("The directory is being followed just now.", code="SYNC_RUNNING")
        work = _Run(kit, directory, Order("notice"))
        entry, known = await kit.source(directory).one(uid), await work.known()
        before = {uid: known[uid]} if uid in known else {}
        found = domain.plan([entry] if entry and entry.uid == uid else [], before, directory)
        if not found.locked:
            await work.follow(found.people)
            return
    await run(kit, directory, Order("notice"))


async def report_of(database: Database, tenant_id: UUID) -> tuple[Report, datetime | None] | None:
    async with database.transaction(service(ROOM, tenant_id)) as connection:
        return await store.last(connection, tenant_id)
