"""The session's state machine: every event it emits is judged by the oracle."""

import base64
import json

import pytest

from realtime.effects import Abort, Answer, Drop, Forget, Listen, Timings, Transcribe
from realtime.engine import Clarification, Heard, Sources
from realtime.session import Session

SPEECH, QUIET = 0.95, 0.02
SEMANTIC = {"input": {"turn_detection": {"type": "semantic_vad"}}}
MANUAL = {"input": {"turn_detection": None}}


def kinds(events):
    return [event["type"] for event in events]


def one(events, kind):
    found = [event for event in events if event["type"] == kind]
    assert len(found) == 1, kinds(events)
    return found[0]


def test_a_session_begins_by_telling_its_whole_settings(desk):
    session = desk.oracle.seen[0]["session"]
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert session["audio"]["output"]["voice"] == "heart"
    assert "voiceassist" not in session


@pytest.mark.req("P4.5")
def test_a_written_question_is_answered_in_the_published_order(desk):
    desk.update(output_modalities=["text"])
    assert kinds(desk.write("hello")) == ["conversation.item.added", "conversation.item.done"]
    assert kinds(desk.send("response.create")) == ["response.created"]
    assert (desk.last(Answer).text, desk.last(Answer).spoken) == ("hello", False)
    assert kinds(desk.say("Hello. ")) == [
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
    ]
    desk.say("How are you?")
    events = desk.finish()
    assert kinds(events) == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    assert events[-1]["response"]["output"][0]["content"] == [{"type": "output_text", "text": "Hello. How are you?"}]
    desk.oracle.done()


@pytest.mark.req("P4.15")
def test_a_spoken_turn_is_committed_after_silence_and_answered_once_its_words_are_known(desk):
    desk.hear(QUIET, 640)
    started = one(desk.hear(SPEECH, 960), "input_audio_buffer.speech_started")
    assert 250 <= started["audio_start_ms"] <= 400  # 640 ms less the padding of 300
    assert desk.all(Transcribe) == []
    events = desk.hear(QUIET, 480)
    assert desk.last(Transcribe)
    assert events == []  # 480 ms of silence are not 500
    desk.understand("what is sepsis")
    events = desk.hear(QUIET, 64)
    assert kinds(events) == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
    ]
    assert events[0]["item_id"] == started["item_id"] == events[1]["item_id"]
    assert events[4]["transcript"] == "what is sepsis"
    assert desk.last(Answer).text == "what is sepsis"
    desk.say("Sepsis is a syndrome.")
    desk.finish()
    timings = desk.last(Timings)
    assert timings.eou_ms == 512.0
    assert timings.first_audio_ms >= 512.0


def test_words_that_come_late_hold_the_answer_back_and_nothing_else(desk):
    desk.hear(SPEECH, 640)
    events = desk.hear(QUIET, 640)
    assert kinds(events)[-1] == "conversation.item.done"
    assert desk.all(Answer) == []
    assert kinds(desk.understand("late")) == [
        "conversation.item.input_audio_transcription.completed",
        "response.created",
    ]


def test_a_semantic_turn_ends_early_when_the_words_look_complete(desk):
    desk.update(audio=SEMANTIC)
    desk.hear(SPEECH, 640)
    desk.hear(QUIET, 160)
    desk.understand("How do I treat atrial fibrillation?")
    assert "response.created" in kinds(desk.hear(QUIET, 192))


def test_a_semantic_turn_waits_when_the_words_look_unfinished(desk):
    desk.update(audio=SEMANTIC)
    desk.hear(SPEECH, 640)
    desk.hear(QUIET, 160)
    desk.understand("the patient is on")
    assert desk.hear(QUIET, 800) == []
    assert "input_audio_buffer.committed" in kinds(desk.hear(QUIET, 400))


