"""Scores added after the first release: both sides of every cut, points item by item, and their bounds."""

import itertools

import pytest

from functions.calculators.domain.compute import Computed, Refused, compute
from functions.calculators.domain.graded import UNTESTABLE, graded
from functions.calculators.domain.interpret import interpret
from functions.calculators.domain.model import Choice, YesNo
from functions.calculators.domain.registry import calculators

ALL = calculators()
SCALES = {
    "nihss": (0, 42), "phq_9": (0, 27), "gad_7": (0, 21), "ciwa_ar": (0, 67), "apgar": (0, 10), "braden": (6, 23),
    "audit_c": (0, 12), "four_ts": (0, 8),
}  # fmt: skip
CRITERIA = {
    "padua": (0, 20), "revised_geneva": (0, 22), "timi_ua_nstemi": (0, 7), "cage": (0, 4),
}  # fmt: skip


def outcome_of(calculator_id, inputs):
    outcome = compute(ALL[calculator_id], inputs)
    assert isinstance(outcome, Computed), outcome
    return outcome


def value_of(calculator_id, inputs):
    return outcome_of(calculator_id, inputs).value


def start_of(calculator_id, inputs):
    return outcome_of(calculator_id, inputs).band


def lowest(calculator_id):
    """The first example: every input just short of its cut."""
    return dict(ALL[calculator_id].examples[0].inputs)


def items(calculator_id):
    return [one for one in ALL[calculator_id].inputs if isinstance(one, Choice) and one.name != "sex"]


@pytest.mark.parametrize("calculator_id", sorted(SCALES))
def test_a_scale_adds_its_items_and_nothing_else(calculator_id):
    low, high = SCALES[calculator_id]
    calm = lowest(calculator_id)
    assert value_of(calculator_id, calm) == low
    reached = low
    for item in items(calculator_id):
        grades = [option.value for option in item.options if option != UNTESTABLE]
        assert grades == [str(int(grades[0]) + step) for step in range(len(grades))]
        found = [value_of(calculator_id, calm | {item.name: grade}) for grade in grades]
        assert found == [low + step for step in range(len(grades))]
        reached += len(grades) - 1
    assert reached == high


@pytest.mark.parametrize("calculator_id", sorted(SCALES))
def test_every_grade_of_a_scale_can_be_named_in_a_reply(calculator_id):
    for item in items(calculator_id):
        for option in item.options:
            found = interpret(option.label, calculator=calculator_id, known={}, asked=item.name)
            assert found.inputs.get(item.name) == option.value, (item.name, option)


@pytest.mark.parametrize(
    ("calculator_id", "points", "start"),
    [
        ("nihss", 0, "No"), ("nihss", 1, "Minor"), ("nihss", 4, "Minor"), ("nihss", 5, "Moderate stroke"),
        ("nihss", 15, "Moderate stroke"), ("nihss", 16, "Moderate to"), ("nihss", 20, "Moderate to"),
        ("nihss", 21, "Severe"), ("phq_9", 4, "None"), ("phq_9", 5, "Mild"), ("phq_9", 9, "Mild"),
        ("phq_9", 10, "Moderate symptoms"), ("phq_9", 14, "Moderate symptoms"), ("phq_9", 15, "Moderately severe"),
        ("phq_9", 19, "Moderately severe"), ("phq_9", 20, "Severe"), ("gad_7", 4, "Minimal"), ("gad_7", 5, "Mild"),
        ("gad_7", 9, "Mild"), ("gad_7", 10, "Moderate"), ("gad_7", 14, "Moderate"), ("gad_7", 15, "Severe"),
        ("ciwa_ar", 9, "Mild"), ("ciwa_ar", 10, "Moderate"), ("ciwa_ar", 18, "Moderate"), ("ciwa_ar", 19, "Severe"),
        ("apgar", 3, "Low"), ("apgar", 4, "Moderately"), ("apgar", 6, "Moderately"), ("apgar", 7, "Reassuring"),
        ("braden", 9, "Very high"), ("braden", 10, "High"), ("braden", 12, "High"), ("braden", 13, "Moderate"),
        ("braden", 14, "Moderate"), ("braden", 15, "Mild"), ("braden", 18, "Mild"), ("braden", 19, "Not at risk"),
        ("four_ts", 3, "Low"), ("four_ts", 4, "Intermediate"), ("four_ts", 5, "Intermediate"), ("four_ts", 6, "High"),
    ],
)  # fmt: skip
def test_both_sides_of_the_cuts_of_the_scales(calculator_id, points, start):
    inputs = lowest(calculator_id)
    left = points - SCALES[calculator_id][0]
    for item in items(calculator_id):
        grades = [option.value for option in item.options if option != UNTESTABLE]
        step = min(left, len(grades) - 1)
        inputs[item.name] = grades[step]
        left -= step
    outcome = outcome_of(calculator_id, inputs)
    assert outcome.value == points
    assert outcome.band.startswith(start)


