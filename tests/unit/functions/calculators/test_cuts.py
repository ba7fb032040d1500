"""Both sides of every cut of the scores of the benchmark: what a value gives just before it and from it on."""

import pytest

from functions.calculators.domain.compute import Computed, compute
from functions.calculators.domain.model import YesNo
from functions.calculators.domain.registry import calculators

ALL = calculators()
# Inputs of each that give no points but those of the input under test.
CALM = {
    "apache_ii": dict(ALL["apache_ii"].examples[0].inputs),
    "caprini": dict(ALL["caprini"].examples[0].inputs),
    "centor": {"age": 20, "temperature": 37, "tender_nodes": False, "cough": True, "exudate": False},
    "charlson": dict(ALL["charlson"].examples[0].inputs),
    "glasgow_blatchford": dict(ALL["glasgow_blatchford"].examples[0].inputs),
    "heart": dict(ALL["heart"].examples[0].inputs),
    "perc": dict(ALL["perc"].examples[0].inputs),
    "rcri": dict(ALL["rcri"].examples[0].inputs),
    "sirs": {"temperature": 37, "heart_rate": 80, "respiratory_rate": 15, "white_cells": 8},
    "sofa": dict(ALL["sofa"].examples[0].inputs),
}
WOMAN = {"sex": "female"}
HALF_OXYGEN = {"inspired_oxygen": 50}
# calculator, input, what else is changed, then value -> points.
CUTS = [
    ("apache_ii", "temperature", {}, {29.9: 4, 30: 3, 31.9: 3, 32: 2, 33.9: 2, 34: 1, 35.9: 1, 36: 0, 38.4: 0, 38.5: 1,
                                      38.9: 1, 39: 3, 40.9: 3, 41: 4}),
    ("apache_ii", "heart_rate", {}, {39: 4, 40: 3, 54: 3, 55: 2, 69: 2, 70: 0, 109: 0, 110: 2, 139: 2, 140: 3, 179: 3,
                                     180: 4}),
    ("apache_ii", "respiratory_rate", {}, {5: 4, 6: 2, 9: 2, 10: 1, 11: 1, 12: 0, 24: 0, 25: 1, 34: 1, 35: 3, 49: 3,
                                           50: 4}),
    ("apache_ii", "arterial_ph", {}, {7.14: 4, 7.15: 3, 7.24: 3, 7.25: 2, 7.32: 2, 7.33: 0, 7.49: 0, 7.5: 1, 7.59: 1,
                                      7.6: 3, 7.69: 3, 7.7: 4}),
    ("apache_ii", "sodium", {}, {110: 4, 111: 3, 119: 3, 120: 2, 129: 2, 130: 0, 149: 0, 150: 1, 154: 1, 155: 2,
                                 159: 2, 160: 3, 179: 3, 180: 4}),
    ("apache_ii", "potassium", {}, {2.4: 4, 2.5: 2, 2.9: 2, 3: 1, 3.4: 1, 3.5: 0, 5.4: 0, 5.5: 1, 5.9: 1, 6: 3, 6.9: 3,
                                    7: 4}),
    ("apache_ii", "creatinine", {}, {0.5: 2, 0.6: 0, 1.4: 0, 1.5: 2, 1.9: 2, 2: 3, 3.4: 3, 3.5: 4}),
    ("apache_ii", "creatinine", {"acute_renal_failure": True}, {1.4: 0, 1.5: 4, 1.9: 4, 2: 6, 3.4: 6, 3.5: 8}),
    ("apache_ii", "haematocrit", {}, {19.9: 4, 20: 2, 29.9: 2, 30: 0, 45.9: 0, 46: 1, 49.9: 1, 50: 2, 59.9: 2, 60: 4}),
    ("apache_ii", "white_cells", {}, {0.9: 4, 1: 2, 2.9: 2, 3: 0, 14.9: 0, 15: 1, 19.9: 1, 20: 2, 39.9: 2, 40: 4}),
    ("apache_ii", "age", {}, {44: 0, 45: 2, 54: 2, 55: 3, 64: 3, 65: 5, 74: 5, 75: 6}),
    ("apache_ii", "coma_scale", {}, {15: 0, 14: 1, 3: 12}),
    ("apache_ii", "arterial_oxygen", {}, {71: 0, 70: 1, 61: 1, 60: 3, 55: 3, 54: 4}),
    ("apache_ii", "oxygen_gradient", HALF_OXYGEN, {199: 0, 200: 2, 349: 2, 350: 3, 499: 3, 500: 4}),
    ("apache_ii", "systolic", {"diastolic": 60}, {89: 2, 90: 0, 207: 0, 210: 2}),  # mean pressure 70 and 110
    ("apache_ii", "systolic", {"diastolic": 120}, {149: 2, 150: 3, 239: 3, 240: 4}),  # 130 and 160
    ("apache_ii", "systolic", {"diastolic": 40}, {69: 4, 70: 2}),  # 50
    ("apache_ii", "chronic_illness", {"admission": "elective"}, {False: 0, True: 2}),
    ("apache_ii", "chronic_illness", {"admission": "emergency"}, {False: 0, True: 5}),
    ("apache_ii", "chronic_illness", {"admission": "nonoperative"}, {False: 0, True: 5}),
    ("caprini", "age", {}, {40: 0, 41: 1, 60: 1, 61: 2, 74: 2, 75: 3}),
    ("caprini", "body_mass_index", {}, {25: 0, 25.1: 1}),
    ("centor", "age", {}, {2.9: 0, 3: 1, 14.9: 1, 15: 0, 44.9: 0, 45: -1}),
    ("centor", "temperature", {}, {38: 0, 38.1: 1}),
    ("charlson", "age", {}, {49: 0, 50: 1, 59: 1, 60: 2, 69: 2, 70: 3, 79: 3, 80: 4, 99: 4}),
    ("glasgow_blatchford", "urea_nitrogen", {}, {18.1: 0, 18.2: 2, 22.3: 2, 22.4: 3, 27.9: 3, 28: 4, 69.9: 4, 70: 6}),
    ("glasgow_blatchford", "haemoglobin", {}, {13: 0, 12.9: 1, 12: 1, 11.9: 3, 10: 3, 9.9: 6}),
    ("glasgow_blatchford", "haemoglobin", WOMAN, {12: 0, 11.9: 1, 10: 1, 9.9: 6}),
    ("glasgow_blatchford", "systolic", {}, {110: 0, 109: 1, 100: 1, 99: 2, 90: 2, 89: 3}),
    ("glasgow_blatchford", "heart_rate", {}, {99: 0, 100: 1}),
    ("heart", "age", {}, {44: 0, 45: 1, 64: 1, 65: 2}),
    ("heart", "atherosclerosis", {}, {False: 0, True: 2}),
    ("heart", "smoking", {"diabetes": True, "obesity": True}, {False: 1, True: 2}),
    ("perc", "age", {}, {49: 0, 50: 1}),
    ("perc", "heart_rate", {}, {99: 0, 100: 1}),
    ("perc", "oxygen_saturation", {}, {95: 0, 94.9: 1}),
    ("rcri", "creatinine", {}, {2.0: 0, 2.01: 1}),
    ("sirs", "temperature", {}, {35.9: 1, 36: 0, 38: 0, 38.1: 1}),
    ("sirs", "heart_rate", {}, {90: 0, 91: 1}),
    ("sirs", "respiratory_rate", {}, {20: 0, 21: 1}),
    ("sirs", "arterial_carbon_dioxide", {}, {32: 0, 31.9: 1}),
    ("sirs", "white_cells", {}, {3.9: 1, 4: 0, 12: 0, 12.1: 1}),
    ("sirs", "immature_cells", {}, {False: 0, True: 1}),
    ("sofa", "arterial_oxygen", {"inspired_oxygen": 50, "ventilation": True},
     {200: 0, 199: 1, 150: 1, 149: 2, 100: 2, 99: 3, 50: 3, 49: 4}),
    ("sofa", "arterial_oxygen", {"inspired_oxygen": 50}, {100: 2, 49: 2}),
    ("sofa", "platelets", {}, {150: 0, 149: 1, 100: 1, 99: 2, 50: 2, 49: 3, 20: 3, 19: 4}),
    ("sofa", "bilirubin", {}, {1.1: 0, 1.2: 1, 1.9: 1, 2: 2, 5.9: 2, 6: 3, 11.9: 3, 12: 4}),
    ("sofa", "coma_scale", {}, {15: 0, 14: 1, 13: 1, 12: 2, 10: 2, 9: 3, 6: 3, 5: 4}),
    ("sofa", "creatinine", {}, {1.1: 0, 1.2: 1, 1.9: 1, 2: 2, 3.4: 2, 3.5: 3, 4.9: 3, 5: 4}),
    ("sofa", "urine_output", {}, {500: 0, 499: 3, 200: 3, 199: 4}),
    ("sofa", "systolic", {"diastolic": 60}, {90: 0, 89: 1}),
    ("sofa", "dopamine", {"vasopressors": True}, {5: 2, 5.1: 3, 15: 3, 15.1: 4}),
    ("sofa", "dobutamine", {"vasopressors": True}, {0.1: 2, 40: 2}),
    ("sofa", "adrenaline", {"vasopressors": True}, {0.1: 3, 0.11: 4}),
    ("sofa", "noradrenaline", {"vasopressors": True}, {0.01: 3, 0.1: 3, 0.11: 4}),
]  # fmt: skip