def test_speech_that_goes_on_after_a_pause_is_one_turn(desk):
    desk.hear(SPEECH, 640)
    desk.hear(QUIET, 256)
    first = desk.last(Transcribe).key
    assert desk.hear(SPEECH, 320) == []
    assert desk.last(Drop).key == first
    assert desk.take(desk.session.transcribed(first, None)) == []  # the dropped words came nevertheless
    desk.hear(QUIET, 256)
    assert len(desk.last(Transcribe).audio) > 48 * 1250
    desk.understand("all of it")
    assert kinds(desk.hear(QUIET, 320)).count("input_audio_buffer.committed") == 1


@pytest.mark.req("P4.16")
def test_a_noise_becomes_no_turn_of_the_conversation(desk):
    desk.hear(SPEECH, 320)
    desk.hear(QUIET, 160)
    desk.understand("")
    events = desk.hear(QUIET, 480)
    assert one(events, "conversation.item.input_audio_transcription.completed")["transcript"] == ""
    assert "response.created" not in kinds(events)


def test_push_to_talk_answers_as_soon_as_the_words_are_known(desk):
    desk.update(audio=MANUAL)
    desk.append(500)
    assert desk.all(Listen) == []
    events = desk.send("input_audio_buffer.commit")
    assert kinds(events) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert kinds(desk.send("response.create")) == ["response.created"]
    assert desk.all(Answer) == []
    desk.understand("what is sepsis")
    assert desk.last(Answer).text == "what is sepsis"
    assert "response.output_audio.delta" in kinds(desk.say("A syndrome."))
    desk.finish()


def test_words_that_cannot_be_read_fail_the_answer_and_say_so(desk):
    desk.update(audio=MANUAL)
    desk.append(500)
    desk.send("input_audio_buffer.commit")
    desk.send("response.create")
    events = desk.understand(None)
    assert kinds(events) == ["conversation.item.input_audio_transcription.failed", "response.done"]
    assert events[1]["response"]["status"] == "failed"


def test_an_answer_that_breaks_off_is_closed_as_failed(desk):
    desk.write("hello")
    desk.send("response.create")
    desk.say("Half a")
    done = desk.finish(failed=True)[-1]["response"]
    assert (done["status"], done["output"][0]["status"]) == ("failed", "incomplete")
    desk.oracle.done()


# Interruptions


def spoken_answer(desk):
    desk.write("tell me")
    desk.send("response.create")
    desk.say("One two three four. ", 1000)
    return desk.say("Five six seven eight.", 1000)