@pytest.mark.parametrize(
    ("sex", "points", "start"),
    [("female", 2, "Below"), ("female", 3, "At or above"), ("male", 3, "Below"), ("male", 4, "At")],
)
def test_the_alcohol_screen_is_cut_by_sex(sex, points, start):
    assert start_of("audit_c", {"sex": sex, "frequency": str(points), "amount": "0", "binges": "0"}).startswith(start)


def test_the_last_item_of_the_depression_scale_warns_at_any_total():
    calm = lowest("phq_9")
    assert outcome_of("phq_9", calm).warnings == ()
    assert "suicide" in outcome_of("phq_9", calm | {"self_harm": "1"}).warnings[0]


def test_an_untestable_item_adds_nothing_and_is_said():
    calm = lowest("nihss")
    assert outcome_of("nihss", calm).warnings == ()
    untestable = outcome_of("nihss", calm | {"left_arm": "UN", "gaze": "1"})
    assert untestable.value == 1
    assert "untestable" in untestable.warnings[0]
    assert isinstance(compute(ALL["nihss"], calm | {"gaze": "UN"}), Refused)


@pytest.mark.parametrize("calculator_id", sorted(CRITERIA))
def test_criteria_add_up_to_the_maximum(calculator_id):
    calm = lowest(calculator_id)
    low, high = CRITERIA[calculator_id]
    assert value_of(calculator_id, calm) == low
    assert value_of(calculator_id, ALL[calculator_id].examples[1].inputs) == high
    single = {
        one.name: value_of(calculator_id, calm | {one.name: True})
        for one in ALL[calculator_id].inputs
        if isinstance(one, YesNo)
    }
    for first, second in itertools.combinations(single, 2):
        assert value_of(calculator_id, calm | {first: True, second: True}) == single[first] + single[second]


@pytest.mark.parametrize(
    ("name", "points"),
    [("cancer", 3), ("previous_vte", 3), ("reduced_mobility", 3), ("thrombophilia", 3), ("surgery", 2),
     ("heart_or_lung_failure", 1), ("infarction_or_stroke", 1), ("infection", 1), ("obesity", 1), ("hormones", 1)],
)  # fmt: skip
def test_padua_criteria(name, points):
    assert value_of("padua", lowest("padua") | {name: True}) == points


@pytest.mark.parametrize(("age", "points"), [(69, 0), (70, 1)])
def test_padua_age(age, points):
    assert value_of("padua", lowest("padua") | {"age": age}) == points


