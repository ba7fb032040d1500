"""What holds for every calculator of the registry, whoever adds it: bounds, bands, units, and which way it moves."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.calculators.domain import units
from functions.calculators.domain.compute import Computed, Refused, accepted_units, band_of, compute
from functions.calculators.domain.model import Quantity, YesNo
from functions.calculators.domain.registry import calculators

ALL = calculators()
EACH = pytest.mark.parametrize("calculator", ALL.values(), ids=lambda one: one.id)
SCORES = [one for one in ALL.values() if one.unit == "points"]


def bound(calculator, word, otherwise):
    """The value of the worked example that is marked as the least or the most that its paper gives."""
    return next((one.value for one in calculator.examples if f"the {word}" in one.source), otherwise)


# What has no most by nature: the index adds the age in years.
BOUNDLESS = {"psi"}


@pytest.mark.parametrize("calculator", SCORES, ids=lambda one: one.id)
def test_a_score_shows_the_most_it_can_give(calculator):
    assert (bound(calculator, "maximum", None) is None) == (calculator.id in BOUNDLESS)


@EACH
def test_every_possible_input_computes_or_is_refused_with_a_reason(calculator, valid_inputs):
    """Finite, with a text that names it, a band where there are bands, and within the bounds its paper gives."""
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


@EACH
def test_a_band_begins_at_its_floor_and_not_below(calculator):
    """On both sides of every floor another band is told, and no band is hidden behind a later one."""
    for band in calculator.bands:
        values = dict([band.when]) if band.when else {}
        if isinstance(band.floor, str):
            assert band_of(calculator, band.floor, values) == band.text
            continue
        if band.floor == -math.inf:
            assert band_of(calculator, -1e9, values) == band.text
            continue
        above, below = math.nextafter(band.floor, math.inf), math.nextafter(band.floor, -math.inf)
        assert band_of(calculator, above, values) == band.text
        assert band_of(calculator, band.floor if band.inclusive else above, values) == band.text
        same = sum(other.text == band.text and other.when == band.when for other in calculator.bands) > 1
        assert same or band_of(calculator, below if band.inclusive else band.floor, values) != band.text


@EACH
def test_the_unit_makes_no_difference(calculator, valid_inputs):
    """Every quantity in every unit it accepts gives what the canonical unit gives."""
    quantities = [one for one in calculator.inputs if isinstance(one, Quantity) and len(accepted_units(one)) > 1]

    @settings(max_examples=25, deadline=None)
    @given(valid_inputs(calculator), st.data())
    def check(inputs, data):
        one = data.draw(st.sampled_from(quantities))
        unit = data.draw(st.sampled_from(accepted_units(one)))
        stated = units.convert(one.quantity, inputs[one.name], one.unit, unit)
        # What it is once it has gone there and back: a last digit may differ, and a cut may lie in between.
        back = units.convert(one.quantity, stated, unit, one.unit)
        assume(one.possible.holds(back) and (not one.whole or back == int(back)))
        plain = compute(calculator, inputs | {one.name: back})
        outcome = compute(calculator, inputs | {one.name: {"value": stated, "unit": unit}})
        assert type(outcome) is type(plain)
        if isinstance(plain, Computed):
            assert (outcome.value, outcome.band, outcome.text) == (plain.value, plain.band, plain.text)
        assert back == pytest.approx(inputs[one.name], rel=1e-9, abs=1e-9)

    if quantities:
        check()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_units_round_trip(data):
    kind = data.draw(st.sampled_from(sorted(units.QUANTITIES)))
    table = sorted(units.QUANTITIES[kind])
    source, target = data.draw(st.sampled_from(table)), data.draw(st.sampled_from(table))
    value = data.draw(st.floats(1e-6, 1e9))
    there = units.convert(kind, value, source, target)
    assert units.convert(kind, there, target, source) == pytest.approx(value, rel=1e-12, abs=1e-9)


# Random inputs that contradict each other nearly always: lipids, and rates of vasopressors of which none runs.
COMPUTABLE = {
    "ldl": {"total_cholesterol": 3000, "hdl": 1, "triglycerides": 100},
    "sofa": {"vasopressors": True},
}
# Criteria that lower a score: an alternative diagnosis, and the signs of a cold instead of streptococci.
LOWERING = {("wells_dvt", "alternative_diagnosis"), ("centor", "cough"), ("feverpain", "cough_or_cold")}


@pytest.mark.parametrize("calculator", SCORES, ids=lambda one: one.id)
def test_a_criterion_that_holds_moves_a_score_one_way(calculator, valid_inputs):
    fixed = COMPUTABLE.get(calculator.id, {})
    criteria = [one for one in calculator.inputs if isinstance(one, YesNo) and one.name not in fixed]

    @settings(max_examples=40, deadline=None)
    @given(valid_inputs(calculator), st.data())
    def check(inputs, data):
        one = data.draw(st.sampled_from(criteria))
        without, with_it = (compute(calculator, inputs | fixed | {one.name: holds}) for holds in (False, True))
        assume(isinstance(without, Computed) and isinstance(with_it, Computed))
        sign = -1 if (calculator.id, one.name) in LOWERING else 1
        assert sign * (with_it.value - without.value) >= 0

    if criteria:
        check()


# calculator -> the quantities in which it rises, and those in which it falls, whatever the others are.
MOVES = {
    "ckd_epi_2021": ("", "creatinine age"), "mdrd": ("", "creatinine age"), "cockcroft_gault": ("", "creatinine"),
    "bmi": ("weight", "height"), "bsa": ("weight height", ""), "ideal_weight": ("height", ""),
    "adjusted_weight": ("weight height", ""), "target_weight": ("body_mass_index height", ""),
    "map": ("systolic diastolic", ""), "maintenance_fluids": ("weight", ""), "free_water_deficit": ("sodium", ""),
    "qtc_bazett": ("qt heart_rate", ""), "qtc_fridericia": ("qt heart_rate", ""),
    "qtc_framingham": ("qt heart_rate", ""), "qtc_hodges": ("qt heart_rate", ""),
    "qtc_rautaharju": ("qt heart_rate", ""), "anion_gap": ("sodium", "chloride bicarbonate albumin"),
    "anion_gap_albumin": ("sodium", "chloride bicarbonate albumin"), "delta_gap": ("sodium", "chloride bicarbonate"),
    "delta_gap_albumin": ("sodium", "chloride bicarbonate albumin"), "corrected_calcium": ("calcium", "albumin"),
    "corrected_sodium": ("sodium glucose", ""), "osmolality": ("sodium urea_nitrogen glucose", ""),
    "homa_ir": ("glucose insulin", ""), "fena": ("urine_sodium creatinine", "sodium urine_creatinine"),
    "ldl": ("total_cholesterol", "hdl triglycerides"), "fib_4": ("age ast", "platelets alt"),
    "framingham": ("systolic", "hdl"), "steroid_conversion": ("dose", ""),
    "mme": ("morphine morphine_per_day fentanyl_patch fentanyl_patches methadone tramadol", ""),
    "gestational_age": ("", ""), "meld_na": ("bilirubin inr creatinine", ""), "meld_3": ("bilirubin inr", ""),
    "child_pugh": ("bilirubin inr", "albumin"), "cha2ds2_vasc": ("age", ""), "has_bled": ("age", ""),
    "curb_65": ("urea_nitrogen respiratory_rate age", "systolic diastolic"), "wells_pe": ("heart_rate", ""),
    "qsofa": ("respiratory_rate", "systolic"), "heart": ("age", ""), "rcri": ("creatinine", ""),
    "perc": ("age heart_rate", "oxygen_saturation"), "charlson": ("age", ""), "caprini": ("age body_mass_index", ""),
    "glasgow_blatchford": ("urea_nitrogen heart_rate", "haemoglobin systolic"),
    "psi": ("age respiratory_rate heart_rate urea_nitrogen glucose",
            "systolic arterial_ph sodium haematocrit arterial_oxygen"),
    "sirs": ("heart_rate respiratory_rate", "arterial_carbon_dioxide"),
    "apache_ii": ("oxygen_gradient age", "arterial_oxygen coma_scale"),
    "sofa": ("inspired_oxygen bilirubin creatinine noradrenaline dopamine",
             "arterial_oxygen platelets coma_scale urine_output"),
}  # fmt: skip
DIRECTIONS = [
    (calculator_id, name, sign)
    for calculator_id, moves in MOVES.items()
    for sign, names in zip((1, -1), moves, strict=True)
    for name in names.split()
]


@pytest.mark.parametrize(("calculator_id", "name", "sign"), DIRECTIONS)
def test_a_formula_moves_one_way(calculator_id, name, sign, valid_inputs):
    calculator = ALL[calculator_id]
    one = calculator.input(name)
    low = one.possible.low
    high = 399 if name == "triglycerides" else one.possible.high  # above, LDL is refused
    either = st.integers(math.ceil(low), math.floor(high)) if one.whole else st.floats(low, high)

    @settings(max_examples=50, deadline=None)
    @given(valid_inputs(calculator), either, either)
    def check(inputs, first, second):
        smaller, larger = sorted((first, second))
        others = inputs | COMPUTABLE.get(calculator_id, {})
        before = compute(calculator, others | {name: smaller})
        after = compute(calculator, others | {name: larger})
        assume(isinstance(before, Computed) and isinstance(after, Computed))
        assert sign * (after.value - before.value) >= -1e-6 * max(1, abs(before.value))

    check()
