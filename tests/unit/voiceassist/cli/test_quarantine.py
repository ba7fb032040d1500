"""`voiceassist phi quarantine` asks the room's own doors as the administrator who decides, and shows no text."""

import json
from uuid import UUID

import httpx
import pytest
from click.testing import CliRunner

from voiceassist.cli import quarantine
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.settings import Settings

ADMIN = Principal(subject="a", tenant_id=DEFAULT_TENANT, role="admin", user_id=UUID(int=3))
WORKLOAD = workloads.derived("s" * 40)
SETTINGS = Settings(workload=WORKLOAD, room_url="http://{room}.test")
ID = "0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69"
HELD = {"document_id": ID, "format": "pdf", "size_bytes": 9, "held_at": "2026-11-29T10:00:00Z",
        "findings": {"NAME": 2, "MRN": 1}}  # fmt: skip
DECIDED = {"document_id": ID, "decision": "released", "decided_at": "2026-11-29T11:00:00Z", "findings": {"NAME": 2}}


@pytest.fixture
def room(monkeypatch):
    """The room's door: what it was asked, by whom, and its answers to come."""
    asked, answers = [], []

    def answer(request):
        token = request.headers["authorization"].removeprefix("Bearer ")
        caller = tokens.verify(token, audience="documents", workload=WORKLOAD)
        asked.append((request.method, str(request.url), request.content, caller))
        status, body = answers.pop(0)
        return httpx.Response(status, json=body)

    client = httpx.AsyncClient

    def say(status, body):
        answers.append((status, body))

    async def person(_database, who):
        assert who == "admin"
        return ADMIN

    monkeypatch.setattr(httpx, "AsyncClient", lambda **_: client(transport=httpx.MockTransport(answer)))
    monkeypatch.setattr(quarantine, "person", person)
    monkeypatch.setattr(quarantine, "running_settings", lambda *_: SETTINGS)
    say.asked = asked
    return say


def run(*arguments, **options):
    return CliRunner().invoke(quarantine.command, ["quarantine", *arguments, "--as", "admin"], **options)


def test_what_waits_is_listed_by_kinds_and_counts(room):
    room(200, {"items": [HELD], "next_cursor": None})
    told = run("list", "--limit", "5")
    assert told.exit_code == 0, told.output
    assert f"{ID}  2026-11-29T10:00:00Z  pdf, 9 bytes  NAME:2 MRN:1" in told.output
    ((method, url, _, caller),) = room.asked
    assert (method, url) == ("GET", "http://documents.test/api/v1/documents/quarantine?limit=5")
    assert (caller.user_id, caller.role) == (ADMIN.user_id, "admin")
    room(200, {"items": [], "next_cursor": None})
    assert json.loads(run("list", "--decided", "--json").output) == {"items": [], "next_cursor": None}
    assert "/quarantine/decisions?" in room.asked[-1][1]


def test_one_document_is_found_on_a_later_page_or_among_the_decisions(room):
    room(200, {"items": [HELD | {"document_id": "x"}], "next_cursor": "c"})
    room(200, {"items": [], "next_cursor": None})
    room(200, {"items": [DECIDED], "next_cursor": None})
    told = run("show", ID)
    assert "decision: released" in told.output
    assert "cursor=c" in room.asked[1][1]
    for _ in range(2):
        room(200, {"items": [], "next_cursor": None})
    missing = run("show", ID)
    assert missing.exit_code == 1


def test_a_decision_is_made_by_its_door_with_a_reason(room):
    room(202, DECIDED)
    told = run("release", ID, "--judgement", "no_patient_data", "--reason", "false_alarm")
    assert (told.exit_code, "released" in told.output) == (0, True)
    method, url, body, _ = room.asked[-1]
    assert (method, url) == ("POST", f"http://documents.test/api/v1/documents/quarantine/{ID}/release")
    assert json.loads(body) == {"judgement": "no_patient_data", "reason": "false_alarm"}
    assert run("release", ID, "--judgement", "no_patient_data", "--reason", "because").exit_code == 2


def test_deleting_asks_first(room):
    assert run("delete", ID, "--reason", "wrong_upload", input="n\n").exit_code == 1
    assert room.asked == []
    room(200, DECIDED | {"decision": "deleted"})
    told = run("delete", ID, "--reason", "wrong_upload", "--yes", "--json")
    assert json.loads(told.output)["decision"] == "deleted"
    assert room.asked[-1][1].endswith(f"/{ID}/delete")


def test_what_the_room_refuses_is_said(room):
    room(403, {"detail": "Only administrators decide.", "errors": [{"pointer": "/reason", "code": "X"}]})
    refused = run("list")
    assert refused.exit_code == 1
    assert refused.exception.detail == "Only administrators decide. (/reason)"
