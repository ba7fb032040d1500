"""One suite for every engine, over the socket and with the real ears: what a client may count on, whoever answers.

Every event is judged as it comes. The language model and the speech service are scripted, on this machine.
"""

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from openai import AsyncOpenAI
from websockets.exceptions import InvalidStatus

from realtime.engines import bridge, cascade
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id

pytestmark = pytest.mark.req("P4.6")

QUESTION = "How do I treat atrial fibrillation with a high stroke risk?"
ANSWER = "Anticoagulation is recommended to prevent stroke."
EXTENDED = {"voiceassist": {"extensions": True}}
MANUAL = {"input": {"turn_detection": None}}
PAGE = {
    "type": "function",
    "name": "page_team",
    "description": "Pages a team.",
    "parameters": {"type": "object", "properties": {"team": {"type": "string"}}},
}
LOSS = object()


@dataclass(frozen=True)
class Tool:
    name: str
    arguments: dict[str, Any]
    call_id: str = "call_1"


@dataclass(frozen=True)
class Pause:
    seconds: float


SEARCH = [Tool("search_knowledge", {"query": "atrial fibrillation"})]


@dataclass
class Engine:
    """A running service with one engine. `script` are the rounds of its model: the last one again and again."""

    name: str
    service: Any
    peer: Any = None
    step: Any = None
    rounds: list[list[Any]] = field(default_factory=lambda: [[ANSWER]])
    count: int = 0

    @property
    def has_model(self) -> bool:
        return self.peer is not None

    def script(self, *rounds: list[Any]) -> None:
        self.rounds, self.count = list(rounds), 0

    def next_round(self, *_: Any) -> list[Any]:
        steps = self.rounds[min(self.count, len(self.rounds) - 1)]
        self.count += 1
        return [self.step(one) for one in steps]

    @property
    def outside(self) -> str:
        """All that its model was ever told."""
        if self.name == "cascade":
            return json.dumps(self.peer.requests)
        return self.peer.said if self.has_model else ""


def local(start, *_):
    return Engine("local", start())


def cascading(start, folder, scripted_openai, _upstream):
    engine = Engine("cascade", None)
    engine.peer = scripted_openai.FakeOpenAi(engine.next_round)

    def step(one):
        if isinstance(one, Tool):
            return scripted_openai.call(one.name, one.call_id, **one.arguments)
        if isinstance(one, Pause):
            return lambda: asyncio.sleep(one.seconds)
        return scripted_openai.BREAK if one is LOSS else one

    engine.step = step
    with in_a_thread(engine.peer):
        engine.service = start(
            VOICEASSIST_VOICE__ENGINE="cascade",
            VOICEASSIST_LANGUAGE__URL=engine.peer.url,
            VOICEASSIST_LANGUAGE__MODEL="scripted",
            VOICEASSIST_LANGUAGE__ALLOW="remote",
            VOICEASSIST_LANGUAGE__SECONDS="20",
            **outgoing(folder),
        )
        yield engine


def bridged(start, folder, _openai, upstream):
    engine = Engine("openai", None)

    def step(one):
        if isinstance(one, Tool):
            return upstream.Call(one.name, one.arguments, one.call_id)
        if isinstance(one, Pause):
            return upstream.Pause(one.seconds)
        return upstream.DROP if one is LOSS else one

    engine.step = step
    with upstream.Upstream(engine.next_round) as engine.peer:
        engine.service = start(
            VOICEASSIST_VOICE__ENGINE="openai",
            VOICEASSIST_BRIDGE__URL=engine.peer.url,
            VOICEASSIST_BRIDGE__API_KEY="key",
            **outgoing(folder),
        )
        yield engine
        assert engine.peer.problems == [], "what goes up are events of the protocol"


def outgoing(folder):
    """Settings with which something may leave, for one tenant with an agreement."""
    file = folder / "policy.json"
    file.write_text(json.dumps({"version": "test-1", "tenants": {str(DEFAULT_TENANT): {"baa": True}}}))
    return {
        "VOICEASSIST_MODELS__REMOTE_POLICY": "scan",
        "VOICEASSIST_EGRESS__ALLOW_PRIVATE": "true",
        "VOICEASSIST_EGRESS__POLICY_FILE": str(file),
        "VOICEASSIST_EGRESS__SCAN_SECONDS": "20",
    }


