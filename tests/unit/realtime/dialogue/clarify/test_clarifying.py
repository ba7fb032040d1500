"""Clarifying questions within a conversation: asked, answered, remembered, and never in the way of an emergency."""

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from functions.calculators import service
from realtime.dialogue.clarify.asking import Asking
from realtime.dialogue.clarify.urgent import is_urgent
from realtime.dialogue.manager import Dialogue
from voiceassist.contracts.answers import Answer, Citation, Passage
from voiceassist.contracts.calculations import ComputeRequest, InterpretRequest
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime.terminology import load

TITLES = (
    "Chronic kidney disease",
    "Acute kidney injury",
    "Diabetic kidney disease",
    "Type 1 diabetes",
    "Type 2 diabetes",
)
SOURCE = Citation(n=1, document_id="d", chunk_id="c", title="A", section="B", source="S", snippet="Text.")
SUPPORTED = Answer(status="supported", text="Text [1].", spoken="Text.", citations=(SOURCE,))
ABSTAINED = Answer(status="abstained", text="I found no evidence.", spoken="I found no evidence.")
URGENT = (
    "the patient is not breathing, kidney disease",
    "cardiac arrest with diabetes, what now",
    "septic shock treatment",
    "she is seizing",
    "emergency: kidney disease",
    "he took an overdose",
    "calculate the Wells score, he collapsed",
    "crushing chest pain, CHA2DS2-VASc please",
)


class Rooms:
    """The real calculators, and a library that holds TITLES and writes down what it was asked."""

    def __init__(self, titles=TITLES, answer=SUPPORTED):
        self.titles, self.given, self.questions, self.searches = titles, answer, [], 0

    async def interpret(self, text, *, calculator=None, known=None, asked=None, doubted=None, assume=False):
        request = InterpretRequest(
            text=text,
            calculator=calculator,
            known=dict(known or {}),
            asked=asked,
            doubted=dict(doubted or {}),
            assume=assume,
        )
        return service.interpreted(request)

    async def compute(self, calculator_id, interpretation):
        request = ComputeRequest(inputs=interpretation.inputs, assumed=interpretation.assumed)
        return service.computed(calculator_id, request)

    async def search(self, _question):
        self.searches += 1
        if isinstance(self.titles, Exception):
            raise self.titles
        return tuple(
            Passage(chunk_id=str(n), document_id=str(n), title=title, text="", score=1 - n / 10, source="S")
            for n, title in enumerate(self.titles)
        )

    async def answer(self, question):
        self.questions.append(question)
        return self.given


def talk(**options):
    return Dialogue(Rooms(**options), asking=Asking(load()))


@pytest.mark.req("C1.4")
async def test_a_topic_with_kinds_is_asked_back_with_chips():
    dialogue = talk()
    reply = await dialogue.reply("search for kidney disease management")
    assert reply.ask.options == (*TITLES[:3], "something else")
    assert reply.ask.slot == "kidney disease"
    assert reply.text == reply.ask.question
    assert dialogue.rooms.questions == []
    assert dialogue.terms()[:3] == list(TITLES[:3])


@pytest.mark.req("C1.5")
async def test_the_kind_and_what_was_said_with_it_complete_the_question():
    dialogue = talk()
    await dialogue.reply("search for kidney disease management")
    reply = await dialogue.reply("chronic, stage three b")
    assert reply.status == "supported"
    assert dialogue.rooms.questions == ["search for Chronic kidney disease management stage three b"]


async def test_the_answer_is_remembered_for_the_session():
    dialogue = talk()
    await dialogue.reply("How is kidney disease treated?")
    await dialogue.reply("the second one")
    reply = await dialogue.reply("What causes kidney disease?")
    assert reply.ask is None
    assert dialogue.rooms.questions[-1] == "What causes Acute kidney injury?"
    assert reply.text.startswith("I take kidney disease as Acute kidney injury, as before.")


async def test_just_answer_answers_and_states_the_assumption():
    dialogue = talk()
    await dialogue.reply("How is kidney disease treated?")
    reply = await dialogue.reply("just answer")
    assert dialogue.rooms.questions == ["How is kidney disease treated?"]
    assert reply.text.startswith("I assume you mean kidney disease in general; the kinds may differ.")
    again = await dialogue.reply("How is kidney disease treated?")
    assert again.ask is None
    assert again.text == reply.text


