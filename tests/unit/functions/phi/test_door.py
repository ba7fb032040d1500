"""The door of phi: what it says, what it refuses, and that nothing of a text gets into logs or metrics."""

import asyncio
import threading

import httpx
import pytest

from functions.phi import main
from functions.phi.domain.model import CATEGORIES
from functions.phi.domain.scan import detect
from voiceassist.core.identity import service
from voiceassist.runtime import door, metrics, tokens
from voiceassist.runtime.settings import Settings

SECRET = "s" * 40
SSN = "123-45-6789"


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(internal_secret=SECRET))


async def post(path, **options):
    headers = {"authorization": f"Bearer {tokens.mint(service('gateway'), issuer='gateway', secret=SECRET)}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=main.room), base_url="http://room") as client:
        return await client.post(f"/api/v1/phi/{path}", headers=headers, **options)


async def test_findings_are_told_by_place_and_not_repeated():
    answer = await post("detect", json={"text": f"SSN {SSN}, née 3/7/1960"})
    assert answer.status_code == 200
    assert answer.json()["entities"] == [
        {"start": 4, "end": 15, "label": "SSN", "score": 0.9},
        {"start": 21, "end": 29, "label": "DATE", "score": 1.0},
    ]
    assert SSN not in answer.text


async def test_the_answer_says_what_was_looked_for_and_what_was_not():
    categories = (await post("detect", json={"text": ""})).json()["categories"]
    told = {one["label"] for part in categories.values() for one in part}
    assert told == {category.label for category in CATEGORIES}
    assert {one["label"] for one in categories["not_covered"]} == {"NAME", "GEO", "BIOMETRIC", "PHOTO", "OTHER_ID"}
    assert all(one["found"] for one in categories["covered"])
    assert {one["rule"] for one in categories["covered"]} == set("BCDEFGHIJKLMNO")


async def test_a_text_is_redacted():
    body = (await post("redact", json={"text": f"SSN {SSN}."})).json()
    assert body["text"] == "SSN [SSN]."
    assert [one["label"] for one in body["entities"]] == ["SSN"]
    assert {one["label"] for one in body["categories"]["not_covered"]} >= {"NAME"}


async def test_an_empty_text_is_fine():
    assert (await post("detect", json={"text": ""})).json()["entities"] == []
    assert (await post("redact", json={"text": ""})).json()["text"] == ""


@pytest.mark.parametrize(
    "options",
    [
        {"json": {}},
        {"json": {"text": None}},
        {"json": {"text": SSN, SSN: 1}},
        {"json": {"text": [SSN]}},
        {"json": [SSN]},
        {"content": SSN.encode()},
        {"content": b'{"text": "\\ud800 ' + SSN.encode() + b'"}'},
        {"content": b'{"text": "' + b"x" * 1_048_577 + b'"}'},
    ],
)
async def test_what_cannot_be_read_is_refused_without_an_echo(options):
    answer = await post("detect", **options)
    assert answer.status_code == 400
    assert answer.json()["code"] == "VALIDATION_ERROR"
    assert SSN not in answer.text


async def test_a_long_text_does_not_hold_up_a_short_one(monkeypatch):
    released = threading.Event()

    def slow(text):
        if len(text) > main.AT_ONCE:
            released.wait(10)
        return detect(text)

    monkeypatch.setattr(main, "detect", slow)
    long = asyncio.create_task(post("detect", json={"text": f"{'x ' * main.AT_ONCE}{SSN}"}))
    await asyncio.sleep(0.05)
    assert (await post("detect", json={"text": SSN})).status_code == 200
    assert not long.done()
    released.set()
    assert len((await long).json()["entities"]) == 1


async def test_nothing_of_a_text_is_logged_or_counted_but_its_kinds(capfd):
    before = metrics.PHI_DETECTED.labels("SSN", "api")._value.get()
    await post("redact", json={"text": f"Zebulon Quackenbush {SSN}"})
    await post("detect", json={"text": SSN, "Quackenbush": 1})
    told = "".join(capfd.readouterr()) + metrics.exposition()[0].decode()
    assert "Quackenbush" not in told
    assert SSN not in told
    assert metrics.PHI_DETECTED.labels("SSN", "api")._value.get() == before + 1