def test_padua_is_high_from_four():
    three = lowest("padua") | {"cancer": True}
    assert start_of("padua", three).startswith("Low")
    assert start_of("padua", three | {"obesity": True}).startswith("High")


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({"age": 65}, 0), ({"age": 65.5}, 1), ({"heart_rate": 74}, 0), ({"heart_rate": 75}, 3), ({"heart_rate": 94}, 3),
        ({"heart_rate": 95}, 5), ({"previous_vte": True}, 3), ({"surgery_or_fracture": True}, 2),
        ({"malignancy": True}, 2), ({"leg_pain": True}, 3), ({"haemoptysis": True}, 2), ({"leg_signs": True}, 4),
    ],
)  # fmt: skip
def test_revised_geneva_points(change, points):
    assert value_of("revised_geneva", lowest("revised_geneva") | change) == points


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"leg_pain": True}, "Low"), ({"leg_signs": True}, "Intermediate"),
        ({"leg_signs": True, "leg_pain": True, "previous_vte": True}, "Intermediate"),
        ({"leg_signs": True, "leg_pain": True, "haemoptysis": True, "malignancy": True}, "High"),
    ],
)  # fmt: skip
def test_revised_geneva_bands(change, start):
    assert start_of("revised_geneva", lowest("revised_geneva") | change).startswith(start)


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("age", 29.9, 0), ("age", 30, 8), ("age", 39, 8), ("age", 40, 25), ("age", 50, 41), ("age", 60, 58),
        ("age", 70, 75), ("age", 80, 91), ("age", 89, 91), ("age", 90, 100), ("heart_rate", 49, 0),
        ("heart_rate", 50, 3), ("heart_rate", 69, 3), ("heart_rate", 70, 9), ("heart_rate", 90, 15),
        ("heart_rate", 110, 24), ("heart_rate", 150, 38), ("heart_rate", 199, 38), ("heart_rate", 200, 46),
        ("systolic", 79, 58), ("systolic", 80, 53), ("systolic", 100, 43), ("systolic", 120, 34),
        ("systolic", 140, 24), ("systolic", 160, 10), ("systolic", 199, 10), ("systolic", 200, 0),
        ("killip", "II", 20), ("killip", "III", 39), ("killip", "IV", 59), ("arrest", True, 39),
        ("st_deviation", True, 28), ("elevated_markers", True, 14),
    ],
)  # fmt: skip
def test_grace_points(name, value, points):
    assert value_of("grace", lowest("grace") | {name: value}) == 1 + points


@pytest.mark.parametrize(
    ("creatinine", "points"),
    [(0.39, 1), (0.4, 4), (0.79, 4), (0.8, 7), (1.2, 10), (1.6, 13), (1.99, 13), (2, 21), (3.99, 21), (4, 28)],
)
def test_grace_creatinine(creatinine, points):
    assert value_of("grace", lowest("grace") | {"creatinine": creatinine}) == points


@pytest.mark.parametrize(
    ("change", "points", "start", "said"),
    [
        ({}, 1, "Low", "at most 0.2"),
        ({"age": 80, "systolic": 160, "creatinine": 0.8}, 108, "Low", "between 0.8 and 1.1"),
        ({"age": 90, "systolic": 180}, 111, "Intermediate", "between 1.1 and 1.6"),
        ({"age": 60, "killip": "III", "arrest": True, "creatinine": 0.5}, 140, "Intermediate", "about 2.9"),
        ({"age": 60, "killip": "III", "arrest": True, "creatinine": 0.8}, 143, "High", "between 2.9 and 3.9"),
        ({"age": 90, "killip": "IV", "arrest": True, "systolic": 70}, 257, "High", "52 percent or more"),
    ],
)
def test_grace_bands_and_probability(change, points, start, said):
    outcome = outcome_of("grace", lowest("grace") | change)
    assert outcome.value == points
    assert outcome.band.startswith(start)
    assert any(said in line for line in outcome.warnings)


@pytest.mark.parametrize(("age", "points"), [(64, 0), (65, 1)])
def test_timi_of_nstemi_age(age, points):
    assert value_of("timi_ua_nstemi", lowest("timi_ua_nstemi") | {"age": age}) == points


