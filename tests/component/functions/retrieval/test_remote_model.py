"""A question that must not leave, where a remote model would embed it."""

import pytest

from functions.phi.domain.scan import detect
from functions.retrieval import main
from voiceassist.adapters.openai_embedder import OpenAiEmbedder
from voiceassist.runtime import providers
from voiceassist.runtime.phi_gate import PhiGate
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
