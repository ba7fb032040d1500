"""Data keys on real PostgreSQL: made once, kept for a while, counted, renewed in time, seen by their tenant alone."""

import asyncio

import pytest
from sqlalchemy import text

from voiceassist.adapters.encryption import keyring as module
from voiceassist.adapters.encryption.keys import version_of
from voiceassist.core.errors import ErasedError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.kms import KmsUnavailableError

pytestmark = pytest.mark.req("P11.2")


async def columns(database, tenant, what="wrapped"):
    async with database.transaction(service("test", tenant)) as connection:
        rows = await connection.execute(text(f"select {what} from data_keys order by purpose, version"))  # noqa: S608
        return list(rows.scalars())


async def test_processes_that_begin_at_once_have_the_same_keys(process, tenant):
    several = await asyncio.gather(*(process().of(tenant) for _ in range(6)))
    sealed = several[0].seal(b"text", place="t|c|1")
    assert all(keys.unseal(sealed, place="t|c|1") == b"text" for keys in several)
    assert len({keys.index("c", "value") for keys in several}) == 1


async def test_tenants_have_keys_of_their_own(process, tenants):
    ring = process()
    one, other = await ring.of(await tenants()), await ring.of(await tenants())
    assert one.index("c", "value") != other.index("c", "value")
    with pytest.raises(module.crypto.SealBrokenError):
        other.unseal(one.seal(b"text", place="p"), place="p")


async def test_keys_are_kept_for_their_lifetime_and_of_so_many_tenants(process, tenants, kms, now):
    ring = process(most=2, lifetime=10)
    three = [await tenants() for _ in range(3)]
    for tenant in three:
        await ring.of(tenant)
    asked = kms.unwrapped
    await ring.of(three[2])
    await ring.of(three[1])
    assert kms.unwrapped == asked
    await ring.of(three[0])
    assert kms.unwrapped == asked + 2, "the tenant not asked for longest was given up"
    now.seconds = 10
    await ring.of(three[0])
    assert kms.unwrapped == asked + 4


async def test_without_the_keeper_what_is_kept_still_opens_and_then_nothing_does(process, tenant, kms, now):
    ring = process(lifetime=10)
    await ring.of(tenant)
    kms.away = True
    await ring.of(tenant)
    now.seconds = 10
    with pytest.raises(KmsUnavailableError) as told:
        await ring.of(tenant)
    assert (told.value.status, told.value.code) == (503, "KMS_UNAVAILABLE")
    kms.away = False
    await ring.of(tenant)


async def test_messages_are_counted_before_they_are_sealed(process, tenant, database):
    ring = process()
    for _ in range(3):
        keys = await ring.of(tenant)
        for _ in range(module.BLOCK - 100):
            keys.seal(b"", place="")
    used = max(await columns(database, tenant, "messages"))
    assert used >= 3 * (module.BLOCK - 100)


async def test_a_key_is_followed_by_another_long_before_its_limit(process, tenant):
    ring, limit = process(renew_at=3 * module.BLOCK, lifetime=0), 20
    first = (await ring.of(tenant)).current
    for _ in range(limit):
        keys = await ring.of(tenant)
        if keys.current != first:
            break
        for _ in range(module.BLOCK - 1):
            keys.seal(b"", place="")
    assert keys.current == first + 1
    assert version_of(keys.seal(b"", place="")) == 2


async def test_a_new_key_is_for_readers_first_and_for_writers_when_all_know_it(process, tenant, now):
    """The database's clock says when; the other process looks again after its lifetime."""
    writer, reader = process(lifetime=0.2), process(lifetime=0.2)
    await writer.of(tenant)
    before = await reader.of(tenant)
    assert await writer.rotate(tenant) == 2
    assert (await writer.of(tenant)).current == 1
    await asyncio.sleep(0.45)
    now.seconds += 1
    sealed = (await writer.of(tenant)).seal(b"text", place="p")
    assert version_of(sealed) == 2
    with pytest.raises(module.crypto.SealBrokenError):
        before.unseal(sealed, place="p")
    assert (await reader.of(tenant)).unseal(sealed, place="p") == b"text"


async def test_rewrapping_changes_every_wrapped_key_and_no_value(process, tenant, kms, database):
    ring = process()
    sealed = (await ring.of(tenant)).seal(b"text", place="p")
    before, old = await columns(database, tenant), kms.current()
    kms.rotate()
    assert await ring.rewrap(tenant) == 2
    assert await ring.rewrap(tenant) == 0
    assert not set(before) & set(await columns(database, tenant))
    kms.forget(old)
    assert (await process().of(tenant)).unseal(sealed, place="p") == b"text"


async def test_wrapped_keys_are_seen_by_a_service_of_their_tenant_alone(process, tenants, database):
    one, other = await tenants(), await tenants()
    await process().of(one)
    assert len(await columns(database, one)) == 2
    assert await columns(database, other) == []
    async with database.transaction(Principal("admin", one, "admin")) as connection:
        assert (await connection.execute(text("select count(*) from data_keys"))).scalar_one() == 0


async def test_a_wrapped_key_put_in_place_of_another_opens_nothing(process, tenants, database):
    """Whoever writes the table cannot give a tenant the keys of another."""
    one, other = await tenants(), await tenants()
    await process().of(one)
    await process().of(other)
    (stolen, _) = await columns(database, other)
    async with database.transaction(service("test", one)) as connection:
        await connection.execute(text("update data_keys set wrapped = :key where purpose = 'seal'"), {"key": stolen})
    with pytest.raises(module.crypto.VoiceAssistError) as told:
        await process().of(one)
    assert told.value.code == "KEY_NOT_OPENED"


async def test_destroyed_keys_are_told_so_and_not_made_again(process, tenant, database):
    ring = process()
    await ring.of(tenant)
    async with database.transaction(service("test", tenant)) as connection:
        await module.key_store.destroy(connection, tenant)
    for again in (ring, process()):
        again.forget(tenant)
        with pytest.raises(ErasedError) as told:
            await again.of(tenant)
        assert told.value.status == 410
