"""What a dose for a patient depends on is asked for, only that, and only where the passages make a difference by it."""

import pytest

from functions.calculators import service
from realtime.dialogue.clarify import dosing
from realtime.dialogue.clarify.policy import Seen
from realtime.dialogue.manager import Dialogue
from voiceassist.contracts.answers import Answer, Citation, Passage
from voiceassist.contracts.calculations import ComputeRequest, InterpretRequest
from voiceassist.core.errors import UnavailableError

TEXTS = {
    "vorapenem": "Vorapenem is given at 20 mg/kg. In renal impairment vorapenem is given once a day.",
    "zidomycin": "Zidomycin 500 mg twice a day. Zidomycin must not be used in pregnancy.",
    "plainazole": "Plainazole 1 g once a day for everybody.",
    "ketocillin": "Ketocillin 2 g. Patients aged 65 years or older take half of the ketocillin. Allergy to ketocillin.",
}
CITATION = Citation(n=1, document_id="d", chunk_id="c", title="A", section="B", source="S", snippet="Text.")
ANSWER = Answer(status="supported", text="Text [1].", spoken="Text.", citations=(CITATION,))


class Rooms:
    """The real calculators, and a library that holds TEXTS."""

    def __init__(self):
        self.questions, self.down = [], False

    async def interpret(self, text, **options):
        if self.down and options.get("calculator"):
            raise UnavailableError("x")
        options |= {name: dict(options.get(name) or {}) for name in ("known", "doubted")}
        return service.interpreted(InterpretRequest(text=text, **options))

    async def compute(self, calculator_id, interpretation):
        request = ComputeRequest(inputs=interpretation.inputs, assumed=interpretation.assumed)
        return service.computed(calculator_id, request)

    async def search(self, _question):
        return tuple(
            Passage(chunk_id=name, document_id=name, title=name.title(), text=text, score=1.0, source="S")
            for name, text in TEXTS.items()
        )

    async def answer(self, question):
        self.questions.append(question)
        return ANSWER


@pytest.fixture
def talk():
    return Dialogue(Rooms())


@pytest.mark.req("P4.11")
async def test_only_what_the_dose_depends_on_and_nobody_said_is_asked_for(talk):
    asked = await talk.reply("What dose of vorapenem should I give my patient of 70 kg?")
    assert asked.ask.slot == "dose"
    assert asked.text == (
        "For the dose of vorapenem in this patient I need: kidney function. Please say them, or: just answer."
    )
    told = await talk.reply("normal")
    assert talk.rooms.questions == ["What dose of vorapenem should I give my patient of 70 kg, normal"]
    assert told.text == "Text [1]."


async def test_what_a_reply_leaves_out_is_asked_for_once_more_and_then_said(talk):
    await talk.reply("vorapenem dose for this man")
    second = await talk.reply("he weighs 80 kg")
    assert "kidney function" in second.text
    assert "weight" not in second.text
    third = await talk.reply("I do not know")
    assert third.ask is None
    assert third.text.startswith("I do not know the kidney function of this patient; the dose may differ with them.")
    assert talk.rooms.questions == ["vorapenem dose for this man, he weighs 80 kg"]


@pytest.mark.req("P4.13")
async def test_just_answer_answers_and_says_what_is_not_known(talk):
    await talk.reply("vorapenem dose for this man")
    told = await talk.reply("just answer")
    assert told.text.startswith("I do not know the weight and kidney function of this patient")
    assert talk.rooms.questions == ["vorapenem dose for this man"]


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        ("dose of zidomycin for a 30-year-old woman", ("pregnancy",)),
        ("dose of zidomycin for a 70-year-old woman", ()),
        ("dose of zidomycin for a 30-year-old man", ()),
        ("dose of zidomycin for a pregnant patient", ()),
        ("dose of plainazole for my patient", ()),
        ("dose of ketocillin for my patient", ("age", "allergies")),
        ("dose of ketocillin for my patient, 70 years old, no allergies", ()),
        ("dose of vorapenem for a 60 kg woman with a creatinine of 1.1", ()),
    ],
)
def test_a_factor_is_missing_only_where_it_concerns_the_patient(said, lacks):
    found = [Seen(name.title(), 1.0, text) for name, text in TEXTS.items()]
    waiting = dosing.opened(said, found)
    assert (waiting.lacks if waiting else ()) == lacks


@pytest.mark.parametrize(
    "said", ["what is the dose of vorapenem", "vorapenem dosing in pneumonia", "my patient has pneumonia"]
)
async def test_a_general_question_for_a_dose_is_answered(talk, said):
    assert (await talk.reply(said)).ask is None


@pytest.mark.req("P4.13")
async def test_an_emergency_waits_for_no_factor(talk):
    told = await talk.reply("vorapenem dose for my patient in septic shock")
    assert told.ask is None
    assert told.text.startswith("I do not know the weight and kidney function")
    await talk.reply("vorapenem dose for this man")
    assert (await talk.reply("he is in cardiac arrest")).ask is None
    assert talk.dose is None


async def test_another_question_is_no_reply(talk):
    await talk.reply("vorapenem dose for this man")
    await talk.reply("How is pneumonia diagnosed in a man with asthma?")
    assert talk.rooms.questions == ["How is pneumonia diagnosed in a man with asthma?"]
    await talk.reply("vorapenem dose for this man")
    assert (await talk.reply("calculate the BMI for 80 kg and 180 cm")).result
    await talk.reply("vorapenem dose for this man")
    await talk.reply("stop")
    assert talk.dose is None


@pytest.mark.req("C3.6")
async def test_with_a_kidney_function_the_labels_answer(talk):
    asked = await talk.reply("what dose of apixaban for an 82 year old woman of 55 kg with a creatinine of 1.6 mg/dL")
    assert asked.ask.slot == "indication"
    told = await talk.reply("atrial fibrillation")
    assert "2.5 mg twice a day" in told.result.value
    told = await talk.reply("metformin dose with an eGFR of 25")
    assert told.result.calculator_id == "renal_dosing"
    talk.rooms.down = True
    assert (await talk.reply("metformin dose with an eGFR of 25")).result is None


async def test_a_dose_of_adults_is_not_passed_on_for_a_child(talk):
    told = await talk.reply("dose of plainazole for a 5-year-old boy")
    assert told.text == "What I have on plainazole does not speak of children; this is no dose for a child. Text [1]."
    assert (await talk.reply("dose of plainazole for a 50-year-old man")).text == "Text [1]."


async def test_labels_for_adults_answer_for_no_child(talk):
    told = await talk.reply("dose of levetiracetam for a 5 year old boy with a creatinine clearance of 40")
    assert told.result is None
