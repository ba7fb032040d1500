"""From an uploaded file to searchable passages, by events, on the real engines."""

import asyncio
import io
import json
import os
import signal

import pytest
from docx import Document
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas
from sqlalchemy import text

from events.catalog import DocumentIndexed, read
from functions.documents.main import room as documents
from functions.ingestion import main, sandbox
from functions.ingestion.domain import blocks as codes
from functions.ingestion.domain.blocks import DocumentError
from functions.notifications.main import room as notifications
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.ports.vectors import Query
from voiceassist.runtime import providers

pytestmark = pytest.mark.req("P5.3")


def handbook(pages: int = 20) -> bytes:
    """A PDF whose page 13 alone names the loading dose of an invented drug."""
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer, pagesize=A4)
    for number in range(1, pages + 1):
        page.setFont("Helvetica", 8)
        page.drawString(50, 820, "Ward handbook")
        page.drawString(280, 20, f"Page {number} of {pages}")
        page.setFont("Helvetica-Bold", 16)
        page.drawString(50, 780, f"Chapter {number}")
        body = page.beginText(50, 750)
        body.setFont("Helvetica", 11)
        for line in range(25):
            body.textLine(f"Rule {line} of chapter {number} is about keeping the ward tidy and the records complete.")
        if number == 13:
            body.textLine("The loading dose of zorbamicin is 437 mg over ninety minutes.")
        page.drawText(body)
        page.showPage()
    page.save()
    return buffer.getvalue()


async def chunks_of(database, document_id) -> int:
    async with database.transaction(service("test")) as connection:
        rows = await connection.execute(
            text("select count(*) from chunks where document_id = :id"), {"id": document_id}
        )
        return rows.scalar_one()


async def test_a_pdf_is_found_on_its_page_and_its_owner_is_told(uploaded, deliver, said, caller, database, job_of):
    owner, body, event = await uploaded(handbook(), "handbook.pdf")
    assert await deliver(main.room, event) == 204

    job = await job_of(owner, body)
    assert (job["state"], job["step"], job["error_code"]) == ("completed", "index", None)
    assert job["processed_chunks"] == job["total_chunks"] == await chunks_of(database, body["id"]) >= 20

    embedder = providers.embedder()
    index = PgVectorIndex(database, providers.keyring(), owner, embedder.model)
    question = "what is the loading dose of zorbamicin"
    found = await index.search(Query(question, embedder.embed_query(question), limit=3))
    for ranking in (found.by_meaning, found.by_words):
        assert "437 mg" in ranking[0].chunk.text
        assert (ranking[0].chunk.page, ranking[0].chunk.heading) == (13, "Chapter 13")

    indexed = (await said(body["id"]))[-1]
    payload = read(DocumentIndexed, indexed.data)
    assert (payload.pages, payload.chunks) == (20, job["total_chunks"])
    assert await deliver(notifications, indexed) == 204
    async with caller(notifications, owner) as client:
        (notice,) = (await client.get("/api/v1/notifications")).json()["items"]
    assert (notice["kind"], notice["document_id"], notice["document_title"]) == (
        "document.indexed", body["id"], "handbook",
    )  # fmt: skip


async def test_word_html_and_markdown_go_the_same_way(uploaded, deliver, database):
    word = io.BytesIO()
    document = Document()
    document.add_heading("Gout", level=1)
    document.add_paragraph("Colchicine is given early.")
    document.save(word)
    for data, name in (
        (word.getvalue(), "gout.docx"),
        (b"<!doctype html><h1>Gout</h1><p>Colchicine is given early.</p>", "gout.html"),
        (b"# Gout\n\nColchicine is given early.\n", "gout.md"),
    ):
        owner, body, event = await uploaded(data, name)
        assert await deliver(main.room, event) == 204
        index = PgVectorIndex(database, providers.keyring(), owner, providers.embedder().model)
        (hit,) = (await index.search(Query("colchicine"))).by_words
        assert (hit.chunk.document_id, hit.chunk.heading, hit.chunk.text) == (
            body["id"], "Gout", "Colchicine is given early.",
        )  # fmt: skip


async def test_the_same_event_twice_and_at_once_is_handled_once(uploaded, deliver, said, database):
    _, body, event = await uploaded()
    assert await asyncio.gather(*(deliver(main.room, event) for _ in range(3))) == [204, 204, 204]
    assert await chunks_of(database, body["id"]) == 1
    assert [event.type.split(".")[-2] for event in await said(body["id"])] == ["uploaded", "indexed"]


