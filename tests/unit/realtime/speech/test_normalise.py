"""Names of scores are mended; drugs and numbers never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.speech.normalise import canonical, joined, tidy
from realtime.speech.pronunciations import NAMES


@pytest.mark.parametrize(
    "heard",
    [
        "Chad's Vasks",
        "Chad's Vask",
        "CHA2DS-VASc",
        "Chads2 Vasc",
        "chads-vasc",
        "CHA-2-DS-2-VASc",
        "chats vasc",
        "CHA2DS2-VASc",
    ],
)
def test_the_stroke_score_however_it_was_heard(heard: str) -> None:
    assert canonical(f"What is the {heard} score?") == "What is the CHA2DS2-VASc score?"


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Chad's VA score", "CHA2DS2-VA score"),
        ("Hasbleed score", "HAS-BLED score"),
        ("has bled score", "HAS-BLED score"),
        ("CKD epi", "CKD-EPI"),
        ("an e GFR of 5", "an eGFR of 5"),
        ("Calculate the EGF-R of a woman", "Calculate the eGFR of a woman"),
        ("curb sixty five", "CURB-65"),
        ("cue sofa", "qSOFA"),
        ("child pew class", "Child-Pugh class"),
        ("cockroft galt", "Cockcroft-Gault"),
        ("HBA 1C", "HbA1c"),
        ("Well's score", "Wells score"),
        ("CHA2DS, VASC for a man", "CHA2DS2-VASc for a man"),
        ("perk rule", "PERC rule"),
        ("fib 4 index", "FIB-4 index"),
        ("Calculate the C-I-W-A", "Calculate the CIWA-Ar"),
        ("C-IWAS score", "CIWA-Ar score"),
        ("Calculate the CEWA", "Calculate the CIWA-Ar"),
        ("the see-wah, A R", "the CIWA-Ar"),
        ("the CWA-Ar", "the CIWA-Ar"),
        ("Razed cardiac markers", "raised cardiac markers"),
    ],
)
def test_other_scores(heard: str, meant: str) -> None:
    assert canonical(heard) == meant
    assert canonical(meant) == meant


@pytest.mark.parametrize(
    "plain",
    [
        "the patient has bled twice",
        "an EGFR mutation",
        "an EGF-R mutation",
        "a fib four years ago",
        "Chad has vascular disease",
        "I chat with Vasquez",
        "he sat on the sofa",
        "a perk of the job",
        "the child, phew, is well",
        "CHADS2 score",
        "I see what you mean",
        "the sea was calm",
        "start hydralazine 60 mg",
    ],
)
def test_plain_english_stays(plain: str) -> None:
    assert canonical(plain) == plain


@given(st.lists(st.sampled_from([*sorted(NAMES), "16", "60", "2.5", "mg", "score", "twice"]), max_size=8))
def test_no_drug_and_no_number_is_touched(words: list[str]) -> None:
    text = " ".join(words)
    assert canonical(text) == text


def test_a_drug_of_the_list_in_two_words_is_joined() -> None:
    assert joined("the dose of a Pixaban?", ["apixaban"]) == "the dose of apixaban?"
    assert joined("a-pixaban", ["apixaban"]) == "apixaban"


def test_only_blanks_are_removed_and_only_in_drug_names() -> None:
    assert joined("the dose of a pixaban?", []) == "the dose of a pixaban?"
    assert joined("river oxaban", ["rivaroxaban"]) == "river oxaban"
    assert joined("a typical chest pain", ["atypical"]) == "a typical chest pain"


@pytest.mark.parametrize(
    ("heard", "line"),
    [
        ("calculate the score,", "Calculate the score"),
        ("eGFR of 30?", "eGFR of 30?"),
        ("Yes.", "Yes."),
        (" stop, ", "Stop"),
        ("", ""),
        (",", ""),
    ],
)
def test_a_transcript_is_a_line_one_can_read(heard: str, line: str) -> None:
    assert tidy(heard) == line
    assert tidy(line) == line
