"""Whatever a client does, in whatever order: the session never breaks and every event it emits is in order."""

import base64
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime.effects import Answer, Transcribe
from realtime.engine import Heard, Words

ITEM = st.sampled_from(["mine", "other", "item_1", "item_5", "item_9", "root"])
DETECTION = st.sampled_from(
    [
        None,
        {"type": "server_vad", "interrupt_response": False},
        {"type": "server_vad", "create_response": False},
        {"type": "semantic_vad", "eagerness": "high"},
    ]
)
TEXT = {"type": "input_text", "text": "words"}
SOUND = {"type": "input_audio", "audio": base64.b64encode(bytes(300)).decode()}


def event(kind: str, **members: Any) -> Any:
    return st.fixed_dictionaries({"type": st.just(kind), **members})


def message(part: dict[str, Any]) -> Any:
    content = st.just([part])
    return st.fixed_dictionaries(
        {"type": st.just("message"), "role": st.just("user"), "content": content}, optional={"id": ITEM}
    )


CLIENT = st.one_of(
    event(
        "session.update",
        session=st.builds(
            lambda detection, modality, extensions: {
                "type": "realtime",
                "output_modalities": [modality],
                "audio": {"input": {"turn_detection": detection}},
                "voiceassist": {"extensions": extensions},
            },
            DETECTION,
            st.sampled_from(["audio", "text"]),
            st.booleans(),
        ),
    ),
    event("input_audio_buffer.append", audio=st.just(base64.b64encode(bytes(4_800)).decode())),
    event("input_audio_buffer.commit"),
    event("input_audio_buffer.clear"),
    event("output_audio_buffer.clear"),
    event("conversation.item.create", item=message(TEXT), previous_item_id=st.none() | ITEM),
    event("conversation.item.create", item=message(SOUND)),
    event("conversation.item.retrieve", item_id=ITEM),
    event("conversation.item.delete", item_id=ITEM),
    event("conversation.item.truncate", item_id=ITEM, content_index=st.just(0), audio_end_ms=st.integers(-1, 1500)),
    event("response.create"),
    event("response.create", response=st.just({"conversation": "none"})),
    event("response.cancel"),
    event("voiceassist.playback.position", item_id=ITEM, audio_ms=st.integers(0, 1500)),
)
ENGINE = st.one_of(
    st.tuples(st.just("windows"), st.sampled_from([0.02, 0.95]), st.integers(1, 24)),
    st.tuples(st.just("words"), st.sampled_from(["what is sepsis", "the patient is on", "", None])),
    st.tuples(st.just("piece")),
    st.tuples(st.just("end"), st.booleans()),
)


def step(desk: Any, action: Any) -> None:
    session = desk.session
    if isinstance(action, dict):
        members = {name: value for name, value in action.items() if name != "type"}
        desk.send(action["type"], **members)
        return
    asked, wanted = desk.all(Answer), desk.all(Transcribe)
    match action:
        case ("windows", probability, count):
            desk.hear(probability, count * 32)
        case ("words", text) if wanted:
            desk.take(session.transcribed(wanted[-1].key, None if text is None else Heard(text)))
        case ("piece",) if asked:
            audio = bytes(4_800) if asked[-1].spoken else None
            desk.take(session.piece(asked[-1].response_id, Words("Some words. "), audio, 100.0 if audio else 0.0))
        case ("end", failed) if asked:
            desk.take(session.answered(asked[-1].response_id, failed=failed))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CLIENT | ENGINE, max_size=40))
def test_any_order_of_events_is_survived(new_desk, actions):
    desk = new_desk()
    for action in actions:
        desk.now += 0.02
        step(desk, action)
