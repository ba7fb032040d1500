"""A language model with tools between our ears and voice: what it may have done, what it may say, and its loss."""

import asyncio
import json
import re

import pytest

from realtime.engine import (
    Calculation,
    Clarification,
    Fallback,
    Function,
    FunctionCall,
    PhiNotice,
    Returned,
    Sources,
    ToolUse,
)
from realtime.engines.cascade import LOST
from voiceassist.contracts.cases import CaseFact
from voiceassist.core import clock
from voiceassist.runtime import tracing

pytestmark = pytest.mark.req("P4.21")

QUESTION = "how do I treat acute gout"
PAGE = Function("page_team", "Pages a team.", {"type": "object", "properties": {"team": {"type": "string"}}})


@pytest.fixture
def fake(scripted_openai):
    """`fake(*rounds)`: what the model says in each request; the last one again and again."""

    def make(*rounds):
        count = iter(range(1_000))
        return scripted_openai.FakeOpenAi(lambda *_: rounds[min(next(count), len(rounds) - 1)])

    return make


@pytest.fixture
def house(realtime_house):
    return realtime_house


@pytest.fixture
def search(scripted_openai):
    return [scripted_openai.call("search_knowledge", query="acute gout")]


async def test_the_model_searches_and_what_a_source_supports_is_said_with_its_number(fake, house, search):
    words = ["Colchicine 0.5 mg twice daily is given for acute gout. ", "It is perfectly safe for everybody. "]
    async with fake(search, words) as server:
        home = house.House().cascade(server)
        pieces = await home.ask(QUESTION)
        assert house.told(pieces) == "Colchicine 0.5 mg twice daily is given for acute gout [1]."
        (sources,) = house.of(pieces, Sources)
        assert [(one.n, one.title, one.chunk_id) for one in sources.citations] == [(1, "Gout", "1")]
        assert house.of(pieces, ToolUse) == [
            ToolUse("search_knowledge", "started"),
            ToolUse("search_knowledge", "finished"),
        ]
        assert home.rooms.searched == ["acute gout"]
        assert [act.objects for act in home.auditor.acts] == [("tool:search_knowledge",)]
        first, second = server.requests
        assert [one["function"]["name"] for one in first["tools"]][:3] == [
            "search_knowledge",
            "compute_calculator",
            "renal_dose",
        ]
        roles = [message["role"] for message in second["messages"]]
        assert roles == ["system", "user", "assistant", "tool"]
        assert "Mine." in second["messages"][-1]["content"], "inside it may read what is the speaker's own"
        assert [piece.text async for piece in home.session.answer("repeat that", spoken=False)] == [house.told(pieces)]


@pytest.mark.parametrize(
    "wording",
    [
        "Colchicine 5 mg twice daily is given for acute gout.",
        "Allopurinol is given for acute gout.",
        "NSAIDs are given in renal failure.",
        "Yes.",
        "It is safe.",
        "You can give it.",
        "Thank you, give 10 mg.",
        "Hello? Give colchicine 0.5 mg.",
    ],
)
async def test_what_no_source_supports_is_never_said_and_the_library_answers(fake, house, search, wording):
    async with fake(search, [wording]) as server:
        assert house.told(await house.House().cascade(server).ask(QUESTION)) in {
            "I found no evidence for that.",
            "Hello?",
        }


async def test_a_calculator_computes_with_what_was_said(fake, house, scripted_openai):
    compute = [scripted_openai.call("compute_calculator", text="BMI of 99 kg")]
    said = "calculate the BMI for a height of 160 cm and a weight of 64 kg"
    async with fake(compute, ["The BMI is 99 kg/m2. ", "What is the weight?"]) as server:
        pieces = await house.House().cascade(server).ask(said)
        (calculation,) = house.of(pieces, Calculation)
        assert calculation.result.value == pytest.approx(25.0)
        assert "99" not in house.told(pieces)


async def test_a_function_of_the_client_is_called_and_its_report_is_said(fake, house, scripted_openai):
    page = scripted_openai.call("page_team", "call_7", team="renal")
    async with fake([page], ["The renal team is paged. ", "Give them 5 mg of apixaban."]) as server:
        home = house.House().cascade(server)
        pieces = await home.ask("page the renal team", functions=(PAGE,))
        assert pieces == [FunctionCall("call_7", "page_team", '{"team": "renal"}')]
        pieces = await home.ask("", functions=(PAGE,), after=[Returned("item_x", "call_7", "paged")])
        assert house.told(pieces) == "The renal team is paged."
        assert server.requests[1]["messages"][-1] == {"role": "tool", "tool_call_id": "call_7", "content": "paged"}
        assert home.auditor.acts == [], "what the client does is the client's"


async def test_a_client_s_function_does_not_take_the_name_of_ours(fake, house, search):
    async with fake(search, ["Hello."]) as server:
        home = house.House().cascade(server)
        await home.ask(QUESTION, functions=(Function("search_knowledge", "Evil."),))
        assert home.rooms.searched == ["acute gout"]
        assert "Evil." not in json.dumps(server.requests[0])


