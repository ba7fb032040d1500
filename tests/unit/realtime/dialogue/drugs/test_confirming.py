"""A drug whose name was misheard or mistyped is asked about; no dose is given of one that nobody confirmed."""

from pathlib import Path

import pytest

from functions.calculators.domain.renal_table import DRUGS as TABLE
from realtime.dialogue.clarify import drugs
from voiceassist.runtime import terminology

ORDINARY = Path(__file__).parent / "ordinary.txt"
INTENTS = sorted((Path(__file__).parents[1] / "intents").glob("*.txt"))
ANSWER = "Text [1]."
ENOXAPARIN = "Renal dose of anoxaparin, creatinine clearance 28"
UNCLEAR = "I am not sure which drug you mean, and I give no dose without that."


@pytest.mark.req("P4.16")
@pytest.mark.req("C3.6")
async def test_a_name_that_is_only_near_is_confirmed_and_the_question_goes_on(talk):
    asked = await talk.reply(ENOXAPARIN)
    assert asked.text == "Did you mean enoxaparin? Please say yes, no, or another name."
    assert (asked.ask.options, asked.ask.slot) == (("yes", "no"), "drug")
    assert "enoxaparin" not in talk.terms(), "else it would be heard whatever is said"
    which = await talk.reply("Yes.")
    assert which.ask.slot == "indication"
    told = await talk.reply("venous thromboembolism")
    assert "1 mg/kg subcutaneously once a day" in told.result.value
    assert "I used drug enoxaparin" in told.text


@pytest.mark.req("P4.16")
async def test_what_is_exactly_a_name_is_taken_as_it_is(talk):
    told = await talk.reply("Renal dose of edoxaban, creatinine clearance 28")
    assert told.ask.slot == "indication"
    assert (await talk.reply("atrial fibrillation")).result.value.startswith("edoxaban")


@pytest.mark.req("P4.16")
@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ("What is the dose of hydrolyzine?", {"hydroxyzine", "hydralazine"}),
        ("start clonazedine 0.1 mg", {"clonidine", "clonazepam"}),
        ("dose of valgensic levir", {"valganciclovir", "valacyclovir"}),
        ("dose of S citalopram", {"citalopram", "escitalopram"}),
    ],
)
async def test_of_names_that_look_alike_it_is_asked_which(talk, said, offered):
    asked = await talk.reply(said)
    assert offered <= set(asked.ask.options[:-1])
    assert asked.ask.options[-1] == "something else"
    assert len(asked.ask.options) <= 5
    assert asked.text.startswith("Which drug do you mean: ")
    chosen = asked.ask.options[1]
    await talk.reply("the second one")
    assert chosen in talk.rooms.questions[0]


@pytest.mark.req("P4.13")
@pytest.mark.req("P4.16")
async def test_just_answer_confirms_no_drug(talk):
    for said in (ENOXAPARIN, "just answer"):
        asked = await talk.reply(said)
        assert asked.text.startswith("Did you mean enoxaparin?")
    given_up = await talk.reply("just answer")
    assert (given_up.ask, given_up.result) == (None, None)
    assert given_up.text.startswith(UNCLEAR)
    assert talk.rooms.questions == []
    assert (await talk.reply("enoxaparin")).ask.slot == "indication"


@pytest.mark.parametrize(
    ("replies", "name"),
    [
        (["No, edoxaban."], "edoxaban"),
        (["No.", "It is apixaban"], "apixaban"),
        (["I mean apixaban"], "apixaban"),
        (["No.", "E-N-O-X-A-P-A-R-I-N"], "enoxaparin"),
        (["No, enoxaparin", "enoxaparin"], "enoxaparin"),
        (["no, adoxaban", "the first one"], "edoxaban"),
    ],
)
async def test_another_name_takes_the_place_of_the_one_that_was_asked_for(talk, replies, name):
    await talk.reply("What is the dose of anoxaparin in heart failure?")
    for said in replies:
        assert talk.rooms.questions == []
        await talk.reply(said)
    assert talk.rooms.questions == [f"What is the dose of {name} in heart failure?"]


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("the first one", "hydroxyzine"),
        ("hydroxyzine", "hydroxyzine"),
        ("clonazepam", "clonazepam"),
        ("hydroxazine", None),  # the same mishearing again
        ("clonazapam", None),
        ("yes", None),
    ],
)
async def test_one_of_several_is_chosen_by_its_name_or_its_place(talk, said, then):
    """What is only near one of them is asked about again: it may be a name that we do not know."""
    asked = await talk.reply("What is the dose of hydroxazine?")
    assert set(asked.ask.options) >= {"hydroxyzine", "something else"}
    assert len(asked.ask.options) > 2
    told = await talk.reply(said)
    assert talk.rooms.questions == ([f"What is the dose of {then}?"] if then else [])
    assert (told.ask is None) == (then is not None)


