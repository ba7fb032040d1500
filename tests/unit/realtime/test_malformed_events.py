"""Ten thousand events that no client should send: each is answered by one error, and the session goes on."""

import json
import random

import pytest

SEED, EVENTS = 20261129, 10_000
GOOD = [
    {"type": "session.update", "session": {"type": "realtime"}},
    {"type": "input_audio_buffer.append", "audio": "AAAA"},
    {"type": "conversation.item.create", "item": {"type": "function_call", "name": "add", "arguments": "{}"}},
    {"type": "conversation.item.retrieve", "item_id": "nobody"},
    {"type": "conversation.item.delete", "item_id": "nobody"},
    {"type": "conversation.item.truncate", "item_id": "nobody", "content_index": 0, "audio_end_ms": 0},
    {"type": "response.create", "response": {}},
    {"type": "response.cancel", "response_id": "resp_none"},
    {"type": "voiceassist.playback.position", "item_id": "item", "audio_ms": 0},
]  # fmt: skip
# Members without which an event is none, or which must be of one kind.
NEEDED = {"session", "audio", "item", "item_id", "content_index", "audio_end_ms", "audio_ms"}
WRONG_SETTINGS = [
    {"type": "video"}, {"output_modalities": ["smell"]}, {"audio": {"input": {"format": {"type": "audio/mp3"}}}},
    {"audio": {"output": {"speed": 9}}}, {"audio": {"input": {"turn_detection": {"type": "telepathy"}}}},
    {"max_output_tokens": -1}, {"instructions": 5}, {"tools": "all"}, {"voiceassist": {"route": "cloud"}}, {},
]  # fmt: skip
WRONG_ITEMS = [
    {"type": "message", "role": "judge", "content": []}, {"type": "message", "role": "user", "content": []},
    {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "x"}]},
    {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "not base64"}]},
    {"type": "message", "role": "assistant", "content": [{"type": "input_text", "text": "x"}]},
    {"type": "function_call"}, {"type": "poem"}, {"role": "user"}, {"type": "message", "id": "", "role": "user"},
]  # fmt: skip
JUNK = [None, True, -1, 1e308, "", "\x00\ud7ff", [], {}, [[[]]], {"a": {"b": {}}}, "\U0001f9ec" * 200]


def malformed(dice: random.Random) -> str:
    """One message that is no event, or an event that cannot be carried out."""
    event = json.loads(json.dumps(dice.choice(GOOD)))
    needed = sorted(NEEDED & set(event))
    match dice.randrange(8):
        case 0:
            text = json.dumps(event)
            return text[: dice.randrange(len(text))]
        case 1:
            return json.dumps(dice.choice([junk for junk in JUNK if not isinstance(junk, dict)]))
        case 2:
            event["type"] = dice.choice(["", "session.destroy", "response.created", "\u202eevil", 7, None, ["x"]])
        case 3 if needed:
            del event[dice.choice(needed)]
        case 4 if needed:
            name = dice.choice(needed)
            kind = type(event[name])
            event[name] = dice.choice([junk for junk in JUNK if not isinstance(junk, kind) or junk in (-1, True)])
        case 5:
            wrong = dice.choice(WRONG_SETTINGS)
            event = {"type": "session.update", "session": {"type": "realtime", **wrong} if wrong else {}}
        case 6:
            event = {"type": "conversation.item.create", "item": dice.choice(WRONG_ITEMS)}
        case _:
            event = dice.choice(
                [
                    {"type": "input_audio_buffer.append", "audio": "@" * dice.randrange(1, 9)},
                    {"type": "input_audio_buffer.commit"},
                    {"type": "response.cancel"},
                    {"type": "conversation.item.delete", "item_id": "x" * dice.randrange(1, 300)},
                    {"type": "response.create", "response": {"input": [{"type": "message", "role": "nobody"}]}},
                    {"type": "response.create", "response": {"output_modalities": []}},
                    {"type": "response.create", "response": {"metadata": 3}},
                    {"type": "session.update", "session": {"type": "transcription"}},
                    json.loads("[" * 300 + "]" * 300),
                ]
            )
    if isinstance(event, dict) and dice.random() < 0.5:
        event["event_id"] = f"mine_{dice.randrange(10_000)}"
    return json.dumps(event)


@pytest.mark.req("P4.1")
def test_every_malformed_event_is_answered_by_one_error_and_the_session_lives(desk):
    dice = random.Random(SEED)
    for _ in range(EVENTS):
        message = malformed(dice)
        answers = desk.take(desk.session.receive(message))
        assert [event["type"] for event in answers] == ["error"], message
        own = _own_id(message)
        assert answers[0]["error"]["event_id"] in {own, None}
        assert answers[0]["error"]["message"]
        desk.effects.clear()
    assert desk.session.conversation.items == []
    desk.write("what is sepsis")
    assert desk.send("response.create")[0]["type"] == "response.created"


def _own_id(message: str) -> str | None:
    try:
        event = json.loads(message)
    except ValueError:
        return None
    return event.get("event_id") if isinstance(event, dict) else None
