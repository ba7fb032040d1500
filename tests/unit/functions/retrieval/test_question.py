"""What a question is about."""

import pytest

from functions.retrieval.domain.question import missing, understood


def test_words_of_asking_and_of_kind_are_not_the_topic():
    question = understood("How do I treat a 68 year old man with atrial fibrillation?")
    assert question.topic == ("atrial", "fibrillation")


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("how do I treat gout", "treatment"),
        ("dose of apixaban", "dose"),
        ("how is sepsis diagnosed", "diagnosis"),
        ("stages of kidney disease", "stage"),
        ("how to monitor lithium", "monitoring"),
        ("how long to anticoagulate, when to stop", "duration"),
        ("prevent migraine", "prevention"),
        ("mortality of pneumonia", "prognosis"),
    ],
)
def test_the_kind_of_question_names_the_sections_that_answer(text, heading):
    assert heading in understood(text).headings


def test_a_question_without_a_kind_names_no_section():
    assert understood("atrial fibrillation").headings == frozenset()


def test_missing_forgives_endings_and_slips_but_not_other_words():
    vocabulary = frozenset({"anticoagulation", "fibrillation", "metoprolol"})
    assert missing(understood("anticoagulating fibrilation metoprolol fibrillating"), vocabulary) == ()
    assert missing(understood("flurbozamab"), vocabulary) == ("flurbozamab",)
    assert missing(understood("atenolol"), vocabulary) == ("atenolol",)


SOUND_ALIKE = [
    ("prednisone", "primidone"),
    ("hydroxyzine", "hydralazine"),
    ("clonidine", "clonazepam"),
    ("chlorpromazine", "chlorpropamide"),
    ("cefuroxime", "cefotaxime"),
    ("vinblastine", "vincristine"),
    ("quinine", "quinidine"),
    ("nimodipine", "nifedipine"),
    ("prednisone", "prednisolone"),
    ("esomeprazole", "omeprazole"),
    ("sulfadiazine", "sulfasalazine"),
    ("nitrite", "nitrate"),
]


@pytest.mark.parametrize(("asked", "known"), SOUND_ALIKE)
def test_drugs_that_sound_alike_are_not_taken_for_each_other(asked, known):
    assert missing(understood(asked), frozenset({known})) == (asked,)
    assert missing(understood(known), frozenset({asked})) == (known,)