@contextmanager
def in_a_thread(server):
    """An asynchronous server with a loop of its own: tests have one each."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    yield
    asyncio.run_coroutine_threadsafe(ended(server), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


async def ended(server):
    await server.__aexit__()
    running = asyncio.all_tasks() - {asyncio.current_task()}
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


MADE = {"local": local, "cascade": cascading, "openai": bridged}
MODELS = ("cascade", "openai")


@pytest.fixture(scope="module")
def running(start_service, tmp_path_factory, scripted_openai, realtime_upstream):
    """`running(name)`: one service an engine, as long as this module needs it."""
    made, open_ones = {}, []

    def make(name):
        if name not in made:
            found = MADE[name](start_service, tmp_path_factory.mktemp(name), scripted_openai, realtime_upstream)
            if not isinstance(found, Engine):
                open_ones.append(found)
                found = next(found)
            made[name] = found
        return made[name]

    yield make
    for one in open_ones:
        next(one, None)


@pytest.fixture(params=MADE)
def engine(request, running):
    found = running(request.param)
    found.service.rooms.asked.clear()
    found.script([ANSWER])
    yield found
    found.service.rooms.delay = 0.0


@pytest.fixture
def call(dial, engine):
    return lambda **options: dial(service=engine.service, **options)


async def push_to_talk(client, pcm):
    for start in range(0, len(pcm), 48_000):
        await client.append(pcm[start : start + 48_000])
    await client.send("input_audio_buffer.commit")
    await client.send("response.create")
    return await client.until("response.done")


async def test_a_spoken_turn_is_answered_in_words_and_sound(engine, call, say):
    engine.script(SEARCH, [ANSWER])
    async with call() as client:
        await client.update(audio=MANUAL, **EXTENDED)
        done = await push_to_talk(client, say(QUESTION))
        assert done["response"]["status"] == "completed"
        heard = client.of("conversation.item.input_audio_transcription.completed")[0]["transcript"]
        assert "fibrillation" in heard
        assert ANSWER.rstrip(".") in client.answer
        assert len(client.sound) > 48_000
        assert client.of("voiceassist.citation.list")[-1]["citations"][0]["title"] == "Atrial fibrillation"
        client.oracle.done()


async def test_a_written_turn_is_answered_in_writing(engine, call):
    engine.script(SEARCH, [ANSWER])
    async with call() as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write(QUESTION)
        done = await client.until("response.done")
        assert ANSWER.rstrip(".") in done["response"]["output"][0]["content"][0]["text"]
        assert client.sound == b""
        assert "retrieval" in {room for room, _, _ in engine.service.rooms.asked}, "it is looked up here"
        client.oracle.done()


@pytest.mark.req("P4.14")
async def test_an_answer_is_cancelled_and_the_next_one_comes(engine, call):
    engine.service.rooms.delay = 3.0 if engine.name == "local" else 0.0
    engine.script([Pause(30.0)], SEARCH, [ANSWER])
    async with call() as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write(QUESTION)
        await client.until("response.created")
        await asyncio.sleep(0.3)
        await client.send("response.cancel")
        done = await client.until("response.done")
        assert done["response"]["status"] == "cancelled"
        engine.service.rooms.delay = 0.0
        await client.write(QUESTION)
        done = await client.until("response.done")
        assert done["response"]["status"] == "completed"
        assert ANSWER.rstrip(".") in client.answer
        client.oracle.done()


@pytest.mark.req("P4.14")
async def test_what_was_not_heard_was_not_said(engine, call):
    engine.script(SEARCH, [ANSWER], SEARCH, [ANSWER])
    async with call() as client:
        await client.update(**EXTENDED)
        await client.write(QUESTION)
        item = (await client.until("response.done"))["response"]["output"][0]
        await client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=1_000)
        await client.until("conversation.item.truncated")
        await client.send("conversation.item.retrieve", item_id=item["id"])
        kept = (await client.until("conversation.item.retrieved"))["item"]
        heard = kept["content"][0]["transcript"]
        assert 0 < len(heard) < len(item["content"][0]["transcript"])
        await client.write("Does that hold for atrial fibrillation, too?")
        await client.until("response.done")
        if engine.name == "cascade":
            told = [one["content"] for one in engine.peer.requests[-1]["messages"] if one["role"] == "assistant"]
            assert heard in told
            assert "prevent stroke" not in heard
        if engine.name == "openai":
            session = engine.peer.sessions[-1]
            (cut,) = [event for event in session.got if event["type"] == "conversation.item.truncate"]
            assert cut["audio_end_ms"] == 1_000
            assert 1_000 in session.heard_ms.values()
        client.oracle.done()


async def test_a_function_of_the_client_is_called_where_there_is_a_model(engine, call):
    engine.script([Tool("page_team", {"team": "renal"}, "call_7")], ["The renal team is paged."])
    async with call() as client:
        await client.update(output_modalities=["text"], tools=[PAGE], **EXTENDED)
        await client.write("Please page the renal team")
        done = await client.until("response.done")
        calls = [item for item in done["response"]["output"] if item["type"] == "function_call"]
        if not engine.has_model:
            assert calls == []
            return
        assert [(one["name"], one["call_id"], one["arguments"]) for one in calls] == [
            ("page_team", "call_7", '{"team": "renal"}')
        ]
        output = {"type": "function_call_output", "call_id": "call_7", "output": "paged"}
        await client.send("conversation.item.create", item=output)
        await client.send("response.create")
        done = await client.until("response.done")
        assert done["response"]["output"][0]["content"][0]["text"] == "The renal team is paged."
        client.oracle.done()


@pytest.mark.req("P4.5")
@pytest.mark.parametrize("engine", MODELS, indirect=True)
async def test_the_python_sdk_has_its_function_called(engine, new_oracle):
    engine.script([Tool("page_team", {"team": "renal"}, "call_7")], ["The renal team is paged."])
    oracle = new_oracle()
    openai = AsyncOpenAI(api_key=engine.service.token(), base_url=f"{engine.service.url}/v1")
    async with openai, openai.realtime.connect(model="gpt-realtime") as connection:

        async def until(kind):
            while True:
                event = await asyncio.wait_for(connection.recv(), 30)
                oracle.take(json.loads(event.model_dump_json(exclude_unset=True)))
                if event.type == kind:
                    return event

        session = {"type": "realtime", "output_modalities": ["text"], "tools": [PAGE], "tool_choice": "auto"}
        await connection.session.update(session=session)
        content = [{"type": "input_text", "text": "Please page the renal team"}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await connection.response.create()
        called = await until("response.function_call_arguments.done")
        assert (called.call_id, json.loads(called.arguments)) == ("call_7", {"team": "renal"})
        await until("response.done")
        output = {"type": "function_call_output", "call_id": called.call_id, "output": "paged"}
        await connection.conversation.item.create(item=output)
        await connection.response.create()
        done = await until("response.done")
        assert done.response.output[0].content[0].text == "The renal team is paged."
    oracle.done()


@pytest.mark.req("P4.21")
async def test_tools_of_ours_are_run_by_our_rooms_for_who_speaks(engine, call):
    engine.script([Tool("compute_calculator", {"text": "CHA2DS2-VASc score"})], ["The stroke risk is high."])
    principal = engine.service.principal()
    async with call(token=engine.service.token(principal)) as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write("What is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes?")
        await client.until("response.done")
        assert client.of("voiceassist.calculator.result")[0]["result"]["value"] == 3
        assert {subject for _, _, subject in engine.service.rooms.asked} == {principal.subject}
        statuses = [event["status"] for event in client.of("voiceassist.tool.use")]
        assert statuses == (["started", "finished"] if engine.has_model else [])
        client.oracle.done()


@pytest.mark.req("P11.8")
async def test_who_somebody_is_stays_here(engine, call, say):
    engine.script(SEARCH, [ANSWER])
    async with call() as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write("How do I treat atrial fibrillation in patient Zelda Quackenbush, MRN 4471982?")
        done = await client.until("response.done")
        (notice,) = client.of("voiceassist.phi.notice")
        assert (notice["route"], notice["reason"]) == ("local", "identifiers")
        assert "Anticoagulation" in done["response"]["output"][0]["content"][0]["text"], "it is answered all the same"
        await client.write(QUESTION)
        await client.until("response.done")
        assert "Quackenbush" not in engine.outside
        assert "4471982" not in engine.outside
        assert (QUESTION in engine.outside) is engine.has_model
        client.oracle.done()


@pytest.mark.parametrize("engine", MODELS, indirect=True)
async def test_the_loss_of_the_model_is_said_and_the_dialogue_answers(engine, call):
    """The last one: for a minute nobody asks it."""
    engine.script([LOSS])
    lost = {"cascade": cascade.LOST, "openai": bridge.LOST}[engine.name]
    async with call() as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write(QUESTION)
        done = await client.until("response.done")
        (told,) = client.of("voiceassist.engine.fallback")
        assert (told["engine"], told["reason"]) == ("local", "unavailable")
        said = done["response"]["output"][0]["content"][0]["text"]
        assert said.startswith(lost)
        assert ANSWER.rstrip(".") in said
        client.oracle.done()


@pytest.mark.req("P4.5")
async def test_a_tenant_without_an_agreement_is_not_let_in(running, dial):
    service = running("openai").service
    user_id = new_id()
    other = Principal(subject=str(user_id), tenant_id=new_id(), role="user", user_id=user_id)
    with pytest.raises(InvalidStatus) as refused:
        async with dial(service=service, token=service.token(other)):
            pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["code"] == "NO_AGREEMENT"


def test_nothing_of_it_stands_in_the_logs(running):
    for name in MADE:
        told = running(name).service.log.read_text()
        assert [word for word in ("Anticoagulation", "Quackenbush", "renal team", "Traceback") if word in told] == []
