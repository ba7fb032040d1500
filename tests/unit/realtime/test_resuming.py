"""A session that goes on where another one was lost, without stores: what is handed over, sent again and answered."""

import json
from dataclasses import replace

import msgspec
import pytest

from realtime.effects import Answer, Keep, Offer, Resume, Transcribe, Unkeep
from realtime.resumption import NotResumableError, Resumed, State

EXTENDED = {"voiceassist": {"extensions": True}}
PRESSED = {"audio": {"input": {"turn_detection": None}}, **EXTENDED}


def kept(desk):
    """What the store has of a session, each item with the number of its change."""
    found = {}
    for seq, effect in enumerate((one for one in desk.effects if isinstance(one, Keep | Unkeep)), 1):
        if isinstance(effect, Keep):
            number = found[effect.item.item_id].number if effect.item.item_id in found else effect.item.number
            found[effect.item.item_id] = replace(effect.item, seq=seq, number=number)
        else:
            found.pop(effect.item_id, None)
    return sorted(found.values(), key=lambda item: item.number)


def handed(desk, after=0, **changes):
    """What another process gets, by way of bytes as through the store."""
    state = msgspec.json.decode(msgspec.json.encode(desk.session.snapshot()), type=State)
    return Resumed("conv_before", msgspec.structs.replace(state, **changes), kept(desk), after)


def come_back(new_desk, desk, after=0):
    other = new_desk()
    other.oracle.items.extend(item.item_id for item in kept(desk) if item.seq <= after)
    return other, other.take(other.session.resumed(handed(desk, after)))


def of(events, kind):
    return [event for event in events if event["type"] == kind]


def answered(desk, question, *clauses):
    desk.write(question)
    desk.send("response.create")
    for clause in clauses:
        desk.say(clause)
    desk.finish()


def test_who_asks_for_extensions_is_offered_to_come_back_once(desk):
    desk.update(**EXTENDED)
    desk.update(**EXTENDED)
    assert len(desk.all(Offer)) == 1
    (event,) = desk.take(desk.session.offered("vr_token", 300))
    assert (event["type"], event["token"], event["expires_in"]) == ("voiceassist.session.resumable", "vr_token", 300)


def test_a_client_of_the_plain_protocol_is_offered_nothing(desk):
    desk.update(output_modalities=["text"])
    assert desk.all(Offer) == []


def test_a_wish_to_come_back_goes_out_before_anything_else_happened(desk):
    assert desk.send("voiceassist.session.resume", token="vr_token", after=7) == []
    assert desk.all(Resume) == [Resume("vr_token", 7)]
    desk.write("What is sepsis?")
    (event,) = desk.send("voiceassist.session.resume", token="vr_token", event_id="mine")
    assert (event["error"]["code"], event["error"]["event_id"]) == ("session_not_resumable", "mine")


@pytest.mark.parametrize("wrong", [{"token": "x" * 257}, {}, {"token": "x", "after": -1}])
def test_a_wish_that_is_none_is_an_error(desk, wrong):
    (event,) = desk.send("voiceassist.session.resume", **wrong)
    assert event["type"] == "error"


def test_a_refusal_names_the_event_and_the_session_stays_usable(desk):
    (event,) = desk.take(desk.session.refused(NotResumableError(), "mine"))
    assert (event["error"]["code"], event["error"]["event_id"]) == ("session_not_resumable", "mine")
    desk.write("What is sepsis?")
    assert desk.all(Keep)


def test_only_what_was_not_seen_is_sent_again_with_what_stood_beside(desk, new_desk):
    desk.update(**PRESSED)
    answered(desk, "What is sepsis?", "It is bad.")
    other, events = come_back(new_desk, desk, after=1)
    assert [event["item"]["role"] for event in of(events, "conversation.item.added")] == ["assistant"]
    assert len(of(events, "conversation.item.done")) == 1
    (resumed,) = of(events, "voiceassist.session.resumed")
    assert (resumed["conversation_id"], resumed["seq"]) == ("conv_before", 2)
    assert other.session.settings.turn_detection is None
    assert other.all(Answer) == []
    other.write("And then?")
    assert other.all(Keep)[-1].item.number == 3, "numbers go on"


def test_the_heard_part_of_an_answer_of_before_may_still_be_told(desk, new_desk):
    desk.update(**PRESSED)
    answered(desk, "What is sepsis?", "Sepsis is bad. ", "It kills people.")
    desk.take(desk.session.dropped(silenced=False))
    other, _ = come_back(new_desk, desk)
    answer = other.session.conversation.items[-1]
    other.send("conversation.item.truncate", item_id=answer.id, content_index=0, audio_end_ms=1000)
    assert other.all(Keep)[-1].item.text == "Sepsis is bad."


