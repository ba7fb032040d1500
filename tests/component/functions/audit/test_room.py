"""The doors: who sees what of the record, and that looking at it is on record, too."""

import asyncio
import json

import pytest
from sqlalchemy import text

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.audit import anchoring, main
from functions.audit.main import room
from voiceassist.core import ids
from voiceassist.core.identity import service

pytestmark = pytest.mark.req("P11.4")


async def search(caller, who, **asked):
    async with caller(room, who) as client:
        return await client.post("/api/v1/audit/search", json=asked)


async def test_an_administrator_finds_by_every_part_of_an_act(caller, ward, write):
    document = f"document:{ids.new_id()}"
    await write(2)
    await write(1, objects=(document,), outcome="not_found")
    await write(1, action="quarantine.released", principal=ward.admin, patient="MRN-1")
    every = (await search(caller, ward.admin)).json()["items"]
    assert [one["action"] for one in every[:2]] == ["quarantine.released", "document.read"]
    for asked, count in (
        ({"action": "document.read"}, 3),
        ({"action": "document."}, 3),
        ({"object": document}, 1),
        ({"outcome": "not_found"}, 1),
        ({"actor": str(ward.doctor.user_id)}, 3),
        ({"patient": "mrn-1", "action": "quarantine."}, 1),
        ({"after": "2100-01-01T00:00:00Z"}, 0),
        ({"before": "2100-01-01T00:00:00Z", "action": "document."}, 3),
    ):
        found = (await search(caller, ward.admin, **asked)).json()["items"]
        assert len(found) == count, asked
    assert found[0]["by"] == {
        "iss": "https://issuer.test",
        "sub": str(ward.doctor.user_id),
        "user": str(ward.doctor.user_id),
        "role": "user",
        "profile": "",
        "act": "",
    }
    assert {"v", "tenant", "key", "mac"} & found[0].keys() == set()


