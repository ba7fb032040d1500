"""Quarantine: what holds more than policy allows is kept sealed until an administrator decides, once."""

import asyncio

import msgspec
import pytest
from sqlalchemy import text

from functions.documents import quarantine
from functions.documents.main import room as documents
from functions.ingestion import main
from functions.notifications.main import room as notifications
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import service
from voiceassist.ports.vectors import Query
from voiceassist.runtime import providers
from voiceassist.runtime import settings as module

pytestmark = pytest.mark.req("P5.3", "P11.6")

NAME, MRN = "Quackenbush", "00-12-34"
PATIENT = f"# Visit\n\nMRN {MRN}, mr. {NAME}, bleeds under warfarin; vitamin K was given.\n".encode()
OTHER = f"# Visit\n\nMRN {MRN}, mr. {NAME}, takes apixaban now.\n".encode()
REASON = {"reason": "authors_and_contacts"}


@pytest.fixture
def policy(monkeypatch):
    def make(action):
        loaded = module.load_settings()
        held = msgspec.structs.replace(loaded, ingestion=msgspec.structs.replace(loaded.ingestion, phi=action))
        monkeypatch.setattr(type(main.room), "settings", property(lambda _self: held))

    return make


@pytest.fixture
def ask(caller):
    async def send(who, method, path, **options):
        async with caller(documents, who) as client:
            return await client.request(method, f"/api/v1/documents/{path}", **options)

    return send


@pytest.fixture
async def held(uploaded, deliver, policy):
    """A document of somebody in quarantine; gives its owner and the answer to the upload."""
    policy("quarantine")
    owner, body, event = await uploaded(PATIENT, f"{NAME}.md")
    assert await deliver(main.room, event) == 204
    return owner, body


async def rows(database, statement, **values):
    async with database.transaction(service("test")) as connection:
        return (await connection.execute(text(statement), values)).mappings().all()


async def passages(database, document_id):
    return len(await rows(database, "select 1 from chunks where document_id = :id", id=document_id))


async def found(database, who, words):
    index = PgVectorIndex(database, providers.keyring(), who, providers.embedder().model)
    return {hit.chunk.document_id for hit in (await index.search(Query(words))).by_words}


async def test_a_document_beyond_policy_is_kept_sealed_and_not_indexed(
    held, ask, job_of, database, said, deliver, caller
):
    owner, body = held
    job = await job_of(owner, body)
    assert (job["state"], job["step"], job["phi_findings"]["MRN"]) == ("quarantined", "phi_scan", 1)
    assert (await ask(owner, "GET", body["id"])).json()["status"] == "quarantined"
    assert await passages(database, body["id"]) == 0
    event = (await said(body["id"]))[-1]
    assert event.type == "org.voiceassist.document.quarantined.v1"
    assert NAME.encode() not in event.data
    sealed = b"".join(providers.objects().stream(f"files/{owner.tenant_id}/{body['id']}", 65_536))
    assert NAME.encode() not in sealed
    assert b"".join(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), body["id"])) == PATIENT
    assert await deliver(notifications, event) == 204
    async with caller(notifications, owner) as client:
        (news,) = (await client.get("/api/v1/notifications")).json()["items"]
    assert (news["kind"], news["data"]["findings"]) == ("document.quarantined", sum(job["phi_findings"].values()))


async def test_reviewers_see_kinds_and_counts_and_nothing_that_names_anybody(held, ask, person, capfd):
    owner, body = held
    answer = await ask(await person("admin"), "GET", "quarantine", params={"limit": 200})
    (item,) = [one for one in answer.json()["items"] if one["document_id"] == body["id"]]
    assert (item["owner_id"], item["findings"]["MRN"], item["visibility"]) == (str(owner.user_id), 1, "private")
    assert NAME not in answer.text
    assert MRN not in answer.text
    told = "".join(capfd.readouterr())
    assert NAME not in told
    assert MRN not in told


@pytest.mark.parametrize(
    ("method", "path", "json"),
    [
        ("GET", "quarantine", None),
        ("GET", "quarantine/decisions", None),
        ("POST", "quarantine/{id}/release", {"judgement": "no_patient_data"} | REASON),
        ("POST", "quarantine/{id}/delete", REASON),
    ],
)
async def test_only_administrators_decide(held, ask, person, method, path, json, database):
    owner, body = held
    for who in (owner, await person("user"), await person("viewer")):
        answer = await ask(who, method, path.format(id=body["id"]), json=json)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    (row,) = await rows(database, "select status from documents where id = :id", id=body["id"])
    assert row["status"] == "quarantined"


