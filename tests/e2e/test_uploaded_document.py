"""A file travels by events: uploaded, indexed, its owner told, and the next question cites its page."""

import json
import time
from pathlib import Path

import pytest

FACT = "The Halvorsen protocol starts wexaban at 42 mg once daily in patients with brimstone syndrome."


def pdf(path: Path, pages: int, page_of_fact: int) -> Path:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=A4)
    for page in range(1, pages + 1):
        canvas.drawString(72, 800, "Ward handbook")
        canvas.drawString(72, 760, f"Chapter {page}: general advice")
        if page == page_of_fact:
            canvas.drawString(72, 720, FACT[:60])
            canvas.drawString(72, 704, FACT[60:].strip())
        else:
            canvas.drawString(72, 720, f"This page {page} speaks about hand hygiene and visiting hours of ward {page}.")
        canvas.showPage()
    canvas.save()
    return path


def upload(client, path: Path, title: str) -> dict[str, str]:
    with path.open("rb") as file:
        answer = client.post(
            "/api/v1/documents", files={"file": (path.name, file, "application/pdf")}, data={"title": title}
        )
    assert answer.status_code == 202, answer.text
    return answer.json()


def wait_for_job(client, job_id: str, seconds: float = 60) -> dict[str, object]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job = client.get(f"/api/v1/jobs/{job_id}").json()
        if job["state"] in {"completed", "failed"}:
            return job
        time.sleep(0.2)
    raise AssertionError(job)


@pytest.mark.req("P5.3")
def test_an_uploaded_pdf_is_indexed_by_events_and_cited_by_page(product, say, tmp_path):
    with product.key_client() as client:
        accepted = upload(client, pdf(tmp_path / "handbook.pdf", 20, 13), "Ward handbook")
        job = wait_for_job(client, accepted["job_id"])
        assert job["state"] == "completed", job
        until = time.monotonic() + 20
        notices: list[dict[str, object]] = []
        while not notices and time.monotonic() < until:
            items = client.get("/api/v1/notifications").json()["items"]
            notices = [item for item in items if item["document_id"] == accepted["id"]]
            time.sleep(0.1)
        assert notices, "the owner was not told"
    question = say("What does the Halvorsen protocol start in brimstone syndrome?")
    found = json.loads(product.cli("talk", str(question), "--json").stdout)
    pages = [citation["page"] for citation in found["citations"] if citation["document_id"] == accepted["id"]]
    assert 13 in pages, found


@pytest.mark.req("P5.1")
def test_a_broken_pdf_fails_with_a_code_and_the_owner_is_told(product, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"garbage " * 50)
    with product.key_client() as client:
        accepted = upload(client, broken, "Broken")
        job = wait_for_job(client, accepted["job_id"])
        assert job["state"] == "failed"
        assert job["error_code"]


def test_one_trace_leads_from_the_gateway_to_the_event(product, tmp_path):
    trace_id = "5e" * 16
    with product.key_client() as client:
        client.headers["traceparent"] = f"00-{trace_id}-{'ab' * 8}-01"
        upload(client, pdf(tmp_path / "traced.pdf", 1, 99), "Traced")
        until = time.monotonic() + 30
        while time.monotonic() < until:
            lines = [json.loads(line) for line in _lines(product) if trace_id in line]
            if {line.get("room") for line in lines} >= {"documents", "ingestion", "notifications"}:
                return
            time.sleep(0.2)
    raise AssertionError(lines)


def _lines(product) -> list[str]:
    return [
        line
        for path in (product.data / "logs").glob("*.log")
        for line in path.read_text().splitlines()
        if line[:1] == "{"
    ]