def test_a_question_without_an_answer_is_answered(desk, new_desk):
    desk.update(**PRESSED)
    desk.write("What is sepsis?")
    desk.send("response.create")
    desk.take(desk.session.dropped(silenced=False))
    other, events = come_back(new_desk, desk)
    assert of(events, "response.created")
    assert other.last(Answer).text == "What is sepsis?"


def test_a_question_that_nobody_asked_to_answer_waits(desk, new_desk):
    desk.update(**PRESSED)
    desk.write("What is sepsis?")
    desk.take(desk.session.dropped(silenced=False))
    other, events = come_back(new_desk, desk)
    assert of(events, "response.created") == []
    other.send("response.create")
    assert other.last(Answer).text == "What is sepsis?"


def test_a_question_whose_answer_was_cancelled_is_not_answered_after_all(desk, new_desk):
    desk.update(**EXTENDED)
    desk.write("tell me")
    desk.send("response.create")
    desk.send("response.cancel")
    other, _ = come_back(new_desk, desk)
    assert other.all(Answer) == []


def test_an_item_that_was_stored_after_it_was_deleted_is_told_of_once(desk, new_desk):
    desk.update(**EXTENDED)
    item = desk.write("never mind")[-1]["item"]["id"]
    desk.send("conversation.item.delete", item_id=item)
    desk.take(desk.session.saved(item, 1))
    desk.take(desk.session.saved(item, 2))
    other = new_desk()
    other.oracle.items = [item]
    events = other.take(other.session.resumed(handed(desk)))
    assert [event["item_id"] for event in of(events, "conversation.item.deleted")] == [item]


def test_an_answer_of_which_nothing_was_heard_is_taken_back_and_given_again(desk, new_desk):
    desk.update(**PRESSED)
    desk.write("What is sepsis?")
    desk.send("response.create")
    desk.say("Sepsis is ")
    desk.take(desk.session.dropped(silenced=False))
    assert [item.role for item in kept(desk)] == ["user"]
    other, _ = come_back(new_desk, desk)
    assert other.last(Answer).text == "What is sepsis?"


def test_an_answer_of_which_something_was_heard_stays_as_heard(desk, new_desk):
    desk.update(**PRESSED)
    desk.write("What is sepsis?")
    desk.send("response.create")
    desk.say("Sepsis is bad. ")
    desk.say("It kills.")
    desk.send("voiceassist.playback.position", item_id=desk.session.conversation.items[-1].id, audio_ms=1000)
    desk.take(desk.session.dropped(silenced=True))
    assert [(item.text, item.interrupted) for item in kept(desk)][1] == ("Sepsis is bad.", True)
    other, events = come_back(new_desk, desk)
    assert of(events, "response.created") == []
    assert other.all(Answer) == []


def test_what_was_being_said_becomes_a_turn_and_is_asked_after_the_return(desk, new_desk):
    desk.update(**EXTENDED)
    desk.hear(0.95, 800)
    desk.take(desk.session.dropped(silenced=False))
    assert desk.all(Answer) == []
    desk.understand("How do I treat")
    assert [item.text for item in kept(desk)] == ["How do I treat"]
    assert desk.all(Answer) == [], "nobody is there to hear it"
    other, _ = come_back(new_desk, desk)
    assert other.last(Answer).text == "How do I treat"
    other.hear(0.95, 800)  # the rest, which the client had kept meanwhile
    other.hear(0.02, 800)
    other.understand("sepsis?")
    assert other.last(Answer).text == "How do I treat sepsis?", "one question"


def test_a_held_button_keeps_its_words(desk):
    desk.update(**PRESSED)
    desk.append(500)
    desk.take(desk.session.dropped(silenced=False))
    assert desk.last(Transcribe)


def test_what_was_taken_back_is_told_to_who_did_not_see_it(desk, new_desk):
    desk.update(**PRESSED)
    item = desk.write("What is sepsis?")[0]["item"]["id"]
    desk.take(desk.session.saved(item, 1))
    desk.send("conversation.item.delete", item_id=item)
    desk.take(desk.session.saved(item, 2))
    for after, told in ((0, [item]), (1, [item]), (2, [])):
        other = new_desk()
        other.oracle.items.append(item)
        events = other.take(other.session.resumed(handed(desk, after)))
        assert [event["item_id"] for event in of(events, "conversation.item.deleted")] == told


def test_what_is_known_of_a_patient_comes_along_and_is_not_told_back(desk, new_desk):
    desk.send("session.update", session={"type": "realtime", "voiceassist": {"extensions": True, "known": ["Zelda"]}})
    other, events = come_back(new_desk, desk)
    assert other.session.settings.known == ("Zelda",)
    assert "Zelda" not in json.dumps(events)