@pytest.mark.req("P4.14")
def test_speech_cancels_the_answer_and_keeps_what_was_heard(desk):
    desk.update(voiceassist={"extensions": True})
    spoken_answer(desk)
    item_id = desk.oracle.answer_item
    desk.send("voiceassist.playback.position", item_id=item_id, audio_ms=1500)
    assert desk.hear(SPEECH, 96) == []
    assert kinds(desk.hear(SPEECH, 32)) == ["voiceassist.playback.hold"]  # it may be a cough, or somebody who agrees
    assert desk.hear(SPEECH, 448) == []
    assert desk.all(Abort) == []
    events = desk.hear(SPEECH, 64)
    assert desk.last(Abort)
    done = one(events, "response.done")["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert one(events, "conversation.item.truncated")["audio_end_ms"] == 1500
    item = desk.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert item["content"][0]["transcript"] == "One two three four. Five six"
    assert item["status"] == "incomplete"


@pytest.fixture
def listened(desk):
    """Somebody listens to an answer of two seconds; the page tells what it plays."""
    desk.update(audio=SEMANTIC, voiceassist={"extensions": True})
    spoken_answer(desk)
    desk.send("voiceassist.playback.position", item_id=desk.oracle.answer_item, audio_ms=900)
    return desk


@pytest.mark.req("P4.14")
@pytest.mark.req("P4.15")
@pytest.mark.parametrize("words", ["Mm-hmm.", "Okay.", "Yeah, yeah.", "I see.", "Mama.", ""])
def test_who_only_agrees_does_not_interrupt(listened, words):
    assert kinds(listened.hear(SPEECH, 320)) == ["voiceassist.playback.hold"]
    assert listened.hear(QUIET, 128) == []
    assert kinds(listened.understand(words)) == ["voiceassist.playback.resume"]
    assert listened.all(Abort) == []
    # The pause is made up for: after what would have been its end the answer is still heard, and can be interrupted.
    listened.hear(QUIET, 1_408)
    assert kinds(listened.hear(SPEECH, 288)) == ["voiceassist.playback.hold"]


@pytest.mark.req("P4.14")
def test_an_answer_that_the_page_had_held_by_itself_is_audible_for_longer(listened):
    listened.hear(QUIET, 1_600)
    listened.send("voiceassist.playback.position", item_id=listened.oracle.answer_item, audio_ms=1_000)
    listened.hear(QUIET, 640)  # by the clock alone it has ended now
    assert kinds(listened.hear(SPEECH, 288)) == ["voiceassist.playback.hold"]


@pytest.mark.req("P4.14")
@pytest.mark.parametrize(("at_ms", "again"), [(2_400, 2_000), (700, None), (4_100, None)])
def test_a_sentence_with_a_dose_is_said_again_from_its_start_after_a_false_interruption(desk, at_ms, again):
    desk.update(audio=SEMANTIC, voiceassist={"extensions": True})
    desk.write("tell me")
    desk.send("response.create")
    desk.say("It is an anticoagulant. ", 2_000)
    desk.say("Give apixaban, ", 1_000)
    desk.say("5 mg twice a day. ", 1_000)
    desk.say("Check the kidneys.", 1_000)
    item_id = desk.oracle.answer_item
    desk.send("voiceassist.playback.position", item_id=item_id, audio_ms=at_ms)
    desk.hear(SPEECH, 320)
    desk.hear(QUIET, 128)
    (resumed,) = desk.understand("Mm-hmm.")
    assert resumed["type"] == "voiceassist.playback.resume"
    assert (resumed.get("item_id"), resumed.get("audio_ms")) == ((item_id, again) if again else (None, None))
    if again:  # the heard position goes back with it, and an interruption now keeps only what was heard since
        desk.hear(QUIET, 640)
        events = desk.hear(SPEECH, 320) + desk.hear(SPEECH, 640)
        assert one(events, "conversation.item.truncated")["audio_end_ms"] == again


@pytest.mark.req("P4.15")
@pytest.mark.parametrize("words", ["Stop.", "Wait", "No", "16", "And in children?"])
def test_anything_else_interrupts_however_short_it_is(listened, words):
    listened.hear(SPEECH, 320)
    listened.hear(QUIET, 128)
    events = listened.understand(words)
    assert one(events, "input_audio_buffer.speech_started")
    assert one(events, "conversation.item.truncated")["audio_end_ms"] == 900
    assert len(listened.all(Abort)) == 1
    listened.hear(QUIET, 320)
    assert listened.last(Answer).text == words


@pytest.mark.req("P4.3")
@pytest.mark.parametrize("words", ["Two.", "two three", "One, two, three four.", "And too three", "2 three 4"])
def test_its_own_words_out_of_the_loudspeaker_do_not_interrupt(listened, words):
    listened.hear(SPEECH, 160)
    listened.hear(QUIET, 128)
    assert kinds(listened.understand(words)) == ["voiceassist.playback.resume"]
    assert listened.all(Abort) == []


@pytest.mark.parametrize(
    ("words", "goes_on"), [("Thank you.", True), ("Is way", True), ("Stop", False), ("Wait", False)]
)
def test_what_was_hardly_understood_interrupts_only_where_it_says_stop(listened, words, goes_on):
    listened.hear(SPEECH, 160)
    listened.hear(QUIET, 128)
    reading = listened.last(Transcribe)
    events = listened.take(listened.session.transcribed(reading.key, Heard(words, confident=False)))
    assert ("voiceassist.playback.resume" in kinds(events)) == goes_on
    assert bool(listened.all(Abort)) != goes_on


@pytest.mark.parametrize("words", ["Stop two.", "two apples", "eight"])
def test_words_that_it_has_not_just_spoken_are_somebodys(listened, words):
    listened.hear(SPEECH, 160)
    listened.hear(QUIET, 128)
    assert one(listened.understand(words), "input_audio_buffer.speech_started")


def test_words_that_nobody_could_read_do_not_hold_the_answer_for_ever(listened):
    listened.hear(SPEECH, 320)
    listened.hear(QUIET, 128)
    assert listened.understand(None) == []
    assert kinds(listened.hear(QUIET, 1_024)) == ["voiceassist.playback.resume"]
    assert listened.all(Abort) == []


def test_yes_to_a_question_is_a_reply(desk):
    desk.update(audio=SEMANTIC, voiceassist={"extensions": True})
    desk.write("tell me")
    desk.send("response.create")
    desk.take(desk.session.piece(desk.last(Answer).response_id, Clarification("Apixaban?", ("Yes", "No"), "drug")))
    desk.say("Did you say apixaban? ", 2_000)
    desk.send("voiceassist.playback.position", item_id=desk.oracle.answer_item, audio_ms=900)
    assert one(desk.hear(SPEECH, 288), "input_audio_buffer.speech_started")


def test_a_client_that_does_not_tell_what_it_plays_is_interrupted_at_once(desk):
    desk.update(audio=SEMANTIC, voiceassist={"extensions": True})
    spoken_answer(desk)
    assert one(desk.hear(SPEECH, 288), "input_audio_buffer.speech_started")
    assert desk.all(Abort)


@pytest.mark.parametrize("ended", ["clear", "settings"])
def test_a_held_answer_goes_on_when_its_suspicion_is_taken_away(listened, ended):
    listened.hear(SPEECH, 320)
    if ended == "clear":
        events = listened.send("input_audio_buffer.clear")
    else:
        events = listened.send("session.update", session={"type": "realtime", "audio": MANUAL})
    assert "voiceassist.playback.resume" in kinds(events)


def test_an_answer_that_must_not_be_interrupted_goes_on_and_the_turn_is_answered_after_it(desk):
    desk.update(audio={"input": {"turn_detection": {"type": "server_vad", "interrupt_response": False}}})
    spoken_answer(desk)
    events = desk.hear(SPEECH, 640)
    assert "response.done" not in kinds(events)
    desk.hear(QUIET, 160)
    desk.understand("and another thing")
    assert "response.created" not in kinds(desk.hear(QUIET, 640))
    assert kinds(desk.finish())[-1] == "response.created"
    assert desk.last(Answer).text == "and another thing"


def test_a_client_cancels_and_truncates_to_what_it_played(desk):
    spoken_answer(desk)
    item_id = desk.oracle.answer_item
    done = desk.send("response.cancel")[-1]["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    desk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=0)
    assert desk.send("conversation.item.retrieve", item_id=item_id)[0]["item"]["content"][0]["transcript"] == ""
    # The client learns a moment later that more was heard.
    desk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=1000)
    item = desk.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert item["content"][0]["transcript"] == "One two three four."


def test_late_pieces_of_a_cancelled_answer_are_not_sent(desk):
    spoken_answer(desk)
    desk.send("response.cancel")
    assert desk.say("Too late.") == []
    assert desk.finish() == []


@pytest.mark.parametrize("position", [-1, 2002, 10**9])
def test_a_position_outside_the_audio_is_refused(desk, position):
    spoken_answer(desk)
    desk.finish()
    item_id = desk.session.conversation.last_id
    events = desk.send(
        "conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=position, event_id="mine"
    )
    assert events[0]["error"]["param"] == "audio_end_ms"
    assert events[0]["error"]["event_id"] == "mine"


# Client errors


def error_of(events):
    return one(events, "error")["error"]


@pytest.mark.parametrize(
    ("kind", "members", "code"),
    [
        ("response.cancel", {}, "response_cancel_not_active"),
        ("input_audio_buffer.commit", {}, "input_audio_buffer_commit_empty"),
        ("conversation.item.retrieve", {"item_id": "item_x"}, "item_not_found"),
        ("conversation.item.delete", {"item_id": "item_x"}, "item_not_found"),
        ("conversation.item.truncate", {"item_id": "x", "content_index": 0, "audio_end_ms": 0}, "item_not_found"),
        ("input_audio_buffer.append", {"audio": "not base64!"}, "invalid_audio"),
        ("input_audio_buffer.append", {}, "invalid_value"),
        ("session.update", {"session": {}}, "missing_required_parameter"),
        ("session.update", {"session": {"type": "transcription"}}, "invalid_value"),
        ("session.update", {"session": {"type": "realtime", "output_modalities": ["audio", "text"]}}, "invalid_value"),
        ("no.such.event", {}, "invalid_value"),
        ("response.create", {"response": {"input": [{"type": "message"}]}}, "invalid_value"),
    ],
)
def test_a_wrong_event_is_answered_by_an_error_that_names_it(desk, kind, members, code):
    error = error_of(desk.send(kind, event_id="client_7", **members))
    assert (error["code"], error["event_id"]) == (code, "client_7")


def test_no_error_repeats_what_was_sent(desk):
    secret = "Mrs Example has sepsis"
    for members in (
        {"type": secret},
        {"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"format": {"type": secret}}}}},
        {"type": "conversation.item.create", "item": {"type": "message", "role": secret, "content": []}},
        {"type": "conversation.item.retrieve", "item_id": {"a": secret}},
    ):
        assert secret not in json.dumps(desk.take(desk.session.receive(json.dumps(members))))


def test_a_second_response_is_refused_while_one_is_active(desk):
    desk.write("hello")
    desk.send("response.create")
    error = error_of(desk.send("response.create", event_id="again"))
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "again")
    desk.say("Hello.")
    desk.finish()
    desk.oracle.done()


@pytest.mark.parametrize("message", ["", "no json", "[]", "3", '{"type":', "[" * 100_000, '"\\ud800"'])
def test_a_message_that_is_no_event_is_refused(desk, message):
    assert desk.take(desk.session.receive(message))[0]["error"]["code"] == "invalid_json"


def test_a_binary_message_is_refused(desk):
    assert desk.take(desk.session.refuse_binary())[0]["type"] == "error"


# Items


def test_items_are_inserted_where_the_client_wants_them(desk):
    first = desk.write("one")[0]["item"]["id"]
    content = [{"type": "input_text", "text": "zero"}]
    message = {"type": "message", "role": "user", "content": content}
    front = desk.send("conversation.item.create", item=message | {"id": "mine"}, previous_item_id="root")
    assert front[0]["previous_item_id"] is None
    middle = desk.send("conversation.item.create", item=message, previous_item_id="mine")
    assert middle[0]["previous_item_id"] == "mine"
    assert [item.id for item in desk.session.conversation.items] == ["mine", middle[0]["item"]["id"], first]
    assert error_of(desk.send("conversation.item.create", item=message | {"id": "mine"}))["code"] == (
        "item_already_exists"
    )
    assert desk.send("conversation.item.delete", item_id="mine")[0]["item_id"] == "mine"


def test_a_spoken_item_is_read_before_it_is_answered(desk):
    audio = base64.b64encode(bytes(48 * 500)).decode()
    item = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": audio}]}
    assert kinds(desk.send("conversation.item.create", item=item))[:2] == [
        "conversation.item.added",
        "conversation.item.done",
    ]
    desk.send("response.create")
    desk.understand("spoken words")
    assert desk.last(Answer).text == "spoken words"


def test_function_items_are_kept_but_ask_nothing(desk):
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}
    assert desk.send("conversation.item.create", item=call)[0]["item"]["name"] == "f"
    output = {"type": "function_call_output", "call_id": "c", "output": "1"}
    assert desk.send("conversation.item.create", item=output)[0]["item"]["output"] == "1"
    desk.send("response.create")
    assert desk.last(Answer).text == ""