async def test_what_holds_patients_data_is_released_into_its_owners_own_index(
    uploaded, deliver, policy, ask, person, said, database, job_of
):
    """Also when it was uploaded for everybody, and under the mildest policy."""
    policy("flag")
    admin, reviewer, other = await person("admin"), await person("admin"), await person("user")
    _, body, event = await uploaded(PATIENT, "shared.md", owner=admin, visibility="shared")
    assert await deliver(main.room, event) == 204
    assert (await job_of(admin, body))["state"] == "quarantined"
    wanted = {"judgement": "patient_data", "reason": "treatment"}
    answer = await ask(reviewer, "POST", f"quarantine/{body['id']}/release", json=wanted)
    assert answer.status_code == 202, answer.text
    decision = answer.json()
    assert (decision["decision"], decision["reviewer_id"], decision["findings"]["MRN"]) == (
        "released", str(reviewer.user_id), 1,
    )  # fmt: skip
    *_, cleared, again = await said(body["id"])
    assert [cleared.type, again.type] == [
        "org.voiceassist.document.cleared.v1", "org.voiceassist.document.uploaded.v1",
    ]  # fmt: skip
    assert await deliver(main.room, again) == 204
    assert (await job_of(admin, body))["state"] == "completed"
    assert (await ask(admin, "GET", body["id"])).json()["visibility"] == "private"
    assert (await ask(other, "GET", body["id"])).status_code == 404
    assert body["id"] in await found(database, admin, "bleeding under warfarin")
    assert body["id"] not in await found(database, other, "bleeding under warfarin")
    assert await rows(
        database, "select 1 from chunks where document_id = :id and visibility <> 'private'", id=body["id"]
    ) == []  # fmt: skip


async def test_what_holds_none_is_released_as_it_was_uploaded(
    uploaded, deliver, policy, ask, person, said, database, job_of
):
    policy("flag")
    admin, other = await person("admin"), await person("user")
    _, body, event = await uploaded(OTHER, "guideline.md", owner=admin, visibility="shared")
    assert await deliver(main.room, event) == 204
    wanted = {"judgement": "no_patient_data"} | REASON
    assert (await ask(admin, "POST", f"quarantine/{body['id']}/release", json=wanted)).status_code == 202
    assert await deliver(main.room, (await said(body["id"]))[-1]) == 204
    assert (await ask(other, "GET", body["id"])).json()["visibility"] == "shared"
    assert body["id"] in await found(database, other, "apixaban")
    # Indexed again, by its integrator's wish, it is not held again.
    assert await deliver(main.room, msgspec.structs.replace(event, id=f"{event.id}-again")) == 204
    assert (await job_of(admin, body))["state"] == "completed"


async def test_a_private_document_is_flagged_and_indexed_by_default(uploaded, deliver, policy, job_of):
    policy("flag")
    owner, body, event = await uploaded(PATIENT, "mine.md")
    assert await deliver(main.room, event) == 204
    assert (await job_of(owner, body))["state"] == "completed"


async def test_deleted_is_gone_with_all_its_parts_and_the_record_stays(held, ask, person, said, deliver, database):
    owner, body = held
    reviewer = await person("admin")
    answer = await ask(reviewer, "POST", f"quarantine/{body['id']}/delete", json={"reason": "wrong_upload"})
    assert (answer.status_code, answer.json()["judgement"]) == (200, None)
    assert (await ask(owner, "GET", body["id"])).status_code == 404
    assert await deliver(main.room, (await said(body["id"]))[-1]) == 204
    with pytest.raises(NotFoundError):
        list(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), body["id"]))
    for table in ("select 1 from documents where id = :id", "select 1 from indexing_jobs where document_id = :id"):
        assert await rows(database, table, id=body["id"]) == []
    assert await passages(database, body["id"]) == 0
    record = (await ask(reviewer, "GET", "quarantine/decisions", params={"limit": 200})).json()["items"]
    (kept,) = [one for one in record if one["document_id"] == body["id"]]
    assert (kept["decision"], kept["reason"], kept["reviewer_id"]) == (
        "deleted", "wrong_upload", str(reviewer.user_id),
    )  # fmt: skip
    assert kept["decided_at"]
    assert NAME not in str(record)


async def test_nobody_can_take_a_record_away(held, database):
    from sqlalchemy.exc import ProgrammingError

    _, body = held
    with pytest.raises(ProgrammingError, match="permission denied"):
        await rows(database, "delete from document_reviews where document_id = :id returning 1", id=body["id"])


async def test_of_two_decisions_at_the_same_moment_one_counts(held, ask, person, said, database):
    _, body = held
    reviewers = [await person("admin") for _ in range(4)]
    release = {"judgement": "patient_data", "reason": "treatment"}
    wanted = [("release", release), ("release", release), ("delete", REASON), ("delete", REASON)]
    answers = await asyncio.gather(
        *(
            ask(who, "POST", f"quarantine/{body['id']}/{action}", json=json)
            for who, (action, json) in zip(reviewers, wanted, strict=True)
        )
    )
    outcome = sorted(answer.status_code for answer in answers)
    assert outcome in ([200, 409, 409, 409], [202, 409, 409, 409])
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"NOT_IN_QUARANTINE"}
    decided = await rows(database, "select decision from document_reviews where document_id = :id", id=body["id"])
    assert len(decided) == 1
    types = [event.type.rsplit(".", 2)[1] for event in await said(body["id"])]
    assert types[:2] == ["uploaded", "quarantined"]
    assert types[2:] in (["cleared", "uploaded"], ["deleted"])


