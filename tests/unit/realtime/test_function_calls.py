"""Functions of the client: declared, called by the answer, answered by an item, and what the engine is told of it."""

import pytest

from realtime.effects import Answer
from realtime.engine import Called, Function, FunctionCall, Returned, Said

pytestmark = pytest.mark.req("P4.5")

PAGE = {
    "type": "function",
    "name": "page_team",
    "description": "Pages a team.",
    "parameters": {"type": "object", "properties": {"team": {"type": "string"}}},
}
CALL = FunctionCall("call_1", "page_team", '{"team": "renal"}')


def kinds(events):
    return [event["type"] for event in events]


def call(desk, called=CALL):
    return desk.take(desk.session.piece(desk.last(Answer).response_id, called))


@pytest.fixture
def asked(desk):
    """A written session with a function, which has been asked something."""
    desk.update(output_modalities=["text"], tools=[PAGE], instructions="Be brief.")
    desk.write("page the renal team")
    desk.send("response.create")
    return desk


def test_what_is_declared_is_echoed_and_told_to_the_engine(asked):
    session = asked.oracle.seen[1]["session"]
    assert (session["tools"], session["tool_choice"]) == ([PAGE], "auto")
    context = asked.last(Answer).context
    assert context.functions == (Function("page_team", "Pages a team.", PAGE["parameters"]),)
    assert (context.choice, context.instructions) == ("auto", "Be brief.")
    assert [(entry.role, entry.text) for entry in context.entries] == [("user", "page the renal team")]


def test_a_call_is_an_item_with_arguments_in_the_published_order(asked):
    events = call(asked) + asked.finish()
    assert kinds(events) == [
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    item = events[-1]["response"]["output"][0]
    assert (item["type"], item["name"], item["call_id"]) == ("function_call", "page_team", "call_1")
    assert item["arguments"] == '{"team": "renal"}'
    assert events[-1]["response"]["status"] == "completed"
    asked.oracle.done()


def test_words_and_two_calls_are_three_items_of_one_answer(asked):
    asked.say("One moment.")
    call(asked)
    call(asked, FunctionCall("call_2", "page_team", "{}"))
    done = asked.finish()[-1]["response"]
    assert [item["type"] for item in done["output"]] == ["message", "function_call", "function_call"]
    assert done["output"][0]["status"] == "completed"
    asked.oracle.done()


def test_the_output_of_the_client_goes_to_the_engine_with_the_call(asked):
    call(asked)
    asked.finish()
    output = {"type": "function_call_output", "call_id": "call_1", "output": "paged"}
    assert kinds(asked.send("conversation.item.create", item=output)) == [
        "conversation.item.added",
        "conversation.item.done",
    ]
    asked.send("response.create")
    said, called, returned = asked.last(Answer).context.entries
    assert isinstance(said, Said)
    assert isinstance(called, Called)
    assert called.call == CALL
    assert isinstance(returned, Returned)
    assert (returned.call_id, returned.output) == ("call_1", "paged")
    asked.say("The renal team is paged.")
    assert asked.finish()[-1]["response"]["status"] == "completed"
    asked.oracle.done()


def test_a_call_apart_from_the_conversation_leaves_nothing_in_it(desk):
    desk.update(output_modalities=["text"], tools=[PAGE])
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "page them"}]}
    desk.send("response.create", response={"conversation": "none", "input": [question]})
    call(desk)
    events = desk.finish()
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["function_call"]
    assert desk.session.conversation.items == []
    assert [entry.text for entry in desk.last(Answer).context.entries] == ["page them"]
    desk.oracle.done()


def test_one_answer_may_have_functions_and_instructions_of_its_own(asked):
    asked.finish()
    chosen = {"type": "function", "name": "page_team"}
    asked.send("response.create", response={"tool_choice": chosen, "instructions": "Shout."})
    context = asked.last(Answer).context
    assert (context.choice, context.instructions) == ("page_team", "Shout.")
    asked.finish()
    asked.send("response.create", response={"tool_choice": "none"})
    assert asked.last(Answer).context.functions == ()
    asked.finish()
    asked.send("response.create")
    assert asked.last(Answer).context.choice == "auto"


def test_an_answer_that_was_interrupted_calls_nothing_any_more(asked):
    asked.send("response.cancel")
    assert call(asked) == []


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"tools": [{"type": "mcp", "server_label": "x", "server_url": "https://x.example"}]}, "session.tools[0].type"),
        ({"tools": [{"type": "function"}]}, "session.tools[0]"),
        ({"tools": [PAGE | {"name": "no spaces"}]}, "session.tools[0].name"),
        ({"tools": [PAGE] * 65}, "session.tools"),
        ({"tool_choice": "whatever"}, "session.tool_choice"),
    ],
)
def test_what_is_no_function_is_refused_and_the_session_goes_on(desk, session, param):
    error = desk.update(**session)
    assert (error["type"], error["error"]["code"]) == ("error", "invalid_value")
    assert error["error"]["param"] == param
    assert desk.update(tools=[PAGE])["session"]["tools"] == [PAGE]


def test_a_session_that_is_come_back_to_still_has_its_functions(asked):
    from realtime.protocol.settings import restored

    state = asked.session.snapshot()
    assert restored(state.settings, own=asked.session.settings).tools == asked.session.settings.tools
