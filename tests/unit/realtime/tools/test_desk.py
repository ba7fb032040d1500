"""Tools that a model has called: with the speaker's own values, counted, on record, wholly or not at all."""

import asyncio
import json

import pytest

from realtime.dialogue.phrases import Skill
from realtime.engine import Calculation, FunctionCall
from realtime.tools import desk as desks
from realtime.tools.catalogue import Case, catalogue
from realtime.tools.desk import Desk, Limits
from voiceassist.contracts.answers import Passage, Spoken
from voiceassist.contracts.calculations import CalculatorInput, CalculatorResult, Interpretation, MissingInput
from voiceassist.core.errors import ForbiddenError, UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id
from voiceassist.ports.auditing import Remembering

pytestmark = pytest.mark.req("P4.21")

SPEAKER = Principal(subject="s", tenant_id=DEFAULT_TENANT, role="user", user_id=new_id())
SKILL = Skill("differential", "/api/v1/differential/ask", "differential:read", ("differential for **",))
SAID = Case("calculate the bmi, she is 160 cm and weighs 64 kg")


class Rooms:
    """Reads sentences well enough for one calculator, and holds two passages of which one is somebody's own."""

    def __init__(self):
        self.asked = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error = None

    async def interpret(self, text, *, calculator=None, **_options):
        self.asked.append(text)
        await self.go_on.wait()
        if self.error:
            raise self.error
        if calculator is None:
            return (
                Interpretation(calculator_id="bmi", confidence=0.9, inputs={"weight": 99})
                if "bmi" in text
                else Interpretation()
            )
        if "64 kg" not in text:
            lacks = MissingInput(name="weight", label="weight", question="What is the weight?")
            return Interpretation(calculator_id=calculator, confidence=0.9, missing=(lacks,))
        return Interpretation(calculator_id=calculator, confidence=0.9, inputs={"weight": 64, "height": 160})

    async def compute(self, calculator_id, interpretation):
        weight = CalculatorInput(name="weight", label="weight", value=interpretation.inputs["weight"], unit="kg")
        return CalculatorResult(
            calculator_id=calculator_id,
            title="BMI",
            version="1",
            value=25,
            text="The BMI is 25 kg/m2.",
            inputs=(weight,),
        )

    async def search(self, _query):
        return tuple(
            Passage(chunk_id=one, document_id=one, title=one, text=f"{one} text.", score=1, source="S", visibility=one)
            for one in ("public", "private")
        )

    async def ask(self, skill, question):
        self.asked.append((skill.room, question))
        return Spoken(text="Consider gout first.")


@pytest.fixture
def rooms():
    return Rooms()


@pytest.fixture
def auditor():
    return Remembering()


@pytest.fixture
def desk(rooms, auditor):
    return Desk(catalogue([SKILL]), rooms, SPEAKER, auditor=auditor, limits=Limits())


async def call(desk, name, case=SAID, **arguments):
    return await desk.call(FunctionCall("call_1", name, json.dumps(arguments)), case)


def test_schemas_are_those_of_the_rooms(desk):
    functions = {one.name: one.parameters for one in desk.functions}
    assert set(functions) == {"search_knowledge", "compute_calculator", "renal_dose", "generate_differential"}
    assert functions["search_knowledge"] == {
        "type": "object",
        "properties": {"query": {"type": "string", "minLength": 1, "maxLength": 2000}},
        "required": ["query"],
        "additionalProperties": False,
    }


async def test_a_calculator_takes_the_speaker_s_values_and_none_of_the_model_s(desk, rooms):
    result = await call(desk, "compute_calculator", text="bmi of 99 kg")
    assert "64 kg" in result.output["result"]
    assert isinstance(result.pieces[0], Calculation)
    assert result.pieces[0].result.inputs[0].value == 64
    assert not result.public
    assert rooms.asked == ["bmi of 99 kg", SAID.said]


