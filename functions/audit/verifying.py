"""Verification: every entry of a tenant against the one before, against its anchor, from the first one there ever was.

The anchors are asked first, so that an entry an anchor knows must be in the database that is read afterwards. What the
database has of checkpoints counts as far as the locked store has the same: the newest one that both have names all that
were before it by hashes. Where they differ the locked store is right, and tells at which entry.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.audit import archiving, store
from functions.audit.domain import anchor_folder, anchor_key, anchor_prefix
from functions.audit.store import ROOM, Archive
from voiceassist.adapters.locked_objects import LockedObjects, Name
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.signatures import Verifier
from voiceassist.core.checkpoints import Links, MalformedError, Signed, Tags
from voiceassist.core.errors import NotFoundError, UnavailableError
from voiceassist.core.hash_chain import Fault, Record, Walk
from voiceassist.core.identity import service
from voiceassist.runtime.audit_keys import AuditKeys

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

END = 2**62


@dataclass(frozen=True, slots=True)
class Means:
    """`anchors` is the locked store; None where it is not to be asked."""

    database: Database
    keys: AuditKeys
    verifier: Verifier
    anchors: LockedObjects | None


@dataclass(slots=True)
class ChainResult:
    """`anchored` is the last entry that an anchor vouches for."""

    chain: int
    entries: int = 0
    last: int = 0
    checkpoints: int = 0
    anchored: int = 0
    fault: Fault | None = None
    entry_id: str | None = None

    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "chain": self.chain,
            "entries": self.entries,
            "last": self.last,
            "checkpoints": self.checkpoints,
            "anchored": self.anchored,
        }
        if self.fault:
            told["fault"] = {"kind": self.fault.kind, "number": self.fault.number, "id": self.entry_id}
        return told


@dataclass(slots=True)
class TenantResult:
    """`complete` is False when the anchors could not be asked: then a cut tail would not have been seen."""

    tenant_id: UUID
    complete: bool = True
    chains: list[ChainResult] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not any(one.fault for one in self.chains)

    @property
    def entries(self) -> int:
        return sum(one.entries for one in self.chains)

    def told(self) -> dict[str, Any]:
        return {
            "tenant": str(self.tenant_id),
            "ok": self.ok,
            "complete": self.complete,
            "entries": self.entries,
            "chains": [one.told() for one in self.chains],
        }


async def tenants(database: Database) -> list[UUID]:
    async with database.transaction(service(ROOM)) as connection:
        return await store.tenants(connection)


async def tenant(means: Means, tenant_id: UUID) -> TenantResult:
    """Everything of one tenant; reads only."""
    result = TenantResult(tenant_id)
    try:
        newest = await _newest(means, tenant_id)
    except UnavailableError:
        newest, result.complete = None, False
    async with means.database.transaction(service(ROOM, tenant_id)) as connection:
        await store.hold(connection, alone=False)
        known = {one.chain for one in await store.chains(connection)} | set(newest or ())
        for chain in sorted(known):
            state = ChainResult(chain)
            result.chains.append(state)
            view = _View(means, connection, tenant_id, chain, state, newest)
            state.fault = await view.verify()
            if state.fault:
                state.entry_id = await store.entry_id(connection, chain, state.fault.number)
    return result


async def _newest(means: Means, tenant_id: UUID) -> dict[int, int] | None:
    """The number of the newest anchor of each chain, before the database is looked at; None without a locked store."""
    if means.anchors is None:
        raise UnavailableError("The anchors are not to be asked.", code="STORAGE_UNAVAILABLE")
    async with means.database.transaction(service(ROOM, tenant_id)) as connection:
        anchored = await store.last_anchored(connection)
    return await asyncio.to_thread(_listed_newest, means.anchors, str(tenant_id), anchored)


def _listed_newest(anchors: LockedObjects, tenant: str, anchored: dict[int, int]) -> dict[int, int]:
    """Chains that have anchors at all, also such as the database has forgotten."""
    found: dict[int, int] = {}
    for chain in sorted(int(name) for name in anchors.folders(anchor_folder(tenant)) if name.isdigit()):
        begin = anchored.get(chain, 0) - 1
        after = anchor_key(tenant, chain, begin) if begin > 0 else ""
        for name in anchors.names(anchor_prefix(tenant, chain), after=after):
            found[chain] = _number(name)
    return found


def _number(name: Name) -> int:
    last = name.key.rpartition("/")[2]
    return int(last) if last.isdigit() else 0


class _View:
    """One chain under verification."""

    def __init__(
        self,
        means: Means,
        connection: "AsyncConnection",
        tenant_id: UUID,
        chain: int,
        state: ChainResult,
        newest: dict[int, int] | None,
    ) -> None:
        self._means, self._connection, self._tenant, self._chain = means, connection, tenant_id, chain
        self._state = state
        self._newest = (newest or {}).get(chain, 0) if newest is not None else None
        self._links = Links(tenant=str(tenant_id), chain=chain, verify=means.verifier.verify)
        self._walk = Walk(lambda name: means.keys.find(tenant_id, name))
        self._archives: list[Archive] = []
        self._vouched = True  # while what comes is anchored
        self._lost: Fault | None = None

    async def verify(self) -> Fault | None:
        self._archives = await store.archives(self._connection, self._chain)
        fault = await self._along_checkpoints() or await self._through(self._walk.head.number + 1, END) or self._lost
        self._state.entries = self._walk.seen
        self._state.last = self._walk.head.number
        return fault

    async def _along_checkpoints(self) -> Fault | None:
        try:
            async for page in self._pages():
                if fault := await self._page(page):
                    return fault
        except MalformedError:
            return self._unvouched()
        return None

    def _unvouched(self) -> Fault:
        last = self._links.last
        return Fault("anchor_forged", last.last + 1 if last else 1)

    async def _page(self, page: Sequence[Signed]) -> Fault | None:
        forged: Fault | None = None
        fit = []
        for signed in page:
            forged = self._links.fault(signed)
            if forged:
                break
            fit.append(signed.checkpoint)
        if fit:
            self._state.checkpoints += len(fit)
            self._walk.tags = Tags(fit)
            fault = await self._through(fit[0].first, fit[-1].last)
            if fault or self._walk.head.number < fit[-1].last:
                return fault or await self._absent()
            if self._vouched:
                self._state.anchored = fit[-1].last
        return forged

    async def _through(self, first: int, last: int) -> Fault | None:
        try:
            async for batch in self._records(first, last):
                if fault := self._walk.through(batch):
                    return fault
        except archiving.ArchiveError:
            return Fault("archive_missing", self._walk.head.number + 1)
        return None

    async def _absent(self) -> Fault:
        """The entries of a page ended early: taken out, where there are later ones, else cut off."""
        number = self._walk.head.number + 1
        later = await store.last_number(self._connection, self._chain) >= number
        return Fault("missing" if later else "cut_off", number)

    async def _records(self, first: int, last: int) -> AsyncIterator[Sequence[Record]]:
        """Out of the archives what left the database, then out of the database."""
        for archive in self._archives:
            if archive.last < first or archive.first > last:
                continue
            found = await asyncio.to_thread(
                archiving.opened, self._means.anchors, self._means.keys, self._tenant, archive
            )
            yield [record for record in found if first <= record.number <= last]
        left = self._archives[-1].last if self._archives else 0
        if last > left:
            async for batch in store.records(self._connection, self._chain, max(first, left + 1), last):
                yield batch

    # Checkpoints

    async def _pages(self) -> AsyncIterator[list[Signed]]:
        newest = self._newest
        if newest is None:  # nobody asked the store: the database's own have to do
            self._vouched = False
            async for page in self._kept(END):
                yield page
            return
        shared = await self._shared(newest)
        if shared is None:
            async for page in self._anchored(0, newest):
                yield page
            shared = newest
        else:
            async for page in self._kept(shared):
                yield page
            async for page in self._anchored(shared, newest):
                yield page
        self._vouched = False
        if await self._was_anchored(newest):
            self._lost = Fault("anchor_missing", self._unvouched().number)
        async for page in self._kept(END, after=newest):  # signed and not yet anchored
            yield page

    async def _shared(self, newest: int) -> int | None:
        """The newest checkpoint that the database holds as anchored, if the store has the same; None if it has not."""
        last = await store.last_checkpoint(self._connection, self._chain, anchored=True)
        if last is None:
            return 0 if newest == 0 else None
        number = last.checkpoint.number
        if number > newest:
            return None  # the store has lost some: `_was_anchored` tells
        return number if await self._fetched(number) == last.document else None

    async def _was_anchored(self, newest: int) -> bool:
        """Whether the database holds a checkpoint as anchored that is not in the store."""
        last = await store.last_checkpoint(self._connection, self._chain, anchored=True)
        return last is not None and last.checkpoint.number > newest

    async def _kept(self, to: int, *, after: int = 0) -> AsyncIterator[list[Signed]]:
        while documents := await store.checkpoint_documents(self._connection, self._chain, after):
            page = [Signed.read(document) for document in documents]
            fit = [signed for signed in page if signed.checkpoint.number <= to]
            if fit:
                yield fit
            if len(fit) < len(page) or len(documents) < store.CHECKPOINT_PAGE:
                return
            after = page[-1].checkpoint.number

    async def _anchored(self, after: int, to: int) -> AsyncIterator[list[Signed]]:
        for begin in range(after + 1, to + 1, store.CHECKPOINT_PAGE):
            numbers = range(begin, min(begin + store.CHECKPOINT_PAGE, to + 1))
            found = [document for number in numbers if (document := await self._fetched(number)) is not None]
            yield [Signed.read(document) for document in found]

    async def _fetched(self, number: int) -> bytes | None:
        assert self._means.anchors is not None  # noqa: S101 - asked for the newest before
        key = anchor_key(str(self._tenant), self._chain, number)
        try:
            return await asyncio.to_thread(self._means.anchors.get, key)
        except NotFoundError:
            return None
