"""The data keys of tenants: made, unwrapped, kept for a while, renewed, rewrapped, destroyed.

A process keeps the unwrapped keys of at most MOST tenants for LIFETIME seconds. A new data key is for readers
first, and for writers when every process has seen it, so that nobody meets a value whose key it does not know.
"""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from voiceassist.adapters import crypto
from voiceassist.adapters.encryption import key_store
from voiceassist.adapters.encryption.key_store import INDEX, SEAL, DataKey
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import ErasedError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.kms import KEY_BYTES, Kms, Wrapped, WrappedKeyBrokenError

LIFETIME = 300.0
MOST = 256
# Random nonces of 96 bits allow 2^32 messages a key (NIST SP 800-38D, 8.3); ours is renewed long before 2^31.
MOST_MESSAGES = 2**31
RENEW_AT = 2**30
BLOCK = 4096  # messages that a process counts beforehand, in one statement


class Keyring:
    """`of` a tenant before its transaction begins: the table of keys is read in a transaction of its own."""

    def __init__(
        self,
        database: Database,
        kms: Callable[[], Kms],
        *,
        derived_from: str = "",
        lifetime: float = LIFETIME,
        most: int = MOST,
        renew_at: int = RENEW_AT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`derived_from`: the KEK from which releases before data keys derived; empty where nothing is left of them."""
        self._database = database
        self._kms = kms
        self._derived_from = derived_from
        self._lifetime = lifetime
        self._most = most
        self._renew_at = renew_at
        self._clock = clock
        self._kept: OrderedDict[UUID, tuple[float, TenantKeys]] = OrderedDict()
        self._locks: dict[UUID, asyncio.Lock] = {}

    async def of(self, tenant_id: UUID) -> TenantKeys:
        """The tenant's keys; the first call ever makes them.

        Raises ErasedError where they were destroyed, KmsUnavailableError, UnavailableError.
        """
        found = self._fresh(tenant_id)
        if found is not None:
            return found
        lock = self._locks.setdefault(tenant_id, asyncio.Lock())
        try:
            async with lock:
                return self._fresh(tenant_id) or await self._loaded(tenant_id)
        finally:
            if not lock.locked():
                self._locks.pop(tenant_id, None)

    async def rotate(self, tenant_id: UUID, *, at_once: bool = False) -> int:
        """A new data key for what is written from now on; returns its number.

        `at_once`: without the time in which other processes get to know it, for an installation that stands still.
        """
        await self.of(tenant_id)
        stored = await self._stored(tenant_id)
        version = max(key.version for key in stored if key.purpose == SEAL) + 1
        after = timedelta() if at_once else timedelta(seconds=2 * self._lifetime)
        await self._add(tenant_id, SEAL, version, after)
        self.forget(tenant_id)
        return version

    async def rewrap(self, tenant_id: UUID) -> int:
        """Wrap the tenant's data keys again that an older key-encryption key has wrapped; returns how many were."""
        kms = await asyncio.to_thread(self._kms)
        current = await asyncio.to_thread(kms.current)
        count = 0
        for key in await self._stored(tenant_id):
            if key.wrapped is None or key.wrapped.kek == current:
                continue
            plain = await asyncio.to_thread(kms.unwrap, key.wrapped, key.context)
            wrapped = await asyncio.to_thread(kms.wrap, plain, key.context)
            async with self._database.transaction(_acting(tenant_id)) as connection:
                count += await key_store.rewrap(connection, key, wrapped)
        return count

    async def keys(self, tenant_id: UUID) -> list[DataKey]:
        return await self._stored(tenant_id)

    def forget(self, tenant_id: UUID) -> None:
        """Of this process; others forget within their lifetime."""
        self._kept.pop(tenant_id, None)

    def _fresh(self, tenant_id: UUID) -> TenantKeys | None:
        until, keys = self._kept.get(tenant_id, (0.0, None))
        if keys is None or self._clock() >= until or keys.allowance < BLOCK // 2:
            return None
        self._kept.move_to_end(tenant_id)
        return keys

    async def _loaded(self, tenant_id: UUID) -> TenantKeys:
        before = self._kept.pop(tenant_id, (0.0, None))[1]
        stored = await self._stored(tenant_id) or await self._made(tenant_id)
        try:
            live, plain = await self._opened(stored)
        except WrappedKeyBrokenError:
            # Rewrapped between our reading and our opening, and the old key-encryption key is gone already.
            again = await self._stored(tenant_id)
            if again == stored:
                raise
            live, plain = await self._opened(again)
        current = max(key.version for key in live if key.purpose == SEAL and key.usable)
        left = before.allowance if before is not None and before.current == current else 0
        if left < BLOCK:
            left += await self._reserved(tenant_id, current, stored)
        keys = TenantKeys(
            tenant_id,
            {key.version: plain[key.purpose, key.version] for key in live if key.purpose == SEAL},
            current,
            next(plain[key.purpose, key.version] for key in live if key.purpose == INDEX),
            allowance=left,
            derived=self._derived(tenant_id) if self._derived_from else None,
        )
        self._kept[tenant_id] = self._clock() + self._lifetime, keys
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return keys

    async def _opened(self, stored: list[DataKey]) -> tuple[list[DataKey], dict[tuple[str, int], bytes]]:
        """The live ones, and their plaintext by purpose and version."""
        live = [key for key in stored if key.wrapped is not None]
        if not live:
            raise ErasedError("The keys of this organisation were destroyed.")
        return live, await asyncio.to_thread(self._unwrapped, live)

    def _unwrapped(self, live: list[DataKey]) -> dict[tuple[str, int], bytes]:
        kms = self._kms()
        return {(key.purpose, key.version): kms.unwrap(key.wrapped, key.context) for key in live if key.wrapped}

    def _derived(self, tenant_id: UUID) -> Callable[[str], bytes]:
        return lambda purpose: crypto.tenant_key(self._derived_from, tenant_id, purpose)

    async def _reserved(self, tenant_id: UUID, version: int, stored: list[DataKey]) -> int:
        """Count a block of messages; the key that is half used up gets a successor in time."""
        async with self._database.transaction(_acting(tenant_id)) as connection:
            used = await key_store.reserve(connection, tenant_id, version, BLOCK)
        if used is None:
            raise ErasedError("The keys of this organisation were destroyed.")
        newest = max(key.version for key in stored if key.purpose == SEAL)
        if used > self._renew_at and newest == version:
            await self._add(tenant_id, SEAL, version + 1, timedelta(seconds=2 * self._lifetime))
        return BLOCK if used <= MOST_MESSAGES else 0

    async def _made(self, tenant_id: UUID) -> list[DataKey]:
        made = {purpose: await self._wrapped(tenant_id, purpose, 1) for purpose in (SEAL, INDEX)}
        async with self._database.transaction(_acting(tenant_id)) as connection:  # nobody sees one without the other
            for purpose, wrapped in made.items():
                await key_store.add(connection, tenant_id, purpose, 1, wrapped, after=timedelta())
        return await self._stored(tenant_id)  # perhaps another process was first: its keys are the tenant's

    async def _add(self, tenant_id: UUID, purpose: str, version: int, after: timedelta) -> None:
        wrapped = await self._wrapped(tenant_id, purpose, version)
        async with self._database.transaction(_acting(tenant_id)) as connection:
            await key_store.add(connection, tenant_id, purpose, version, wrapped, after=after)

    async def _wrapped(self, tenant_id: UUID, purpose: str, version: int) -> Wrapped:
        context = key_store.context(tenant_id, purpose, version)
        return await asyncio.to_thread(lambda: self._kms().wrap(os.urandom(KEY_BYTES), context))

    async def _stored(self, tenant_id: UUID) -> list[DataKey]:
        async with self._database.transaction(_acting(tenant_id)) as connection:
            return await key_store.keys(connection, tenant_id)


def _acting(tenant_id: UUID) -> Principal:
    return service("encryption", tenant_id)
