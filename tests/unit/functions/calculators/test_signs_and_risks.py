"""Early warning, blood gases, effusions, pancreatitis and ten-year risks: cuts on both sides, second derivations."""

import math

import pytest

from functions.calculators.domain.catalogue import prevent
from functions.calculators.domain.compute import Computed, Refused, compute
from functions.calculators.domain.registry import calculators

ALL = calculators()


def outcome_of(calculator_id, inputs):
    outcome = compute(ALL[calculator_id], inputs)
    assert isinstance(outcome, Computed), outcome
    return outcome


def value_of(calculator_id, inputs):
    return outcome_of(calculator_id, inputs).value


def lowest(calculator_id):
    return dict(ALL[calculator_id].examples[0].inputs)


# NEWS2 after its chart.


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("respiratory_rate", 8, 3), ("respiratory_rate", 9, 1), ("respiratory_rate", 11, 1),
        ("respiratory_rate", 12, 0), ("respiratory_rate", 20, 0), ("respiratory_rate", 21, 2),
        ("respiratory_rate", 24, 2), ("respiratory_rate", 25, 3), ("oxygen_saturation", 91, 3),
        ("oxygen_saturation", 92, 2), ("oxygen_saturation", 93, 2), ("oxygen_saturation", 94, 1),
        ("oxygen_saturation", 95, 1), ("oxygen_saturation", 96, 0), ("supplemental_oxygen", True, 2),
        ("systolic", 90, 3), ("systolic", 91, 2), ("systolic", 100, 2), ("systolic", 101, 1), ("systolic", 110, 1),
        ("systolic", 111, 0), ("systolic", 219, 0), ("systolic", 220, 3), ("heart_rate", 40, 3), ("heart_rate", 41, 1),
        ("heart_rate", 50, 1), ("heart_rate", 51, 0), ("heart_rate", 90, 0), ("heart_rate", 91, 1),
        ("heart_rate", 110, 1), ("heart_rate", 111, 2), ("heart_rate", 130, 2), ("heart_rate", 131, 3),
        ("alertness", "confusion", 3), ("alertness", "voice", 3), ("alertness", "pain", 3),
        ("alertness", "unresponsive", 3), ("temperature", 35.0, 3), ("temperature", 35.1, 1), ("temperature", 36.0, 1),
        ("temperature", 36.1, 0), ("temperature", 38.0, 0), ("temperature", 38.1, 1), ("temperature", 39.0, 1),
        ("temperature", 39.1, 2), ("temperature", 38.04, 0), ("temperature", 38.05, 1),
        ("temperature", {"value": 100.4, "unit": "°F"}, 0), ("heart_rate", 90.4, 0), ("heart_rate", 90.5, 1),
    ],
)  # fmt: skip
def test_news2_points(name, value, points):
    assert value_of("news2", lowest("news2") | {name: value}) == points


@pytest.mark.parametrize(
    ("saturation", "on_air", "on_oxygen"),
    [(83, 3, 5), (84, 2, 4), (85, 2, 4), (86, 1, 3), (87, 1, 3), (88, 0, 2), (92, 0, 2), (93, 0, 3), (94, 0, 3),
     (95, 0, 4), (96, 0, 4), (97, 0, 5), (100, 0, 5)],
)  # fmt: skip
def test_news2_second_saturation_scale(saturation, on_air, on_oxygen):
    inputs = lowest("news2") | {"oxygen_scale": "2", "oxygen_saturation": saturation}
    assert value_of("news2", inputs) == on_air
    assert value_of("news2", inputs | {"supplemental_oxygen": True}) == on_oxygen


@pytest.mark.parametrize(
    ("change", "points", "start", "alone"),
    [
        ({"heart_rate": 131}, 3, "Low", True), ({"heart_rate": 111, "systolic": 95}, 4, "Low", False),
        ({"heart_rate": 111, "systolic": 95, "temperature": 38.5}, 5, "Medium", False),
        ({"heart_rate": 131, "systolic": 95, "temperature": 38.5}, 6, "Medium", True),
        ({"heart_rate": 131, "systolic": 95, "temperature": 39.5}, 7, "High", False),
    ],
)  # fmt: skip
def test_news2_bands_and_the_single_red_sign(change, points, start, alone):
    outcome = outcome_of("news2", lowest("news2") | change)
    assert outcome.value == points
    assert outcome.band.startswith(start)
    assert any("One sign alone" in line for line in outcome.warnings) == alone


# Pulmonary embolism and pancreatitis.


@pytest.mark.parametrize(
    "change",
    [{"age": 80.5}, {"heart_rate": 110}, {"systolic": 99}, {"oxygen_saturation": 89}, {"cancer": True},
     {"heart_or_lung_disease": True}],
)  # fmt: skip
def test_one_point_makes_an_embolism_high_risk(change):
    calm = lowest("spesi")
    assert outcome_of("spesi", calm).band.startswith("Low")
    outcome = outcome_of("spesi", calm | change)
    assert outcome.value == 1
    assert outcome.band.startswith("High")


