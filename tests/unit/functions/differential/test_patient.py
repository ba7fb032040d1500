"""Age, sex and onset, as they are said."""

import pytest

from functions.differential.domain.patient import patient_of


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("68-year-old man", 68, 68),
        ("a 68 year old man", 68, 68),
        ("sixty-eight year old man", 68, 68),
        ("ninety year old woman", 90, 90),
        ("68 yo", 68, 68),
        ("68 y/o male", 68, 68),
        ("68M with chest pain", 68, 68),
        ("aged 68", 68, 68),
        ("age 7", 7, 7),
        ("18-month-old girl", 1.5, 1.5),
        ("chest pain. 68", 68, 68),
        ("chest pain. 68, male", 68, 68),
        ("chest pain. He is 68", 68, 68),
        ("chest pain. 68 years, a man", 68, 68),
        ("woman in her sixties", 60, 69),
        ("an infant", 0, 1),
        ("an elderly man", 70, 130),
        ("70 year woman", 70, 70),
    ],
)
def test_an_age_is_read(text, low, high):
    age = patient_of(text).age
    assert (age.low, age.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    "text",
    [
        "cough for 3 years",
        "pain for 10 days",
        "pulse 120",
        "BP 85/50",
        "chest pain",
        "12 weeks pregnant",
        "temperature 39",
    ],
)
def test_other_numbers_are_no_age(text):
    assert patient_of(text).age is None


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("a man", "male"), ("she is short of breath", "female"), ("68M", "male"), ("32F", "female"),
        ("30 yof", "female"),
        ("her husband, no: a woman", "female"), ("boy", "male"), ("34 weeks pregnant", "female"), ("his leg", "male"),
        ("chest pain", None), ("the human manual", None),
    ],
)  # fmt: skip
def test_the_sex_is_read(text, sex):
    assert patient_of(text).sex == sex


@pytest.mark.parametrize(
    ("text", "onset"),
    [
        ("sudden headache", {"sudden"}),
        ("came on within seconds", {"sudden"}),
        ("for two hours", {"acute"}),
        ("since yesterday", {"acute"}),
        ("since this morning", {"acute"}),
        ("3 days ago", {"acute"}),
        ("a few days ago", {"acute"}),
        ("an hour, for an hour", {"acute"}),
        ("for three weeks", {"subacute"}),
        ("for two weeks", {"acute", "subacute"}),
        ("for a year", {"chronic"}),
        ("for months", {"chronic"}),
        ("a 6-month history of cough", {"chronic"}),
        ("gradual", {"subacute", "chronic"}),
        ("chest pain", set()),
        ("attacks lasting 30 minutes", set()),
        ("68-year-old", set()),
        ("34 weeks pregnant", set()),
    ],
)
def test_the_onset_is_read(text, onset):
    assert patient_of(text).onset == onset
