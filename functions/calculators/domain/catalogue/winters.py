"""Winter's formula: the carbon dioxide pressure that a metabolic acidosis should bring about."""

from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ARTERIAL_CARBON_DIOXIDE, BICARBONATE
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "by hand: 1.5 x bicarbonate + 8"
MEASURED = replace(ARTERIAL_CARBON_DIOXIDE, required=False)
MARGIN = 2


def formula(values: Values) -> float:
    pressure: float = 1.5 * values["bicarbonate"] + 8
    return pressure


def notes(values: Values, value: Value) -> tuple[str, ...]:
    """How the measured pressure lies to the expected one, 2 mmHg to either side."""
    expected = float(value)
    spread = f"Expected range {expected - MARGIN:.1f} to {expected + MARGIN:.1f} mmHg."
    measured = values.get("arterial_carbon_dioxide")
    if measured is None:
        return (spread,)
    if measured > expected + MARGIN:
        return (spread, "The measured pressure is above it: respiratory acidosis as well.")
    if measured < expected - MARGIN:
        return (spread, "The measured pressure is below it: respiratory alkalosis as well.")
    return (spread, "The measured pressure lies within it: compensation is as expected.")


CALCULATOR = Calculator(
    id="winters",
    title="Winter's formula",
    summary="Expected carbon dioxide pressure in metabolic acidosis.",
    aliases=("Winter's formula", "Winters formula", "expected pCO2"),
    inputs=(BICARBONATE, MEASURED),
    unit="mmHg",
    decimals=1,
    formula=formula,
    equation="1.5 x bicarbonate + 8, 2 mmHg to either side",
    bands=(Band(0, "Expected pressure; it holds for metabolic acidosis alone."),),
    notes=notes,
    caveats=("Only for metabolic acidosis, once compensation has had 12 to 24 hours.",),
    citations=(
        Reference("Albert MS, Dell RB, Winters RW. Ann Intern Med 66:312-322", 1967, "10.7326/0003-4819-66-2-312"),
    ),
    examples=(
        Example({"bicarbonate": 12}, 26.0, BY_HAND),
        Example({"bicarbonate": 8, "arterial_carbon_dioxide": 20}, 20.0, BY_HAND),
        Example({"bicarbonate": 15, "arterial_carbon_dioxide": {"value": 5, "unit": "kPa"}}, 30.5, BY_HAND),
        Example(
            {"bicarbonate": 7, "arterial_carbon_dioxide": 18},
            18.5,
            "StethoPrep question on acid-base 033, after Harper's Biochemistry",
            Origin.TEACHING,
        ),
        Example(
            {"bicarbonate": 13, "arterial_carbon_dioxide": 28},
            27.5,
            "StethoPrep question on acid-base 026, after Guyton and Hall",
            Origin.TEACHING,
        ),
    ),
)