async def test_an_answer_without_evidence_states_no_assumption():
    dialogue = talk(answer=ABSTAINED)
    await dialogue.reply("How is kidney disease treated?")
    assert (await dialogue.reply("in general")).text == ABSTAINED.text


async def test_something_else_is_asked_for_once_and_then_taken_as_it_is_said():
    dialogue = talk()
    await dialogue.reply("How is kidney disease treated?")
    second = await dialogue.reply("something else")
    assert (second.ask.options, second.ask.slot) == ((), "kidney disease")
    third = await dialogue.reply("polycystic")
    assert third.ask is None
    assert dialogue.rooms.questions == ["How is polycystic kidney disease treated?"]


async def test_something_else_twice_is_answered_in_general():
    dialogue = talk()
    for said in ("How is kidney disease treated?", "something else", "something else"):
        reply = await dialogue.reply(said)
    assert reply.ask is None
    assert dialogue.rooms.questions == ["How is kidney disease treated?"]


async def test_another_question_instead_of_a_reply_is_answered():
    dialogue = talk()
    await dialogue.reply("How is kidney disease treated?")
    await dialogue.reply("What is the dose of apixaban in heart failure?")
    assert dialogue.rooms.questions == ["What is the dose of apixaban in heart failure?"]
    assert dialogue.asking.asked is None


async def test_stop_drops_the_question():
    dialogue = talk()
    await dialogue.reply("How is kidney disease treated?")
    await dialogue.reply("never mind")
    assert dialogue.asking.asked is None


async def test_a_library_that_cannot_be_searched_is_no_reason_to_ask():
    dialogue = talk(titles=UnavailableError("Away."))
    assert (await dialogue.reply("How is kidney disease treated?")).ask is None


async def test_a_question_that_says_enough_costs_no_search():
    dialogue = talk()
    await dialogue.reply("What is the dose of apixaban in chronic kidney disease stage four?")
    assert dialogue.rooms.searches == 0


@pytest.mark.req("P4.13")
@pytest.mark.parametrize("said", URGENT)
async def test_an_emergency_is_answered_at_once_even_with_a_question_open(said):
    for opening in (
        "How is kidney disease treated?",
        "calculate the CHA2DS2-VASc score",
        "calculate the Wells score",
        "",
    ):
        dialogue = talk()
        await dialogue.reply(opening)
        reply = await dialogue.reply(said)
        assert reply.ask is None
        assert dialogue.asking.asked is None


@pytest.mark.parametrize(
    "said",
    ["How is kidney disease treated?", "emergence of resistance", "arrest warrant", "new onset of fever", "stroke"],
)
def test_ordinary_words_are_no_emergency(said):
    assert not is_urgent(said)


@pytest.mark.parametrize(
    "said",
    ["no cardiac arrest", "denies any crushing chest pain", "a history of anaphylaxis", "prevention of eclampsia"],
)
def test_what_does_not_happen_is_no_emergency(said):
    assert not is_urgent(said)


def test_one_sign_that_is_denied_does_not_hide_another():
    assert is_urgent("no cardiac arrest, but he is choking")


async def test_a_reply_that_speaks_of_what_was_asked_for_ends_no_calculation():
    dialogue = talk()
    first = await dialogue.reply("calculate the GRACE score")
    assert "cardiac arrest" in first.text
    reply = await dialogue.reply("cardiac arrest")
    assert dialogue.open.interpretation.inputs["arrest"] is True
    assert reply.ask is not None
    await dialogue.reply("the patient is choking")
    assert dialogue.open is None


CHOICES = {
    "calculate the Wells score": ("wells_dvt", "wells_pe"),
    "calculate the GFR": ("ckd_epi_2021", "cockcroft_gault"),
    "calculate the QTc for QT 400 ms and heart rate 80": (
        "qtc_bazett",
        "qtc_fridericia",
        "qtc_framingham",
        "qtc_hodges",
    ),
}


