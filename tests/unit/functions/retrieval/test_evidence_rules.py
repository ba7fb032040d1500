"""The rules that choose sentences: bands, members of a series, other names, conflicts, gradings."""

import pytest

from functions.retrieval.domain import bands, lexicon
from functions.retrieval.domain.conflicts import contradict
from functions.retrieval.domain.grading import grading
from functions.retrieval.domain.question import held, missing, understood

pytestmark = pytest.mark.req("P5.10")


@pytest.mark.parametrize(
    ("question", "text", "fit"),
    [
        ("dose with creatinine clearance of 40", "15 mg when creatinine clearance is 50 mL/min or less", 1),
        ("dose with creatinine clearance of 40", "20 mg when creatinine clearance is above 50 mL/min", -1),
        ("dose when CrCl is 20 mL/min", "75 mg twice daily when creatinine clearance is 15 to 30 mL/min", 1),
        ("INR of 12 without bleeding", "With an INR above 10 hold the drug", 1),
        ("INR of 12 without bleeding", "With an INR of 4.5 to 10 hold the drug", -1),
        ("dose with creatinine clearance of 40", "The dose is 5 to 50 mg", 0),
        ("what is the dose", "20 mg when creatinine clearance is above 50 mL/min", 0),
    ],
)
def test_the_band_that_holds_the_value_answers(question, text, fit):
    assert bands.fits(understood(question), text) == fit


def test_another_stage_is_another_thing():
    asked = understood("criteria of stage 3")
    assert bands.member(asked, "Stage 3 is three times baseline") == 1
    assert bands.member(asked, "Stage 2 is twice baseline") == -1
    assert bands.member(asked, "Creatinine rises") == 0
    assert bands.member(understood("criteria"), "Stage 3 is three times baseline") == 0


@pytest.mark.parametrize(
    ("question", "wants", "text", "least"),
    [
        ("how long is it given", "time", "for 7 days", 1.0),
        ("how long is it given", "time", "at 7 mg", 0.3),
        ("dose of it", "dose", "at 7 mg", 1.0),
        ("target of it", "number", "below 130/80 mmHg", 1.0),
        ("target of it", "number", "as low as tolerated", 0.0),
        ("who needs it", "", "for 7 days", 0.0),
    ],
)
def test_the_kind_of_quantity_asked_for(question, wants, text, least):
    asked = understood(question)
    assert asked.wants == wants
    assert bands.has_wanted(asked, text) == least


def test_bedside_words_meet_what_a_text_writes():
    asked = understood("first ECG with adrenaline")
    assert held(asked, "ecg", {"electrocardiogram"})
    assert held(asked, "adrenaline", {"epinephrine"})
    assert not held(asked, "adrenaline", {"norepinephrine"})
    assert missing(asked, {"electrocardiogram", "epinephrine"}) == ()
    assert lexicon.spelled("EF cut off for an ICD") == "ejection fraction cut off for an implantable defibrillator"
    assert lexicon.spelled("the cough") == "the cough"


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (
            "The trough of vancomycin in severe infection is 15 to 20 mg/L",
            "The trough of vancomycin in severe infection is 10 to 15 mg/L",
            True,
        ),
        (
            "After surgery transfuse below a hemoglobin of 8 g/dL",
            "After surgery transfuse below a hemoglobin of 7 g/dL",
            True,
        ),
        (
            "The trough of vancomycin in severe infection is 15 to 20 mg/L",
            "The trough of vancomycin in severe infection is 15 to 20 mg/L",
            False,
        ),
        (
            "The trough of vancomycin in severe infection is 15 to 20 mg/L",
            "The trough of gentamicin in sepsis is below 1 mg/L",
            False,
        ),
        ("Give apixaban 10 mg for 7 days", "Give apixaban 5 mg in stroke prevention with a weight below 60 kg", False),
        ("Blood pressure below 130 mmHg", "Blood pressure is measured twice", False),
    ],
)
def test_sources_contradict_in_figures_for_the_same_thing(one, other, differ):
    assert contradict(one, other) is differ
    assert contradict(other, one) is differ


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is recommended (class IIa, level C).", "class IIa, level C"),
        ("It is recommended (Class 1, Level of Evidence: B-NR).", "class 1, level B-NR"),
        ("COR 2b, LOE C-LD", "class 2b, level C-LD"),
        ("Class I recommendation.", "class I"),
        ("Strong recommendation, moderate-quality evidence.", "strong recommendation, moderate certainty"),
        ("Give it (grade 1B).", "grade 1B"),
        ("It is recommended (class III).", "class III"),
        ("Heart failure of NYHA class III is treated with two drugs.", None),
        ("Symptoms of any class may occur at this level.", None),
    ],
)
def test_class_and_level_are_read_from_the_text(text, found):
    assert grading(text) == found
