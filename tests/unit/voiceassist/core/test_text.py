"""Words and sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.core.text import folded, sentences, singular, terms, words


def test_sentences_are_verbatim_and_abbreviations_do_not_end_them():
    text = "Give 0.5 mg, e.g. Adrenaline, at once. Dr. Smith agrees. Is it safe? Yes."
    assert sentences(text) == ["Give 0.5 mg, e.g. Adrenaline, at once.", "Dr. Smith agrees.", "Is it safe?", "Yes."]


def test_lines_and_list_marks_are_borders():
    assert sentences("- first item\n- second item\n• third") == ["first item", "second item", "third"]


def test_a_decimal_point_is_no_border():
    assert sentences("Keep potassium above 4.0 mmol/L and below 5.5 mmol/L.") == [
        "Keep potassium above 4.0 mmol/L and below 5.5 mmol/L."
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CHA2DS2-VASc", ["cha2ds2", "vasc"]),
        ("1,000 mg of 0.5%", ["1,000", "mg", "of", "0.5"]),
        ("Ménière", ["meniere"]),
    ],
)
def test_words_keep_numbers_whole_and_fold_accents(text, expected):
    assert words(text) == expected


def test_terms_drop_words_of_grammar_and_plural_endings():
    assert terms("What are the doses of the anticoagulants?") == ["dose", "anticoagulant"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("therapies", "therapy"), ("sepsis", "sepsis"), ("loss", "loss"), ("virus", "virus"), ("gas", "gas")],
)
def test_singular_spares_words_that_only_look_like_plurals(word, expected):
    assert singular(word) == expected


@given(st.text())
def test_every_sentence_is_part_of_the_text(text):
    assert all(sentence in text for sentence in sentences(text))


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert folded(folded(text)) == folded(text)