def value_of(calculator_id, inputs):
    outcome = compute(ALL[calculator_id], inputs)
    assert isinstance(outcome, Computed), outcome
    return outcome.value


@pytest.mark.parametrize("calculator_id", sorted(CALM))
def test_the_calm_patient_has_no_points(calculator_id):
    assert value_of(calculator_id, CALM[calculator_id]) == 0


@pytest.mark.parametrize(
    ("calculator_id", "name", "change", "points"), CUTS, ids=[f"{one[0]}-{one[1]}-{len(one[2])}" for one in CUTS]
)
def test_a_cut_counts_from_its_value_on(calculator_id, name, change, points):
    found = {value: value_of(calculator_id, CALM[calculator_id] | change | {name: value}) for value in points}
    assert found == points


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("respiratory_rate", 29, 0), ("respiratory_rate", 30, 20), ("systolic", 90, 0), ("systolic", 89, 20),
        ("temperature", 35, 0), ("temperature", 34.9, 15), ("temperature", 39.9, 0), ("temperature", 40, 15),
        ("heart_rate", 124, 0), ("heart_rate", 125, 10), ("arterial_ph", 7.35, 0), ("arterial_ph", 7.34, 30),
        ("urea_nitrogen", 29.9, 0), ("urea_nitrogen", 30, 20), ("sodium", 130, 0), ("sodium", 129, 20),
        ("glucose", 249, 0), ("glucose", 250, 10), ("haematocrit", 30, 0), ("haematocrit", 29.9, 10),
        ("arterial_oxygen", 60, 0), ("arterial_oxygen", 59.9, 10), ("sex", "female", -10), ("age", 41, 1),
        ("nursing_home", True, 10), ("cancer", True, 30), ("liver_disease", True, 20), ("heart_failure", True, 10),
        ("cerebrovascular_disease", True, 10), ("kidney_disease", True, 10), ("altered_mental_status", True, 20),
        ("pleural_effusion", True, 10),
    ],
)  # fmt: skip
def test_the_pneumonia_index_point_by_point(name, value, points):
    young = dict(ALL["psi"].examples[0].inputs)
    assert value_of("psi", young | {name: value}) - value_of("psi", young) == points