def test_a_response_of_its_own_leaves_the_conversation_alone(desk):
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "aside"}]}
    events = desk.send(
        "response.create",
        response={
            "conversation": "none",
            "input": [question],
            "output_modalities": ["text"],
            "metadata": {"topic": "x"},
        },
    )
    assert events[0]["response"]["metadata"] == {"topic": "x"}
    assert desk.last(Answer).text == "aside"
    assert "conversation.item.added" not in kinds(desk.say("Aside."))
    assert "conversation.item.done" not in kinds(desk.finish())
    assert desk.session.conversation.items == []


# Settings


@pytest.mark.req("P4.5")
def test_an_update_of_another_sdk_is_mapped_to_what_is_here(desk):
    session = desk.update(
        model="gpt-realtime-2.1",
        tracing="auto",
        audio={
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": {"model": "gpt-4o-mini-transcribe", "language": None},
                "noise_reduction": None,
                "turn_detection": {"type": "semantic_vad", "eagerness": None},
            },
            "output": {"voice": "marin", "speed": 1},
        },
    )["session"]
    assert session["audio"]["input"]["transcription"]["model"] == "whisper-tiny.en"
    assert session["audio"]["output"]["voice"] == "heart"
    assert session["tracing"] == "auto"
    assert session["model"] == "voiceassist-local"
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }


