"""Cutting a reply for quick first sound without losing a character of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.speech.clauses import clauses


@given(st.text(alphabet="ab 1.,;:—-?!\n[]()e.g", max_size=200))
def test_nothing_is_lost(text: str) -> None:
    assert " ".join(clauses(text)) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Yes, that is right, and safe.", ["Yes, that is right,", "and safe."]),
        ("Take 5 mg; then stop. Next week: review.", ["Take 5 mg;", "then stop.", "Next week: review."]),
        ("The score is three — oral anticoagulation.", ["The score is three —", "oral anticoagulation."]),
        ("Give 1,000 units at 10:30 or 2.5 mg.", ["Give 1,000 units at 10:30 or 2.5 mg."]),
        ("Ask Dr. Smith about it. Then go.", ["Ask Dr. Smith about it.", "Then go."]),
        ("The risk is high. [1] [2] Treat it [3]. Now.", ["The risk is high. [1] [2]", "Treat it [3].", "Now."]),
        ("First line\nsecond line", ["First line", "second line"]),
        ("One", ["One"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_where_it_is_cut(text: str, pieces: list[str]) -> None:
    assert clauses(text) == pieces


def test_the_first_piece_is_short_and_later_ones_are_whole_sentences() -> None:
    text = "In this case, start apixaban, check the creatinine, and call back in a week. If it bleeds, stop, and come."
    assert clauses(text)[0] == "In this case,"
    assert clauses(text)[1].endswith("in a week.")


def test_a_long_later_sentence_is_cut_at_a_pause() -> None:
    long = " ".join(["word"] * 16)
    assert clauses(f"A short start. {long}, {long}.") == ["A short start.", f"{long},", f"{long}."]
