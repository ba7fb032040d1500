"""Sessions that only transcribe, and the words of a turn that still goes on."""

from realtime.effects import Answer, Drop, Transcribe
from realtime.engine import Heard
from tests.unit.realtime.conftest import QUIET, SPEECH, kinds

PASSING = "voiceassist.transcript.passing"


def passing(desk):
    return [effect for effect in desk.all(Transcribe) if effect.passing]


def test_a_transcription_session_tells_what_it_hears_with_and_nothing_of_answers(new_desk):
    desk = new_desk(update={"type": "transcription", "instructions": "be brief"})
    session = desk.oracle.seen[0]["session"]
    assert session["type"] == "transcription"
    assert session["object"] == "realtime.transcription_session"
    assert set(session) == {"type", "object", "id", "expires_at", "include", "audio"}
    assert set(session["audio"]) == {"input"}
    assert "create_response" not in session["audio"]["input"]["turn_detection"]


def test_its_turns_are_transcribed_and_answered_by_nobody(new_desk):
    desk = new_desk(update={"type": "transcription"})
    desk.hear(SPEECH, 960)
    desk.hear(QUIET, 256)
    desk.understand("what is sepsis")
    events = desk.hear(QUIET, 320)
    assert kinds(events)[-1] == "conversation.item.input_audio_transcription.completed"
    assert desk.all(Answer) == []


def test_it_refuses_to_answer_and_to_become_another_kind(new_desk):
    desk = new_desk(update={"type": "transcription"})
    (refused,) = desk.send("response.create")
    assert refused["error"]["code"] == "invalid_value"
    refused = desk.update(audio={})
    assert refused["error"]["param"] == "session.type"
    silent = {"type": "transcription", "audio": {"input": {"turn_detection": None}}}
    (updated,) = desk.send("session.update", session=silent)
    assert updated["session"]["audio"]["input"]["turn_detection"] is None


def test_words_of_a_running_turn_are_shown_every_seven_hundred_milliseconds(new_desk):
    desk = new_desk(update={"voiceassist": {"extensions": True}})
    desk.hear(SPEECH, 640)
    assert passing(desk) == []
    desk.hear(SPEECH, 128)
    (first,) = passing(desk)
    desk.hear(SPEECH, 1_024)
    assert len(passing(desk)) == 1  # no second one while the first is being read
    (shown,) = desk.take(desk.session.transcribed(first.key, Heard("what is the")))
    assert (shown["type"], shown["text"]) == (PASSING, "what is the")
    started = [event for event in desk.oracle.seen if event["type"] == "input_audio_buffer.speech_started"]
    assert shown["item_id"] == started[-1]["item_id"]
    desk.hear(SPEECH, 64)
    assert len(passing(desk)) == 2
    assert len(passing(desk)[1].audio) > len(first.audio)


def test_they_are_dropped_when_the_turn_pauses_and_come_to_nothing_later(new_desk):
    desk = new_desk(update={"voiceassist": {"extensions": True}})
    desk.hear(SPEECH, 800)
    (first,) = passing(desk)
    desk.hear(QUIET, 256)
    assert Drop(first.key) in desk.all(Drop)
    assert desk.take(desk.session.transcribed(first.key, Heard("late"))) == []
    desk.understand("what is sepsis")
    assert "conversation.item.input_audio_transcription.completed" in kinds(desk.hear(QUIET, 320))


def test_noise_and_failures_show_nothing(new_desk):
    desk = new_desk(update={"voiceassist": {"extensions": True}})
    for heard in (Heard(""), None):
        desk.hear(SPEECH, 800)
        assert desk.take(desk.session.transcribed(passing(desk)[-1].key, heard)) == []


def test_a_client_that_did_not_ask_costs_nothing(desk):
    desk.hear(SPEECH, 3_200)
    assert passing(desk) == []


def test_the_buffer_cleared_in_a_turn_ends_the_reading(new_desk):
    desk = new_desk(update={"voiceassist": {"extensions": True}})
    desk.hear(SPEECH, 800)
    desk.send("input_audio_buffer.clear")
    assert Drop(passing(desk)[0].key) in desk.all(Drop)
