"""Jobs: watched, cancelled, tried again, given up, and begun again after a crash."""

import asyncio
import contextlib

import pytest
from sqlalchemy import text

from functions.documents.main import room as documents
from functions.ingestion import main
from functions.notifications.main import room as notifications
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.ports.vectors import Query
from voiceassist.runtime import providers

pytestmark = pytest.mark.req("P5.3")


async def post(caller, owner, body, action):
    async with caller(documents, owner) as client:
        return await client.post(f"/api/v1/jobs/{body['job_id']}/{action}")


async def chunks_of(database, document_id) -> int:
    async with database.transaction(service("test")) as connection:
        rows = await connection.execute(
            text("select count(*) from chunks where document_id = :id"), {"id": document_id}
        )
        return rows.scalar_one()


def down(*_args):
    raise UnavailableError("down", code="STORAGE_UNAVAILABLE")


async def test_three_retries_then_the_job_is_dead_and_says_why(
    uploaded, deliver, job_of, monkeypatch, said, caller, database
):
    owner, body, event = await uploaded()
    with monkeypatch.context() as patch:
        patch.setattr(main.store, "fetched", down)
        patch.setattr("functions.ingestion.job.PATIENCE_SECONDS", 0.0)
        for retries in (1, 2, 3):
            assert await deliver(main.room, event) == 503
            job = await job_of(owner, body)
            assert (job["state"], job["retry_count"], job["error_code"]) == (
                "pending", retries, "STORAGE_UNAVAILABLE",
            )  # fmt: skip
        assert await deliver(main.room, event) == 422  # a dead letter of the broker
    job = await job_of(owner, body)
    assert (job["state"], job["retry_count"], job["max_retries"]) == ("dead", 3, 3)
    assert (job["error_code"], job["failed_at"] is not None) == ("STORAGE_UNAVAILABLE", True)
    async with caller(documents, owner) as client:
        dead = (await client.get("/api/v1/jobs", params={"state": "dead"})).json()["items"]
        document = (await client.get(f"/api/v1/documents/{body['id']}")).json()
    assert ([one["id"] for one in dead], document["status"]) == ([body["job_id"]], "failed")
    failed = (await said(body["id"]))[-1]
    assert await deliver(notifications, failed) == 204
    async with caller(notifications, owner) as client:
        (notice,) = (await client.get("/api/v1/notifications")).json()["items"]
    assert notice["data"] == {"code": "STORAGE_UNAVAILABLE"}

    # Its owner begins it again, and so does whoever sends the dead letter again.
    assert (await post(caller, owner, body, "retry")).json()["state"] == "pending"
    again = (await said(body["id"]))[-1]
    assert (again.type, again.id != event.id) == (event.type, True)
    assert await deliver(main.room, again) == 204
    job = await job_of(owner, body)
    assert (job["state"], job["retry_count"], job["error_code"]) == ("completed", 0, None)
    assert await deliver(main.room, event) == 204
    assert await chunks_of(database, body["id"]) == 1


async def test_an_outage_of_less_than_a_minute_uses_up_no_job(uploaded, deliver, job_of, monkeypatch, database):
    owner, body, event = await uploaded()
    with monkeypatch.context() as patch:
        patch.setattr(main.store, "fetched", down)
        for _ in range(5):
            assert await deliver(main.room, event) == 503
        job = await job_of(owner, body)
        assert (job["state"], job["retry_count"]) == ("pending", 3)
        async with database.transaction(service("test")) as connection:
            a_minute_ago = "update indexing_jobs set failing_since = failing_since - interval '61 s' where id = :id"
            await connection.execute(text(a_minute_ago), {"id": body["job_id"]})
        assert await deliver(main.room, event) == 422
    assert (await job_of(owner, body))["state"] == "dead"


async def test_a_process_that_dies_every_time_is_counted_too(uploaded, deliver, job_of, monkeypatch, said):
    owner, body, event = await uploaded()

    async def died(*_args):
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(main, "_index", died)
        patch.setattr("functions.ingestion.job.PATIENCE_SECONDS", 0.0)
        for _ in range(4):
            with contextlib.suppress(asyncio.CancelledError):
                await deliver(main.room, event)
        assert (await job_of(owner, body))["state"] == "running"  # nobody was left to say otherwise
        assert await deliver(main.room, event) == 422
    job = await job_of(owner, body)
    assert (job["state"], job["error_code"]) == ("dead", "INDEXING_INTERRUPTED")
    assert (await said(body["id"]))[-1].type == "org.voiceassist.document.failed.v1"


async def test_an_attempt_after_a_crash_goes_on_where_the_last_one_was(
    uploaded, deliver, database, monkeypatch, job_of
):
    """Killed between two batches: the first is not embedded again, and no passage is there twice."""
    sections = "\n\n".join(f"# Section {number}\n\nRule {number} keeps ward {number} tidy." for number in range(100))
    owner, body, event = await uploaded(sections.encode(), "rules.md")
    real, batches = type(providers.embedder()).embed_passages, []

    def dies_in_the_second(self, texts):
        batches.append(len(texts))
        if len(batches) == 2:
            raise MemoryError
        return real(self, texts)

    monkeypatch.setattr(type(providers.embedder()), "embed_passages", dies_in_the_second)
    assert await deliver(main.room, event) == 500
    assert await chunks_of(database, body["id"]) == 64
    index = PgVectorIndex(database, providers.keyring(), owner, providers.embedder().model)
    assert (await index.search(Query("tidy"))).by_words == ()
    assert await deliver(main.room, event) == 204
    assert batches == [64, 36, 36]
    job = await job_of(owner, body)
    assert job["processed_chunks"] == job["total_chunks"] == await chunks_of(database, body["id"]) == 100


