"""What a reply to "which kind?" means."""

import pytest

from realtime.dialogue.clarify.replies import Meaning, Meant, counted, meaning, wants_result
from voiceassist.runtime.terminology import load

KIDNEY = ("Acute kidney injury", "Chronic kidney disease", "diabetic kidney disease")
DIABETES = ("Type 2 diabetes", "Type 1 diabetes", "gestational diabetes")
CONCEPTS = load()


def meant(said, options=KIDNEY):
    return meaning(said, options, CONCEPTS)


@pytest.mark.parametrize(
    ("said", "name", "more"),
    [
        ("chronic, stage three b", "Chronic kidney disease", "stage three b"),
        ("Chronic kidney disease.", "Chronic kidney disease", ""),
        ("CKD", "Chronic kidney disease", ""),
        ("I mean the acute one, please", "Acute kidney injury", ""),
        ("diabetic", "diabetic kidney disease", ""),
        ("the second one", "Chronic kidney disease", ""),
        ("number two", "Chronic kidney disease", ""),
        ("option 3", "diabetic kidney disease", ""),
        ("1", "Acute kidney injury", ""),
        ("the last", "diabetic kidney disease", ""),
        ("the former", "Acute kidney injury", ""),
        ("the latter", "diabetic kidney disease", ""),
    ],
)
def test_an_option_is_named_counted_or_said_in_part(said, name, more):
    assert meant(said) == Meaning(Meant.CHOSEN, name, more)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("type 2", "Type 2 diabetes"),
        ("type two", "Type 2 diabetes"),
        ("2", "Type 2 diabetes"),
        ("the second one", "Type 1 diabetes"),
        ("number 1", "Type 2 diabetes"),
        ("T1DM", "Type 1 diabetes"),
        ("in pregnancy", "gestational diabetes"),
    ],
)
def test_a_number_may_be_a_name(said, name):
    assert meant(said, DIABETES) == Meaning(Meant.CHOSEN, name)


@pytest.mark.parametrize(
    "said",
    ["just answer", "Just answer, please.", "in general", "either", "I don't know", "doesn't matter", "any of them"],
)
def test_a_speaker_may_leave_it_open(said):
    assert meant(said) == Meaning(Meant.GENERAL)


@pytest.mark.parametrize(
    "said", ["something else", "No, something else.", "none of these", "neither", "another one", "no", "the fifth one"]
)
def test_none_of_the_options(said):
    assert meant(said) == Meaning(Meant.OTHER)


@pytest.mark.parametrize("said", ["polycystic", "something else, polycystic", "no, polycystic"])
def test_a_kind_that_was_not_offered(said):
    assert meant(said) == Meaning(Meant.NAMED, "polycystic")


@pytest.mark.parametrize(
    "said",
    [
        "What is the dose of apixaban?",
        "how do I treat gout",
        "what about chronic pancreatitis and its treatment",
        "the patient came in yesterday with a cough and a fever of 39",
        "",
        "um",
    ],
)
def test_no_reply_at_all(said):
    assert meant(said) is None


def test_a_place_beyond_the_list_is_none():
    assert counted("the third one", KIDNEY[:2]) is None
    assert counted("the latter", ()) is None
    assert counted("last", ()) is None


def test_just_answer_is_known_outside_a_choice_too():
    assert wants_result("just answer, please")
    assert not wants_result("the general ward")
