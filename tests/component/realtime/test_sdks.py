"""The official clients, unmodified: the openai Python SDK and npm @openai/agents-realtime hold a conversation."""

import asyncio
import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from openai import AsyncOpenAI

FOLDER = Path(__file__).with_name("agents_js")
TREATMENT = "How do I treat atrial fibrillation with a high stroke risk?"


@pytest.mark.req("P4.5")
async def test_the_python_sdk_holds_a_conversation(service, say, listen, new_oracle):
    oracle = new_oracle()
    openai = AsyncOpenAI(api_key=service.token(), base_url=f"{service.url}/v1")
    async with openai.realtime.connect(model="gpt-realtime") as connection:

        async def until(kind):
            while True:
                event = await connection.recv()
                oracle.take(json.loads(event.model_dump_json(exclude_unset=True)))
                if event.type == kind:
                    return event

        await until("session.created")
        await connection.session.update(
            session={"type": "realtime", "output_modalities": ["text"], "audio": {"input": {"turn_detection": None}}}
        )
        await until("session.updated")
        content = [{"type": "input_text", "text": TREATMENT}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await connection.response.create()
        written = await until("response.output_text.done")
        assert "[1]" in written.text
        done = await until("response.done")
        assert done.response.status == "completed"
        assert done.response.usage.total_tokens == 0

        await connection.session.update(session={"type": "realtime", "output_modalities": ["audio"]})
        await until("session.updated")
        spoken = say(TREATMENT)
        for start in range(0, len(spoken), 48_000):
            await connection.input_audio_buffer.append(audio=base64.b64encode(spoken[start : start + 48_000]).decode())
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        heard = await until("conversation.item.input_audio_transcription.completed")
        assert "stroke" in heard.transcript
        done = await until("response.done")
        answer = done.response.output[0]
        assert "Anticoagulation" in answer.content[0].transcript
        sound = b"".join(
            base64.b64decode(event["delta"]) for event in oracle.seen if event["type"] == "response.output_audio.delta"
        )
        assert "warfarin" in listen(sound, ("apixaban",)).lower()

        await connection.conversation.item.truncate(item_id=answer.id, content_index=0, audio_end_ms=500)
        await until("conversation.item.truncated")
        await connection.conversation.item.retrieve(item_id=answer.id)
        kept = await until("conversation.item.retrieved")
        assert len(kept.item.content[0].transcript) < len(answer.content[0].transcript)
        await connection.response.cancel()
        assert (await until("error")).error.code == "response_cancel_not_active"
    await openai.close()
    oracle.done()


@pytest.mark.req("P4.5")
async def test_the_python_sdk_mints_a_client_secret(service):
    async with AsyncOpenAI(api_key=service.token(), base_url=f"{service.url}/v1") as openai:
        secret = await openai.realtime.client_secrets.create(session={"type": "realtime", "model": "gpt-realtime"})
    assert secret.value.startswith("ek_")
    assert secret.session.type == "realtime"


@pytest.fixture(scope="session")
def agents_js():
    """The folder with the package installed; without npm this fails, because then nothing is shown."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.fail("node and npm are needed to test the JavaScript SDK; install Node.js 20 or newer.")
    lock = FOLDER / "package-lock.json"
    installed = FOLDER / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        result = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, capture_output=True, text=True)
        assert result.returncode == 0, f"npm ci failed: {result.stderr[-2000:]}"
    return FOLDER


@pytest.mark.req("P4.5")
async def test_the_javascript_sdk_holds_a_conversation(service, say, new_oracle, agents_js, tmp_path):
    question = tmp_path / "question.pcm"
    question.write_bytes(say(TREATMENT, 0.0))
    process = await asyncio.create_subprocess_exec(
        "node",
        "conversation.mjs",
        f"{service.url.replace('http', 'ws')}/v1/realtime?model=voiceassist-local",
        service.token(),
        str(question),
        cwd=agents_js,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, errors.decode()[-3000:]
    told = json.loads(output)
    oracle = new_oracle()
    for event in told["events"]:
        oracle.take(event)
    oracle.done()
    assert "Anticoagulation" in told["written"]
    assert told["audio_bytes"] > 24_000
    assert "stroke" in told["heard"].lower()
    roles = [(item["role"], item["status"]) for item in told["history"]]
    # The second question was spoken into the first answer, which the client therefore cut to what it had played.
    assert told["interrupted"]
    assert [event["type"] for event in told["events"]].count("conversation.item.truncated") == 1
    assert roles == [
        ("user", "completed"),
        ("assistant", "incomplete"),
        ("user", "completed"),
        ("assistant", "completed"),
    ]
    assert told["errors"] == []