def test_timi_of_nstemi_rises_with_every_point():
    names = [one.name for one in ALL["timi_ua_nstemi"].inputs if isinstance(one, YesNo)]
    bands = [
        start_of("timi_ua_nstemi", lowest("timi_ua_nstemi") | dict.fromkeys(names[:count], True))
        for count in range(len(names) + 1)
    ]
    assert [band.split()[-2] for band in bands] == ["5", "5", "8", "13", "20", "26", "41"]


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({"age": 65}, 2), ({"age": 74}, 2), ({"age": 75}, 3), ({"systolic": 99}, 3), ({"heart_rate": 101}, 2),
        ({"killip": "II"}, 2), ({"killip": "IV"}, 2), ({"weight": 66.9}, 1), ({"history": True}, 1),
        ({"anterior": True}, 1), ({"late": True}, 1),
    ],
)  # fmt: skip
def test_timi_of_stemi_points(change, points):
    assert value_of("timi_stemi", lowest("timi_stemi") | change) == points


def test_timi_of_stemi_bands_reach_the_end():
    assert start_of("timi_stemi", lowest("timi_stemi")) == "30-day mortality about 0.8 percent."
    assert start_of("timi_stemi", ALL["timi_stemi"].examples[1].inputs) == "30-day mortality about 35.9 percent."


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({"age": 60}, 1), ({"systolic": 140}, 1), ({"diastolic": 90}, 1), ({"systolic": 140, "diastolic": 90}, 1),
        ({"features": "1"}, 1), ({"features": "2"}, 2), ({"duration": "10 to 59 min"}, 1),
        ({"duration": "60 min or more"}, 2), ({"diabetes": True}, 1),
    ],
)  # fmt: skip
def test_abcd2_points(change, points):
    assert value_of("abcd2", lowest("abcd2") | change) == points


@pytest.mark.parametrize(("points", "start"), [(3, "Low"), (4, "Moderate"), (5, "Moderate"), (6, "High"), (7, "High")])
def test_abcd2_bands(points, start):
    steps = ({"age": 60}, {"systolic": 140}, {"diabetes": True}, {"features": "1"}, {"features": "2"},
             {"duration": "10 to 59 min"}, {"duration": "60 min or more"})  # fmt: skip
    inputs = lowest("abcd2")
    for step in steps[:points]:
        inputs |= step
    outcome = outcome_of("abcd2", inputs)
    assert outcome.value == points
    assert outcome.band.startswith(start)


@pytest.mark.parametrize(
    ("said", "option"),
    [("lasting 9 minutes", "under 10 min"), ("lasted 10 minutes", "10 to 59 min"), ("lasting 59 min", "10 to 59 min"),
     ("lasting 60 minutes", "60 min or more"), ("lasting 120 minutes", "60 min or more"),
     ("lasting 2 hours", "60 min or more"), ("lasting half an hour", "10 to 59 min")],
)  # fmt: skip
def test_abcd2_hears_how_long_it_lasted(said, option):
    assert interpret(f"abcd2 score 70 year old with weakness {said}").inputs["duration"] == option


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({"age": 60}, 1), ({"age": 79}, 1), ({"age": 80}, 2), ({"heart_rate": 100}, 1), ({"systolic": 99}, 2),
        ({"systolic": 99, "heart_rate": 130}, 2), ({"major_comorbidity": True}, 2), ({"severe_comorbidity": True}, 3),
        ({"major_comorbidity": True, "severe_comorbidity": True}, 3),
    ],
)  # fmt: skip
def test_rockall_before_endoscopy(change, points):
    assert value_of("rockall_pre", lowest("rockall_pre") | change) == points
    assert value_of("rockall", lowest("rockall") | change) == points


@pytest.mark.parametrize(
    ("change", "points"), [({"diagnosis": "other"}, 1), ({"diagnosis": "cancer"}, 2), ({"stigmata": "1"}, 2)]
)
def test_rockall_with_endoscopy(change, points):
    assert value_of("rockall", lowest("rockall") | change) == points


