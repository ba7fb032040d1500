"""A spoken conversation with the room itself: the wiring's phrases, the dialogue, the door, in this process."""

import httpx
import pytest

from functions.differential import main, spoken
from realtime.dialogue import phrases
from realtime.dialogue.manager import Dialogue
from realtime.dialogue.phrases import CLINICAL
from voiceassist.contracts.answers import Answer, Spoken
from voiceassist.contracts.calculations import Interpretation
from voiceassist.core.identity import service
from voiceassist.runtime import door, tokens, wiring, workloads
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
BOOK, FAULTS = phrases.read(wiring.load().rooms.values())


class Rooms:
    """Asks the room as realtime does; no calculator is meant, and the library answers the rest."""

    def __init__(self, client):
        self.client = client
        self.asked = []

    async def interpret(self, _text, **_known):
        return Interpretation()

    async def search(self, _question):
        return ()

    async def answer(self, _question):
        return Answer(status="abstained", text="The library answers.", spoken="The library answers.")

    async def ask(self, skill, question):
        self.asked.append(question)
        answer = await self.client.post(skill.path, json={"question": question})
        assert answer.status_code == 200
        return Spoken.model_validate_json(answer.content)


@pytest.fixture
async def talk(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))
    bearer = tokens.mint(service("realtime"), issuer="realtime", audience="differential", workload=WORKLOAD)
    transport = httpx.ASGITransport(app=await main.differential(None))
    headers = {"authorization": f"Bearer {bearer}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://differential", headers=headers) as client:
        yield Dialogue(Rooms(client), BOOK)


def test_the_wiring_has_its_phrases_without_a_fault():
    assert FAULTS == ()
    assert "make a differential diagnosis" in BOOK.examples()


@pytest.mark.req("P5.20")
@pytest.mark.parametrize(
    "said",
    [
        "differential for chest pain",
        "What could cause sudden chest pain and shortness of breath in a 45-year-old woman who flew in from Sydney?",
        "Can you give me a differential diagnosis for painless jaundice, please?",
        "I need the differential diagnosis of syncope",
        "what are the differentials for back pain",
        "make a differential diagnosis",
    ],
)
def test_a_request_for_a_differential_is_for_the_room(said):
    assert BOOK.find(said).room == "differential"


@pytest.mark.parametrize("said", [*CLINICAL, "what is the cause of gout", "how is the differential blood count read"])
def test_other_questions_are_not(said):
    assert BOOK.find(said) is None


@pytest.mark.req("P5.20")
async def test_a_conversation_of_two_questions_and_an_answer(talk):
    first = await talk.reply("What could cause back pain?")
    assert (first.text, first.ask.slot) == (spoken.WHO, "age and sex")
    second = await talk.reply("Thirty-four, a man.")
    assert second.ask.slot == "onset"
    last = await talk.reply("For three days, after lifting a box.")
    assert last.ask is None
    assert "Best fit: Mechanical low back pain" in last.text
    assert last.citations
    assert "No clinician has reviewed" in last.notice
    assert len(talk.rooms.asked) == 3


async def test_replies_that_say_nothing_lead_to_an_answer_and_not_to_a_third_question(talk):
    assert (await talk.reply("differential for back pain")).ask
    assert (await talk.reply("hmm")).ask
    last = await talk.reply("hmm")
    assert last.ask is None
    assert "Not known and not used: age, sex and onset." in last.text


async def test_just_answer_is_honoured(talk):
    await talk.reply("differential for back pain")
    last = await talk.reply("just answer")
    assert last.ask is None
    assert "Not known and not used: age, sex and onset." in last.text


async def test_a_red_flag_is_asked_nothing(talk):
    reply = await talk.reply("differential for back pain with saddle numbness")
    assert reply.ask is None
    assert reply.text.startswith("Exclude first: Cauda equina syndrome")


async def test_a_new_question_goes_where_it_belongs(talk):
    for other in ("How is sepsis treated?", "calculate the BMI"):
        await talk.reply("differential for back pain")
        assert (await talk.reply(other)).text == "The library answers."
