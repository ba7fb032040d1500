"""What is a year old leaves the table for a locked archive, and is verified there as before."""

import datetime as dt

import pytest
from sqlalchemy import text

from functions.audit import archiving, main, store
from functions.audit.domain import archive_key
from voiceassist.adapters.objects import ObjectStore
from voiceassist.core.errors import UnavailableError
from voiceassist.core.hash_chain import Fault
from voiceassist.core.identity import service
from voiceassist.runtime import auditing, providers

pytestmark = pytest.mark.req("P11.4", "N71")


@pytest.fixture
def long_ago(monkeypatch):
    """The writer's clock, 400 days back until `undo`."""
    monkeypatch.setattr(auditing.clock, "now", lambda: dt.datetime.now(dt.UTC) - dt.timedelta(days=400))
    return monkeypatch


@pytest.fixture
def left(database, ward):
    async def count():
        async with database.transaction(service("test", ward.tenant)) as connection:
            return (await connection.execute(text("select count(*) from audit_entries"))).scalar()

    return count


async def test_old_entries_move_and_the_whole_still_verifies(ward, write, anchor, verified, left, long_ago):
    await write(6)
    long_ago.undo()
    await write(3)
    assert await archiving.tenant(main.anchored(), ward.tenant) == 0, "nothing is anchored yet"
    await anchor()
    assert await archiving.tenant(main.anchored(), ward.tenant) == 6
    assert await archiving.tenant(main.anchored(), ward.tenant) == 0
    assert await left() == 3
    await write(2)
    await anchor()
    result = await verified()
    (chain,) = result.chains
    assert (result.ok, chain.entries, chain.anchored) == (True, 11, 11)
    sealed = providers.anchors()[0].get(archive_key(str(ward.tenant), 0, 1, 6))
    assert b"document.read" not in sealed
    assert str(ward.doctor.user_id).encode() not in sealed


async def test_a_chain_that_left_altogether_goes_on_with_the_next_number(ward, write, anchor, verified, left, long_ago):
    await write(3)
    long_ago.undo()
    await anchor()
    assert await archiving.tenant(main.anchored(), ward.tenant) == 3
    assert await left() == 0
    await write(1)
    assert (await verified()).entries == 4


async def test_what_is_not_old_or_not_archived_cannot_leave(ward, write, anchor, database, left):
    await write(3)
    await anchor()
    archive = store.Archive(1, 3, b"\x00" * 32, b"", "none")
    async with database.transaction(service("audit", ward.tenant)) as connection:
        await store.add_archive(connection, ward.tenant, 0, archive, newest="2020-01-01T00:00:00.000000Z")
        assert await store.leave(connection, ward.tenant, 0, archive) == 0, "the head is not the entry's"
    assert await left() == 3


async def test_a_store_that_gives_back_something_else_keeps_the_entries_here(
    ward, write, anchor, left, long_ago, monkeypatch
):
    await write(3)
    long_ago.undo()
    await anchor()
    monkeypatch.setattr(archiving, "opened", lambda *_args, **_options: [])
    with pytest.raises(UnavailableError):
        await archiving.tenant(main.anchored(), ward.tenant)
    assert await left() == 3


async def test_a_lost_archive_is_found(ward, write, anchor, fault, long_ago, monkeypatch):
    await write(3)
    long_ago.undo()
    await anchor()
    await archiving.tenant(main.anchored(), ward.tenant)
    place = providers.anchors()[0]
    genuine = place.get

    def get(key, version=""):
        return b"other\nthings" if key.startswith("archives/") else genuine(key, version)

    monkeypatch.setattr(place, "get", get)
    assert (await fault())[0] == Fault("archive_missing", 1)


async def test_a_bucket_without_object_lock_is_refused(settings):
    """S3 takes no lock in it, so nothing is anchored where it could be deleted."""
    from voiceassist.adapters.locked_objects import LockedObjects

    s3 = settings.s3
    plain = LockedObjects(
        ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file)
    )
    with pytest.raises(UnavailableError):
        plain.put("anchors/x", b"x", until=dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