async def test_pages_follow_each_other_without_gap_or_repetition(caller, ward, write):
    await write(7)
    seen, cursor = [], None
    while True:
        page = (await search(caller, ward.admin, action="document.", limit=3, cursor=cursor)).json()
        seen += [one["id"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == 7
    refused = await search(caller, ward.admin, cursor="2026'; drop table")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/body/cursor")


async def test_a_viewer_sees_what_happened_and_not_to_whom(caller, ward, write):
    await write(1, objects=(f"document:{ids.new_id()}",), patient="MRN-1")
    answer = await search(caller, ward.viewer, action="document.")
    (found,) = answer.json()["items"]
    assert found["objects"] == ["document"]
    assert (found["by"]["sub"], found["by"]["user"], found["patient"]) == ("hidden", "", "hidden")
    assert str(ward.doctor.user_id) not in answer.text
    assert (await search(caller, ward.viewer, patient="MRN-1")).status_code == 403


async def test_everybody_else_sees_their_own(caller, ward, write):
    await write(2)
    await write(3, principal=ward.admin)
    found = (await search(caller, ward.doctor, action="document.")).json()["items"]
    assert len(found) == 2
    assert (await search(caller, ward.doctor, actor=str(ward.admin.user_id))).json()["items"] == []
    assert (await search(caller, ward.doctor, patient="MRN-1")).status_code == 403


async def test_looking_is_on_record_and_needs_to_be(caller, ward, write, monkeypatch):
    await write(1)
    await search(caller, ward.admin, patient="MRN-9")
    (looked,) = (await search(caller, ward.admin, action="audit.searched")).json()["items"]
    assert looked["patient"] == main.keys().patients(ward.tenant, "mrn-9")[0]
    monkeypatch.setattr(main.keys().__class__, "current", unset)
    refused = await search(caller, ward.admin)
    assert (refused.status_code, refused.json()["code"]) == (503, "AUDIT_UNAVAILABLE")
    assert "items" not in refused.json()


def unset(self, _tenant):
    from voiceassist.core.errors import UnavailableError

    raise UnavailableError("none")


@pytest.mark.req("P11.4")
async def test_a_disclosure_report_lists_every_access_to_a_patient(caller, ward, write, database):
    async with database.transaction(service("test", ward.tenant)) as connection:
        await connection.execute(
            text("update users set display_name = 'Dr. Ada' where id = :id"), {"id": ward.doctor.user_id}
        )
    await write(2, patient="MRN 77")
    await write(1, patient="mrn77", purpose="HRESCH", action="passage.retrieved")
    await write(1, patient="MRN 77", purpose="BTG", principal=ward.admin)
    await write(1, patient="MRN 78")
    async with caller(room, ward.admin) as client:
        told = (await client.post("/api/v1/audit/disclosures", json={"patient": "MRN77"})).json()
        listed = [(one["to"], one["purpose"], one["accounted"]) for one in told["disclosures"]]
        assert listed == [
            ("Dr. Ada", "TREAT", False),
            ("Dr. Ada", "TREAT", False),
            ("Dr. Ada", "HRESCH", True),
            (str(ward.admin.user_id), "BTG", True),
        ]
        assert (told["accounted"], told["capped"]) == (2, False)
        again = (await client.post("/api/v1/audit/disclosures", json={"patient": "MRN77"})).json()
        assert again["disclosures"][-1]["action"] == "audit.disclosed", "asking is an access, too"
        for wrong in ({}, {"patient": "a", "object": "document:b"}):
            assert (await client.post("/api/v1/audit/disclosures", json=wrong)).status_code == 400
    for other in (ward.viewer, ward.doctor):
        async with caller(room, other) as client:
            assert (await client.post("/api/v1/audit/disclosures", json={"patient": "MRN77"})).status_code == 403


async def test_the_state_tells_chains_anchors_and_the_last_verification(caller, ward, write, anchor):
    await write(3)
    await anchor()
    async with caller(room, ward.admin) as client:
        before = (await client.get("/api/v1/audit/verification")).json()
        assert (before["ok"], before["chains"][0]["anchored"]) == (None, 3)
        after = (await client.post("/api/v1/audit/verification")).json()
        assert (after["ok"], after["complete"]) == (True, True)
        assert after["chains"][0]["entries"] == 3
    async with caller(room, ward.viewer) as client:
        assert (await client.get("/api/v1/audit/verification")).status_code == 200
        assert (await client.post("/api/v1/audit/verification")).status_code == 403
    async with caller(room, ward.doctor) as client:
        assert (await client.get("/api/v1/audit/verification")).status_code == 403


@pytest.mark.req("P11.4")
async def test_the_door_names_the_row_that_was_changed_by_sql(caller, ward, write, anchor, tamper):
    await write(5)
    await anchor()
    await tamper(
        (
            "update audit_entries set body = replace(body, 'success', 'refused') where tenant_id = $1 and number = 2",
            ward.tenant,
        )
    )
    async with caller(room, ward.admin) as client:
        told = (await client.post("/api/v1/audit/verification")).json()
    assert not told["ok"]
    assert told["chains"][0]["fault"]["number"] == 2
    assert told["chains"][0]["fault"]["kind"] == "changed"


async def test_the_minutes_tick_anchors_every_tenant(caller, ward, write, deliver, database, said):
    await write(2)
    assert await deliver(room, tick("audit-minutely")) == 204
    (event,) = await said(f"{ward.tenant}/0")
    assert json.loads(event.data) == {
        "tenant_id": str(ward.tenant),
        "chain": 0,
        "number": 1,
        "first": 1,
        "last": 2,
    }
    assert await deliver(room, tick("audit-minutely")) == 204
    assert len(await said(f"{ward.tenant}/0")) == 1, "nothing was added"
    assert await deliver(room, tick("another")) == 422


def tick(schedule):
    return CloudEvent(
        id=str(ids.new_id()),
        source="/test",
        type=Ping.TYPE,
        datacontenttype="application/json",
        data=b"{}",
        extensions={"schedule": schedule},
    )


async def test_two_ticks_at_once_make_one_checkpoint(ward, write, anchor, verified):
    await write(4)
    await asyncio.gather(anchor(), anchor(), anchor())
    (chain,) = (await verified()).chains
    assert (chain.checkpoints, chain.fault) == (1, None)


async def test_wrong_fields_are_told_by_pointer(caller, ward):
    answer = await search(caller, ward.admin, action="Read all", nobody="knows")
    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/body/action", "/body"}


async def test_a_checkpoint_has_so_many_entries_at_most(ward, write, anchor, verified, monkeypatch):
    assert anchoring.MOST == 1_000
    monkeypatch.setattr(anchoring, "MOST", 10)
    await write(25)
    await anchor()
    (chain,) = (await verified()).chains
    assert (chain.entries, chain.checkpoints, chain.anchored, chain.fault) == (25, 3, 25, None)