@pytest.mark.parametrize("said", CHOICES)
@pytest.mark.parametrize("counted", [False, True])
async def test_an_ambiguous_calculator_is_chosen_by_name_or_place(said, counted):
    for place, calculator in enumerate(CHOICES[said]):
        dialogue = talk()
        first = await dialogue.reply(said)
        assert first.ask.slot == "calculator"
        assert len(first.ask.options) == len(CHOICES[said])
        word = ("first", "second", "third", "fourth")[place]
        second = await dialogue.reply(f"the {word} one" if counted else first.ask.options[place])
        chosen = second.result.calculator_id if second.result else dialogue.open.calculator_id
        assert chosen == calculator


@pytest.mark.req("C3.2")
async def test_criteria_are_asked_for_together_and_their_answer_is_read_back():
    dialogue = talk()
    asked = await dialogue.reply("CHA2DS2-VASc for a 68-year-old man with hypertension and diabetes")
    assert asked.ask.options == (
        "heart failure",
        "stroke, TIA or systemic embolism",
        "vascular disease",
        "none of these",
    )
    told = await dialogue.reply(asked.ask.options[-1])
    assert told.result.value == 3
    assert told.result.assumptions == ()
    assert "no heart failure, hypertension, diabetes, no stroke" in told.text


@pytest.mark.req("P4.13")
async def test_of_many_criteria_only_that_none_applies_can_be_tapped():
    asked = await talk().reply("calculate the Caprini score")
    assert asked.ask.options == ("none of these",)
    assert "varicose veins" in asked.text


@pytest.mark.req("P4.13")
async def test_just_answer_computes_with_stated_assumptions():
    dialogue = talk()
    await dialogue.reply("CHA2DS2-VASc for a 68-year-old man with hypertension and diabetes")
    told = await dialogue.reply("just answer")
    assert told.result.value == 3
    assert "I assumed no heart failure, no stroke, TIA or systemic embolism and no vascular disease" in told.text


@pytest.mark.req("P4.13")
async def test_an_emergency_waits_for_no_criterion_and_says_what_it_took():
    told = await talk().reply("emergency: CHA2DS2-VASc for a 68-year-old man with hypertension")
    assert told.result.value == 2
    assert "I assumed no heart failure" in told.text


@pytest.mark.parametrize(
    "said",
    [
        "calculate the TIMI risk score for STEMI of a 70 year old",
        "calculate the GRACE score: age 60, cardiac arrest at admission no, Killip class 1",
    ],
)
async def test_the_name_of_a_score_and_a_denied_criterion_are_no_emergency(said):
    assert (await talk().reply(said)).ask is not None


@pytest.mark.req("C3.7")
async def test_a_reply_may_be_the_unit_alone():
    dialogue = talk()
    asked = await dialogue.reply("eGFR of a 60 year old woman with creatinine 90 mg per deciliter")
    assert asked.ask.slot == "creatinine"
    assert "unit" in asked.text
    told = await dialogue.reply("micromoles per liter")
    assert told.result.value == pytest.approx(63.1, abs=0.1)
    assert "serum creatinine 1.018 mg/dL" in told.text


async def test_just_answer_never_assumes_a_value_but_says_what_is_missing():
    dialogue = talk()
    await dialogue.reply("calculate the CKD-EPI for a 60 year old man")
    reply = await dialogue.reply("just answer")
    assert reply.ask is None
    assert "creatinine" in reply.text


SAID = st.sampled_from(
    [
        *URGENT,
        "How is kidney disease treated?",
        "What causes diabetes?",
        "tell me about stroke",
        "calculate the Wells score",
        "calculate the GFR",
        "CHA2DS2-VASc for a 68 year old man",
        "something else",
        "the second one",
        "chronic",
        "just answer",
        "no",
        "yes",
        "42",
        "type 2",
        "hmm perhaps",
        "mg/dL",
        "never mind",
    ]
)


@settings(max_examples=300, deadline=None)
@over(st.lists(SAID, min_size=1, max_size=12))
async def test_no_dialogue_has_a_third_question_in_a_row_or_one_in_an_emergency(turns):
    dialogue = talk()
    row = 0
    for said in turns:
        reply = await dialogue.reply(said)
        row = row + 1 if reply.ask else 0
        assert row <= 2
        assert not (is_urgent(said) and reply.ask)
