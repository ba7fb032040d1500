"""Keeping what is sealed at rest under the newest keys, and destroying keys for good, while everything runs."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters import crypto
from voiceassist.adapters.encryption import columns, key_store
from voiceassist.adapters.encryption.columns import Column
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.encryption.keys import TenantKeys, version_of
from voiceassist.adapters.objects import ObjectStore
from voiceassist.adapters.postgres import Database
from voiceassist.core import clock, ids
from voiceassist.core.errors import ErasedError, NotFoundError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, Auditor

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

HEAD_BYTES = 5  # version byte and number of the data key


@dataclass(frozen=True, slots=True)
class Objects:
    """Sealed objects below `<prefix>/<tenant>/`, the last part of whose key is the id they are bound to.

    `wanted` says whether an object is still somebody's: one deleted while it was sealed again is deleted again.
    """

    prefix: str
    wanted: Callable[[UUID, UUID], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Sealed:
    """Everything that is sealed under data keys and lasts: what caches hold is sealed anew within the hour."""

    database: Database
    store: ObjectStore
    keyring: Keyring
    columns: Sequence[Column]
    objects: Sequence[Objects]
    # Seal what older releases wrote in clear, for the tenant whose service asks; returns how many rows.
    clear: Sequence[Callable[[Database, Keyring, Principal], Awaitable[int]]] = ()
    # Drop what tells of sealed texts and is not sealed itself, with the keys.
    shredded: Sequence[Callable[["AsyncConnection"], Awaitable[None]]] = ()

    async def tenants(self) -> list[UUID]:
        async with self.database.transaction(service("encryption")) as connection:
            return await key_store.tenants(connection)

    async def reseal(self, tenant_id: UUID) -> int:
        """Seal under the current key what is not; returns how many values.

        Safe at any time and several times at once. What does not open stays as it is, and `counts` shows it.
        """
        count = 0
        for seal in self.clear:
            count += await seal(self.database, self.keyring, service("encryption", tenant_id))
        for column in self.columns:
            count += await self._column(tenant_id, column)
        for kind in self.objects:
            count += await self._objects(tenant_id, kind)
        return count

    async def _column(self, tenant_id: UUID, column: Column) -> int:
        count, after, more = 0, None, True
        while more:
            keys = await self.keyring.of(tenant_id)
            async with self.database.transaction(service("encryption", tenant_id)) as connection:
                done, after = await columns.reseal(connection, column, keys, after=after)
            count, more = count + done, after is not None
        return count

    async def _objects(self, tenant_id: UUID, kind: Objects) -> int:
        count = 0
        for name in await asyncio.to_thread(self.store.names, f"{kind.prefix}/{tenant_id}/"):
            keys = await self.keyring.of(tenant_id)
            try:
                object_id = UUID(name.rsplit("/", 1)[-1])
            except ValueError:
                continue  # nothing of ours has such a name; what somebody put there must not hold up the rest
            try:
                if not await asyncio.to_thread(self._resealed, kind, keys, name, object_id):
                    continue
            except (NotFoundError, crypto.SealBrokenError):
                continue
            count += 1
            if not await kind.wanted(tenant_id, object_id):
                await asyncio.to_thread(self.store.delete, name)
        return count

    def _resealed(self, kind: Objects, keys: TenantKeys, name: str, object_id: UUID) -> bool:
        """The object takes the old one's place when it is whole; whoever reads meanwhile reads the old one."""
        if version_of(self.store.start(name, HEAD_BYTES)) == keys.current:
            return False
        place, box = f"{kind.prefix}|{object_id}", keys.box(kind.prefix)
        plain = crypto.unseal_frames(self.store.stream(name, crypto.FRAME_BYTES), box=box, place=place)
        self.store.put_parts(name, crypto.seal_frames(plain, box=box, place=place))
        return True

    async def counts(self, tenant_id: UUID) -> dict[str, dict[int, int]]:
        """How many values there are by the number of their data key; 0: sealed by an older release."""
        found: dict[str, dict[int, int]] = {}
        async with self.database.transaction(service("encryption", tenant_id)) as connection:
            for column in self.columns:
                found[f"{column.table}.{column.name}"] = await columns.versions(connection, column)
        for kind in self.objects:
            names = await asyncio.to_thread(self.store.names, f"{kind.prefix}/{tenant_id}/")
            heads = [await asyncio.to_thread(self.store.start, name, HEAD_BYTES) for name in names]
            found[f"objects {kind.prefix}"] = dict(Counter(map(version_of, heads)))
        return {place: dict(sorted(versions.items())) for place, versions in found.items() if versions}

    async def erase(self, tenant_id: UUID, *, by: Principal, reason: str, auditor: Auditor) -> dict[str, Any]:
        """Destroy a tenant's keys: nothing that was sealed for it can be read again, wherever a copy of it lies.

        What older releases sealed is sealed anew first, as its keys follow from the KEK and cannot be destroyed.
        Returns the certificate. Raises ErasedError when it was done before.
        """
        await self.reseal(tenant_id)
        async with self.database.transaction(service("encryption", tenant_id)) as connection:
            live = [key for key in await key_store.keys(connection, tenant_id) if key.wrapped is not None]
            if not await key_store.destroy(connection, tenant_id):
                raise ErasedError("The keys of this organisation were destroyed before.")
            for shred in self.shredded:
                await shred(connection)
            certificate = _certificate(tenant_id, live, by, reason)
            await key_store.certify(connection, UUID(certificate["id"]), tenant_id, json.dumps(certificate))
            objects = (f"tenant:{tenant_id}", f"certificate:{certificate['id']}")
            acting = Principal(by.subject, tenant_id, by.role, user_id=by.user_id)
            await auditor.record(Act(acting, "tenant.erased", objects=objects, facts={"keys": len(live)}), connection)
        self.keyring.forget(tenant_id)
        return certificate


def _certificate(tenant_id: UUID, keys: Sequence[key_store.DataKey], by: Principal, reason: str) -> dict[str, Any]:
    """What was destroyed, by whom and why; `sha256` is of the rest as canonical JSON, and also in the audit."""
    told = {
        "id": str(ids.new_id()),
        "tenant": str(tenant_id),
        "destroyed_at": clock.timestamp(clock.now()),
        "by": by.subject,
        "reason": reason,
        "method": "cryptographic erasure: data keys of AES-256-GCM destroyed (NIST SP 800-88r1, 2.5)",
        "keys": [
            {
                "purpose": key.purpose,
                "version": key.version,
                "kek": key.wrapped.kek,
                "wrapped_sha256": hashlib.sha256(key.wrapped.data).hexdigest(),
                "messages_at_most": key.messages,
            }
            for key in keys
            if key.wrapped is not None
        ],
    }
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return told | {"sha256": hashlib.sha256(canonical).hexdigest()}
