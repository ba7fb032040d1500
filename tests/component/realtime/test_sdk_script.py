"""The same twelve steps through both official SDKs, unmodified, with a language model that calls functions.

Session, written turn, function call, spoken turn, truncation, retrieval, cancellation, an item created and deleted,
sound cleared, a lost connection, and the session that goes on. Every event is judged as it comes.
"""

import asyncio
import base64
import json
from types import SimpleNamespace

import pytest
from openai import AsyncOpenAI

from .test_engines import ANSWER, PAGE, QUESTION, SEARCH, Pause, Tool, running  # noqa: F401 - a fixture
from .test_keeping import member  # noqa: F401 - a fixture
from .test_sdks import agents_js  # noqa: F401 - a fixture

pytestmark = pytest.mark.req("P4.5")

PAGED = "The renal team is paged."
EXTENDED = {"voiceassist": {"extensions": True}}


def model(_passages, request):
    """Looks a question up and answers it, pages who is to be paged, and is slow about colchicine."""
    *_, last = request["messages"]
    question = next(one["content"] for one in reversed(request["messages"]) if one["role"] == "user")
    if "page" in question:
        return [PAGED] if last["role"] == "tool" else [Tool("page_team", {"team": "renal"}, "call_7")]
    if "colchicine" in question:
        return [Pause(30.0)]
    return [ANSWER] if last["role"] == "tool" else SEARCH


@pytest.fixture
def service(running):  # noqa: F811
    engine = running("cascade")
    engine.peer.script = lambda *asked: [engine.step(one) for one in model(*asked)]
    return engine.service


def judge(steps):
    """What either SDK was told, step by step."""
    assert steps.extensions
    assert ANSWER.rstrip(".") in steps.written
    assert (steps.paged, steps.function_call) == (["renal"], PAGED)
    assert "stroke" in steps.heard.lower()
    assert ANSWER.rstrip(".") in steps.spoken
    assert steps.truncated == 1_000
    assert 0 < len(steps.kept) < len(steps.spoken)
    assert steps.cancelled == "cancelled"
    assert (steps.created, steps.deleted) == ("item_note", "item_note")
    assert steps.cleared == "input_audio_buffer.cleared"
    # Three questions with their answers, and the one whose answer was cancelled; functions are not kept.
    assert steps.resumed[:6] == ["user", "assistant"] * 3
    assert steps.resumed[6] == "user"
    assert ANSWER.rstrip(".") in steps.after


async def test_javascript(service, member, say, new_oracle, agents_js, tmp_path):  # noqa: F811
    sound = tmp_path / "question.pcm"
    sound.write_bytes(say(QUESTION, 0.0))
    url = f"{service.url.replace('http', 'ws')}/v1/realtime?model=voiceassist"
    process = await asyncio.create_subprocess_exec(
        "node", "twelve_steps.mjs", url, service.token(member), str(sound), QUESTION,
        cwd=agents_js, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, errors.decode()[-3000:]
    told = json.loads(output)
    judge(SimpleNamespace(**told["steps"]))
    assert told["errors"] == []
    for events in (told["events"], told["resumed"]):
        oracle = new_oracle()
        if events is told["resumed"]:
            oracle.items = deleted(told["events"])
        for event in events:
            oracle.take(event)
        oracle.done()


def deleted(events):
    """Items that a client knew, and that it is told of again where it comes back."""
    return [event["item_id"] for event in events if event["type"] == "conversation.item.deleted"]


class Client:
    """A connection of the Python SDK."""

    def __init__(self, connection, oracle):
        self.connection, self.oracle = connection, oracle

    async def until(self, kind, fits=lambda _event: True):
        while True:
            event = json.loads((await self.connection.recv()).model_dump_json(exclude_unset=True))
            self.oracle.take(event)
            if event["type"] == kind and fits(event):
                return event

    async def ask(self, text):
        content = [{"type": "input_text", "text": text}]
        await self.connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await self.connection.response.create()

    async def answer(self):
        return said(await self.until("response.done"))


def said(done):
    return " ".join(one["content"][0]["transcript"] for one in done["response"]["output"] if one["type"] == "message")


async def test_python(service, member, say, new_oracle):  # noqa: F811, PLR0915 - twelve steps in one go
    told = SimpleNamespace(paged=[])
    openai = AsyncOpenAI(api_key=service.token(member), base_url=f"{service.url}/v1")
    async with openai.realtime.connect(model="voiceassist") as connection:
        client = Client(connection, new_oracle())
        await client.until("session.created")
        await connection.session.update(session={"type": "realtime", "tools": [PAGE], **EXTENDED})
        token = (await client.until("voiceassist.session.resumable"))["token"]
        told.extensions = bool(token)

        await client.ask(QUESTION)
        told.written = await client.answer()

        await client.ask("Please page the renal team")
        calls = (await client.until("response.done"))["response"]["output"]
        for call in calls:
            told.paged.append(json.loads(call["arguments"])["team"])
            output = {"type": "function_call_output", "call_id": call["call_id"], "output": "paged"}
            await connection.conversation.item.create(item=output)
        await connection.response.create()
        told.function_call = await client.answer()

        # What was answered so far is still to be played: the question is an interruption.
        spoken = say(QUESTION, 1.2)
        for start in range(0, len(spoken), 9_600):
            await connection.input_audio_buffer.append(audio=base64.b64encode(spoken[start : start + 9_600]).decode())
        heard = await client.until("conversation.item.input_audio_transcription.completed")
        told.heard = heard["transcript"]
        done = await client.until("response.done")
        told.spoken, item = said(done), done["response"]["output"][-1]

        await connection.conversation.item.truncate(item_id=item["id"], content_index=0, audio_end_ms=1_000)
        told.truncated = (await client.until("conversation.item.truncated"))["audio_end_ms"]
        await connection.conversation.item.retrieve(item_id=item["id"])
        told.kept = (await client.until("conversation.item.retrieved"))["item"]["content"][0]["transcript"]

        await client.ask("How long does a course of colchicine take?")
        await client.until("response.created")
        await connection.response.cancel()
        told.cancelled = (await client.until("response.done"))["response"]["status"]

        note = {"id": "item_note", "type": "message", "role": "user"}
        content = [{"type": "input_text", "text": "Never mind."}]
        await connection.conversation.item.create(item={**note, "content": content})
        told.created = (await client.until("conversation.item.done"))["item"]["id"]
        await connection.conversation.item.delete(item_id="item_note")
        told.deleted = (await client.until("conversation.item.deleted"))["item_id"]

        await connection.input_audio_buffer.append(audio=base64.b64encode(bytes(4_800)).decode())
        await connection.input_audio_buffer.clear()
        told.cleared = (await client.until("input_audio_buffer.cleared"))["type"]
        await asyncio.sleep(1.5)  # what is kept lies in the store

    known = deleted(client.oracle.seen)
    async with openai.realtime.connect(model="voiceassist") as connection:
        client = Client(connection, new_oracle())
        client.oracle.items = known
        await client.until("session.created")
        await connection.send({"type": "voiceassist.session.resume", "token": token, "after": 0})
        await client.until("voiceassist.session.resumed")
        added = [one for one in client.oracle.seen if one["type"] == "conversation.item.added"]
        told.resumed = [one["item"]["role"] for one in added]
        await client.ask(QUESTION)
        told.after = await client.answer()
    await openai.close()
    judge(told)
