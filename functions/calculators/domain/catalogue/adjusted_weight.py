from functions.calculators.domain.bodyweight import adjusted_weight
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ADULT_HEIGHT, SEX, WEIGHT
from functions.calculators.domain.model import Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: ideal weight and 0.4 of the difference to the actual one"


def notes(values: Values, value: Value) -> tuple[str, ...]:
    """The adjusted weight lies between the two others, so it tells which of them is the larger."""
    lighter = float(value) > values["weight"]
    return ("The patient weighs less than the ideal weight: doses usually go by the actual one.",) if lighter else ()


CALCULATOR = Calculator(
    id="adjusted_weight",
    title="Adjusted body weight",
    summary="Dosing weight for patients heavier than their ideal weight.",
    aliases=("adjusted body weight", "AdjBW", "adjusted weight"),
    names=(r"adjusted (?:body )?weight", r"adj ?bw"),
    inputs=(SEX, WEIGHT, ADULT_HEIGHT),
    unit="kg",
    decimals=1,
    equation="ideal + 0.4 x (actual - ideal), ideal weight by Devine",
    formula=adjusted_weight,
    notes=notes,
    citations=(
        Reference("Bauer LA et al. Eur J Clin Pharmacol 24:643-647", 1983),
        Reference("Winter MA, Guhr KN, Berg GM. Pharmacotherapy 32:604-612", 2012, "10.1002/j.1875-9114.2012.01098.x"),
        Reference("Devine BJ. Drug Intell Clin Pharm 8:650-655", 1974, "10.1177/106002807400801104"),
    ),
    examples=(
        Example({"sex": "male", "weight": 120, "height": 177.8}, 91.8, BY_HAND + ": 73 + 0.4 x 47"),
        Example({"sex": "female", "weight": 45.5, "height": 152.4}, 45.5, BY_HAND + ": nothing to adjust"),
        Example({"sex": "male", "weight": 40, "height": {"value": 60, "unit": "in"}}, 46.0, BY_HAND + ": 50 - 4"),
        Example(
            {"sex": "female", "weight": 80, "height": {"value": 64, "unit": "in"}},
            64.82,
            "NurseWeek's page on ideal body weight, example 2",
            Origin.TEACHING,
            printed="64.8",
        ),
    ),
)
