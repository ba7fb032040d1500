"""Which words the recogniser is told to expect, and which names of drugs never."""

import pytest

from realtime.dialogue.clarify.drugs import Drugs
from realtime.dialogue.expecting import RECENT, Expecting, words_of

DRUGS = Drugs(("levetiracetam", "levothyroxine", "methotrexate", "metformin"), {"hypotonic", "saline", "is", "the"})
WORDS = ("ascites", "ketoacidosis", "hypertonic", "hypotonic", "metformin")
PIECES = {"ketoacidosis": 4, "levetiracetam": 5, "levothyroxine": 5, "methotrexate": 4, "kidney": 1}


@pytest.fixture
def expecting():
    return Expecting(DRUGS, WORDS, lambda word: PIECES.get(word, 1))


def test_hard_words_of_passages_are_expected_the_most_frequent_first(expecting):
    texts = ["Diabetic ketoacidosis: kidney and ketoacidosis.", "Methotrexate in the kidney."]
    assert expecting.in_texts(texts) == ["ketoacidosis", "Methotrexate"]


def test_a_drug_that_sounds_like_another_is_not_expected(expecting):
    assert expecting.in_texts(["Levetiracetam is given, levothyroxine is not, methotrexate may be."]) == [
        "methotrexate"
    ]


@pytest.mark.parametrize(
    ("understood", "near"),
    [
        ("the treatment of diabetic catoacidosis", ["ketoacidosis"]),
        ("what is the management of a cytes", ["ascites"]),
        ("when do I give hypotonic saline", []),  # a word that is known is none that was misheard
        ("is metforman safe", []),  # names of drugs are asked about
        ("", []),
    ],
)
def test_clinical_words_near_what_was_understood_are_expected_and_no_drug(expecting, understood, near):
    assert expecting.near(understood) == near


def test_words_of_names_are_single_and_once():
    assert words_of(("Type 2 diabetes", "diabetes insipidus")) == ["type", "diabetes", "insipidus"]


def test_another_spelling_of_a_clinical_word_is_that_word(expecting):
    assert expecting.spelled("Diabetic catoacidosis, is it?") == "Diabetic ketoacidosis, is it?"


@pytest.mark.parametrize("said", ["a hypertonik solution", "metformine", "hypotonic saline"])
def test_what_may_be_another_word_or_a_drug_stays_as_it_was_heard(expecting, said):
    assert expecting.spelled(said) == said


def test_of_earlier_conversations_only_public_words_are_expected(expecting):
    texts = [
        "Mrs Wojciechowska of Kirkcudbright has ketoacidosis and takes methotrexate.",
        "Ketoacidosis: give levetiracetam. Wojciechowska, Wojciechowska.",
    ]
    hard = Expecting(DRUGS, WORDS, lambda _: 4)
    assert "Wojciechowska" in hard.in_texts(texts)
    assert hard.familiar(texts) == ["ketoacidosis", "methotrexate"]
    assert expecting.familiar([]) == []


def test_of_earlier_conversations_only_a_few_words_are_expected():
    words = [f"{letter}tomegaly" for letter in "abcdefghij"]
    assert Expecting(DRUGS, words, lambda _: 4).familiar([" ".join(words)]) == words[:RECENT]
