"""A question under other names, and names that texts mention."""

import json

import pytest

from functions.retrieval.domain.aliases import MOST as MOST_NAMES
from functions.retrieval.domain.aliases import mined
from functions.retrieval.domain.variants import MOST, mentions, variants
from voiceassist.core.terminology import Concepts, term_pack
from voiceassist.runtime.terminology import load_names, name_pack

pytestmark = pytest.mark.req("P5.7")

NAMES = name_pack(
    "kidney stones: [nephrolithiasis, renal calculi]\n"
    "acute lymphoblastic leukemia: [ALL]\n"
    "apixaban: [Eliquis]\n"
    "stones: [calculi]\n"
)


def said(question: str) -> list[str]:
    return [mention.concept.name for mention in mentions(question, NAMES)]


def test_the_longest_name_is_meant_whatever_its_case_or_number():
    assert said("Passing a Kidney Stone hurts") == ["kidney stones"]


def test_a_short_word_is_a_name_only_as_it_is_written():
    assert said("is ALL curable") == ["acute lymphoblastic leukemia"]
    assert said("are all stones painful") == ["stones"]


def test_each_other_name_takes_the_place_of_the_one_said():
    assert variants("Is Eliquis safe with renal calculi?", NAMES, []) == [
        "Is apixaban safe with renal calculi?",
        "Is Eliquis safe with kidney stones?",
        "Is Eliquis safe with nephrolithiasis?",
    ]


def test_a_name_that_stands_in_a_title_is_left_alone():
    assert variants("what is nephrolithiasis", NAMES, ["Nephrolithiasis in adults"]) == []
    assert len(variants("what is nephrolithiasis", NAMES, ["Nephrolithiases"])) == 2


def test_a_name_that_several_texts_use_is_left_alone():
    assert variants("is Eliquis safe", NAMES, [], ["Eliquis here", "and ELIQUIS there"]) == ["is apixaban safe"]
    assert variants("is Eliquis safe", NAMES, [], ["Eliquis."] * 3) == []


def test_there_are_at_most_five_further_queries():
    pack = term_pack([json.dumps({"id": "1", "name": "rabies", "syn": [f"name {number}" for number in range(9)]})])
    assert len(variants("is rabies fatal", pack, [])) == MOST


def test_without_names_or_words_there_are_none():
    assert variants("what is nephrolithiasis", Concepts(), []) == []
    assert variants("", NAMES, []) == []
    assert variants("?!" * 50, NAMES, []) == []


def test_the_house_knows_brands_abbreviations_and_everyday_words():
    house = load_names()
    assert "is apixaban safe" in variants("is Eliquis safe", house, [])
    assert "causes of heart attack" in variants("causes of myocardial infarction", house, [])
    assert "exercise for normal pressure hydrocephalus" in variants("exercise for NPH", house, [])


def test_names_are_mined_from_the_openings_of_a_documents_passages():
    texts = [
        "Tetanus, also known as lockjaw, is caused by a toxin.",
        "Tetanus (TT) is rare. It is sometimes called the fourth evil because few survived.",
    ]
    assert mined("Tetanus", texts) == ("lockjaw", "fourth evil", "TT")


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Tetanus", "The toxin (TT) spreads."),  # not behind the title
        ("", "A test (ABC) of nothing."),
        ("Tetanus", "x" * 700 + " also known as lockjaw."),  # not in the opening
        ("Tetanus", "It is also called."),
    ],
)
def test_what_is_no_name_of_the_topic_is_left(title, text):
    assert mined(title, [text]) == ()


def test_a_document_gets_few_names():
    assert len(mined("T", [f"T is also called name{number}." for number in range(20)])) == MOST_NAMES
