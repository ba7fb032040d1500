"""Inputs: nothing defaulted, impossible ones refused with the likely unit and without the value, properties."""

import math
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.calculators.domain import units
from functions.calculators.domain.compute import Computed, Needs, Refused, accepted_units, compute
from functions.calculators.domain.model import Choice, Day, Quantity, YesNo
from functions.calculators.domain.registry import calculators

ALL = calculators()
EGFR = {"age": 60, "sex": "male", "creatinine": 1.0}


def valid(one):
    """A strategy of values inside the possible range, in the canonical unit."""
    if isinstance(one, Quantity):
        low, high = one.possible.low, one.possible.high
        return st.integers(math.ceil(low), math.floor(high)) if one.whole else st.floats(low, high)
    if isinstance(one, Day):
        return st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
    if isinstance(one, Choice):
        return st.sampled_from([option.value for option in one.options])
    return st.booleans()


def valid_inputs(calculator):
    return st.fixed_dictionaries({one.name: valid(one) for one in calculator.inputs})


def bound(calculator, word, otherwise):
    """The value of the worked example that is marked as the least or the most that its paper gives."""
    return next((one.value for one in calculator.examples if f"the {word}" in one.source), otherwise)


# What has no most by nature: the index adds the age in years.
BOUNDLESS = {"psi"}


@pytest.mark.parametrize("calculator", [one for one in ALL.values() if one.unit == "points"], ids=lambda one: one.id)
def test_a_score_shows_the_most_it_can_give(calculator):
    assert (bound(calculator, "maximum", None) is None) == (calculator.id in BOUNDLESS)


@pytest.mark.parametrize("calculator_id", sorted(ALL))
def test_every_possible_input_computes_or_is_refused_with_a_reason(calculator_id):
    """Finite, with a text that names it, a band where there are bands, and within the bounds its paper gives."""
    calculator = ALL[calculator_id]
    low = bound(calculator, "minimum", 0 if calculator.unit == "points" else -math.inf)
    high = bound(calculator, "maximum", math.inf)

    @settings(max_examples=60, deadline=None)
    @given(valid_inputs(calculator))
    def check(inputs):
        outcome = compute(calculator, inputs)
        if isinstance(outcome, Refused):
            assert {problem.code for problem in outcome.problems} == {"NOT_COMPUTABLE"}
            assert all(problem.detail and calculator.input(problem.name) for problem in outcome.problems)
            return
        assert isinstance(outcome, Computed)
        assert outcome.text.startswith(calculator.short)
        assert bool(outcome.band) == bool(calculator.bands)
        if not isinstance(outcome.value, str):
            assert math.isfinite(outcome.value)
            assert low <= outcome.value <= high

    check()


@pytest.mark.parametrize(
    ("calculator_id", "name", "sign"),
    [
        ("ckd_epi_2021", "creatinine", -1), ("ckd_epi_2021", "age", -1), ("cockcroft_gault", "creatinine", -1),
        ("bmi", "weight", 1), ("bmi", "height", -1), ("map", "systolic", 1), ("map", "diastolic", 1),
        ("qtc_bazett", "qt", 1), ("qtc_fridericia", "heart_rate", 1), ("qtc_framingham", "heart_rate", 1),
        ("anion_gap", "chloride", -1), ("anion_gap", "albumin", -1), ("corrected_calcium", "albumin", -1),
        ("fib_4", "ast", 1), ("fib_4", "platelets", -1), ("meld_na", "bilirubin", 1), ("meld_3", "inr", 1),
        ("child_pugh", "albumin", -1), ("cha2ds2_vasc", "age", 1), ("curb_65", "urea_nitrogen", 1),
    ],
)  # fmt: skip
def test_formulas_are_monotone(calculator_id, name, sign):
    calculator = ALL[calculator_id]
    span = calculator.input(name).possible

    @settings(max_examples=60, deadline=None)
    @given(valid_inputs(calculator), st.floats(span.low, span.high), st.floats(span.low, span.high))
    def check(inputs, first, second):
        low, high = sorted((first, second))
        before = compute(calculator, inputs | {name: low}).value
        after = compute(calculator, inputs | {name: high}).value
        assert sign * (after - before) >= -1e-6 * max(1, abs(before))

    check()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_units_round_trip(data):
    kind = data.draw(st.sampled_from(sorted(units.QUANTITIES)))
    table = sorted(units.QUANTITIES[kind])
    source, target = data.draw(st.sampled_from(table)), data.draw(st.sampled_from(table))
    value = data.draw(st.floats(1e-6, 1e9))
    there = units.convert(kind, value, source, target)
    assert units.convert(kind, there, target, source) == pytest.approx(value, rel=1e-12)


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


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*EGFR, "other"]), ANYTHING))
def test_no_input_escapes_as_an_exception(inputs):
    assert isinstance(compute(ALL["ckd_epi_2021"], inputs), Computed | Needs | Refused)


@given(st.floats(0.1, 50), st.sampled_from(["mg/dL", "µmol/L", "mmol/L"]))
def test_the_unit_makes_no_difference(creatinine, unit):
    stated = units.convert("creatinine", creatinine, "mg/dL", unit)
    outcome = compute(ALL["ckd_epi_2021"], EGFR | {"creatinine": {"value": stated, "unit": unit}})
    assume(isinstance(outcome, Computed))  # the very ends may fall outside by one rounding
    plain = compute(ALL["ckd_epi_2021"], EGFR | {"creatinine": creatinine})
    assert outcome.value == pytest.approx(plain.value)


@pytest.mark.parametrize("calculator", ALL.values(), ids=lambda one: one.id)
def test_ranges_are_sound(calculator):
    for one in calculator.inputs:
        if isinstance(one, Quantity):
            assert one.possible.low <= one.usual.low < one.usual.high <= one.possible.high
            assert one.unit in accepted_units(one)
            assert set(one.bare_units) <= set(accepted_units(one))
        else:
            assert isinstance(one, Choice | Day | YesNo)
