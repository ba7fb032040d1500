"""Whoever changes the record, with whatever rights on the database, is found at the entry where it begins."""

# ruff: noqa: S608 - statements out of constants of this file
import json

import pytest
from sqlalchemy import text

from functions.audit import main
from functions.audit.domain import anchor_key, anchor_prefix
from voiceassist.adapters.signatures import Signer
from voiceassist.core import checkpoints
from voiceassist.core.checkpoints import Signed
from voiceassist.core.errors import UnavailableError
from voiceassist.core.hash_chain import GENESIS, Fault, Record, canonical, mac
from voiceassist.core.identity import service
from voiceassist.runtime import providers

pytestmark = pytest.mark.req("P11.4", "N50")

OF = "tenant_id = $1 and chain = 0"


async def test_a_genuine_record_verifies_and_is_anchored(ward, write, anchor, verified):
    await write(12)
    await anchor()
    await write(5)
    await anchor()
    await write(2)
    result = await verified()
    (chain,) = result.chains
    assert (result.ok, result.complete, result.entries) == (True, True, 19)
    assert (chain.last, chain.checkpoints, chain.anchored) == (19, 2, 17)


async def test_an_edited_field_is_found(ward, write, anchor, fault, tamper):
    await write(9)
    await anchor()
    edit = f"update audit_entries set body = replace(body, 'document.read', 'document.seen') where {OF} and number = 4"
    await tamper((edit, ward.tenant))
    found, chain = await fault()
    assert found == Fault("changed", 4)
    assert chain.entry_id is not None, "it is named"


async def test_an_entry_that_is_not_anchored_yet_is_looked_at_too(ward, write, anchor, fault, tamper):
    await write(5)
    await anchor()
    await write(4)
    await tamper((f"update audit_entries set mac = sha256('x'::bytea) where {OF} and number = 8", ward.tenant))
    assert (await fault())[0] == Fault("changed", 8)


@pytest.mark.parametrize(("first", "last", "kind"), [(3, 3, "missing"), (1, 2, "missing"), (8, 9, "cut_off")])
async def test_deleted_rows_are_found(ward, write, anchor, fault, tamper, first, last, kind):
    await write(9)
    await anchor()
    await tamper((f"delete from audit_entries where {OF} and number between $2 and $3", ward.tenant, first, last))
    assert (await fault())[0] == Fault(kind, first)


async def test_a_record_that_is_gone_altogether_is_found(ward, write, anchor, fault, tamper):
    await write(4)
    await anchor()
    await tamper(
        (f"delete from audit_entries where {OF}", ward.tenant),
        (f"delete from audit_checkpoints where {OF}", ward.tenant),
    )
    assert (await fault())[0] == Fault("cut_off", 1)


async def test_an_inserted_row_is_found(ward, write, anchor, fault, tamper, rows):
    await write(6)
    await anchor()
    last = (await rows())[-1][1]
    body = canonical(last | {"number": 7}).decode()
    await tamper(("insert into audit_entries (body, mac) values ($1, sha256('x'::bytea))", body))
    assert (await fault())[0] == Fault("changed", 7)


async def test_swapped_rows_are_found(ward, write, anchor, fault, tamper, rows):
    await write(6)
    await anchor()
    found = await rows()
    (_, one, one_mac), (_, two, two_mac) = found[1], found[4]
    change = f"update audit_entries set body = $2, mac = $3 where {OF} and number = $4"
    away = f"update audit_entries set body = replace(body, '\"number\":2,', '\"number\":99,') where {OF} and number = 2"
    await tamper(
        (away, ward.tenant),
        (change, ward.tenant, canonical(one | {"number": 5}).decode(), one_mac, 5),
        (change, ward.tenant, canonical(two | {"number": 2}).decode(), two_mac, 99),
    )
    assert (await fault())[0] == Fault("changed", 2)


async def test_an_old_database_is_found_at_once_and_when_it_goes_on(ward, write, anchor, fault, tamper, database):
    await write(5)
    await anchor()
    await write(5)
    await anchor()
    # As it was after the first five: entries and checkpoints of that day.
    await tamper(
        (f"delete from audit_entries where {OF} and number > 5", ward.tenant),
        (f"delete from audit_checkpoints where {OF} and number > 1", ward.tenant),
    )
    assert (await fault())[0] == Fault("cut_off", 6)
    await write(8)
    assert (await fault())[0] == Fault("not_as_anchored", 6)
    await anchor()  # the next anchor meets the one that is there
    async with database.transaction(service("test", ward.tenant)) as connection:
        state = await connection.execute(text("select ok, result from audit_verifications order by id desc limit 1"))
        ok, result = state.one()
    assert (ok, result["chains"][0]["fault"]) == (False, {"kind": "not_as_anchored", "number": 6})
    assert (await fault())[0] == Fault("not_as_anchored", 6)


async def again(rows, place, change):
    """The chain made again with the application's own key, as a thief would, from `place` on."""
    before, made = GENESIS, []
    for number, body, _ in await rows():
        told = body | (change if number == place else {})
        key = main.keys().current_of(told)
        fresh = canonical(told)
        before = mac(key, before, fresh)
        made.append(Record(number, told["key"], fresh, before))
    return made


async def rewritten(tamper, ward, made):
    change = f"update audit_entries set body = $2, mac = $3 where {OF} and number = $4"
    await tamper(*((change, ward.tenant, one.body.decode(), one.mac, one.number) for one in made))


@pytest.fixture
def thief(monkeypatch, ward):
    from voiceassist.runtime.audit_keys import AuditKeys

    monkeypatch.setattr(AuditKeys, "current_of", lambda self, _told: self.current(ward.tenant).secret, raising=False)


