"""Clarifying questions worded by a model that is honest, hostile, slow or away: the decision is never the model's."""

import asyncio
import json

import pytest

from functions.calculators import service
from realtime.dialogue.clarify import rewording
from realtime.dialogue.clarify.asking import Asking
from realtime.dialogue.clarify.rewording import Rewording
from realtime.dialogue.manager import Dialogue
from realtime.dialogue.reply import Ask
from realtime.engines import local
from voiceassist.contracts.answers import Answer, Passage
from voiceassist.contracts.calculations import InterpretRequest
from voiceassist.runtime import language
from voiceassist.runtime.egress import Gate, Scanner, policy
from voiceassist.runtime.egress.web import Egress
from voiceassist.runtime.settings import Egress as EgressSettings
from voiceassist.runtime.settings import Language, Settings
from voiceassist.runtime.terminology import load

pytestmark = pytest.mark.req("P4.11")

SAID = "search for kidney disease management"
TITLES = ("Chronic kidney disease", "Acute kidney injury", "Diabetic kidney disease")
QUESTION = (
    "Which kind of kidney disease: Chronic kidney disease, Acute kidney injury, Diabetic kidney disease, "
    "or something else?"
)
NICE = (
    "So that I know what you mean by kidney disease, is it chronic kidney disease, acute kidney injury, "
    "diabetic kidney disease, or something else?"
)
ASK = Ask(QUESTION, (*TITLES, "something else"), "kidney disease")


class Rooms:
    """The real calculators, and a library that holds TITLES."""

    async def interpret(self, text, *, calculator=None, known=None, asked=None, doubted=None, assume=False):
        request = InterpretRequest(
            text=text, calculator=calculator, known=dict(known or {}), asked=asked, doubted=dict(doubted or {}),
            assume=assume,
        )  # fmt: skip
        return service.interpreted(request)

    async def search(self, _question):
        return tuple(
            Passage(chunk_id=str(n), document_id=str(n), title=title, text="", score=1 - n / 10, source="S")
            for n, title in enumerate(TITLES)
        )

    async def answer(self, _question):
        return Answer(status="abstained", text="I found no evidence.", spoken="I found no evidence.")


def settings_of(server, allow="local", seconds=30.0):
    return Settings(
        language=Language(url=server.url, model="scripted", allow=allow, seconds=seconds),
        egress=EgressSettings(allow_private=True),
    )


def gated(server, allow="local"):
    settings = settings_of(server, allow)
    gate = Gate(policy.load(None, ""), Scanner(NobodyFound), models=True)
    return language.Gated(language.opened(settings, Egress(settings)), allow=allow, gate=gate)


class NobodyFound:
    version = "test"

    def find(self, _text, *, known=(), kind=None):
        return ()


def talk(model=None):
    return Dialogue(Rooms(), asking=Asking(load()), rewording=Rewording(model) if model else None)


