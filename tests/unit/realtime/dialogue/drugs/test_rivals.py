"""A word beside which another one is nearly as likely by its sound: the speaker is asked which was said."""

import pytest

from realtime.dialogue.clarify.rivals import CLOSE, CLOSE_OPPOSITE, closest, rivals

DOPAMINE = "What is the dose of dopamine for my patient?"
HYPERTENSION = "How do I treat hypertension?"
UNCLEAR = "I am not sure which drug you mean"


def doubt_of(said, known, margin):
    weighed = rivals(said, known)
    return closest(weighed, [margin] + [-99.0] * (len(weighed) - 1))


def hear(talk, said, known, margin=0.0):
    """As a session hands it over: the words, and what by the sound was as good."""
    talk.heard, talk.rival = said, doubt_of(said, known, margin)
    return talk.reply(said)


@pytest.mark.req("P4.16")
def test_what_is_weighed_are_names_that_sound_alike_and_opposites(known):
    assert rivals(DOPAMINE, known)[0].said == "What is the dose of dobutamine for my patient?"
    assert [one.said for one in rivals("Treat Hyperkalemia now", known)] == ["Treat hypokalemia now"]
    assert rivals("What are the first steps in sepsis?", known) == []
    assert rivals("What is a hypodermoclysis, a hyperglot?", known) == [], "of no opposite that is a word"
    assert len(rivals("dopamine, clonidine, prednisone and quinidine in hypotension", known)) == 6


@pytest.mark.req("P4.16")
def test_only_what_is_nearly_as_likely_is_asked_about(known):
    found = doubt_of(DOPAMINE, known, -CLOSE + 0.1)
    assert (found.heard, found.near, found.of_dose) == ("dopamine", ("dopamine", "dobutamine"), True)
    assert DOPAMINE[found.start : found.end] == "dopamine"
    assert doubt_of(DOPAMINE, known, -CLOSE - 0.1) is None
    assert doubt_of(HYPERTENSION, known, -CLOSE_OPPOSITE + 0.1).near == ("hypertension", "hypotension")
    assert doubt_of(HYPERTENSION, known, -CLOSE_OPPOSITE - 0.1) is None


@pytest.mark.req("P4.16")
async def test_which_drug_was_said_is_asked_and_the_question_goes_on(talk, known):
    asked = await hear(talk, DOPAMINE, known)
    assert asked.text == "Which drug do you mean: dopamine, or dobutamine?"
    assert (asked.ask.slot, talk.rooms.questions) == ("drug", [])
    await talk.reply("the second one")
    assert "dobutamine" in talk.rooms.questions[0]


@pytest.mark.req("P4.16")
async def test_the_name_said_again_as_unclearly_is_no_reply_to_that(talk, known):
    await hear(talk, DOPAMINE, known)
    again = await hear(talk, "Dopamine.", known)
    assert again.text == "Which drug do you mean: dopamine, or dobutamine?"
    assert (await hear(talk, "I mean dopamine.", known)).text.startswith(UNCLEAR)
    assert talk.rooms.questions == []


@pytest.mark.req("P4.16")
async def test_the_name_said_clearly_is(talk, known):
    await hear(talk, DOPAMINE, known)
    await hear(talk, "Dobutamine.", known, margin=-12.0)
    assert "dobutamine" in talk.rooms.questions[0]


@pytest.mark.req("P4.16")
async def test_which_of_two_opposites_was_said_is_asked(talk, known):
    asked = await hear(talk, HYPERTENSION, known)
    assert asked.text == "Which do you mean: hypertension, or hypotension?"
    assert (asked.ask.slot, asked.ask.options) == ("word", ("hypertension", "hypotension", "something else"))
    await hear(talk, "Hypotension.", known, margin=-9.0)
    assert talk.rooms.questions == ["How do I treat hypotension?"]


@pytest.mark.req("P4.16")
async def test_after_two_questions_about_opposites_nothing_is_answered(talk, known):
    for _ in range(2):
        assert (await hear(talk, HYPERTENSION, known)).ask.slot == "word"
    told = await hear(talk, "Hypertension", known)
    assert told.ask is None
    assert told.text.startswith("I am not sure which one you mean.")
    assert talk.rooms.questions == []


async def test_what_is_written_is_what_it_is(talk, known):
    talk.rival = doubt_of(DOPAMINE, known, 0.0)
    await talk.reply(DOPAMINE)
    assert talk.rooms.questions == [DOPAMINE]


async def test_the_word_is_found_behind_what_was_said_before(talk, known):
    """Somebody went on: the turn holds the words of both parts."""
    talk.heard, talk.rival = HYPERTENSION, doubt_of(HYPERTENSION, known, 0.0)
    await talk.reply(f"In pregnancy. {HYPERTENSION}")
    await talk.reply("the second")
    assert talk.rooms.questions == ["In pregnancy. How do I treat hypotension?"]


@pytest.mark.req("P4.16")
async def test_in_an_emergency_nothing_is_asked(talk, known):
    """Of a drug that may be another no dose is given; an opposite is said aloud with the answer."""
    assert (await hear(talk, "Cardiac arrest, dose of dopamine", known)).text.startswith(UNCLEAR)
    await hear(talk, "Cardiac arrest with hypothermia, what do I do?", known)
    assert "hypothermia" in talk.rooms.questions[0]


async def test_an_answered_turn_leaves_no_doubt_behind(talk, known):
    await hear(talk, DOPAMINE, known)
    assert (talk.rival, talk.heard) == (None, "")
