"""A file travels by events: uploaded, indexed, its owner told, and the next question cites its page."""

import base64
import gzip
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

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


@pytest.mark.req("P5.1")
def test_a_file_that_comes_in_parts_passes_the_gateway_and_is_indexed(product, tmp_path):
    data = pdf(tmp_path / "rounds.pdf", 3, 2).read_bytes()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    with product.key_client() as client:
        announced = {"file_name": "rounds.pdf", "size_bytes": len(data), "doc_key": "rounds"}
        upload = client.post("/api/v1/documents/uploads", json=announced).json()
        path = f"/api/v1/documents/uploads/{upload['id']}"
        headers = {"content-type": "application/octet-stream", "content-digest": f"sha-256=:{digest}:"}
        stored = client.put(f"{path}/parts/1", content=data, headers=headers)
        assert stored.status_code == 200, stored.text
        job = wait_for_job(client, client.post(f"{path}/complete").json()["job_id"])
        assert (job["state"], job["processed_pages"], job["phi_findings"]) == ("completed", 3, {})
        assert client.delete(f"/api/v1/documents/{upload['id']}").status_code == 204


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


def test_the_log_follows_one_trace_from_the_upload_to_the_notification(product, tmp_path):
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
    files = (product.data / "logs").glob("*.log")
    return [line for path in files for line in path.read_text().splitlines() if line[:1] == "{"]


@pytest.fixture
def collector():
    """A peer that takes spans as an OpenTelemetry collector does (OTLP over HTTP, protobuf)."""
    spans: list[tuple[str, str, str]] = []  # service, span name, trace id

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                names = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
                for scope in resource.scope_spans:
                    spans.extend((names[0], span.name, span.trace_id.hex()) for span in scope.spans)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", spans
    server.shutdown()
    server.server_close()


@pytest.mark.req("P8.2")
@pytest.mark.timeout(180)
def test_spans_of_gateway_room_broker_event_and_database_share_one_trace(own_product, collector, tmp_path):
    endpoint, spans = collector
    product = own_product(VOICEASSIST_TELEMETRY__OTLP_ENDPOINT=endpoint).start()
    trace_id = "7c" * 16
    with product.key_client() as client:
        client.headers["traceparent"] = f"00-{trace_id}-{'ab' * 8}-01"
        upload(client, pdf(tmp_path / "traced.pdf", 1, 99), "Traced")
    wanted = {"gateway.request", "room.request", "event.deliver", "event.handle", "postgres.transaction"}
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if wanted <= {name for _, name, trace in spans if trace == trace_id}:
            break
        time.sleep(0.2)
    found = {(service, name) for service, name, trace in spans if trace == trace_id}
    assert wanted <= {name for _, name in found}, found
    assert {service for service, _ in found} >= {"host", "broker"}
