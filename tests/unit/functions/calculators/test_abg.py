"""The blood gas: every cut on both sides, a second derivation as a table, compensation, anion gap and voice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.calculators.domain.compute import Computed, Needs, compute
from functions.calculators.domain.interpret import interpret
from functions.calculators.domain.registry import calculators

ALL = calculators()
ABG = ALL["abg"]


def read(ph, pressure, bicarbonate, **more):
    given_values = {"arterial_ph": ph, "arterial_carbon_dioxide": pressure, "bicarbonate": bicarbonate} | more
    outcome = compute(ABG, given_values)
    assert isinstance(outcome, Computed), outcome
    return outcome


# By pH (low, low normal, high normal, high), then PaCO2 and bicarbonate (low, normal, high): a second derivation.
TABLE = {
    "low": ("MA U U", "MA U U", "MRA RA RA"),
    "low normal": ("MA U U", "U N U", "U U RA"),
    "high normal": ("RL U U", "U N U", "U U ML"),
    "high": ("RL RL MRL", "U U ML", "U U ML"),
}
TEXT = {
    "N": "no acid-base disorder", "U": "not decided", "MA": "metabolic acidosis", "RA": "respiratory acidosis",
    "MRA": "metabolic and respiratory acidosis", "ML": "metabolic alkalosis", "RL": "respiratory alkalosis",
    "MRL": "metabolic and respiratory alkalosis",
}  # fmt: skip


def tabled(ph, pressure, bicarbonate):
    row = "low" if ph < 7.35 else "low normal" if ph < 7.4 else "high normal" if ph <= 7.45 else "high"
    across = TABLE[row][(pressure >= 35) + (pressure > 45)].split()
    return TEXT[across[(bicarbonate >= 22) + (bicarbonate > 26)]]


@settings(max_examples=400, deadline=None)
@given(st.floats(6.9, 7.7), st.floats(15, 100), st.floats(5, 50))
def test_the_disorder_agrees_with_a_table(ph, pressure, bicarbonate):
    assert read(ph, pressure, bicarbonate).value == tabled(ph, pressure, bicarbonate)


@pytest.mark.parametrize(
    ("gas", "disorder"),
    [
        ((7.40, 40, 24), "no acid-base disorder"),
        ((7.349, 40, 21.9), "metabolic acidosis"),
        ((7.349, 40, 22), "not decided"),
        ((7.349, 45.1, 24), "respiratory acidosis"),
        ((7.349, 45, 24), "not decided"),
        ((7.451, 34.9, 24), "respiratory alkalosis"),
        ((7.451, 35, 26), "not decided"),
        ((7.451, 40, 26.1), "metabolic alkalosis"),
        ((7.20, 50, 18), "metabolic and respiratory acidosis"),
        ((7.60, 30, 30), "metabolic and respiratory alkalosis"),
        ((7.39, 60, 36), "respiratory acidosis"),
        ((7.40, 60, 36), "metabolic alkalosis"),
        ((7.39, 30, 18), "metabolic acidosis"),
        ((7.40, 30, 18), "respiratory alkalosis"),
    ],
)
def test_every_limit_counts_from_its_side_on(gas, disorder):
    outcome = read(*gas)
    assert outcome.value == disorder
    assert outcome.band


@pytest.mark.parametrize(
    ("gas", "said"),
    [
        ((7.22, 18, 7), "Compensation is as expected."),
        ((7.22, 30, 12), "It is higher: respiratory acidosis as well."),
        ((7.30, 15, 12), "It is lower: respiratory alkalosis as well."),
        ((7.51, 49, 35), "Compensation is as expected."),
        ((7.58, 48, 44), "It is lower: respiratory alkalosis as well."),
        ((7.50, 60, 35), "It is higher: respiratory acidosis as well."),
        ((7.30, 60, 29), "It lies within that; only the history tells acute from chronic."),
        ((7.34, 50, 32.1), "It is higher: metabolic alkalosis as well."),
        ((7.20, 60, 23.9), "It is lower: metabolic acidosis as well."),
        ((7.50, 30, 21), "It lies within that; only the history tells acute from chronic."),
        ((7.55, 30, 25), "It is higher: metabolic alkalosis as well."),
        ((7.46, 20, 11.9), "It is lower: metabolic acidosis as well."),
    ],
)
def test_compensation_is_compared_with_what_berend_expects(gas, said):
    assert said in read(*gas).warnings


def test_the_anion_gap_follows_the_electrolytes_and_the_albumin():
    first = read(7.22, 18, 7, sodium=138, chloride=98).warnings
    assert first[0] == "Expected PaCO2 16.5 to 20.5 mmHg."
    assert any("Anion gap 33.0 mmol/L, not corrected" in line and "1.24: that acidosis alone" in line for line in first)
    mixed = read(7.30, 28, 13, sodium=140, chloride=112).warnings
    assert any("Delta ratio 0.27: acidosis with a normal anion gap as well." in line for line in mixed)
    raised = read(7.40, 40, 24, sodium=140, chloride=98).warnings
    assert any("raised, so metabolic acidosis even at this bicarbonate." in line for line in raised)
    hidden = read(7.33, 35, 18, sodium=135, chloride=107, albumin=2).warnings
    assert any("Anion gap 15.0 mmol/L, corrected for albumin" in line for line in hidden)
    assert any(
        "Delta ratio 2.50" in line and "earlier high" in line
        for line in (read(7.36, 36, 20, sodium=142, chloride=100).warnings)
    )
    assert any(line.endswith("not raised.") for line in read(7.3, 30, 15, sodium=135, chloride=110).warnings)
    assert any("could be told" in line for line in read(7.22, 18, 7).warnings)


def test_values_that_do_not_fit_together_are_told():
    assert any(
        "do not fit together: pressure and bicarbonate give a pH of 7.39" in line
        for line in (read(7.10, 40, 24).warnings)
    )
    assert not any("fit together" in line for line in read(7.22, 18, 7).warnings)


@pytest.mark.parametrize(
    "sentence",
    [
        "interpret this blood gas: pH 7.22, pCO2 18, bicarbonate 7",
        "calculate the ABG with a pH of 7.22, a PaCO2 of 18 and a bicarb of 7",
        "arterial blood gas interpretation, pH 7.22, pCO2 18 mmHg, HCO3 7",
        "acid-base interpretation for pH 7.22 pCO2 18 bicarbonate 7",
    ],
)
def test_it_is_reached_by_voice(sentence):
    found = interpret(sentence)
    assert found.calculator.id == "abg"
    values = {name: value["value"] if isinstance(value, dict) else value for name, value in found.inputs.items()}
    assert values["arterial_ph"] == 7.22
    assert values["arterial_carbon_dioxide"] == 18
    assert values["bicarbonate"] == 7


def test_a_gas_without_its_bicarbonate_is_asked_for():
    outcome = compute(ABG, {"arterial_ph": 7.3, "arterial_carbon_dioxide": 30})
    assert isinstance(outcome, Needs)
    assert [one.name for one in outcome.missing] == ["bicarbonate"]
