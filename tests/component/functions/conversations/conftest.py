"""Conversations as the voice service keeps them, in real PostgreSQL."""

import pytest

from functions.conversations import main
from voiceassist.core import ids
from voiceassist.runtime import memory, providers
from voiceassist.runtime.memory import Kept

SOURCES = {
    "citations": [
        {
            "n": 1, "document_id": "af", "chunk_id": "c1", "title": "Atrial fibrillation", "section": "Stroke",
            "source": "Starter library", "year": 2024, "snippet": "Anticoagulation is recommended.",
        }
    ],
    "status": "supported",
    "notice": "Clinical judgment required.",
}  # fmt: skip
SCORE = {
    "result": {
        "calculator_id": "cha2ds2_vasc", "title": "CHA2DS2-VASc", "version": "1", "value": 3, "unit": "points",
        "text": "3 points.", "inputs": [{"name": "age", "label": "age", "value": 68, "unit": "years"}],
    }
}  # fmt: skip


@pytest.fixture
def keep(database):
    """Store turns, given as words or `Kept`, the first by the user; returns the conversation's id."""

    async def store(owner, *turns, days=30, conversation_id=None):
        conversation_id = conversation_id or ids.new_id()
        keys = await providers.keyring().of(owner.tenant_id)
        for number, turn in enumerate(turns, 1):
            role = "user" if number % 2 else "assistant"
            kind = "input_text" if number % 2 else "output_audio"
            item = turn if isinstance(turn, Kept) else Kept(f"item_{number}", number, role, kind, turn)
            async with database.transaction(owner) as connection:
                await memory.keep(connection, keys, owner, conversation_id, item, days=days)
        return conversation_id

    return store


@pytest.fixture
def room():
    main.kit.cache_clear()
    yield main.room
    main.kit.cache_clear()
