"""The unmodified openai SDK through the front door: with an API key, and with a client secret that works once."""

import asyncio
import json
import ssl

import pytest
from openai import AsyncOpenAI
from websockets.exceptions import InvalidStatus

QUESTION = "What is the first-line vasopressor in septic shock?"


async def conversation(product, api_key, oracle):
    options = {"ssl": ssl.create_default_context(cafile=product.ca)}
    openai = AsyncOpenAI(api_key=api_key, base_url=f"{product.url}/v1")
    async with openai.realtime.connect(model="gpt-realtime", websocket_connection_options=options) as connection:
        await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        content = [{"type": "input_text", "text": QUESTION}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await connection.response.create()
        async for event in connection:
            oracle.take(json.loads(event.model_dump_json(exclude_unset=True)))
            if event.type == "response.done":
                return event.response.output[0].content[0].text
    raise AssertionError("the connection ended without an answer")


@pytest.mark.req("P4.5")
def test_a_conversation_with_an_api_key(product, new_oracle):
    key = json.loads((product.data / "secrets.json").read_text())["cli_api_key"]
    answer = asyncio.run(conversation(product, key, new_oracle()))
    assert "norepinephrine" in answer.lower()


@pytest.mark.req("P4.5")
def test_a_client_secret_works_once(product, new_oracle):
    with product.key_client() as http:
        secret = http.post("/v1/realtime/client_secrets", json={"session": {"type": "realtime"}}).json()["value"]
    assert secret.startswith("ek_")
    assert "norepinephrine" in asyncio.run(conversation(product, secret, new_oracle())).lower()
    with pytest.raises(InvalidStatus) as refused:
        asyncio.run(conversation(product, secret, new_oracle()))
    assert refused.value.response.status_code == 401
