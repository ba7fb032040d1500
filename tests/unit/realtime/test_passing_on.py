"""A turn that its client ends goes where it is read while it is said; what is held of it is a reserve."""

import base64
import json

import numpy as np
import pytest

from realtime.effects import Listen, Pass, Transcribe
from realtime.microphone import FRESH, Microphone, Reserve
from realtime.protocol.settings import Pcm, Pcmu, fresh
from realtime.session import Session
from realtime.speech import audio

PRESSED = {"audio": {"input": {"turn_detection": None}}}
DICE = np.random.default_rng(20261130)
SOUND = DICE.integers(-8_000, 8_000, 24_000, "<i2").tobytes()  # a second


def near(given, wanted):
    """As near as the codes are: a part of the level, and a little for what is quiet."""
    found, told = (np.frombuffer(one, "<i2").astype(float) for one in (given, wanted))
    assert len(found) == len(told)
    assert (np.abs(found - told) <= np.abs(told) / 16 + 8).all()


@pytest.mark.parametrize("frame", [1, 7, 959, 960, 5_001, 48_000])
def test_a_reserve_is_half_as_large_and_keeps_time_and_sound(frame):
    reserve, whole = Microphone(Pcm()), Microphone(Pcm())
    reserve.compact(True)
    came = b""
    for start in range(0, len(SOUND), frame):
        came += reserve.append(SOUND[start : start + frame])
        whole.append(SOUND[start : start + frame])
        assert abs(reserve.end_ms - whole.end_ms) <= 1
        assert abs(reserve.duration_ms - whole.duration_ms) <= 1
    came += reserve.settle()
    assert came == SOUND
    assert (reserve.wire, whole.wire) == (Reserve(), Pcm())
    reserve.keep_from(100)
    whole.keep_from(100)
    assert reserve.start_ms == whole.start_ms == 100
    taken = reserve.take(900)
    assert len(taken) == 24 * 800
    near(audio.from_mulaw(taken), whole.take(900))
    assert (reserve.start_ms, reserve.end_ms) == (900, 1_000)
    reserve.clear()
    assert (reserve.duration_ms, reserve.end_ms) == (0, 1_000)


def test_what_is_held_changes_its_form_with_the_settings():
    microphone = Microphone(Pcm())
    microphone.append(SOUND[:9_601])
    microphone.compact(True)
    microphone.compact(True)
    microphone.append(SOUND[9_601:])
    microphone.settle()
    microphone.append(SOUND[:2_400])
    microphone.compact(False)
    microphone.append(SOUND[2_400:4_800])
    assert microphone.end_ms == 1_100
    assert microphone.wire == Pcm()
    near(microphone.take(1_000), SOUND)
    assert microphone.take(1_100) == SOUND[:4_800]


def test_other_formats_are_small_already():
    microphone = Microphone(Pcmu())
    microphone.compact(True)
    assert microphone.append(b"\xff" * 8_000) == b""
    assert (microphone.wire, microphone.end_ms) == (Pcmu(), 1_000)


@pytest.fixture
def passing(desk):
    """The desk with a session that passes on."""
    counter = iter(range(1_000))
    desk.effects.clear()
    desk.session = Session(
        fresh(session_id="sess_1", model="", expires_at=1, update=PRESSED),
        clock=lambda: desk.now,
        new_id=lambda prefix: f"{prefix}_{next(counter)}",
        passes_on=True,
    )
    return desk


def say(desk, data):
    for start in range(0, len(data), 960):
        message = base64.b64encode(data[start : start + 960]).decode()
        desk.effects += desk.session.receive(f'{{"type":"input_audio_buffer.append","audio":"{message}"}}')


def do(desk, kind, **members):
    desk.effects += desk.session.receive(json.dumps({"type": kind, **members}))


def passed(desk):
    return [effect.audio for effect in desk.all(Pass)]


def test_a_turn_is_passed_on_piece_by_piece_and_its_rest_before_it_is_read(passing):
    say(passing, SOUND[:-4_800])
    pieces = passed(passing)
    assert [len(piece) for piece in pieces] == [FRESH]
    do(passing, "input_audio_buffer.commit")
    assert b"".join(passed(passing)) == SOUND[:-4_800]
    places = [type(effect) for effect in passing.effects]
    assert places.index(Transcribe) > len(places) - 1 - places[::-1].index(Pass)
    read = passing.last(Transcribe)
    assert (read.passed, read.wire) == (True, Reserve())
    near(audio.from_mulaw(read.audio), SOUND[:-4_800])
    say(passing, SOUND[:4_800])
    do(passing, "input_audio_buffer.commit")
    near(audio.from_mulaw(passing.last(Transcribe).audio), SOUND[:4_800])


def test_what_the_client_throws_away_is_not_wanted_there(passing):
    say(passing, SOUND)
    do(passing, "input_audio_buffer.clear")
    assert passed(passing)[-1] is None
    do(passing, "input_audio_buffer.clear")
    assert passed(passing).count(None) == 1


@pytest.mark.parametrize(
    "session",
    [
        {"voiceassist": {"route": "local"}},
        {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}},
        {"audio": {"input": {"format": {"type": "audio/pcmu"}}}},
    ],
)
def test_of_other_turns_nothing_is_passed_on(passing, session):
    do(passing, "session.update", session={"type": "realtime", **session})
    say(passing, SOUND)
    if "turn_detection" not in session.get("audio", {}).get("input", {}):
        do(passing, "input_audio_buffer.commit")
        assert not passing.last(Transcribe).passed
    else:
        assert passing.all(Listen)
    assert passed(passing) == []


def test_sound_of_a_client_s_own_item_was_never_passed_on(passing):
    say(passing, SOUND[: FRESH * 2])
    content = [{"type": "input_audio", "audio": base64.b64encode(SOUND).decode()}]
    do(passing, "conversation.item.create", item={"type": "message", "role": "user", "content": content})
    read = passing.last(Transcribe)
    assert (read.passed, read.wire, read.audio) == (False, Pcm(), SOUND)


def test_without_a_reader_that_wants_it_sound_stays_as_it_came(desk):
    desk.update(**PRESSED)
    say(desk, SOUND)
    do(desk, "input_audio_buffer.commit")
    assert desk.all(Pass) == []
    assert (desk.last(Transcribe).audio, desk.last(Transcribe).wire) == (SOUND, Pcm())