async def test_deleted_by_its_owner_while_it_is_scanned_nothing_is_held(
    uploaded, deliver, policy, ask, database, said, monkeypatch
):
    policy("quarantine")
    owner, body, event = await uploaded(PATIENT, "gone.md")
    scan = main.phi.findings

    async def slow(texts, *, principal):
        counts = await scan(texts, principal=principal)
        assert (await ask(owner, "DELETE", body["id"])).status_code == 204
        return counts

    monkeypatch.setattr(main.phi, "findings", slow)
    assert await deliver(main.room, event) == 204
    assert await rows(database, "select 1 from document_reviews where document_id = :id", id=body["id"]) == []
    assert [one.type.rsplit(".", 2)[1] for one in await said(body["id"])] == ["uploaded", "deleted"]


async def test_an_owner_may_delete_what_is_held_and_neither_release_nor_restart_it(
    held, ask, caller, uploaded, deliver, job_of, person, database
):
    owner, body = held
    async with caller(documents, owner) as client:
        again = await client.post(f"/api/v1/jobs/{body['job_id']}/retry")
        same = (await client.post("/api/v1/documents", files={"file": ("other.md", PATIENT)})).json()
    assert (again.status_code, again.json()["code"]) == (409, "JOB_STATE")
    assert (same["duplicate"], same["status"]) == (True, "quarantined")
    assert (await job_of(owner, body))["state"] == "quarantined"
    assert (await ask(owner, "DELETE", body["id"])).status_code == 204
    reviewer = await person("admin")
    waiting = (await ask(reviewer, "GET", "quarantine", params={"limit": 200})).json()["items"]
    assert body["id"] not in {one["document_id"] for one in waiting}
    late = await ask(reviewer, "POST", f"quarantine/{body['id']}/delete", json=REASON)
    assert (late.status_code, late.json()["code"]) == (409, "NOT_IN_QUARANTINE")


async def test_a_new_version_that_is_held_leaves_the_old_one_found(
    uploaded, deliver, policy, ask, person, said, database
):
    policy("quarantine")
    owner, first, event = await uploaded(b"# Gout\n\nColchicine is given early.\n", "gout.md", doc_key="gout-held")
    assert await deliver(main.room, event) == 204
    _, second, event = await uploaded(
        b"# Gout\n\nColchicine is given early. MRN 00-12-34.\n", "gout.md", owner=owner, doc_key="gout-held"
    )
    assert await deliver(main.room, event) == 204
    assert (await ask(owner, "GET", first["id"])).json()["status"] == "completed"
    assert await found(database, owner, "colchicine") == {first["id"]}
    wanted = {"judgement": "patient_data", "reason": "treatment"}
    assert (
        await ask(await person("admin"), "POST", f"quarantine/{second['id']}/release", json=wanted)
    ).status_code == 202
    assert await deliver(main.room, (await said(second["id"]))[-1]) == 204
    assert (await ask(owner, "GET", first["id"])).json()["status"] == "superseded"
    assert await found(database, owner, "colchicine") == {second["id"]}


async def test_a_redelivered_upload_of_a_held_document_changes_nothing(held, deliver, said, database):
    _, body = held
    event = (await said(body["id"]))[0]
    assert await deliver(main.room, msgspec.structs.replace(event, id=f"{event.id}-again")) == 204
    assert len(await rows(database, "select 1 from document_reviews where document_id = :id", id=body["id"])) == 1


@pytest.mark.parametrize(
    "json",
    [{}, {"judgement": "maybe"} | REASON, {"judgement": "patient_data", "reason": NAME}, {"note": NAME} | REASON],
)
async def test_a_decision_without_judgement_and_reason_is_refused_without_an_echo(held, ask, person, json):
    _, body = held
    answer = await ask(await person("admin"), "POST", f"quarantine/{body['id']}/release", json=json)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert NAME not in answer.text


async def test_what_was_never_held_is_not_there(ask, person, uploaded):
    _, body, _ = await uploaded(b"Warfarin is monitored, never held.")
    wanted = {"judgement": "patient_data", "reason": "treatment"}
    assert (
        await ask(await person("admin"), "POST", f"quarantine/{body['id']}/release", json=wanted)
    ).status_code == 404


async def test_another_tenants_administrator_sees_and_decides_nothing(held, ask, person, database):
    from voiceassist.core import ids

    _, body = held
    stranger = await person("admin", tenant_id=ids.new_id())
    assert (await ask(stranger, "GET", "quarantine")).json()["items"] == []
    assert (await ask(stranger, "POST", f"quarantine/{body['id']}/delete", json=REASON)).status_code == 404
    assert quarantine.actor(stranger).tenant_id == stranger.tenant_id
