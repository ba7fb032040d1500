"""The routes of answers: streamed, remembered for one caller and one state of the indexes, recorded each time."""

import json

import pytest

from functions.documents.main import room as documents
from functions.ingestion.main import room as ingestion
from functions.retrieval import cache, generation, main
from voiceassist.contracts.answers import Answer
from voiceassist.core.errors import UnavailableError
from voiceassist.core.text import sentences
from voiceassist.runtime.generation import Health

pytestmark = pytest.mark.req("P5.10")

QUESTION = "how often can epinephrine be repeated in anaphylaxis"
NOTE = b"# Zorbamicin\n\n## Dose\n\nThe loading dose of zorbamicin is 437 mg over ninety minutes.\n"


class Scripted:
    """A model that repeats the first sentences of its material, and an invented one."""

    model_id, stays_inside = "scripted", True

    def __init__(self):
        self.asked = 0

    async def stream(self, prompt):
        self.asked += 1
        text = prompt.material.split(":\n", 1)[1].split("\n\n")[0]
        good = [{"text": one, "citations": [1]} for one in sentences(text)[:2]]
        yield json.dumps({"sentences": [{"text": "Give zorblaxin 12 mg.", "citations": [1]}, *good]})


@pytest.fixture(autouse=True)
async def fresh(monkeypatch, rooms_environment):
    await main.keeper.ready()  # on a busy machine that takes longer than a door waits
    monkeypatch.setattr(main, "remembered", cache.Answers())
    monkeypatch.setattr(main, "shared", lambda: None)  # has tests of its own (test_shared_cache.py)
    monkeypatch.setattr(main, "health", Health())


@pytest.fixture
def model(monkeypatch):
    scripted = Scripted()
    monkeypatch.setattr(main.providers, "language_model", lambda: scripted)
    return scripted


@pytest.fixture
def searches(monkeypatch):
    """How often the indexes were searched."""
    counted = []
    search = main.service.search

    async def watched(*given, **options):
        counted.append(1)
        return await search(*given, **options)

    monkeypatch.setattr(main.service, "search", watched)
    return counted


@pytest.fixture
def ask(caller):
    async def put(question, owner, path="/api/v1/answers"):
        async with caller(main.room, owner) as client:
            answer = await client.post(path, json={"question": question})
        assert answer.status_code == 200, answer.text
        return answer

    return put


def events(text):
    parts = [dict(line.split(": ", 1) for line in part.splitlines()) for part in text.strip().split("\n\n")]
    return [(part["event"], json.loads(part["data"])) for part in parts]


async def test_a_stream_gives_checked_sentences_and_then_the_answer(ask, person, model):
    answer = await ask(QUESTION, await person(), "/api/v1/answers/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    *said, (kind, last) = events(answer.text)
    assert kind == "answer"
    assert [kind for kind, _ in said] == ["sentence"] * len(said)
    assert len(said) == 2
    whole = Answer.model_validate(last)
    assert whole.model == "scripted"
    assert whole.spoken == " ".join(part["text"] for _, part in said)
    assert {part["citation"]["chunk_id"] for _, part in said} == {one.chunk_id for one in whole.citations}
    assert "zorblaxin" not in answer.text
    assert "One sentence without support was removed." in whole.notice


async def test_without_a_model_the_stream_is_the_quoted_answer(ask, person):
    owner = await person()
    ((kind, last),) = events((await ask(QUESTION, owner, "/api/v1/answers/stream")).text)
    assert kind == "answer"
    assert last == (await ask(QUESTION, owner)).json()
    assert last["model"] is None


async def test_a_stream_without_any_source_is_a_problem_document(caller, person, monkeypatch):
    async def down(*_given, **_options):
        raise UnavailableError("No source could be searched.", retry_after=5)

    monkeypatch.setattr(main.service, "search", down)
    async with caller(main.room, await person()) as client:
        answer = await client.post("/api/v1/answers/stream", json={"question": QUESTION})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_the_same_question_is_not_searched_again_for_the_same_caller(ask, person, model, searches):
    one, other = await person(), await person()
    first = (await ask(QUESTION, one)).json()
    assert (await ask(f"  {QUESTION}? ", one)).json() == first
    assert (len(searches), model.asked) == (1, 1)
    await ask(QUESTION, other)
    assert (len(searches), model.asked) == (2, 2)


async def test_a_remembered_answer_is_recorded_too(ask, person, database, searches):
    from sqlalchemy import text

    from voiceassist.core.identity import service

    owner = await person()
    await ask(QUESTION, owner)
    await ask(QUESTION, owner)
    assert len(searches) == 1
    async with database.transaction(service("test")) as connection:
        rows = (await connection.execute(text("select event from outbox where room = 'retrieval'"))).scalars().all()
    assert sum(str(owner.user_id).encode() in bytes(row) for row in rows) == 2


@pytest.mark.req("P5.4")
async def test_a_document_that_comes_or_goes_changes_the_answer_at_once(ask, caller, person, said, deliver, searches):
    owner = await person()
    question = "what is the loading dose of zorbamicin"
    assert (await ask(question, owner)).json()["status"] == "abstained"
    async with caller(documents, owner) as client:
        body = (await client.post("/api/v1/documents", files={"file": ("zorbamicin.md", NOTE)})).json()
    assert await deliver(ingestion, (await said(body["id"]))[0]) == 204
    assert "437 mg" in (await ask(question, owner)).json()["text"]
    assert "437 mg" in (await ask(question, owner)).json()["text"]
    assert len(searches) == 2
    async with caller(documents, owner) as client:
        assert (await client.delete(f"/api/v1/documents/{body['id']}")).status_code == 204
    assert (await ask(question, owner)).json()["status"] == "abstained"


async def test_what_failed_is_not_remembered(ask, person, monkeypatch, searches):
    class Down(Scripted):
        async def stream(self, prompt):
            self.asked += 1
            raise UnavailableError("down")
            yield ""

    down = Down()
    monkeypatch.setattr(main.providers, "language_model", lambda: down)
    owner = await person()
    assert generation.NOTICES["DOWN"] in (await ask(QUESTION, owner)).json()["notice"]
    assert generation.NOTICES["DOWN"] in (await ask(QUESTION, owner)).json()["notice"]
    assert (len(searches), down.asked) == (2, 2)  # two tries, then it rests


@pytest.mark.req("P5.9")
async def test_the_intent_and_a_wish_for_sources_decide_which_go_first(caller, person, monkeypatch):
    wishes = []
    search = main.service.search

    async def watched(*given, means, **options):
        wishes.append(means.wish)
        return await search(*given, means=means, **options)

    monkeypatch.setattr(main.service, "search", watched)
    owner = await person()
    async with caller(main.room, owner) as client:
        for more in ({}, {"intent": "drug_info"}, {"intent": "drug_info", "prefer": ["note", "guideline"]}):
            answer = await client.post("/api/v1/answers", json={"question": QUESTION, **more})
            assert answer.status_code == 200
        for faulty in ({"intent": "gossip"}, {"prefer": ["a", "b", "c", "d"]}, {"prefer": [""]}):
            refused = await client.post("/api/v1/answers", json={"question": QUESTION, **faulty})
            assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [(wish.first, wish.preferred) for wish in wishes] == [
        ((), ()),
        (("label", "reference"), ()),
        (("label", "reference"), ("note", "guideline")),
    ]