def test_what_an_update_does_not_name_stays(desk):
    desk.update(audio=MANUAL)
    desk.update(audio={"output": {"format": {"type": "audio/pcmu"}}})
    session = desk.update(instructions="short")["session"]
    assert session["audio"]["input"]["turn_detection"] is None
    assert session["audio"]["output"]["format"] == {"type": "audio/pcmu"}


def test_another_input_format_begins_a_new_stream(desk):
    desk.append(200)
    desk.update(audio={"input": {"format": {"type": "audio/pcma"}}})
    assert desk.last(Forget)
    desk.send("input_audio_buffer.append", audio=base64.b64encode(bytes(8 * 150)).decode())
    assert desk.last(Listen).wire.__struct_config__.tag == "audio/pcma"
    assert "input_audio_buffer.committed" in kinds(desk.send("input_audio_buffer.commit"))


def test_extensions_are_sent_only_to_those_who_ask(new_oracle, new_desk):
    silent = new_desk()
    silent.oracle.extensions = False
    silent.write("hello")
    silent.send("response.create")
    sources = Sources((), "abstained", "Clinical judgment required.")
    silent.take(silent.session.piece(silent.last(Answer).response_id, sources))
    silent.say("Hello.")
    silent.finish()
    asking = new_desk(update={"voiceassist": {"extensions": True}})
    assert asking.oracle.seen[0]["session"]["voiceassist"] == {"extensions": True, "route": "auto"}
    asking.write("hello")
    asking.send("response.create")
    asking.take(asking.session.piece(asking.last(Answer).response_id, sources))
    asking.say("Hello.")
    asking.finish()
    assert [kind for kind in kinds(asking.oracle.seen) if kind.startswith("voiceassist")] == [
        "voiceassist.status",
        "voiceassist.status",
        "voiceassist.citation.list",
        "voiceassist.status",
        "voiceassist.metrics",
        "voiceassist.status",
    ]


