"""A question that must not leave, where a remote model would embed it."""

import pytest

from functions.retrieval import main
from voiceassist.adapters.openai_embedder import OpenAiEmbedder
from voiceassist.runtime import providers
from voiceassist.runtime.egress.transport import blocking_transport

pytestmark = [pytest.mark.req("P5.5"), pytest.mark.req("P11.8")]


@pytest.fixture
def remote(gate_of, free_port, rooms_environment, monkeypatch):
    """The room with a remote embedder that nobody listens for; its gate enabled."""
    made = gate_of()
    remote = OpenAiEmbedder(
        "m",
        8,
        url=f"http://127.0.0.1:{free_port}/v1",
        key="",
        gate=lambda texts: made.outgoing_now("embeddings", texts).texts,
        transport=blocking_transport(),
        retries=0,
    )
    monkeypatch.setattr(providers, "embedder", lambda: remote)

    async def ready():
        return "untouched"

    monkeypatch.setattr(main.keeper, "ready", ready)


async def asked(caller, principal, path, question, **headers):
    async with caller(main.room, principal) as client:
        field = "query" if path == "search" else "question"
        return await client.post(f"/api/v1/{path}", json={field: question}, headers=headers)


@pytest.mark.parametrize("path", ["search", "answers"])
async def test_a_question_with_identifiers_is_refused_and_not_repeated(path, person, caller, remote):
    answer = await asked(caller, await person(), path, "what about gout in the patient with SSN 123-45-6789")
    assert (answer.status_code, answer.json()["code"]) == (403, "PHI_BLOCKED")
    assert "123-45-6789" not in answer.text


@pytest.mark.parametrize("path", ["search", "answers"])
async def test_who_wants_it_local_gets_it_local_and_nobody_gets_it_out(path, person, caller, remote):
    """Without the wish the question goes to the server, which is not there; with it, it is not even tried."""
    owner = await person()
    kept = await asked(caller, owner, path, "what about gout", **{"x-voiceassist-route": "local"})
    assert (kept.status_code, kept.json()["code"]) == (403, "PHI_BLOCKED")
    tried = await asked(caller, owner, path, "what about gout")
    assert tried.status_code == 503
    forced = await asked(caller, owner, path, "gout, SSN 123-45-6789", **{"x-voiceassist-route": "cloud"})
    assert forced.status_code == 403