def of_an_integrator(event, **payload):
    """What somebody outside says about the same document."""
    from msgspec.structs import replace as changed

    data = json.dumps(json.loads(event.data) | {name: str(value) for name, value in payload.items()}).encode()
    return changed(event, id=str(ids.new_id()), source="/hospital/pacs", data=data)


async def test_an_integrator_has_an_indexed_document_indexed_again_once_an_event(
    uploaded, deliver, said, database, job_of
):
    owner, body, event = await uploaded()
    assert await deliver(main.room, event) == 204
    again = of_an_integrator(event)
    assert await asyncio.gather(*(deliver(main.room, again) for _ in range(3))) == [204] * 3
    assert await chunks_of(database, body["id"]) == 1
    assert [event.type.split(".")[-2] for event in await said(body["id"])] == ["uploaded", "indexed", "indexed"]
    assert (await job_of(owner, body))["state"] == "completed"


async def test_two_events_about_one_document_at_once_leave_its_passages_once(uploaded, deliver, said, database):
    _, body, event = await uploaded()
    both = [of_an_integrator(event), of_an_integrator(event)]
    assert await asyncio.gather(*(deliver(main.room, one) for one in both)) == [204, 204]
    assert await chunks_of(database, body["id"]) == 1
    assert len(await said(body["id"])) == 3


async def test_nobody_has_the_document_of_another_indexed(uploaded, deliver, said, person, database, job_of):
    owner, body, event = await uploaded()
    other, elsewhere = await person(), await person(tenant_id=ids.new_id())
    for stranger in (other, elsewhere):
        foreign = of_an_integrator(event, owner_id=stranger.user_id, tenant_id=stranger.tenant_id)
        assert await deliver(main.room, foreign) == 204
    assert await chunks_of(database, body["id"]) == 0
    assert (await job_of(owner, body))["state"] == "pending"
    assert len(await said(body["id"])) == 1


async def test_a_crash_before_the_commit_is_repaired_by_the_next_delivery(
    uploaded, deliver, database, monkeypatch, said, job_of
):
    owner, body, event = await uploaded()
    real = main.store.complete

    async def written_then_killed(*args, **options):
        await real(*args, **options)
        raise RuntimeError

    index = PgVectorIndex(database, providers.keyring(), owner, providers.embedder().model)
    with monkeypatch.context() as patch:
        patch.setattr(main.store, "complete", written_then_killed)
        assert await deliver(main.room, event) == 500
    assert (await index.search(Query("warfarin"))).by_words == ()
    job = await job_of(owner, body)
    assert (job["state"], job["retry_count"], job["error_code"]) == ("pending", 1, "INTERNAL")
    with monkeypatch.context() as patch:
        patch.setattr(type(providers.embedder()), "embed_passages", None)  # what is stored is not embedded again
        assert await deliver(main.room, event) == 204
    assert await chunks_of(database, body["id"]) == 1
    assert len((await index.search(Query("warfarin"))).by_words) == 1
    assert len(await said(body["id"])) == 2


async def test_an_object_store_that_is_down_is_retried_and_counted(uploaded, deliver, monkeypatch, job_of):
    owner, body, event = await uploaded()

    def down(*_args):
        raise UnavailableError("down", code="STORAGE_UNAVAILABLE")

    with monkeypatch.context() as patch:
        patch.setattr(main.store, "fetched", down)
        assert await deliver(main.room, event) == 503
    job = await job_of(owner, body)
    assert (job["state"], job["retry_count"], job["error_code"]) == ("pending", 1, "STORAGE_UNAVAILABLE")
    assert await deliver(main.room, event) == 204
    job = await job_of(owner, body)
    assert (job["state"], job["retry_count"], job["error_code"]) == ("completed", 1, None)


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"%PDF-1.7\nbroken", "a.pdf", codes.BROKEN),
        (b"PK\x03\x04word/nothing", "a.docx", codes.BROKEN),
        (b"   \n", "a.txt", codes.EMPTY),
        (b"# Only a heading", "a.md", codes.EMPTY),
    ],
)
async def test_a_bad_document_fails_for_good_and_its_owner_is_told_why(
    uploaded, deliver, said, caller, job_of, data, name, code
):
    owner, body, event = await uploaded(data, name)
    assert await deliver(main.room, event) == 204
    job = await job_of(owner, body)
    assert (job["state"], job["error_code"]) == ("failed", code)
    failed = (await said(body["id"]))[-1]
    assert failed.type == "org.voiceassist.document.failed.v1"
    assert await deliver(notifications, failed) == 204
    async with caller(notifications, owner) as client:
        (notice,) = (await client.get("/api/v1/notifications")).json()["items"]
    assert (notice["kind"], notice["data"]) == ("document.failed", {"code": code})


