"""Inputs: nothing defaulted, impossible ones refused with the likely unit and without the value, properties."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.calculators.domain import units
from functions.calculators.domain.compute import Computed, Needs, Refused, accepted_units, compute
from functions.calculators.domain.model import Choice, Day, Quantity, YesNo
from functions.calculators.domain.registry import calculators

ALL = calculators()
EGFR = {"age": 60, "sex": "male", "creatinine": 1.0}


@pytest.mark.parametrize(
    ("kind", "written", "code"),
    [
        ("pressure", "mm Hg", "mmHg"), ("pressure", "mmhg", "mmHg"), ("rate", "bpm", "/min"),
        ("rate", "beats per minute", "/min"), ("rate", "breaths per minute", "/min"), ("mass", "lbs", "lb"),
        ("duration", "msec", "ms"), ("creatinine", "umol/L", "µmol/L"), ("creatinine", "μmol / L", "µmol/L"),
        ("creatinine", "micromoles per litre", "µmol/L"), ("creatinine", "mg/dl", "mg/dL"),
        ("urea nitrogen", "mmol/l", "mmol/L"), ("albumin", "g/l", "g/L"), ("albumin", "grams per deciliter", "g/dL"),
        ("cell count", "/uL", "/µL"), ("cell count", "per microliter", "/µL"), ("cell count", "x10^9/L", "10^9/L"),
        ("cell count", "K/uL", "10^3/µL"), ("electrolyte", "meq/L", "mEq/L"), ("length", "inches", "in"),
        ("filtration", "ml/min/1.73 m2", "mL/min/1.73 m²"), ("age", "yrs", "years"), ("enzyme", "IU/L", "U/L"),
    ],
)  # fmt: skip
def test_unit_spellings(kind, written, code):
    assert units.canonical(kind, written) == code


@pytest.mark.parametrize("written", ["mmol/dL", "mEq/mL", "mg", "stones", "", "mg/dL; drop table", "L/µmol"])
def test_unknown_units_are_no_unit(written):
    assert units.canonical("creatinine", written) is None


@pytest.mark.req("G25")
@pytest.mark.parametrize("calculator", ALL.values(), ids=lambda one: one.id)
def test_each_required_input_is_missed_when_it_is_not_given(calculator):
    """Left out or None, it is asked for by its name; an optional one that the others call for as well."""
    full = dict(calculator.examples[0].inputs)
    assert isinstance(compute(calculator, full), Computed)
    for one in calculator.inputs:
        for outcome in (
            compute(calculator, {name: value for name, value in full.items() if name != one.name}),
            compute(calculator, full | {one.name: None}),
        ):
            assert isinstance(outcome, Needs) or not one.required
            if isinstance(outcome, Needs):
                assert [missed.name for missed in outcome.missing] == [one.name]
                assert missed_question_ends(outcome)
    required = [one.name for one in calculator.inputs if one.required]
    nothing = compute(calculator, {})
    assert isinstance(nothing, Needs)
    assert [one.name for one in nothing.missing] == (required or ["opioid"])


def missed_question_ends(outcome):
    return all(one.question.endswith("?") for one in outcome.missing)


@pytest.mark.parametrize("calculator", ALL.values(), ids=lambda one: one.id)
def test_what_is_taken_for_an_optional_input_is_said(calculator):
    """No default is silent: what stands in for an input that was left out is among the assumptions."""
    for one in calculator.inputs:
        if one.unstated:
            assert not one.required
            given = {name: value for name, value in calculator.examples[0].inputs.items() if name != one.name}
            assert f"assumed: {one.unstated}" in compute(calculator, given).assumptions
            assert f"assumed: {one.unstated}" not in compute(calculator, calculator.examples[0].inputs).assumptions or (
                one.name not in calculator.examples[0].inputs
            )


@pytest.mark.parametrize(
    ("value", "unit", "likely"),
    [
        (90, "mg/dL", "µmol/L"),
        (200, "mmol/L", "µmol/L"),
        (200, None, "µmol/L"),
        (88, "g/dL", "µmol/L"),
        (1e9, "mg/dL", None),
    ],
)
def test_an_impossible_value_is_refused_with_the_likely_unit_and_is_not_echoed(value, unit, likely):
    raw = value if unit is None else {"value": value, "unit": unit}
    outcome = compute(ALL["ckd_epi_2021"], EGFR | {"creatinine": raw})
    assert isinstance(outcome, Refused)
    (problem,) = outcome.problems
    assert problem.likely_unit == likely
    assert str(value) not in problem.detail
    assert ("Did you mean" in problem.detail) == (likely is not None)


@pytest.mark.parametrize(
    ("calculator_id", "change", "likely"),
    [
        ("anion_gap", {"sodium": {"value": 137, "unit": "mmol/dL"}}, "mmol/L"),
        ("anion_gap", {"bicarbonate": {"value": 15, "unit": "mEq/mL"}}, "mmol/L"),
        ("anion_gap", {"albumin": {"value": 4.2, "unit": "g/L"}}, "g/dL"),
        ("anion_gap", {"albumin": {"value": 3.2, "unit": "mg/dL"}}, "g/dL"),
        ("anion_gap", {"albumin": 42}, "g/L"),
        ("corrected_calcium", {"calcium": {"value": 9, "unit": "mmol/L"}}, "mg/dL"),
        ("bmi", {"height": {"value": 1.75, "unit": "cm"}}, "m"),
        ("bmi", {"height": {"value": 175, "unit": "m"}}, "cm"),
    ],
)
def test_slips_of_the_unit_are_recognised(calculator_id, change, likely):
    outcome = compute(ALL[calculator_id], dict(ALL[calculator_id].examples[0].inputs) | change)
    assert isinstance(outcome, Refused)
    assert [problem.likely_unit for problem in outcome.problems] == [likely]


@pytest.mark.parametrize(
    "raw", ["", "high", True, [1.2], {"unit": "mg/dL"}, {"value": 1, "x": 2}, float("nan"), "inf", 10**400]
)
def test_what_is_no_number_is_refused(raw):
    outcome = compute(ALL["ckd_epi_2021"], EGFR | {"creatinine": raw})
    assert isinstance(outcome, Refused)
    assert {problem.code for problem in outcome.problems} <= {"WRONG_TYPE", "OUT_OF_RANGE"}


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [("sex", "unknown", "UNKNOWN_OPTION"), ("sex", 1, "UNKNOWN_OPTION"), ("hypertension", "maybe", "WRONG_TYPE"),
     ("hypertension", 1, "WRONG_TYPE"), ("hypertension", {"value": True, "unit": "kg"}, "UNKNOWN_UNIT"),
     ("shoe_size", 44, "UNKNOWN_INPUT")],
)  # fmt: skip
def test_wrong_answers_are_refused(name, raw, code):
    outcome = compute(ALL["cha2ds2_vasc"], dict(ALL["cha2ds2_vasc"].examples[0].inputs) | {name: raw})
    assert isinstance(outcome, Refused)
    assert [problem.code for problem in outcome.problems] == [code]


def test_every_problem_is_told_at_once():
    outcome = compute(ALL["ckd_epi_2021"], {"age": 500, "sex": "x", "creatinine": 900})
    assert {problem.name for problem in outcome.problems} == {"age", "sex", "creatinine"}


def test_inputs_are_echoed_in_canonical_units_with_what_was_assumed():
    inputs = {
        "age": {"value": 600, "unit": "months"}, "sex": "Female", "hypertension": "yes", "heart_failure": False,
        "diabetes": False, "stroke": {"value": False, "assumed": True}, "vascular_disease": False,
    }  # fmt: skip
    outcome = compute(ALL["cha2ds2_vasc"], inputs, assumed=["diabetes"])
    assert {one.input.name: one.value for one in outcome.used}["age"] == pytest.approx(50)
    assert [one.input.name for one in outcome.used if one.assumed] == ["diabetes", "stroke"]
    assert outcome.assumptions == ("assumed: no diabetes", "assumed: no stroke, TIA or systemic embolism")


def test_unusual_values_are_flagged_and_not_refused():
    outcome = compute(ALL["ckd_epi_2021"], {"age": 14, "sex": "male", "creatinine": 13.2})
    assert any("serum creatinine is outside the usual range" in line for line in outcome.warnings)
    assert any("18 years" in line for line in outcome.warnings)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["value", "unit", "x"]), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("calculator", ALL.values(), ids=lambda one: one.id)
def test_no_input_escapes_as_an_exception(calculator):
    full = dict(calculator.examples[0].inputs)

    @settings(max_examples=40, deadline=None)
    @given(st.dictionaries(st.sampled_from([*full, "other"]), ANYTHING))
    def check(inputs):
        assert isinstance(compute(calculator, full | inputs), Computed | Needs | Refused)

    check()


@pytest.mark.parametrize("calculator", ALL.values(), ids=lambda one: one.id)
def test_ranges_are_sound(calculator):
    for one in calculator.inputs:
        if isinstance(one, Quantity):
            assert one.possible.low <= one.usual.low < one.usual.high <= one.possible.high
            assert one.unit in accepted_units(one)
            assert set(one.bare_units) <= set(accepted_units(one))
        else:
            assert isinstance(one, Choice | Day | YesNo)