async def test_what_nobody_said_is_to_be_asked_for(desk):
    result = await call(desk, "compute_calculator", Case("calculate the bmi"), text="bmi of 99 kg")
    assert result.output == {"ask the speaker": "What is the weight?"}
    assert result.pieces == ()
    unknown = await call(desk, "compute_calculator", text="nothing")
    assert unknown.output == {"ask the speaker": "Which calculator is meant?"}


async def test_a_model_outside_reads_only_what_belongs_to_nobody(desk):
    outside = await call(desk, "search_knowledge", query="gout")
    assert [one["title"] for one in outside.output["passages"]] == ["public"]
    assert outside.public
    inside = await call(desk, "search_knowledge", Case("gout", outside=False), query="gout")
    assert [one["title"] for one in inside.output["passages"]] == ["public", "private"]
    assert not inside.public


async def test_the_differential_reads_the_speaker_s_findings(desk, rooms):
    result = await call(desk, "generate_differential", Case("a painful toe"), question="chest pain")
    assert result.output == {"answer": "Consider gout first."}
    assert rooms.asked == [("differential", "a painful toe")]


async def test_every_call_is_on_record_before_it_begins_and_without_its_words(desk, rooms, auditor):
    await call(desk, "search_knowledge", query="gout")
    (act,) = auditor.acts
    assert (act.action, act.objects, act.facts) == ("tool.called", ("tool:search_knowledge",), {})
    auditor.broken = True
    result = await call(desk, "compute_calculator", text="bmi")
    assert result.output == {"error": desks.FAILED}
    assert rooms.asked == [], "what is not on record is not begun"


@pytest.mark.parametrize(
    "arguments",
    ["", "no JSON", "[1]", '{"query": 7}', '{"query": ""}', '{"other": "x"}', '{"query": "x", "y": 1}', "[" * 9_000],
)
async def test_arguments_that_do_not_fit_the_schema_are_refused(desk, arguments):
    result = await desk.call(FunctionCall("call_1", "search_knowledge", arguments), SAID)
    assert result.output == {"error": "The arguments are not as the schema has them."}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnavailableError("no"), desks.FAILED),
        (ForbiddenError("no"), "The speaker may not have this done."),
        (ZeroDivisionError("secret"), desks.FAILED),
    ],
)
async def test_a_room_that_fails_is_told_in_words_of_ours(desk, rooms, error, told):
    rooms.error = error
    assert (await call(desk, "renal_dose", text="apixaban")).output == {"error": told}


async def test_a_person_calls_a_tool_so_often_in_a_minute(rooms, auditor):
    now = [0.0]
    limits = Limits(lambda: now[0])
    desk, again = (Desk(catalogue([]), rooms, SPEAKER, auditor=auditor, limits=limits) for _ in range(2))
    for _ in range(30):
        assert "passages" in (await call(desk, "search_knowledge", query="x")).output
    refused = await call(again, "search_knowledge", query="x")
    assert refused.output == {"error": "This was called too often; it may be called again in a minute."}
    assert "result" in (await call(desk, "compute_calculator", text="bmi")).output
    now[0] = 60.0
    assert "passages" in (await call(again, "search_knowledge", query="x")).output


async def test_a_tool_that_takes_too_long_is_left(rooms, auditor):
    rooms.go_on.clear()
    desk = Desk(catalogue([]), rooms, SPEAKER, auditor=auditor, limits=Limits(), seconds=0.01)
    assert (await call(desk, "compute_calculator", text="bmi")).output == {"error": desks.FAILED}


@pytest.mark.req("P4.14")
async def test_who_interrupts_leaves_no_call_half_done(desk, rooms):
    rooms.go_on.clear()
    calling = asyncio.create_task(call(desk, "compute_calculator", text="bmi"))
    while not rooms.asked:
        await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    rooms.go_on.set()
    while desk._running:
        await asyncio.sleep(0)
    assert rooms.asked == ["bmi", SAID.said], "the second step was made, too"
