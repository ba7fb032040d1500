"""A question that must not leave, where a remote model would embed it."""

import asyncio
import threading
import time

import msgspec
import pytest
import uvicorn

from functions.phi import main as phi
from functions.phi.domain.scan import detect
from functions.retrieval import main
from voiceassist.adapters.openai_embedder import OpenAiEmbedder
from voiceassist.runtime import providers
from voiceassist.runtime.phi_gate import PhiBlockedError, PhiGate
from voiceassist.runtime.settings import parse

pytestmark = pytest.mark.req("P5.5")


@pytest.mark.parametrize("path", ["search", "answers"])
async def test_a_question_with_identifiers_is_refused_and_not_repeated(
    path, person, caller, rooms_environment, monkeypatch, free_port
):
    gate = PhiGate(parse({"VOICEASSIST_MODELS__REMOTE_POLICY": "scan"}), scan=lambda text: len(detect(text)))
    remote = OpenAiEmbedder("m", 8, url=f"http://127.0.0.1:{free_port}/v1", key="", gate=gate, retries=0)
    monkeypatch.setattr(providers, "embedder", lambda: remote)

    async def ready():
        return "untouched"

    monkeypatch.setattr(main.keeper, "ready", ready)
    question = "what about gout in the patient with SSN 123-45-6789"
    async with caller(main.room, await person()) as client:
        field = "query" if path == "search" else "question"
        answer = await client.post(f"/api/v1/{path}", json={field: question})
    assert (answer.status_code, answer.json()["code"]) == (403, "PHI_BLOCKED")
    assert "123-45-6789" not in answer.text


@pytest.fixture
def phi_room(free_port, rooms_environment):
    """The room phi behind a real door, with its guard; its address."""
    server = uvicorn.Server(uvicorn.Config(phi.room, port=free_port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{free_port}"
    server.should_exit = True
    thread.join(10)


async def test_the_gate_asks_the_room_phi(phi_room, settings):
    models = msgspec.structs.replace(settings.models, remote_policy="scan")
    gate = PhiGate(msgspec.structs.replace(settings, room_url=phi_room, models=models))
    await asyncio.to_thread(gate, ["Gout is treated early.", "Colchicine 0.5 mg twice a day."])
    for text in ("SSN 123-45-6789", "x" * 250_000 + " anna.smith@example.org"):
        with pytest.raises(PhiBlockedError):
            await asyncio.to_thread(gate, ["Gout is treated early.", text])