def test_events_are_numbered_without_a_gap_for_those_who_ask(new_desk):
    silent = new_desk()
    silent.write("hello")
    assert not any("sequence_number" in event for event in silent.oracle.seen)
    asking = new_desk()
    asking.update(voiceassist={"extensions": True})
    asking.write("hello")
    asking.send("response.create")
    asking.say("Hello.")
    asking.finish()
    first, *numbered = asking.oracle.seen
    assert (first["type"], "sequence_number" in first) == ("session.created", False)
    assert [event["sequence_number"] for event in numbered] == list(range(1, len(numbered) + 1))


@pytest.mark.req("P4.6")
def test_without_models_a_session_is_a_written_one(new_desk):
    desk = new_desk(speech=False)
    assert desk.oracle.seen[0]["session"]["output_modalities"] == ["text"]
    assert error_of(desk.append(100))["code"] == "speech_unavailable"
    assert desk.update(output_modalities=["audio"])["session"]["output_modalities"] == ["text"]
    desk.write("hello")
    desk.send("response.create")
    assert not desk.last(Answer).spoken


def test_the_states_tell_what_happens(new_desk):
    desk = new_desk(update={"voiceassist": {"extensions": True}})
    desk.hear(SPEECH, 320)
    desk.hear(QUIET, 160)
    desk.understand("hello")
    desk.hear(QUIET, 480)
    desk.say("Hello.")
    desk.finish()
    states = [event["state"] for event in desk.oracle.seen if event["type"] == "voiceassist.status"]
    assert states == ["listening", "hearing", "thinking", "speaking", "listening"]