async def test_the_end_of_a_longer_name_is_not_taken_for_it(talk):
    await talk.reply("What is the dose of medroxaprogestron?")
    asked = await talk.reply("Medroxa Progesterone")
    assert talk.rooms.questions == []
    assert "medroxyprogesterone" in asked.text


async def test_a_name_that_we_do_not_know_is_taken_when_it_is_said_again(talk):
    asked = await talk.reply("What is the dose of vorapenem in pneumonia?")
    assert "meropenem" in asked.ask.options
    assert (await talk.reply("No, vorapenem.")).text == ANSWER
    await talk.reply("Is vorapenem dose 2 g?")
    assert len(talk.rooms.questions) == 2, "and it is not asked for again"


async def test_after_two_questions_no_dose_is_given_without_a_name(talk):
    await talk.reply(ENOXAPARIN)
    second = await talk.reply("no")
    assert second.text == "Which drug do you mean? Please say its name, or spell it."
    third = await talk.reply("mumble")
    assert (third.ask, third.result) == (None, None)
    assert third.text.startswith(UNCLEAR)
    assert talk.rooms.questions == []


async def test_another_question_is_no_reply(talk):
    await talk.reply(ENOXAPARIN)
    await talk.reply("How is pneumonia diagnosed in a man with asthma?")
    assert talk.rooms.questions == ["How is pneumonia diagnosed in a man with asthma?"]
    await talk.reply(ENOXAPARIN)
    assert (await talk.reply("stop")).text == "Okay."
    assert talk.confirming.open is None


async def test_in_an_emergency_nothing_is_asked_and_no_dose_is_given_of_an_unclear_drug(talk):
    told = await talk.reply("dose of anoxaparin, he is in cardiac arrest")
    assert told.ask is None
    assert told.text.startswith(UNCLEAR)
    assert talk.rooms.questions == []
    await talk.reply("is metfromin safe in cardiac arrest")
    assert talk.rooms.questions == ["is metfromin safe in cardiac arrest"]


async def test_the_drug_that_a_calculator_asks_for_is_confirmed_too(talk):
    asked = await talk.reply("renal dosing, creatinine clearance 28")
    assert asked.text == "Which drug?"
    assert (await talk.reply("metformen")).text.startswith("Did you mean metformin?")
    told = await talk.reply("yes")
    assert "eGFR" in told.text
    assert told.result is None


async def test_a_word_that_the_library_has_is_no_mishearing(talk):
    assert (await talk.reply("is metfromin safe in kidney disease")).ask.options[0] == "metformin"
    await talk.reply("stop")
    talk.rooms.text = "Metfromin is a word of this text."
    assert (await talk.reply("is metfromin safe in kidney disease")).text == ANSWER


@pytest.mark.req("P4.16")
def test_ordinary_questions_hold_no_doubtful_drug(known):
    lines = [line.strip() for path in (ORDINARY, *INTENTS) for line in path.read_text(encoding="utf-8").splitlines()]
    questions = [line for line in lines if line and line[0] not in "[#"]
    assert len(questions) > 300
    assert [one for one in questions if drugs.doubt(one, known)] == []


def test_every_drug_of_the_tables_is_a_known_name(known):
    named = {name for drug in TABLE.values() for name in (drug.name, *drug.brands)}
    assert {name for name in named if known.exactly(name) is None and len(name) >= drugs.SHORTEST} == set()
    assert len(set(terminology.drugs())) == len(terminology.drugs()) > 1000


@pytest.mark.parametrize(
    ("said", "written"),
    [("start metho trexate", "start methotrexate"), ("dose of methyl prednisolone", "dose of methylprednisolone"),
     ("is folic acid safe", "is folic acid safe"), ("an oxaparin", "an oxaparin")],
)  # fmt: skip
def test_a_name_in_pieces_is_joined_where_all_its_letters_are_there(known, said, written):
    assert drugs.joined(said, known) == written


def test_without_names_nothing_is_doubted():
    assert drugs.doubt(ENOXAPARIN, drugs.Drugs()) is None
