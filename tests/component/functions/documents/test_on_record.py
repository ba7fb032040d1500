"""Every access to a document is on record before its answer leaves, and withheld where it cannot be."""

import json

import pytest
from sqlalchemy import text

from functions.documents.main import room
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime import providers

pytestmark = pytest.mark.req("P11.4", "N50")

TEXT = b"Mrs Miller takes warfarin. Her INR is checked weekly.\n"


@pytest.fixture
async def owner(person):
    return await person("user", ids.new_id())


@pytest.fixture
def acts(database, owner):
    """Action, outcome and objects of the tenant's entries, in order."""

    async def read():
        async with database.transaction(service("test", owner.tenant_id)) as connection:
            rows = await connection.execute(text("select body from audit_entries order by at"))
            told = [json.loads(body) for (body,) in rows.all()]
        return [(one["action"], one["outcome"], one["objects"]) for one in told]

    return read


async def upload(client):
    return (await client.post("/api/v1/documents", files={"file": ("miller.txt", TEXT)})).json()


async def test_what_is_done_with_a_document_is_on_record(caller, owner, acts, database):
    async with caller(room, owner) as client:
        made = await upload(client)
        await client.get("/api/v1/documents")
        await client.get(f"/api/v1/documents/{made['id']}")
        await client.get(f"/api/v1/documents/{made['id']}/versions")
        await client.post(f"/api/v1/jobs/{made['job_id']}/cancel")
        await client.delete(f"/api/v1/documents/{made['id']}")
        missing = ids.new_id()
        await client.get(f"/api/v1/documents/{missing}")
        await client.delete(f"/api/v1/documents/{missing}")
    mine, other = [f"document:{made['id']}"], [f"document:{missing}"]
    found = await acts()
    shared = [one for one in found[1][2] if one not in mine]  # the tenant is new: nothing is shared with it
    assert (found, shared) == (
        [
            ("document.stored", "success", mine),
            ("document.listed", "success", mine),
            ("document.read", "success", mine),
            ("document.versions_listed", "success", mine),
            ("document.indexing_cancelled", "success", mine),
            ("document.deleted", "success", mine),
            ("document.read", "not_found", other),
            ("document.deleted", "not_found", other),
        ],
        [],
    )
    async with database.transaction(service("test", owner.tenant_id)) as connection:
        bodies = str((await connection.execute(text("select body from audit_entries"))).all())
    assert "iller" not in bodies, "neither the name of the file nor its text"


async def test_what_cannot_be_put_on_record_is_neither_shown_nor_done(caller, owner, monkeypatch):
    async with caller(room, owner) as client:
        made = await upload(client)
        twin = Remembering()
        twin.broken = True
        monkeypatch.setattr(providers, "auditor", lambda _part: twin)
        for answer in (
            await client.get("/api/v1/documents"),
            await client.get(f"/api/v1/documents/{made['id']}"),
            await client.get(f"/api/v1/documents/{made['id']}/versions"),
            await client.delete(f"/api/v1/documents/{made['id']}"),
            await client.post("/api/v1/documents", files={"file": ("other.txt", b"Other text.")}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "AUDIT_UNAVAILABLE")
            assert "miller" not in answer.text
        monkeypatch.undo()
        assert (await client.get(f"/api/v1/documents/{made['id']}")).status_code == 200, "it was not deleted"
        assert len((await client.get("/api/v1/documents")).json()["items"]) == 1, "nothing was stored"


async def test_a_decision_about_quarantine_is_on_record_with_its_reviewer(caller, person, acts, owner, database):
    reviewer = await person("admin", owner.tenant_id)
    async with caller(room, owner) as client:
        made = await upload(client)
    async with database.transaction(service("test", owner.tenant_id)) as connection:
        await connection.execute(text("update documents set status = 'quarantined' where id = :id"), {"id": made["id"]})
        await connection.execute(
            text(
                "insert into document_reviews (id, tenant_id, document_id, owner_id, visibility, findings)"
                " values (:id, :tenant, :document, :owner, 'private', '{}')"
            ),
            {"id": ids.new_id(), "tenant": owner.tenant_id, "document": made["id"], "owner": owner.user_id},
        )
    async with caller(room, reviewer) as client:
        await client.get("/api/v1/documents/quarantine")
        body = {"reason": "treatment", "judgement": "patient_data"}
        released = await client.post(f"/api/v1/documents/quarantine/{made['id']}/release", json=body)
    assert released.status_code == 202, released.text
    mine = [f"document:{made['id']}"]
    assert (await acts())[1:] == [
        ("quarantine.listed", "success", mine),
        ("quarantine.released", "success", mine),
    ]