def test_rockall_mortality_reaches_the_end_of_both_tables():
    assert start_of("rockall_pre", ALL["rockall_pre"].examples[1].inputs) == "Mortality about 50 percent in the paper."
    assert start_of("rockall", ALL["rockall"].examples[1].inputs) == "Mortality about 41.1 percent in the paper."
    assert start_of("rockall", lowest("rockall")) == "Mortality about 0 percent in the paper."


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        ({"creatinine": 1.49}, "no AKI"), ({"creatinine": 1.5}, "stage 1"), ({"creatinine": 1.99}, "stage 1"),
        ({"creatinine": 2.0}, "stage 2"), ({"creatinine": 2.99}, "stage 2"), ({"creatinine": 3.0}, "stage 3"),
        ({"creatinine": 0.9, "baseline_creatinine": 0.6}, "stage 1"), ({"rise_within_48_hours": True}, "stage 1"),
        ({"creatinine": 4.0, "baseline_creatinine": 3.5}, "no AKI"),
        ({"creatinine": 4.0, "baseline_creatinine": 3.5, "rise_within_48_hours": True}, "stage 3"),
        ({"creatinine": 3.99, "baseline_creatinine": 3.5, "rise_within_48_hours": True}, "stage 1"),
        ({"creatinine": 4.0, "baseline_creatinine": 2.6}, "stage 3"), ({"replacement": True}, "stage 3"),
        ({"urine_output": "normal"}, "no AKI"), ({"urine_output": "below 0.5 for 6 h"}, "stage 1"),
        ({"urine_output": "below 0.5 for 12 h"}, "stage 2"), ({"urine_output": "below 0.3 for 24 h"}, "stage 3"),
        ({"creatinine": 2.5, "urine_output": "below 0.5 for 6 h"}, "stage 2"),
    ],
)  # fmt: skip
def test_stage_of_acute_kidney_injury(change, stage):
    outcome = outcome_of("kdigo_aki", lowest("kdigo_aki") | change)
    assert outcome.value == stage
    assert any("urine output was not given" in line for line in outcome.warnings) == ("urine_output" not in change)


@pytest.mark.parametrize(
    ("change", "points"),
    [({"age": 60.5}, 1), ({"urea_nitrogen": 25.1}, 1), ({"altered_mentation": True}, 1), ({"sirs": True}, 1),
     ({"effusion": True}, 1)],
)  # fmt: skip
def test_bisap_points(change, points):
    assert value_of("bisap", lowest("bisap") | change) == points


@pytest.mark.parametrize(
    ("count", "start"), [(1, "Mortality below 1"), (2, "Mortality about 2"), (3, "Mortality about 5")]
)
def test_bisap_bands(count, start):
    inputs = lowest("bisap") | dict.fromkeys(("altered_mentation", "sirs", "effusion")[:count], True)
    assert start_of("bisap", inputs).startswith(start)


def test_two_answers_of_cage_are_significant():
    one = lowest("cage") | {"guilty": True}
    assert start_of("cage", one).startswith("Below")
    assert start_of("cage", one | {"annoyed": True}).startswith("Clinically")


def test_a_grade_without_a_name_goes_by_its_number():
    item = graded("shade", "shade", "none", "", "deep|dark")
    assert item.question == "How is the item shade graded: 0 none, 2 deep?"
    assert [(option.label, option.words) for option in item.options] == [
        ("0: none", ("0", "none")), ("1", ("1",)), ("2: deep", ("2", "dark", "deep")),
    ]  # fmt: skip


def test_four_ts_has_the_papers_lesser_forms_under_one_point():
    """Lo 2006: a fall above half from surgery, and skin lesions without necrosis, count one point and not two."""
    thrombocytopenia, _timing, thrombosis, _causes = calculators()["four_ts"].inputs
    assert "larger fall from surgery" in thrombocytopenia.options[1].label
    assert "skin lesions without necrosis" in thrombosis.options[1].label


def test_meld_3_is_told_to_be_the_formula_for_adults():
    """The allocation policy has another one for who was listed before 18; MELD-Na of 2016 held from 12 years on."""
    assert any("For adults" in caveat for caveat in calculators()["meld_3"].caveats)
    assert any("age 12" in caveat for caveat in calculators()["meld_na"].caveats)
