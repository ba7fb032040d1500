"""A dose that was heard is said back digit by digit, and nothing uses it before the speaker has agreed."""

import pytest

from realtime.dialogue.clarify.amounts import Amount, Amounts, doses
from realtime.dialogue.context import packed, unpack
from realtime.dialogue.manager import Dialogue

MORPHINE = "Calculate the morphine equivalents of oxycodone 16 mg twice a day"
LIBRARY = "Is 60 mg of prednisone safe in a patient with gout?"
UNCLEAR = "I am not sure which dose you said"


async def heard(talk, said):
    """As the ears hand it over."""
    talk.heard = said
    return await talk.reply(said)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("give 16 mg of it", [("16", "mg")]),
        ("sixteen milligrams, or sixty", [("16", "milligrams")]),
        ("seventy five micrograms", [("75", "micrograms")]),
        ("10,000 units and 0.5 ml", [("10000", "units"), ("0.5", "ml")]),
        ("5 mg/kg", [("5", "mg")]),
        ("creatinine of 90 mg per deciliter", []),
        ("creatinine 1.1 mg per decoliter", []),
        ("creatinine 1.2 mg/dL, glucose 5 mmol/L", []),
        ("a man of 70 kg, 180 centimeters and 60 years", []),
        ("stage 3", []),
    ],
)
def test_what_is_a_dose(said, found):
    assert [(one.number, one.unit) for one in doses(said)] == found


def test_digits_are_said_one_by_one():
    assert Amount("16", "mg", 0, 2).digits == "one six"
    assert Amount("0.5", "mg", 0, 3).digits == "zero point five"


@pytest.mark.req("P4.16")
async def test_no_answer_of_the_library_uses_a_dose_that_was_heard_before_it_is_confirmed(talk):
    asked = await heard(talk, LIBRARY)
    assert asked.text == "I heard 60 mg: six zero. Is that right?"
    assert (asked.ask.options, asked.ask.slot) == (("yes", "no"), "amount")
    assert talk.rooms.questions == []
    told = await heard(talk, "Yes.")
    assert told.text == "Text [1]."
    assert talk.rooms.questions == [LIBRARY]
    assert (await heard(talk, LIBRARY)).ask is None, "what was confirmed holds for the session"


@pytest.mark.req("P4.16")
async def test_no_calculator_uses_a_dose_that_was_heard_before_it_is_confirmed(talk):
    asked = await heard(talk, MORPHINE)
    assert asked.text == "I heard 16 mg: one six. Is that right?"
    assert asked.result is None
    again = await heard(talk, "No, sixty.")
    assert again.text == "I heard 60 mg: six zero. Is that right?"
    told = await heard(talk, "Six zero.")
    assert told.result is None or "60" in told.text


@pytest.mark.req("P4.16")
async def test_a_renal_dose_with_an_amount_is_confirmed_first_as_well(talk):
    asked = await heard(talk, "Renal dose of edoxaban, creatinine clearance 28, he takes 70 mg")
    assert asked.ask.slot == "amount"
    which = await heard(talk, "yes")
    assert which.ask.slot == "indication"


@pytest.mark.req("P4.16")
@pytest.mark.parametrize("reply", ["just answer", "no", "hm"])
async def test_nothing_but_a_yes_or_the_number_confirms(talk, reply):
    await heard(talk, LIBRARY)
    second = await heard(talk, reply)
    assert second.ask.slot == "amount"
    third = await heard(talk, reply)
    assert third.text.startswith(UNCLEAR)
    assert third.ask is None
    assert talk.rooms.questions == []
    await heard(talk, "yes")  # it may still follow
    assert talk.rooms.questions == [LIBRARY]


async def test_what_was_written_is_what_it_is(talk):
    assert (await talk.reply(LIBRARY)).text == "Text [1]."


async def test_a_new_question_is_no_reply_and_the_dose_is_used_nowhere(talk):
    await heard(talk, LIBRARY)
    told = await heard(talk, "What are the first steps in sepsis?")
    assert told.text == "Text [1]."
    assert talk.rooms.questions == ["What are the first steps in sepsis?"]


async def test_stop_drops_it(talk):
    await heard(talk, LIBRARY)
    await heard(talk, "stop")
    assert talk.amounts.open is None


async def test_in_an_emergency_the_dose_is_said_back_and_nothing_is_asked(talk):
    told = await heard(talk, "Cardiac arrest, I gave 1 mg of epinephrine, what next?")
    assert told.ask is None
    assert told.text.startswith("I heard 1 mg: one.")
    assert talk.rooms.questions


async def test_a_bare_number_that_answers_for_a_dose_is_confirmed(talk):
    amounts = Amounts()
    assert [one.shown for one in amounts.unconfirmed("sixty", whole=True)] == ["60"]
    assert amounts.ask("sixty", whole=True).amounts[0].digits == "six zero"
    assert amounts.reply("yes").said == "sixty"


async def test_an_open_dose_goes_on_in_another_process(talk):
    await heard(talk, LIBRARY)
    other = Dialogue(talk.rooms, confirming=talk.confirming)
    unpack(other, packed(talk))
    other.heard = "yes"
    assert (await other.reply("yes")).text == "Text [1]."
    assert other.amounts.confirmed == {"60 mg"}


async def test_the_model_between_our_ears_and_voice_is_not_asked_before(talk):
    talk.heard = LIBRARY
    assert (await talk.first(LIBRARY)).ask.slot == "amount"
    assert await talk.first("What are the first steps in sepsis?") is not None, "a question of ours is open"
