"""A function in few lines has the same door as every other room."""

import types

import functions_framework.aio
import httpx
import pytest

from voiceassist.contracts.answers import Question, Spoken
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import door, tokens, workloads
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.skill import skill

WORKLOAD = workloads.derived("s" * 40)
NAME = "Zebulon Quackenbush"  # planted: must appear in no answer
PATH = "/api/v1/sample/ask"


@pytest.fixture
def made(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))

    async def down():
        raise UnavailableError

    room, app, target = skill("sample", title="Sample", checks={"rota": down})

    @app.post(PATH)
    def ask(question: Question) -> Spoken:
        if "crash" in question.question:
            raise RuntimeError(NAME)
        return Spoken(text="It is Tuesday.")

    return room, app, target


async def post(app, path=PATH, **body):
    token = tokens.mint(service("gateway"), issuer="gateway", audience="sample", workload=WORKLOAD)
    bearer = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://room") as client:
        return await client.post(path, json=body, headers=bearer)


async def test_it_is_served_by_the_functions_framework_by_its_name(made):
    module = types.ModuleType("main")
    _room, _app, module.sample = made
    served = functions_framework.aio.create_asgi_app_from_module("sample", "main.py", None, module, None)
    answer = await post(served, question="which day is it")
    told = {"text": "It is Tuesday.", "citations": [], "notice": "", "asks": ""}
    assert (answer.status_code, answer.json()) == (200, told)


async def test_it_has_the_guard_of_a_room(made):
    room, _app, target = made
    assert await target(None) is room
    assert (await post(room, question="crash")).json()["code"] == "INTERNAL"
    wrong = await post(room, query=NAME)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "VALIDATION_ERROR")
    assert NAME not in wrong.text + (await post(room, question="crash")).text
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=room), base_url="http://room") as client:
        assert (await client.post(PATH, json={"question": "x"})).status_code == 401
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["dependencies"]) == (503, {"rota": "down"})
        assert list((await client.get("/openapi.json")).json()["paths"]) == [PATH]