def test_a_turn_without_end_is_committed_and_a_buffer_without_end_refused(desk):
    desk.hear(SPEECH, 119_000)
    assert "input_audio_buffer.committed" in kinds(desk.hear(SPEECH, 2_000))
    desk.update(audio=MANUAL)
    for _ in range(60):
        desk.append(2_000)
    assert error_of(desk.append(20))["code"] == "input_audio_buffer_full"


def test_a_fast_client_does_not_mix_two_turns(desk):
    """The whole recording arrives at once; the ears follow."""
    desk.append(5_000)
    windows = [SPEECH] * 20 + [QUIET] * 30 + [SPEECH] * 20 + [QUIET] * 30
    desk.take(desk.session.windows(windows[:30]))
    assert len(desk.last(Transcribe).audio) < 48 * 900
    desk.understand("first")
    desk.take(desk.session.windows(windows[30:]))
    committed = [event for event in desk.oracle.seen if event["type"] == "input_audio_buffer.committed"]
    assert len(committed) == 2


def test_the_session_is_pure():
    """No module of the state machine may reach for time, randomness or the network."""
    import inspect

    from realtime import conversation, hearing, microphone, responses, turns

    for module in (inspect.getmodule(Session), conversation, hearing, microphone, responses, turns):
        source = inspect.getsource(module)
        for name in ("import time", "import asyncio", "import random", "import uuid", "from datetime"):
            assert name not in source


# Who goes on after a pause that was taken for the end


@pytest.fixture
def paused(new_desk):
    """Somebody who said the beginning of a question and fell silent, so that it was answered."""
    desk = new_desk(update={"type": "realtime", "audio": SEMANTIC, "voiceassist": {"extensions": True}})

    def begin(words="what is the dose of apixaban"):
        desk.hear(SPEECH, 640)
        desk.hear(QUIET, 384)
        return desk.understand(words)

    desk.begin_question = begin
    return desk


def go_on(desk, words="in kidney disease"):
    events = desk.hear(SPEECH, 640) + desk.hear(QUIET, 384)
    return events + desk.understand(words)


def spoken_turns(desk):
    return [item.text for item in desk.session.conversation.items if item.role == "user"]


@pytest.mark.req("P4.15")
def test_who_goes_on_before_the_answer_is_heard_has_asked_one_question(paused):
    first = one(paused.begin_question(), "conversation.item.input_audio_transcription.completed")
    assert paused.last(Answer).text == "what is the dose of apixaban"
    events = go_on(paused)
    assert one(events, "conversation.item.deleted")["item_id"] == first["item_id"]
    whole = one(events, "conversation.item.input_audio_transcription.completed")
    assert whole["transcript"] == "what is the dose of apixaban in kidney disease"
    assert (paused.last(Answer).text, paused.last(Answer).instead) == (whole["transcript"], True)
    assert spoken_turns(paused) == [whole["transcript"]]
    assert len(paused.all(Abort)) == 1


@pytest.mark.req("P4.15")
def test_who_goes_on_over_the_first_sound_has_asked_one_question_and_the_answer_is_gone(paused):
    paused.begin_question()
    paused.say("Five milligrams. ", 3_000)
    answer = paused.session.conversation.items[-1].id
    events = go_on(paused)
    assert answer in [event["item_id"] for event in events if event["type"] == "conversation.item.deleted"]
    assert [item.role for item in paused.session.conversation.items] == ["user"]
    assert spoken_turns(paused) == ["what is the dose of apixaban in kidney disease"]