def test_class_one_of_the_pneumonia_index_is_said():
    young = dict(ALL["psi"].examples[0].inputs)
    yes = ({}, {"age": 50}, {"nursing_home": True}, {"sodium": 120})
    no = ({"age": 51}, {"heart_rate": 125}, {"cancer": True}, {"altered_mental_status": True})
    for change, first in [*((one, True) for one in yes), *((one, False) for one in no)]:
        warnings = compute(ALL["psi"], young | change).warnings
        assert any("Class I:" in line for line in warnings) == first, change


@pytest.mark.parametrize("calculator_id", ["caprini", "charlson", "perc", "rcri", "glasgow_blatchford"])
def test_criteria_count_one_by_one(calculator_id):
    """Each alone gives its own points, and all of them together no more than their sum."""
    calm = CALM[calculator_id]
    criteria = [one.name for one in ALL[calculator_id].inputs if isinstance(one, YesNo)]
    alone = {name: value_of(calculator_id, calm | {name: True}) for name in criteria}
    assert all(alone.values())
    assert value_of(calculator_id, calm | dict.fromkeys(criteria, True)) <= sum(alone.values())


def test_the_graver_form_of_an_illness_is_not_counted_twice():
    calm = CALM["charlson"]
    for graver, milder, points in (("metastases", "solid_tumour", 6), ("severe_liver_disease", "mild_liver_disease", 3),
                                   ("diabetes_damage", "diabetes", 2)):  # fmt: skip
        assert value_of("charlson", calm | {graver: True, milder: True}) == points


