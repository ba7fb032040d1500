from functions.calculators.domain.bodyweight import ideal_weight
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ADULT_HEIGHT, SEX
from functions.calculators.domain.model import Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand from the rule of Devine 1974"


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    short = values["height"] < 60 * 2.54
    return ("Below 60 inches (152.4 cm) the rule is continued beyond what Devine gave.",) if short else ()


CALCULATOR = Calculator(
    id="ideal_weight",
    title="Ideal body weight (Devine)",
    short="Ideal body weight",
    summary="Weight by height and sex, for drug doses and ventilator settings of adults.",
    aliases=("ideal body weight", "IBW", "predicted body weight", "Devine"),
    names=(r"(?:ideal|predicted) (?:body )?weight", r"devine(?: formula| weight)?"),
    weak=(r"i ?b ?w",),
    inputs=(SEX, ADULT_HEIGHT),
    unit="kg",
    decimals=1,
    equation="50 kg for men, 45.5 kg for women, and 2.3 kg for each inch over 60",
    formula=ideal_weight,
    notes=notes,
    caveats=("A dosing weight, not a goal for the patient's own weight.",),
    citations=(Reference("Devine BJ. Drug Intell Clin Pharm 8:650-655", 1974, "10.1177/106002807400801104"),),
    examples=(
        Example({"sex": "male", "height": 152.4}, 50.0, BY_HAND + ": exactly 60 inches"),
        Example(
            {"sex": "female", "height": {"value": 64, "unit": "in"}},
            54.7,
            "NurseWeek's page on ideal body weight, example 2",
            Origin.TEACHING,
        ),
        Example({"sex": "male", "height": 177.8}, 73.0, BY_HAND + ": 70 inches"),
        Example({"sex": "female", "height": {"value": 1.4732, "unit": "m"}}, 40.9, BY_HAND + ": 58 inches"),
        Example(
            {"sex": "male", "height": {"value": 64, "unit": "in"}},
            59.2,
            "NurseWeek's page on ideal body weight, example 1",
            Origin.TEACHING,
            printed="59.2",
        ),
    ),
)
