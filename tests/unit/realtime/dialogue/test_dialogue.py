"""Who is asked, what is asked back, how results and failures are worded."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from realtime.dialogue import smalltalk, wording
from realtime.dialogue.manager import Dialogue
from realtime.dialogue.phrases import Phrasebook, Skill
from voiceassist.contracts.answers import Answer, Citation, Spoken
from voiceassist.contracts.calculations import CalculatorInput, CalculatorResult, Interpretation, MissingInput
from voiceassist.core.errors import (
    DependencyTimeoutError,
    FieldError,
    ForbiddenError,
    NeedsInputError,
    UnavailableError,
    ValidationError,
)

CITATION = Citation(
    n=1, document_id="d", chunk_id="c", title="Sepsis", section="First hour", source="Starter", snippet="Fluids."
)
ANSWER = Answer(status="supported", text="Give fluids [1].", spoken="Give fluids.", citations=(CITATION,))
RESULT = CalculatorResult(
    calculator_id="egfr",
    title="CKD-EPI 2021",
    version="1",
    value=61.5,
    unit="mL/min/1.73 m2",
    text="eGFR: 62 mL/min/1.73 m2. Stage G2.",
    inputs=(
        CalculatorInput(name="age", label="age", value=70, unit="years"),
        CalculatorInput(name="sex", label="sex", value="female"),
        CalculatorInput(name="creatinine", label="creatinine", value=0.9, unit="mg/dL"),
        CalculatorInput(name="dialysis", label="dialysis", value=False, assumed=True),
    ),
    assumptions=("assumed: no dialysis",),
    warnings=("The creatinine is unusual",),
)
CREATININE = MissingInput(name="creatinine", label="creatinine", question="What is the creatinine?")
AGE = MissingInput(name="age", label="age", question="How old is the patient?")


def reading(*missing, confidence=0.9, calculator="egfr", **inputs):
    return Interpretation(
        calculator_id=calculator, title="CKD-EPI 2021", confidence=confidence, inputs=inputs, missing=missing
    )


NOTHING = Interpretation()
SPOKEN = Spoken(text="Dr. Okafor is on call.")
ONCALL = Skill("oncall", "/api/v1/oncall/ask", "oncall:read", ("who is on call", "on-call doctor"))


@dataclass
class FakeRooms:
    """Answers interpretations in turn; keeps what it was asked."""

    readings: list[Any] = field(default_factory=list)
    answers: Any = ANSWER
    spoken: Any = SPOKEN
    result: Any = RESULT
    found: Any = ()
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def interpret(self, text, *, calculator=None, known=None, asked=None, doubted=None, assume=False):
        self.calls.append(("interpret", text, calculator, known, asked))
        return given(self.readings.pop(0) if self.readings else NOTHING)

    async def compute(self, calculator_id, interpretation):
        self.calls.append(("compute", calculator_id, interpretation.inputs))
        return given(self.result)

    async def answer(self, question):
        self.calls.append(("answer", question))
        return given(self.answers)

    async def search(self, question):
        self.calls.append(("search", question))
        return given(self.found)

    async def ask(self, skill, question):
        self.calls.append(("ask", skill.room, question))
        return given(self.spoken)


def given(value):
    if isinstance(value, Exception):
        raise value
    return value


def dialogue(*readings, **options):
    return Dialogue(FakeRooms(list(readings), **options), Phrasebook([ONCALL]))


async def test_a_question_goes_to_retrieval_and_keeps_its_citations():
    talk = dialogue()
    reply = await talk.reply("How do I treat sepsis?")
    assert (reply.text, reply.citations, reply.status) == ("Give fluids [1].", (CITATION,), "supported")
    assert [call[0] for call in talk.rooms.calls] == ["interpret", "search", "answer"]


async def test_a_complete_request_is_computed_and_read_back():
    talk = dialogue(reading(age=70, sex="female", creatinine=0.9))
    reply = await talk.reply("eGFR of a 70 year old woman with creatinine 0.9")
    assert reply.result == RESULT
    assert reply.text == (
        "eGFR: 62 mL/min/1.73 m2. Stage G2. I used age 70 years, sex female and creatinine 0.9 mg/dL. "
        "I assumed no dialysis; tell me if that is wrong. The creatinine is unusual."
    )


@pytest.mark.req("P4.11")
async def test_a_missing_input_is_asked_for_and_the_reply_completes_the_request():
    talk = dialogue(reading(CREATININE, age=70), reading(age=70, creatinine=0.9))
    reply = await talk.reply("eGFR of a 70 year old woman")
    assert (reply.ask.question, reply.ask.slot) == ("What is the creatinine?", "creatinine")
    assert talk.terms()[0] == "creatinine"
    assert (await talk.reply("0.9")).result == RESULT
    assert talk.rooms.calls[1] == ("interpret", "0.9", "egfr", {"age": 70}, "creatinine")
    assert talk.open is None


@pytest.mark.req("P4.13")
async def test_there_is_no_third_question_but_the_values_may_still_be_said():
    talk = dialogue(
        reading(CREATININE, AGE),
        reading(CREATININE, AGE, confidence=0.2),
        reading(CREATININE, AGE, confidence=0.2),
        reading(age=70, creatinine=1),
    )
    assert (await talk.reply("calculate the eGFR")).ask
    assert (await talk.reply("hmm")).ask
    last = await talk.reply("I do not know")
    assert last.ask is None
    assert last.text == "For CKD-EPI 2021 I still need creatinine and age. Please say the values in one sentence."
    assert (await talk.reply("creatinine 1, age 70")).result == RESULT


async def test_a_new_question_is_not_taken_for_a_reply():
    talk = dialogue(reading(CREATININE), reading(CREATININE, confidence=0.2), NOTHING)
    await talk.reply("calculate the eGFR")
    reply = await talk.reply("How do I treat sepsis?")
    assert reply.citations == (CITATION,)
    assert talk.open is None


async def test_another_calculator_may_be_named_instead_of_a_reply():
    talk = dialogue(reading(CREATININE), reading(calculator="bmi"), result=RESULT)
    await talk.reply("calculate the eGFR")
    assert (await talk.reply("no, the BMI of a 70 kg man of 180 cm")).result
    assert talk.rooms.calls[-1][:2] == ("compute", "bmi")


async def test_of_several_calculators_the_meant_one_is_asked_for():
    several = Interpretation(confidence=0.9, choices=("Wells DVT", "Wells PE"), question="For DVT or for PE?")
    talk = dialogue(several, reading(calculator="wells_pe"))
    reply = await talk.reply("Wells score please")
    assert (reply.ask.options, reply.ask.slot) == (("Wells DVT", "Wells PE"), "calculator")
    await talk.reply("for PE")
    assert talk.rooms.calls[1][1] == "Wells score please for PE"
    assert talk.rooms.calls[-1][:2] == ("compute", "wells_pe")


async def test_an_uncertain_reading_is_no_calculation():
    talk = dialogue(reading(confidence=0.3))
    assert (await talk.reply("what about kidneys")).citations == (CITATION,)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Hello!", smalltalk.GREETING),
        ("Thank you.", smalltalk.THANKS),
        ("Stop.", smalltalk.STOPPED),
        ("What can you do?", f"{smalltalk.HELP} You can also ask: who is on call."),
        ("  ", smalltalk.NOTHING_HEARD),
        ("Say that again, please.", smalltalk.NOTHING_TO_REPEAT),
    ],
)
async def test_small_talk_needs_no_room(said, answer):
    talk = dialogue()
    assert (await talk.reply(said)).text == answer
    assert talk.rooms.calls == []


async def test_stop_drops_an_open_calculation_and_repeat_repeats():
    talk = dialogue(reading(CREATININE))
    asked = await talk.reply("calculate the eGFR")
    assert await talk.reply("repeat") == asked
    assert (await talk.reply("never mind")).text == wording.DROPPED
    assert talk.open is None


async def test_a_long_sentence_with_thanks_is_a_question():
    assert (await dialogue().reply("thanks, and how do I treat sepsis")).citations


@pytest.mark.parametrize("failure", [UnavailableError("x"), DependencyTimeoutError("x")])
async def test_a_room_that_fails_is_told_truthfully(failure):
    assert (await dialogue(answers=failure).reply("How do I treat sepsis?")).text == wording.LIBRARY_DOWN
    assert (await dialogue(failure).reply("calculate the eGFR")).text == wording.CALCULATORS_DOWN
    # A question that asks for no calculation does not suffer from the calculators.
    assert (await dialogue(failure).reply("How do I treat sepsis?")).citations == (CITATION,)
    assert (await dialogue(reading(age=7), result=failure).reply("the eGFR")).text == wording.CALCULATORS_DOWN


async def test_a_library_that_is_being_prepared_is_not_called_away():
    starting = UnavailableError("x", code="LIBRARY_STARTING")
    assert (await dialogue(answers=starting).reply("How do I treat sepsis?")).text == wording.LIBRARY_PREPARED


async def test_refused_inputs_are_told():
    talk = dialogue(reading(age=7), result=NeedsInputError("x"))
    assert (await talk.reply("the eGFR of a child")).text == wording.NOT_COMPUTED


async def test_why_values_allow_no_result_together_is_said():
    why = FieldError("/inputs/triglycerides", "NOT_COMPUTABLE", "LDL has to be measured.")
    other = FieldError("/inputs/age", "OUT_OF_RANGE", "age must be from 0 to 125 years.")
    talk = dialogue(reading(age=7), result=ValidationError("x", errors=(other, why)))
    assert (await talk.reply("the LDL")).text == "I cannot compute this. LDL has to be measured."
    assert talk.open is None


def test_a_day_is_read_back_with_the_name_of_its_month():
    started = CalculatorInput(name="last_period", label="last period", value="2024-03-05")
    grade = CalculatorInput(name="ecg", label="ECG", value="normal")
    told = CalculatorResult(calculator_id="x", title="X", version="1", value="2024-12-10", text="X: 10 December 2024.",
                            inputs=(started, grade))  # fmt: skip
    assert wording.result(told) == "X: 10 December 2024. I used last period 5 March 2024 and ECG normal."


async def test_no_evidence_is_said_as_retrieval_words_it():
    none = Answer(status="abstained", text="I found no evidence.", spoken="I found no evidence.")
    reply = await dialogue(answers=none).reply("florbundian wexitis")
    assert (reply.text, reply.status, reply.citations) == ("I found no evidence.", "abstained", ())


async def test_the_words_to_expect_are_those_of_the_sources():
    talk = dialogue()
    await talk.reply("How do I treat sepsis?")
    assert set(talk.terms()) == {"Sepsis", "First hour"}


async def test_a_deed_that_nobody_does_is_refused_and_not_looked_up():
    talk = dialogue()
    assert (await talk.reply("Add this guideline to my files.")).text == wording.NO_DEED
    assert {call[0] for call in talk.rooms.calls} == {"interpret"}
    for question in ("find the latest report on sepsis", "open fracture treatment", "list the causes of chest pain"):
        assert (await dialogue().reply(question)).citations == (CITATION,)


async def test_a_phrase_of_the_hospitals_own_is_answered_by_its_function():
    talk = dialogue()
    reply = await talk.reply("Who is on call tonight?")
    assert (reply.text, reply.citations, reply.status, reply.notice) == ("Dr. Okafor is on call.", (), None, "")
    assert talk.rooms.calls[-1] == ("ask", "oncall", "Who is on call tonight?")
    assert await talk.reply("repeat that") == reply


async def test_what_a_function_cites_is_shown():
    cited = Spoken(text="See the rota [1].", citations=(CITATION,), notice="Ask the switchboard.")
    reply = await dialogue(spoken=cited).reply("on-call doctor")
    assert (reply.citations, reply.status, reply.notice) == ((CITATION,), "supported", "Ask the switchboard.")


async def test_a_clinical_question_with_the_same_words_goes_to_the_library():
    talk = dialogue()
    reply = await talk.reply("Should I wake the on-call doctor at a potassium of 6.8?")
    assert reply.citations == (CITATION,)
    assert "ask" not in {call[0] for call in talk.rooms.calls}


async def test_a_calculator_that_is_named_comes_first():
    talk = dialogue(reading(age=70))
    assert (await talk.reply("who is on call")).result == RESULT


async def test_a_function_is_asked_while_a_calculation_is_open_and_also_without_calculators():
    talk = dialogue(reading(CREATININE), reading(CREATININE, confidence=0.2), NOTHING)
    await talk.reply("calculate the eGFR")
    assert (await talk.reply("on-call doctor")).text == SPOKEN.text
    assert talk.open is None
    assert (await dialogue(UnavailableError("x")).reply("on-call doctor")).text == SPOKEN.text


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (UnavailableError("x"), wording.FUNCTION_DOWN),
        (DependencyTimeoutError("x"), wording.FUNCTION_DOWN),
        (ForbiddenError("x"), wording.FUNCTION_REFUSED),
        (ValidationError("x"), wording.FUNCTION_PUZZLED),
        (NeedsInputError("x"), wording.FUNCTION_PUZZLED),
    ],
)
async def test_a_function_that_fails_is_told_truthfully(failure, said):
    talk = dialogue(spoken=failure)
    assert (await talk.reply("who is on call")).text == said
    assert "answer" not in {call[0] for call in talk.rooms.calls}


async def test_without_functions_the_help_names_none():
    assert (await Dialogue(FakeRooms()).reply("help")).text == smalltalk.HELP


RANKS = Skill("differential", "/api/v1/differential/ask", "differential:read", ("differential for **",))
WHO = Spoken(text="How old is the patient?", asks="age")
ONSET = Spoken(text="Since when?", asks="onset")


class Asking(FakeRooms):
    """A function that asks back as often as it is told to, but never against "just answer"."""

    async def ask(self, skill, question):
        self.calls.append(("ask", skill.room, question))
        if question.endswith("Just answer."):
            return SPOKEN
        return given(self.spoken.pop(0) if self.spoken else SPOKEN)


def asking(*spoken):
    return Dialogue(Asking(spoken=list(spoken)), Phrasebook([RANKS, ONCALL]))


@pytest.mark.req("P5.20")
async def test_a_function_that_asks_back_is_asked_again_with_the_reply():
    talk = asking(WHO, ONSET)
    first = await talk.reply("differential for chest pain")
    assert (first.ask.question, first.ask.slot) == (WHO.text, "age")
    second = await talk.reply("68")
    assert (second.ask.question, second.ask.slot) == (ONSET.text, "onset")
    assert (await talk.reply("since this morning")).text == SPOKEN.text
    asked = [call[2] for call in talk.rooms.calls if call[0] == "ask"]
    assert asked[-1] == "differential for chest pain. 68. since this morning"
    assert talk.waiting is None


@pytest.mark.req("P4.13")
async def test_a_function_asks_no_third_question_in_a_row():
    talk = asking(WHO, WHO, WHO)
    assert (await talk.reply("differential for chest pain")).ask
    assert (await talk.reply("hmm")).ask
    assert (await talk.reply("well")).text == SPOKEN.text
    assert talk.rooms.calls[-1][2].endswith("well. Just answer.")


async def test_a_function_asks_nothing_in_an_emergency():
    talk = asking(WHO)
    assert (await talk.reply("differential for cardiac arrest")).text == SPOKEN.text


async def test_an_emergency_is_no_reply_to_a_function():
    talk = asking(WHO)
    await talk.reply("differential for chest pain")
    await talk.reply("he has no pulse, cardiac arrest")
    assert talk.waiting is None
    assert not any(call[0] == "ask" and "no pulse" in call[2] for call in talk.rooms.calls)


async def test_another_question_is_no_reply_to_a_function():
    talk = asking(WHO)
    await talk.reply("differential for chest pain")
    assert (await talk.reply("How do I treat sepsis?")).text == "Give fluids [1]."
    assert talk.waiting is None
    await talk.reply("differential for cough")
    assert talk.rooms.calls[-1] == ("ask", "differential", "differential for cough")


async def test_a_function_that_asked_back_can_be_dropped():
    talk = asking(WHO)
    await talk.reply("differential for chest pain")
    await talk.reply("stop")
    assert talk.waiting is None


async def test_the_beginning_of_a_question_opens_nothing():
    talk = dialogue(reading(CREATININE, age=70), reading(age=70, creatinine=0.9))
    talk.mark()
    assert (await talk.reply("eGFR of a 70 year old woman")).ask
    talk.go_back()
    assert (talk.open, talk.row, talk.last, talk.terms()) == (None, 0, None, [])
    assert (await talk.reply("eGFR of a 70 year old woman with creatinine 0.9")).result == RESULT
