"""What a client may ask of a session, and what is then in force."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.protocol.client import RejectedEventError, decode
from realtime.protocol.errors import ProtocolError
from realtime.protocol.settings import SessionSettings, fresh, updated

WRONG = [
    ({"output_modalities": []}, "session.output_modalities"),
    ({"output_modalities": ["video"]}, "session.output_modalities[0]"),
    ({"max_output_tokens": 0}, "session.max_output_tokens"),
    ({"audio": {"input": {"format": {"type": "audio/mp3"}}}}, "session.audio.input.format.type"),
    ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}, "session.audio.input.format.rate"),
    ({"audio": {"input": {"turn_detection": {"type": "none"}}}}, "session.audio.input.turn_detection.type"),
    (
        {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}},
        "session.audio.input.turn_detection.threshold",
    ),
    ({"audio": "loud"}, "session.audio"),
    ({"audio": {"output": {"speed": 2.1}}}, "session.audio.output.speed"),
    ({"type": "transcription"}, "session.type"),
    ({"tools": {}}, "session.tools"),
    ({"voiceassist": True}, "session.voiceassist"),
]


@pytest.mark.parametrize(("update", "param"), WRONG)
def test_a_wrong_value_is_refused_by_the_name_of_its_parameter(update, param):
    with pytest.raises(ProtocolError) as refused:
        updated(SessionSettings(), {"type": "realtime", **update})
    assert refused.value.param == param


def test_an_update_goes_through_the_wire_unchanged():
    settings = fresh(session_id="sess_1", model="m", expires_at=5, update={"instructions": "short"})
    again = updated(settings, settings.wire())
    assert again == settings


@given(st.dictionaries(st.text(max_size=12), st.recursive(st.none() | st.integers() | st.text(), st.lists), max_size=4))
def test_unknown_names_are_ignored_and_nothing_but_a_protocol_error_is_raised(update):
    with contextlib.suppress(ProtocolError):
        updated(SessionSettings(), {"type": "realtime", **update})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_an_event_or_refused(value):
    with pytest.raises(RejectedEventError):
        decode(json.dumps(value))


def test_what_is_known_of_a_patient_stays_in_force_and_is_never_told_back():
    told = updated(SessionSettings(), {"type": "realtime", "voiceassist": {"extensions": True, "known": ["Zelda Q"]}})
    assert updated(told, {"type": "realtime", "instructions": "short"}).known == ("Zelda Q",)
    assert "Zelda" not in json.dumps(told.wire())
    for wrong in (["x" * 201], [""], ["x"] * 51, "x", [1]):
        with pytest.raises(ProtocolError) as refused:
            updated(SessionSettings(), {"type": "realtime", "voiceassist": {"known": wrong}})
        assert (refused.value.param or "").startswith("session.voiceassist.known")


@pytest.mark.parametrize(("asked", "spoken"), [(0.25, 0.5), (0.5, 0.5), (1.25, 1.25), (2.0, 2.0)])
def test_the_echo_tells_how_fast_is_spoken(asked, spoken):
    told = updated(SessionSettings(), {"type": "realtime", "audio": {"output": {"speed": asked}}})
    assert told.wire()["audio"]["output"]["speed"] == spoken