def test_what_cannot_be_computed_together_is_refused_with_the_reason():
    panel = {"total_cholesterol": 250, "hdl": 40}
    assert value_of("ldl", panel | {"triglycerides": 399}) == pytest.approx(130.2)
    refused = {
        "ldl": panel | {"triglycerides": 400},
        "gcs": {"eye": "spontaneous", "verbal": "not testable", "motor": "obeys"},
        "gestational_age": {"last_period": "2024-01-02", "on": "2024-01-01"},
        "delta_ratio": {"sodium": 140, "chloride": 100, "bicarbonate": 24},
        "sofa": CALM["sofa"] | {"noradrenaline": 0.1},
    }
    for calculator_id, inputs in refused.items():
        (problem,) = compute(ALL[calculator_id], inputs).problems
        assert problem.code == "NOT_COMPUTABLE"
        assert problem.detail.endswith(".")
    assert "LDL has to be measured" in compute(ALL["ldl"], refused["ldl"]).problems[0].detail


@pytest.mark.parametrize(("age", "sex", "share"), [(17.9, "male", 0.6), (17.9, "female", 0.6), (18, "male", 0.6),
                                                   (18, "female", 0.5), (64.9, "male", 0.6), (64.9, "female", 0.5),
                                                   (65, "male", 0.5), (65, "female", 0.45)])  # fmt: skip
def test_the_share_of_water_by_age_and_sex(age, sex, share):
    found = value_of("free_water_deficit", {"age": age, "sex": sex, "weight": 100, "sodium": 154})
    assert found == pytest.approx(share * 10)


@pytest.mark.parametrize(
    ("weight", "rate"), [(9.9, 39.6), (10, 40), (10.1, 40.2), (19.9, 59.8), (20, 60), (20.1, 60.1)]
)
def test_the_steps_of_maintenance_fluid(weight, rate):
    assert value_of("maintenance_fluids", {"weight": weight}) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("days", "said"), [(0, "0 weeks and 0 days"), (8, "1 week and 1 day"), (205, "29 weeks and 2 days")]
)
def test_a_gestational_age_is_said_in_weeks_and_days(days, said):
    from datetime import date, timedelta

    on = (date(2024, 1, 1) + timedelta(days=days)).isoformat()
    outcome = compute(ALL["gestational_age"], {"last_period": "2024-01-01", "on": on})
    assert outcome.value == days
    assert outcome.text.startswith(f"Gestational age: {said}. ")


def test_days_are_said_and_echoed_without_an_order_to_mistake():
    outcome = compute(ALL["due_date"], {"last_period": "2024-03-05"})
    assert outcome.text == "Estimated due date: 10 December 2024."
    assert [one.plain for one in outcome.used] == ["2024-03-05"]
    assert outcome.assumptions == ("assumed: a cycle of 28 days",)


@pytest.mark.parametrize(
    ("raw", "code"),
    [("03/05/2024", "WRONG_TYPE"), ("2024-02-30", "OUT_OF_RANGE"), ("1899-12-31", "OUT_OF_RANGE"),
     ("2200-01-01", "OUT_OF_RANGE"), (20240305, "WRONG_TYPE"),
     ({"value": "2024-03-05", "unit": "days"}, "UNKNOWN_UNIT")],
)  # fmt: skip
def test_what_is_no_day_is_refused(raw, code):
    (problem,) = compute(ALL["due_date"], {"last_period": raw}).problems
    assert problem.code == code