@pytest.mark.parametrize(
    "change",
    [{"age": 55.5}, {"white_cells": 16.1}, {"glucose": 201}, {"ldh": 351}, {"ast": 251}, {"calcium": 7.9},
     {"arterial_oxygen": 59}, {"haematocrit_fall": True}, {"urea_rise": True}, {"base_deficit": True},
     {"sequestration": True}],
)  # fmt: skip
def test_ransons_criteria_count_one_each(change):
    assert value_of("ranson", lowest("ranson") | change) == 1


@pytest.mark.parametrize(
    ("count", "start"),
    [(2, "Mortality about 1 "), (3, "Mortality about 15"), (4, "Mortality about 15"), (5, "Mortality about 40"),
     (6, "Mortality about 40"), (7, "Mortality near 100")],
)  # fmt: skip
def test_ransons_bands(count, start):
    steps = {"age": 60, "white_cells": 20, "glucose": 300, "ldh": 500, "ast": 400, "calcium": 7, "arterial_oxygen": 50}
    inputs = lowest("ranson") | dict(list(steps.items())[:count])
    assert outcome_of("ranson", inputs).band.startswith(start)


# Effusions and blood gases.


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({}, "transudate", "None"), ({"fluid_protein": 3.01}, "exudate", "protein above 0.5"),
        ({"fluid_ldh": 120.1}, "exudate", "LDH above 0.6"),
        ({"fluid_ldh": 160, "serum_ldh": 400}, "transudate", "None"),
        ({"fluid_ldh": 160.1, "serum_ldh": 400}, "exudate", "two thirds"),
    ],
)  # fmt: skip
def test_lights_criteria(change, kind, said):
    outcome = outcome_of("lights_criteria", lowest("lights_criteria") | change)
    assert outcome.value == kind
    assert said in outcome.warnings[-1]


@pytest.mark.parametrize(
    ("measured", "said"),
    [(24, "within"), (23.9, "below"), (28, "within"), (28.1, "above"), (None, None)],
)
def test_the_measured_pressure_beside_winters(measured, said):
    outcome = outcome_of("winters", {"bicarbonate": 12, "arterial_carbon_dioxide": measured})
    assert outcome.value == 26
    assert "Expected range 24.0 to 28.0 mmHg." in outcome.warnings
    assert len(outcome.warnings) == (1 if said is None else 2)
    assert said is None or said in outcome.warnings[-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arterial_oxygen": 85.73, "age": 40}, "Within the limit"), ({"arterial_oxygen": 85.72, "age": 40}, "Above"),
        ({"inspired_oxygen": 40, "age": 40}, "for room air"), ({}, "age was not given"),
        ({"arterial_oxygen": 120}, "negative gradient"),
    ],
)  # fmt: skip
def test_the_gradient_is_judged_by_age_on_room_air(change, said):
    outcome = outcome_of("aa_gradient", lowest("aa_gradient") | change)
    assert any(said in line for line in outcome.warnings)
    assert "assumed: air pressure 760 mmHg (sea level)" in outcome.assumptions


@pytest.mark.parametrize(("oxygen", "start"), [(84.73, "Up to 15"), (84.72, "Raised")])
def test_the_bands_of_the_gradient(oxygen, start):
    """Alveolar 0.21 x 713 - 40 / 0.8 = 99.73 mmHg."""
    assert outcome_of("aa_gradient", lowest("aa_gradient") | {"arterial_oxygen": oxygen}).band.startswith(start)


def test_thin_air_is_no_assumption():
    outcome = outcome_of("aa_gradient", lowest("aa_gradient") | {"air_pressure": 640, "arterial_oxygen": 60})
    assert outcome.value == pytest.approx(0.21 * (640 - 47) - 50 - 60)
    assert outcome.assumptions == ()


# Ten-year risks.


def second_prevent(female, numbers, flags):
    """Written apart from the catalogue, as a sum of named products."""
    age, total, hdl, systolic, egfr = numbers
    diabetes, smoking, treated, statin = flags
    a, non = (age - 55) / 10, (total - hdl) * 0.02586 - 3.5
    h, up = (hdl * 0.02586 - 1.3) / 0.3, (max(systolic, 110) - 130) / 20
    down, low = (min(systolic, 110) - 110) / 20, (60 - min(egfr, 60)) / 15
    high = (90 - max(egfr, 60)) / 15
    if female:
        log_odds = (
            -3.307728
            + a
            * (
                0.7939329
                - 0.0819715 * non
                + 0.0306769 * h
                - 0.0946348 * up
                - 0.27057 * diabetes
                - 0.078715 * smoking
                - 0.1637806 * low
            )
            + non * (0.0305239 + 0.1197879 * statin)
            - 0.1606857 * h
            - 0.2394003 * down
            + up * (0.3600781 - 0.0663612 * treated)
            + 0.8667604 * diabetes
            + 0.5360739 * smoking
            + 0.6045917 * low
            + 0.0433769 * high
            + 0.3151672 * treated
        )
        log_odds -= 0.1477655 * statin
    else:
        log_odds = (
            -3.031168
            + a
            * (
                0.7688528
                - 0.0517874 * non
                + 0.0191169 * h
                - 0.1049477 * up
                - 0.2251948 * diabetes
                - 0.0895067 * smoking
                - 0.1543702 * low
            )
            + non * (0.0736174 + 0.150273 * statin)
            - 0.0954431 * h
            - 0.4347345 * down
            + up * (0.3362658 - 0.0475924 * treated)
            + 0.7692857 * diabetes
            + 0.4386871 * smoking
            + 0.5378979 * low
            + 0.0164827 * high
            + 0.288879 * treated
        )
        log_odds -= 0.1337349 * statin
    return 100 / (1 + math.exp(-log_odds))  # fmt: skip