async def test_a_chain_made_again_with_the_stolen_key_is_found(ward, write, anchor, fault, tamper, rows, thief):
    await write(7)
    await anchor()
    await rewritten(tamper, ward, await again(rows, 3, {"action": "document.listed"}))
    assert (await fault())[0] == Fault("not_as_anchored", 3)


@pytest.mark.parametrize("own_key", [True, False])
async def test_checkpoints_made_again_are_found_whoever_signed_them(
    ward, write, anchor, fault, tamper, rows, thief, own_key
):
    """With the stolen signing key, too: the locked object is what it was."""
    await write(7)
    await anchor()
    made = await again(rows, 3, {"action": "document.listed"})
    await rewritten(tamper, ward, made)
    signer = Signer(bytes.fromhex(main.room.settings.audit.signing_key) if own_key else b"\x01" * 32)
    forged = checkpoints.over(
        made, tenant=str(ward.tenant), chain=0, after=None, time="2026-11-29T10:00:00Z", key=signer.key_id
    )
    document = Signed(forged, signer.sign(forged.body)).document.decode()
    await tamper((f"update audit_checkpoints set document = $2 where {OF}", ward.tenant, document))
    assert (await fault())[0] == Fault("not_as_anchored", 3)


async def test_a_forged_checkpoint_that_is_not_anchored_is_found(ward, write, anchor, fault, tamper, rows):
    await write(3)
    await anchor()
    await write(2)
    signer = Signer(b"\x01" * 32)
    records = [Record(number, body["key"], canonical(body), tag) for number, body, tag in (await rows())[3:]]
    async with providers.database().transaction(service("audit", ward.tenant)) as connection:
        document = (await connection.execute(text("select document from audit_checkpoints"))).scalar()
    after = Signed.read(document.encode()).checkpoint
    forged = checkpoints.over(records, tenant=str(ward.tenant), chain=0, after=after, time="x", key=signer.key_id)
    document = Signed(forged, signer.sign(forged.body)).document.decode()
    await tamper(("insert into audit_checkpoints (document) values ($1)", document))
    assert (await fault())[0] == Fault("anchor_forged", 4)


async def test_what_is_put_over_an_anchor_changes_nothing(ward, write, anchor, verified):
    await write(3)
    await anchor()
    place = providers.anchors()[0]
    key = anchor_key(str(ward.tenant), 0, 1)
    client = providers.objects().client
    client.put_object(Bucket="voiceassist-audit", Key=key, Body=b"{}")
    client.delete_object(Bucket="voiceassist-audit", Key=key)
    (name,) = place.names(anchor_prefix(str(ward.tenant), 0))
    assert name.touched
    assert json.loads(place.get(key))["checkpoint"]["last"] == 3
    assert (await verified()).ok


async def test_an_anchor_cannot_be_deleted_or_its_time_shortened(ward, write, anchor):
    import datetime as dt

    from botocore.exceptions import ClientError

    await write(1)
    await anchor()
    client = providers.objects().client
    key = anchor_key(str(ward.tenant), 0, 1)
    (version,) = client.list_object_versions(Bucket="voiceassist-audit", Prefix=key)["Versions"]
    held = {"Bucket": "voiceassist-audit", "Key": key, "VersionId": version["VersionId"]}
    until = client.get_object_retention(**held)["Retention"]["RetainUntilDate"]
    assert until > dt.datetime.now(dt.UTC) + dt.timedelta(days=6 * 365)
    soon = {"Mode": "COMPLIANCE", "RetainUntilDate": dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)}
    for attempt in (
        lambda: client.delete_object(**held),
        lambda: client.delete_object(**held, BypassGovernanceRetention=True),
        lambda: client.put_object_retention(**held, Retention=soon),
    ):
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


async def test_a_broken_chain_gets_no_checkpoint_and_is_told_once(ward, write, anchor, tamper, said, database):
    await write(4)
    await tamper((f"update audit_entries set mac = sha256('x'::bytea) where {OF} and number = 2", ward.tenant))
    await anchor()
    await anchor()
    (event,) = await said(f"{ward.tenant}/0")
    assert event.type == "org.voiceassist.audit.broken.v1"
    assert json.loads(event.data)["number"] == 2
    async with database.transaction(service("test", ward.tenant)) as connection:
        assert (await connection.execute(text("select count(*) from audit_checkpoints"))).scalar() == 0


async def test_without_the_store_of_anchors_it_says_that_it_is_incomplete(ward, write, anchor, verified):
    from dataclasses import replace

    class Away:
        def folders(self, *_args, **_options):
            raise UnavailableError("away", code="STORAGE_UNAVAILABLE")

    await write(3)
    await anchor()
    result = await verified(replace(main.means(), anchors=Away()))
    assert (result.ok, result.complete, result.entries) == (True, False, 3)


async def test_checkpoints_wait_while_the_store_is_away(ward, write, verified):
    from dataclasses import replace

    from functions.audit import anchoring

    class Away:
        def put(self, *_args, **_options):
            raise UnavailableError("away", code="STORAGE_UNAVAILABLE")

    await write(3)
    with pytest.raises(UnavailableError):
        await anchoring.tenant(replace(main.anchored(), stores=(Away(),)), ward.tenant)
    (chain,) = (await verified()).chains
    assert (chain.checkpoints, chain.anchored, chain.fault) == (1, 0, None)
    await anchoring.tenant(main.anchored(), ward.tenant)
    (chain,) = (await verified()).chains
    assert (chain.checkpoints, chain.anchored, chain.fault) == (1, 3, None)