async def test_a_stored_file_that_was_tampered_with_is_not_read(uploaded, deliver, job_of):
    owner, body, event = await uploaded()
    key = f"files/{owner.tenant_id}/{body['id']}"
    sealed = bytearray(providers.objects().get(key))
    sealed[20] ^= 1
    providers.objects().put(key, bytes(sealed))
    assert await deliver(main.room, event) == 204
    assert (await job_of(owner, body))["error_code"] == main.FILE_LOST


async def test_deletion_takes_passages_and_file_along(uploaded, deliver, said, caller, database):
    owner, body, event = await uploaded()
    assert await deliver(main.room, event) == 204
    async with caller(documents, owner) as client:
        assert (await client.delete(f"/api/v1/documents/{body['id']}")).status_code == 204
    assert await chunks_of(database, body["id"]) == 0
    deleted = (await said(body["id"]))[-1]
    assert [await deliver(main.room, deleted) for _ in range(2)] == [204, 204]
    from voiceassist.core.errors import NotFoundError

    with pytest.raises(NotFoundError):
        list(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), body["id"]))


async def test_a_document_deleted_while_it_is_read_leaves_nothing_behind(
    uploaded, deliver, said, caller, database, monkeypatch
):
    owner, body, event = await uploaded()
    real = main.service.prepare

    async def meanwhile(*args, **options):
        result = await real(*args, **options)
        async with caller(documents, owner) as client:
            assert (await client.delete(f"/api/v1/documents/{body['id']}")).status_code == 204
        return result

    monkeypatch.setattr(main.service, "prepare", meanwhile)
    assert await deliver(main.room, event) == 204
    assert await chunks_of(database, body["id"]) == 0
    assert [event.type.split(".")[-2] for event in await said(body["id"])] == ["uploaded", "deleted"]


async def test_events_it_does_not_hear_and_bad_ones_are_refused_for_good(deliver, uploaded, caller):
    from msgspec.structs import replace as changed

    _, _, event = await uploaded()
    assert await deliver(main.room, changed(event, type="org.voiceassist.document.failed.v1")) == 422
    assert await deliver(main.room, changed(event, data=b'{"document_id": "no"}')) == 422
    async with caller(main.room, service("broker")) as client:
        assert (await client.post("/", content=b"{}")).status_code == 400
        assert (await client.get("/anything")).status_code == 404
    async with caller(main.room, None) as client:
        assert (await client.post("/", content=b"{}")).status_code == 401


def nowhere(_done, _total):
    """Nobody watches the pages."""


def real_file(tmp_path, data: bytes):
    path = tmp_path / "document"
    path.write_bytes(data)
    return path.open("rb")


async def test_a_reader_that_hangs_is_stopped(tmp_path):
    with real_file(tmp_path, handbook(200)) as file, pytest.raises(DocumentError) as caught:
        await sandbox.read(file, "pdf", nowhere, wall_seconds=0.05)
    assert caught.value.code == codes.TOO_SLOW


async def test_a_reader_that_dies_is_a_damaged_document(tmp_path, monkeypatch):
    real = asyncio.create_subprocess_exec

    async def killed(*args, **options):
        process = await real(*args, **options)
        os.kill(process.pid, signal.SIGSEGV)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", killed)
    with real_file(tmp_path, handbook(2)) as file, pytest.raises(DocumentError) as caught:
        await sandbox.read(file, "pdf", nowhere)
    assert caught.value.code == codes.BROKEN


async def test_the_reader_gets_no_secret(tmp_path, monkeypatch, rooms_environment):
    seen = {}
    real = asyncio.create_subprocess_exec

    async def spied(*args, **options):
        seen.update(options["env"])
        return await real(*args, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spied)
    with real_file(tmp_path, b"Some text.") as file:
        await sandbox.read(file, "txt", nowhere)
    assert set(seen) == {"PYTHONPATH", "PATH"}