async def test_a_job_that_waits_is_cancelled_and_begun_again(uploaded, deliver, caller, job_of, database, said):
    owner, body, event = await uploaded()
    assert (await post(caller, owner, body, "cancel")).json()["state"] == "cancelled"
    assert (await post(caller, owner, body, "cancel")).status_code == 409
    assert await deliver(main.room, event) == 204
    assert await chunks_of(database, body["id"]) == 0
    # The same file again is as good as `retry`.
    _, again, event = await uploaded(owner=owner)
    assert (again["id"], again["status"], again["duplicate"]) == (body["id"], "pending", True)
    assert await deliver(main.room, event) == 204
    assert (await job_of(owner, body))["state"] == "completed"
    assert (await post(caller, owner, body, "cancel")).status_code == 409
    assert (await post(caller, owner, body, "retry")).status_code == 409


async def test_a_running_job_is_cancelled_in_the_middle_of_a_step(
    uploaded, deliver, caller, job_of, database, monkeypatch
):
    owner, body, event = await uploaded()
    reading, ended = asyncio.Event(), asyncio.Event()

    async def endless(*_args, **_options):
        reading.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(main.sandbox, "read", endless)
    delivery = asyncio.create_task(deliver(main.room, event))
    await asyncio.wait_for(reading.wait(), 30)
    assert (await job_of(owner, body))["state"] == "running"
    assert (await post(caller, owner, body, "cancel")).status_code == 200
    assert await asyncio.wait_for(delivery, 30) == 204
    assert ended.is_set()
    assert (await job_of(owner, body))["state"] == "cancelled"
    assert await chunks_of(database, body["id"]) == 0


async def test_a_job_cancelled_between_two_batches_leaves_no_passage(
    uploaded, deliver, caller, database, monkeypatch, said
):
    owner, body, event = await uploaded()
    real = main.Job.keep

    async def cancelled_meanwhile(self, *args):
        assert (await post(caller, owner, body, "cancel")).status_code == 200
        await real(self, *args)

    monkeypatch.setattr(main.Job, "keep", cancelled_meanwhile)
    assert await deliver(main.room, event) == 204
    assert await chunks_of(database, body["id"]) == 0
    assert len(await said(body["id"])) == 1


async def test_nobody_cancels_or_begins_the_job_of_another(uploaded, caller, person):
    _, body, _ = await uploaded()
    for action in ("cancel", "retry"):
        assert (await post(caller, await person(), body, action)).status_code == 404
        assert (await post(caller, await person("viewer"), body, action)).status_code == 403


PATIENT = b"Seen in clinic.\n\nMRN: 4417893. SSN 219-09-9999. Phone (212) 555-0142.\n"


@pytest.mark.req("P5.3")
async def test_identifiers_are_counted_in_the_job_and_nowhere_repeated(uploaded, deliver, job_of, database):
    owner, body, event = await uploaded(PATIENT, "note.txt")
    assert await deliver(main.room, event) == 204
    job = await job_of(owner, body)
    assert job["state"] == "completed"
    assert job["phi_findings"] == {"MRN": 1, "PHONE": 1, "SSN": 1}
    clean, other, event = await uploaded(b"Warfarin is monitored.")
    assert (await job_of(clean, other))["phi_findings"] is None
    assert await deliver(main.room, event) == 204
    assert (await job_of(clean, other))["phi_findings"] == {}


async def test_policy_refuses_a_document_with_identifiers(uploaded, deliver, job_of, database, monkeypatch):
    import msgspec

    from voiceassist.runtime import settings as module

    strict = msgspec.structs.replace(
        module.load_settings(), ingestion=msgspec.structs.replace(module.load_settings().ingestion, phi="refuse")
    )
    monkeypatch.setattr(type(main.room), "settings", property(lambda _self: strict))
    owner, body, event = await uploaded(PATIENT, "note.txt")
    assert await deliver(main.room, event) == 204
    job = await job_of(owner, body)
    assert (job["state"], job["error_code"], job["phi_findings"]["MRN"]) == ("failed", "DOCUMENT_HOLDS_PHI", 1)
    assert await chunks_of(database, body["id"]) == 0
    allowed, body, event = await uploaded(b"Published 3 May 2024, see https://example.org or call (212) 555-0142.")
    assert await deliver(main.room, event) == 204
    assert (await job_of(allowed, body))["state"] == "completed"


async def test_nothing_is_indexed_that_could_not_be_scanned(uploaded, deliver, job_of, database, monkeypatch):
    import httpx

    from voiceassist.runtime import http

    owner, body, event = await uploaded()
    for answer in (httpx.Response(503), httpx.ConnectError("gone")):

        def transport(_request, answer=answer):
            if isinstance(answer, Exception):
                raise answer
            return answer

        away = httpx.AsyncClient(transport=httpx.MockTransport(transport))
        with monkeypatch.context() as patch:
            patch.setattr(http, "client", lambda away=away: away)
            assert await deliver(main.room, event) == 503
    job = await job_of(owner, body)
    assert (job["state"], job["retry_count"]) == ("pending", 2)
    assert await chunks_of(database, body["id"]) == 0
    assert await deliver(main.room, event) == 204
