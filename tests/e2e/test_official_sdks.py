"""The unmodified OpenAI Python SDK holds a conversation through the gateway; every event validates."""

import base64
import json
import ssl
from typing import Annotated, Any, get_args

import openai
import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import Field, TypeAdapter

from realtime.speech.audio import read_wav, to_pcm16

QUESTION = "What is the first line vasopressor in septic shock?"


def adapter() -> TypeAdapter[Any]:
    union = get_args(RealtimeServerEvent)[0] if get_args(RealtimeServerEvent) else RealtimeServerEvent
    return TypeAdapter(Annotated[union, Field(discriminator="type")])


@pytest.mark.req("P4.5")
async def test_the_python_sdk_speaks_with_the_product(product, say):
    key = json.loads((product.data / "secrets.json").read_text())["cli_api_key"]
    client = openai.AsyncOpenAI(
        api_key=key, base_url=f"{product.url}/v1", websocket_base_url=f"wss://localhost:{product.base}/v1"
    )
    context = ssl.create_default_context(cafile=product.ca)
    samples, _ = read_wav(say(QUESTION))
    speech = to_pcm16(samples)
    events: list[Any] = []
    audio = 0
    async with client.realtime.connect(
        model="voiceassist", websocket_connection_options={"ssl": context}
    ) as connection:
        await connection.session.update(
            session={
                "type": "realtime",
                "audio": {"input": {"turn_detection": {"type": "server_vad"}, "transcription": {"model": "local"}}},
            }
        )
        for start in range(0, len(speech), 960 * 5):
            await connection.input_audio_buffer.append(audio=base64.b64encode(speech[start : start + 960 * 5]).decode())
        async for event in connection:
            events.append(event)
            if event.type == "response.output_audio.delta":
                audio += len(base64.b64decode(event.delta))
            if event.type == "response.done":
                break
            assert event.type != "error", event
    kinds = [event.type for event in events]
    assert kinds[0] == "session.created"
    heard = next(e.transcript for e in events if e.type == "conversation.item.input_audio_transcription.completed")
    assert "shock" in heard.lower()
    said = next(e.transcript for e in events if e.type == "response.output_audio_transcript.done")
    assert "norepinephrine" in said.lower()
    assert audio > 24_000
    checked = adapter()
    for event in events:
        checked.validate_json(event.to_json())
