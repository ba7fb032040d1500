"""Texts in pieces: NDJSON line by line, and stored texts portion by portion."""

import asyncio
import json

import httpx
import pytest

from functions.phi import claims, main, scanning
from voiceassist.core.errors import PermanentEventError
from voiceassist.core.identity import service
from voiceassist.runtime import door, tokens, workloads
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
SSN = "123-45-6789"


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))


def headers():
    token = tokens.mint(service("gateway"), issuer="gateway", audience="phi", workload=WORKLOAD)
    return {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"}


async def told(*parts):
    """The answers to an NDJSON body that is sent in these parts."""

    async def body():
        for part in parts:
            yield part

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=main.room), base_url="http://room") as client:
        answer = await client.post("/api/v1/phi/redact", headers=headers(), content=body())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_lines_are_answered_by_lines_however_they_are_cut():
    body = "".join(json.dumps({"text": f"line {number}, SSN {SSN}, né"}) + "\n" for number in range(20)).encode()
    wanted = [f"line {number}, SSN [SSN], né" for number in range(20)]
    for size in (1, 7, 64, len(body)):
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        assert [one["text"] for one in await told(*parts)] == wanted
    assert [one["text"] for one in await told(body[:-1])] == wanted, "the last line needs no end"
    assert await told(b"\n \n") == []


async def test_a_line_that_cannot_be_read_is_an_error_in_its_place():
    good, bad = b'{"text": "SSN 123-45-6789"}\n', b'{"text": 123-45-6789}\n'
    long = b'{"text": "' + SSN.encode() + b"x" * 1_048_576 + b'"}\n'
    for parts in (
        (good, bad, long, good),
        (good + bad + long + good,),
        (good + bad, long[:900_000], long[900_000:1_048_590], long[1_048_590:] + good),
    ):
        first, second, third, fourth = await told(*parts)
        assert first["text"] == fourth["text"] == "SSN [SSN]"
        assert (second["error"]["code"], second["error"]["status"]) == ("VALIDATION_ERROR", 400)
        assert (third["error"]["code"], third["error"]["status"]) == ("PAYLOAD_TOO_LARGE", 413)
        assert SSN not in str((second, third))


async def test_the_next_line_is_read_when_the_answer_to_the_last_was_taken():
    """Back-pressure: a caller that does not read makes us stop reading, and memory holds a line."""
    asked, sent, release = [], [], asyncio.Event()
    line = json.dumps({"text": f"SSN {SSN}"}).encode() + b"\n"

    async def receive():
        asked.append(1)
        return {"type": "http.request", "body": line, "more_body": len(asked) < 5}

    async def send(message):
        if message.get("body"):
            sent.append(message)
            await release.wait()

    running = asyncio.create_task(main.room(scope(), receive, send))
    while not sent:
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (len(asked), len(sent)) == (1, 1)
    release.set()
    await running
    assert (len(asked), len(sent)) == (5, 5)


async def test_a_line_over_which_the_engine_fails_is_an_error_without_the_text(monkeypatch, capfd):
    def absent():
        raise RuntimeError(SSN)

    monkeypatch.setattr(scanning, "engine", absent)
    (answer,) = await told(b'{"text": "SSN 123-45-6789"}\n')
    assert answer["error"]["code"] == "INTERNAL"
    assert SSN not in str(answer) + capfd.readouterr().err


async def test_a_caller_that_leaves_ends_the_stream_quietly(capfd):
    messages = [
        {"type": "http.request", "body": b'{"text": "SSN 123-45-6789"}\n', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    await main.room(scope(), receive, send)
    assert len([one for one in sent if one.get("body")]) == 1
    assert "room.failed" not in capfd.readouterr().err


def scope():
    return {
        "type": "http", "method": "POST", "path": "/api/v1/phi/redact", "raw_path": b"/", "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("room", 80), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers().items()],
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 5, 200])
def test_a_stored_text_is_cut_at_its_lines_and_words_and_loses_nothing(size, engine):
    text = "".join(f"line {number}, né SSN {SSN}\n" for number in range(200))
    data = text.encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    cut = list(claims.portions(chunks, most=500))
    assert "".join(cut) == text
    assert all(len(portion) <= 500 and portion.endswith("\n") for portion in cut)
    counts, characters = claims.counts(chunks, engine.find)
    assert (counts["SSN"], characters) == (200, len(text))


@pytest.mark.parametrize("data", [b"\xff", b"SSN \xc3", b"a\xed\xa0\x80"])
def test_a_stored_text_that_is_none_is_refused_for_good(data):
    assert not claims.is_text(data)
    with pytest.raises(PermanentEventError) as raised:
        list(claims.portions([data]))
    assert raised.value.code == "TEXT_NOT_UTF8"