@pytest.mark.parametrize("female", [True, False])
@pytest.mark.parametrize("flags", [(0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1), (1, 1, 1, 1)])
@pytest.mark.parametrize(
    "numbers", [(30, 130, 20, 90, 15), (50, 200, 45, 160, 90), (64, 240, 60, 109, 59), (79, 320, 100, 200, 150)]
)
def test_prevent_agrees_with_a_second_derivation(female, flags, numbers):
    names = ("age", "total_cholesterol", "hdl", "systolic", "egfr")
    told = dict(zip(("diabetes", "smoking", "antihypertensives", "statin"), map(bool, flags), strict=True))
    found = value_of("prevent", dict(zip(names, numbers, strict=True)) | told | {"sex": "female" if female else "male"})
    assert found == pytest.approx(second_prevent(female, numbers, flags))


def test_prevent_prints_the_papers_example():
    assert round(value_of("prevent", prevent.PAPERS), 1) == 14.7


def test_prevent_takes_cholesterol_in_either_unit():
    with_mmol = prevent.PAPERS | {"total_cholesterol": {"value": 5.17, "unit": "mmol/L"}}
    assert value_of("prevent", with_mmol) == pytest.approx(14.68, abs=0.01)


@pytest.mark.parametrize("calculator_id", ["prevent", "ascvd_pce"])
@pytest.mark.parametrize("change", [{"age": 80}, {"age": 29}, {"systolic": 201}, {"hdl": 19}])
def test_the_equations_refuse_what_they_were_not_made_for(calculator_id, change):
    assert isinstance(compute(ALL[calculator_id], lowest(calculator_id) | change), Refused)


@pytest.mark.parametrize(
    ("risk", "start"),
    [(4.9, "Low"), (5, "Borderline"), (7.4, "Borderline"), (7.5, "Intermediate"), (19.9, "Intermediate"), (20, "High")],
)  # fmt: skip
@pytest.mark.parametrize("calculator_id", ["prevent", "ascvd_pce"])
def test_bands_of_the_risks(calculator_id, risk, start):
    reached = [band.text for band in ALL[calculator_id].bands if band.reached(risk, {})]
    assert reached[-1].startswith(start)


@pytest.mark.parametrize(
    ("sex", "race", "printed"),
    [("female", "white", 2.1), ("female", "black", 3.0), ("male", "white", 5.3), ("male", "black", 6.1)],
)
def test_pooled_cohort_equations_print_the_papers_table(sex, race, printed):
    """Table A of Goff 2014; the paper rounds the sums to two decimals, which makes 5.38 of white men 5.3."""
    found = value_of("ascvd_pce", lowest("ascvd_pce") | {"sex": sex, "race": race})
    assert found == pytest.approx(printed, abs=0.1)


def second_white_woman(age, total, hdl, systolic, treated, smoking, diabetes):
    a = math.log(age)
    pressure = math.log(systolic) * (2.019 if treated else 1.957)
    found = -29.799 * a + 4.884 * a * a + math.log(total) * (13.540 - 3.114 * a) + math.log(hdl) * (-13.578 + 3.149 * a)
    found += pressure + smoking * (7.574 - 1.665 * a) + 0.661 * diabetes
    return 100 * (1 - 0.9665 ** math.exp(found + 29.18))


def second_black_man(age, total, hdl, systolic, treated, smoking, diabetes):
    found = 2.469 * math.log(age) + 0.302 * math.log(total) - 0.307 * math.log(hdl) + 0.549 * smoking + 0.645 * diabetes
    found += math.log(systolic) * (1.916 if treated else 1.809)
    return 100 * (1 - 0.8954 ** math.exp(found - 19.54))


@pytest.mark.parametrize("flags", [(False, False, False), (True, True, False), (True, True, True)])
@pytest.mark.parametrize("numbers", [(40, 170, 60, 110), (62, 250, 38, 165)])
@pytest.mark.parametrize(
    ("sex", "race", "second"), [("female", "white", second_white_woman), ("male", "black", second_black_man)]
)
def test_pooled_cohort_equations_agree_with_a_second_derivation(sex, race, second, numbers, flags):
    age, total, hdl, systolic = numbers
    treated, smoking, diabetes = flags
    inputs = {
        "age": age, "sex": sex, "race": race, "total_cholesterol": total, "hdl": hdl, "systolic": systolic,
        "antihypertensives": treated, "smoking": smoking, "diabetes": diabetes,
    }  # fmt: skip
    assert value_of("ascvd_pce", inputs) == pytest.approx(second(*numbers, *flags))