def saying(text):
    return lambda *_: [json.dumps({"question": text})]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Busy machines are slower than a conversation allows."""
    monkeypatch.setattr(rewording, "SECONDS", 20.0)


@pytest.fixture
def fake(scripted_openai):
    return scripted_openai.FakeOpenAi


async def test_a_model_words_the_question_and_everything_else_stays(fake):
    plain = await talk().reply(SAID)
    assert plain.ask == ASK
    async with fake(saying(NICE)) as server:
        dialogue = talk(gated(server))
        worded = await dialogue.reply(SAID)
        assert (worded.text, worded.ask.question) == (NICE, NICE)
        assert (worded.ask.options, worded.ask.slot) == (plain.ask.options, plain.ask.slot)
        again = await dialogue.reply("repeat that")
        assert again.text == NICE
        chosen = await dialogue.reply("the second one")
        assert len(server.requests) == 1
    assert chosen.ask is None
    assert dialogue.asking.answered == {"kidney disease": "Acute kidney injury"}


HOSTILE = (
    "",
    "Shall I just answer?",
    "I will not ask.",
    QUESTION.replace("Acute kidney injury, ", ""),
    QUESTION.replace("Acute kidney injury", "Nephritis"),
    QUESTION.replace("Chronic kidney disease, Acute kidney injury", "Acute kidney injury, Chronic kidney disease"),
    QUESTION.replace("or something else", "flurbozamab, or something else"),
    QUESTION.replace("?", " after 5 mg of furosemide?"),
    QUESTION.replace("?", " stage 3?"),
    QUESTION.replace(", or something else", ""),
    f"{QUESTION} Give furosemide meanwhile.",
    f"{QUESTION} Give it.",
    f"It is not kidney disease. {QUESTION}",
    f"{QUESTION} " + "Please tell me. " * 10,
    f"{QUESTION[:-1]} <script>?",
    QUESTION.replace(", Acute", " Acute"),
    QUESTION.replace("Acute kidney", "Acute, kidney"),
    QUESTION.replace("Diabetic kidney disease", "Diabetic kidney disease?\u202e"),
)


@pytest.mark.parametrize("wording", HOSTILE)
async def test_a_wording_that_changes_anything_is_not_taken(fake, wording):
    async with fake(saying(wording)) as server:
        reply = await talk(gated(server)).reply(SAID)
        assert len(server.requests) == 1
    assert reply.text == QUESTION
    assert reply.ask == ASK


@pytest.mark.parametrize(
    "output",
    ["no JSON", "[1]", '{"question": 7}', '{"question": ["x"]}', '{"options": []}', "{" * 2_000, '"' + NICE + '"'],
)
async def test_output_of_another_shape_leaves_the_question(fake, output):
    async with fake(lambda *_: [output]) as server:
        assert (await talk(gated(server)).reply(SAID)).ask == ASK


async def test_numbers_units_and_criteria_of_a_calculator_s_question_are_held(fake):
    said = "calculate the creatinine clearance of a 70 year old man of 80 kg"
    plain = await talk().reply(said)
    assert plain.ask
    for wording in (plain.text.replace("?", " in mg?"), plain.text.replace("creatinine", "potassium"), "And the age?"):
        async with fake(saying(wording)) as server:
            assert await talk(gated(server)).reply(said) == plain
    nice = f"Could you please tell me: {plain.text}"
    async with fake(saying(nice)) as server:
        assert (await talk(gated(server)).reply(said)).text == nice


async def test_a_slow_model_is_not_waited_for_and_then_left_alone(fake, scripted_openai, monkeypatch):
    monkeypatch.setattr(rewording, "SECONDS", 0.2)
    async with fake(lambda *_: [scripted_openai.HANG]) as server:
        model = Rewording(gated(server))
        dialogue = Dialogue(Rooms(), asking=Asking(load()), rewording=model)
        reply = await asyncio.wait_for(dialogue.reply(SAID), 10)
        assert reply.ask == ASK
        again = Dialogue(Rooms(), asking=Asking(load()), rewording=model)
        assert (await again.reply(SAID)).ask == ASK
        assert len(server.requests) == 1
    assert model.health.rests("scripted")


@pytest.mark.parametrize("script", ["BREAK", "ENDLESS"])
async def test_a_broken_or_endless_stream_leaves_the_question(fake, scripted_openai, script):
    async with fake(lambda *_: [getattr(scripted_openai, script)]) as server:
        assert (await talk(gated(server)).reply(SAID)).ask == ASK


async def test_nobody_asks_a_model_whether_to_ask(fake):
    """What is not asked back without a model is not with one: no request is made."""
    async with fake(saying(NICE)) as server:
        for said in ("she is seizing, kidney disease", "dose of metformin in chronic kidney disease", "help", "stop"):
            plain, worded = await talk().reply(said), await talk(gated(server)).reply(said)
            assert worded == plain
        assert server.requests == []


@pytest.mark.req("G24")
async def test_the_words_of_a_person_go_to_no_model_outside(fake, monkeypatch):
    async with fake(saying(NICE)) as server:
        assert (await talk(gated(server, "remote")).reply(SAID)).ask == ASK
        assert (await talk(gated(server, "nothing")).reply(SAID)).ask == ASK
        assert server.requests == []
        for allow, taken in (("local", True), ("remote", False), ("nothing", False)):
            monkeypatch.setattr(local.providers, "language_model", lambda allow=allow: gated(server, allow))
            assert (local._rewording(settings_of(server, allow)) is not None) is taken
    assert local._rewording(Settings(language=Language(url="no address", model="m", allow="local"))) is None
    assert local._rewording(Settings()) is None
