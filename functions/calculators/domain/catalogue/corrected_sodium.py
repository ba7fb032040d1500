from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import GLUCOSE, SODIUM
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: sodium + 0.024 x (glucose in mg/dL - 100)"


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    usual = values["glucose"] >= 100
    return () if usual else ("The glucose is not raised: there is nothing to correct.",)


CALCULATOR = Calculator(
    id="corrected_sodium",
    title="Sodium corrected for glucose",
    short="Corrected sodium",
    summary="Serum sodium as it would be without the water that a high glucose draws into the plasma.",
    aliases=("corrected sodium", "sodium correction for hyperglycemia", "glucose-corrected sodium"),
    names=(
        r"(?:glucose )?corrected (?:serum )?(?:sodium|na)",
        r"sodium correct(?:ion|ed)(?: (?:for|in) (?:hyperglyca?emia|glucose|high glucose))?",
    ),
    input_in_name=True,
    inputs=(SODIUM, GLUCOSE),
    unit="mmol/L",
    decimals=1,
    equation="sodium + 0.024 x (glucose in mg/dL - 100)",
    formula=lambda v: v["sodium"] + 0.024 * (v["glucose"] - 100),
    bands=(
        Band(float("-inf"), "Low even when corrected (below 135 mmol/L)."),
        Band(135, "Within the usual range of 135 to 145 mmol/L."),
        Band(145, "High when corrected (above 145 mmol/L): water is lacking.", inclusive=False),
    ),
    notes=notes,
    caveats=("The older factor of 1.6 mmol/L per 100 mg/dL (Katz 1973) gives a smaller correction.",),
    citations=(
        Reference("Hillier TA, Abbott RD, Barrett EJ. Am J Med 106:399-403", 1999, "10.1016/S0002-9343(99)00055-8"),
    ),
    examples=(
        Example({"sodium": 130, "glucose": 600}, 142.0, BY_HAND),
        Example({"sodium": 140, "glucose": 100}, 140.0, BY_HAND),
        Example({"sodium": 128, "glucose": {"value": 30, "unit": "mmol/L"}}, 138.573104, BY_HAND),
        Example({"sodium": 130, "glucose": 400}, 137.2, "computed with clincalc 0.4.0, by Hillier", Origin.SOFTWARE),
    ),
)