def test_an_answer_that_was_given_whole_but_hardly_heard_is_taken_back_too(paused):
    paused.begin_question()
    paused.say("Five milligrams. ", 3_000)
    paused.finish()
    go_on(paused)
    assert paused.last(Answer).instead
    assert spoken_turns(paused) == ["what is the dose of apixaban in kidney disease"]


def test_who_speaks_later_into_an_answer_asks_something_new(paused):
    paused.begin_question()
    paused.say("Five milligrams twice daily. ", 5_000)
    paused.hear(QUIET, 1_280)
    go_on(paused, "and of warfarin")
    assert (paused.last(Answer).text, paused.last(Answer).instead) == ("and of warfarin", False)
    assert spoken_turns(paused) == ["what is the dose of apixaban", "and of warfarin"]


def test_words_still_being_read_when_the_speaker_goes_on_are_read_again_with_the_rest(paused):
    paused.hear(SPEECH, 640)
    paused.hear(QUIET, 1_280)  # patience is over, the recogniser is slow
    first = paused.last(Transcribe)
    assert paused.all(Answer) == []
    paused.hear(SPEECH, 640)
    paused.hear(QUIET, 1_280)
    second = paused.last(Transcribe)
    assert first.key != second.key
    assert Drop(first.key) in paused.effects
    assert len(second.audio) > len(first.audio) + 48 * 640
    paused.understand("what is the dose of apixaban")
    assert (paused.last(Answer).text, paused.last(Answer).instead) == ("what is the dose of apixaban", False)
    assert spoken_turns(paused) == ["what is the dose of apixaban"]


def test_words_that_become_known_while_the_speaker_goes_on_wait_for_the_rest(paused):
    paused.hear(SPEECH, 640)
    paused.hear(QUIET, 1_280)
    slow = paused.last(Transcribe)
    paused.hear(SPEECH, 640)
    assert kinds(paused.take(paused.session.transcribed(slow.key, Heard("what is the dose")))) == [
        "conversation.item.input_audio_transcription.completed"
    ]
    assert paused.all(Answer) == []
    paused.hear(QUIET, 384)
    paused.understand("of apixaban")
    assert paused.last(Answer).text == "what is the dose of apixaban"


def test_three_pieces_are_one_question(paused):
    paused.begin_question("what is the dose")
    go_on(paused, "of apixaban")
    go_on(paused, "in kidney disease")
    assert spoken_turns(paused) == ["what is the dose of apixaban in kidney disease"]
    assert paused.last(Answer).instead


def test_a_cough_after_the_question_does_not_lose_it(paused):
    paused.begin_question()
    go_on(paused, "")
    assert paused.last(Answer).text == "what is the dose of apixaban"
    assert spoken_turns(paused) == ["what is the dose of apixaban"]


def test_who_says_stop_takes_the_question_back(paused):
    paused.begin_question()
    go_on(paused, "Stop.")
    assert paused.last(Answer).text == "Stop."
    assert spoken_turns(paused) == ["Stop."]


def test_who_stopped_the_answer_asks_something_new(paused):
    paused.begin_question()
    paused.send("response.cancel")
    go_on(paused, "what is gout")
    assert (paused.last(Answer).text, paused.last(Answer).instead) == (
        "what is the dose of apixaban what is gout",
        False,
    )
    assert spoken_turns(paused) == ["what is the dose of apixaban", "what is gout"]


def test_a_beginning_is_forgotten_when_the_buffer_is_cleared(paused):
    paused.begin_question()
    paused.hear(SPEECH, 320)
    paused.send("input_audio_buffer.clear")
    paused.hear(SPEECH, 640)
    paused.hear(QUIET, 384)
    paused.understand("what is gout")
    assert paused.last(Answer).instead is False
