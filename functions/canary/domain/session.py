"""The patient told in a realtime session, where a client writes: items, instructions, and events that nobody knows."""

import json
from typing import Any

from functions.canary.domain.patient import Patient


def events(patient: Patient) -> list[str]:
    """Messages of the socket; the last is no JSON."""

    def said(content: Any, role: str = "user") -> dict[str, Any]:
        return {"type": "conversation.item.create", "item": {"type": "message", "role": role, "content": content}}

    note = patient.note
    prompted = {"input": {"transcription": {"prompt": note}}}
    told: list[Any] = [
        {"type": "session.update", "session": {"type": "realtime", "instructions": note, "voice": patient.family}},
        {"type": "session.update", "session": {"type": "realtime", "audio": prompted}},
        said([{"type": "input_text", "text": note}], "system"),
        said([{"type": "input_text", "text": [note]}]),
        said([{"type": patient.family, "text": note}]),
        said(note),
        {"type": note, "event_id": note},
        {"type": "response.create", "response": {"instructions": note, "metadata": {"patient": note}, "tools": note}},
        {"type": "response.cancel", "response_id": note},
        {"type": "conversation.item.delete", "item_id": note, "event_id": patient.family},
        {"type": "input_audio_buffer.append", "audio": note},
        [note],
    ]  # fmt: skip
    return [*map(json.dumps, told), f'{{"type": "{note}']


def turn(text: str) -> list[str]:
    """A question in writing, to be answered in writing."""
    session = {"type": "realtime", "output_modalities": ["text"], "audio": {"input": {"turn_detection": None}}}
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return [
        json.dumps({"type": "session.update", "session": session}),
        json.dumps({"type": "conversation.item.create", "item": item}),
        json.dumps({"type": "response.create"}),
    ]