async def test_small_talk_emergencies_and_doubtful_drugs_are_not_left_to_a_model(fake, house):
    async with fake(["Good morning to you."]) as server:
        home = house.House().cascade(server)
        assert "clinical question" in house.told(await home.ask("hello"))
        assert house.told(await home.ask("cardiac arrest, what now"))
        asked = await home.ask("what is the dose of enoxaparine")
        assert house.of(asked, Clarification) or server.requests == []
        assert server.requests == []


@pytest.mark.parametrize("fault", ["BREAK", "ENDLESS", "status", "raw"])
async def test_a_model_that_is_lost_in_mid_turn_is_replaced_and_that_is_said(
    fake, house, search, scripted_openai, fault
):
    script = [getattr(scripted_openai, fault, "")]
    async with fake(search, ["Colchicine 0.5 mg twice daily is given for acute gout. ", *script]) as server:
        home = house.House().cascade(server)
        if fault == "status":
            server.status = 500
        if fault == "raw":
            server.raw = b"data: {no JSON\n\n"
        pieces = await asyncio.wait_for(home.ask(QUESTION), 60)
        if fault == "ENDLESS":  # no more is read than an answer may have
            assert (house.told(pieces), house.of(pieces, Fallback)) == ("I found no evidence for that.", [])
            return
        assert house.of(pieces, Fallback) == [Fallback("local", "unavailable")]
        assert LOST in house.told(pieces)
        assert house.told(pieces).endswith("I found no evidence for that.")
        requests = len(server.requests)
        again = await home.ask("how do I treat chronic gout")
        assert (len(server.requests), house.of(again, Fallback)) == (requests, [Fallback("local", "unavailable")])
        assert LOST not in house.told(again), "it is said once"


@pytest.mark.req("P11.8")
async def test_identifiers_stay_here_and_so_does_their_turn_later(fake, house, search):
    async with fake(search, ["Colchicine 0.5 mg twice daily is given for acute gout."]) as server:
        home = house.House().cascade(server, "remote")
        pieces = await home.ask("how do I treat gout in patient john smith")
        assert house.of(pieces, PhiNotice) == [PhiNotice("local", "identifiers")]
        assert server.requests == []
        pieces = await home.ask(QUESTION)
        assert house.told(pieces) == "Colchicine 0.5 mg twice daily is given for acute gout [1]."
        assert house.of(pieces, PhiNotice) == []
        assert len(server.requests) == 2
        assert "smith" not in json.dumps(server.requests)
        assert "Mine." not in json.dumps(server.requests), "nobody's own documents leave"


@pytest.mark.req("P11.8")
async def test_at_the_speaker_s_wish_everything_stays_here(fake, house):
    async with fake(["Hello."]) as server:
        home = house.House().cascade(server, "remote")
        await home.ask(QUESTION, route="local")
        assert server.requests == []
        home = house.House().cascade(server, "local")
        await home.ask(QUESTION, route="local")
        assert len(server.requests) == 1, "a model in the house is in the house"


@pytest.mark.req("P11.8")
async def test_stand_ins_go_out_where_policy_has_it_and_words_come_back(fake, house, scripted_openai):
    def page(_passages, request):
        (name,) = re.findall(r"\[\[NAME_\d+\]\]", request["messages"][1]["content"])
        return [scripted_openai.call("page_team", team=name)]

    async with scripted_openai.FakeOpenAi(page) as server:
        home = house.House("cloud_llm.*=pseudonymise").cascade(server, "remote")
        with tracing.scope(None):
            pieces = await home.ask("page the team of john smith", functions=(PAGE,))
        assert house.of(pieces, FunctionCall) == [FunctionCall("call_1", "page_team", '{"team": "john smith"}')]
        assert house.of(pieces, PhiNotice) == [PhiNotice("cloud", "identifiers")]
        assert "smith" not in json.dumps(server.requests)


async def test_a_model_that_only_calls_comes_to_an_end(fake, house, search):
    async with fake(search) as server:
        pieces = await house.House().cascade(server).ask(QUESTION)
        assert house.told(pieces) == "I found no evidence for that."
        assert len(server.requests) == 5
        assert "tools" not in server.requests[-1]


async def test_a_function_that_nobody_declared_is_not_called(fake, house, scripted_openai):
    async with fake([scripted_openai.call("launch", x=1)], ["Hello."]) as server:
        pieces = await house.House().cascade(server).ask(QUESTION)
        assert house.of(pieces, FunctionCall) == []
        assert house.told(pieces) == "Hello."


async def test_what_is_said_about_an_open_case_goes_to_no_model_outside(fake, house):
    async def case():
        return (CaseFact(kind="person", text="65-year-old man", since=clock.now()),)

    async with fake(["Colchicine 0.5 mg twice daily is given for acute gout. "]) as server:
        home = house.House().cascade(server, allow="remote")
        home.session.use(case)
        await home.ask(QUESTION)
        assert server.requests == []
