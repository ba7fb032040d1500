from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ANY_AGE, ANY_WEIGHT, SEX, SODIUM
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: share of water x weight x (sodium / 140 - 1)"


def water_share(values: Values) -> float:
    """Body water by weight: 0.6 in children; men 0.6, women 0.5; from 65 years 0.5 and 0.45."""
    if values["age"] < 18:
        return 0.6
    if values["age"] < 65:
        return 0.5 if values["sex"] == "female" else 0.6
    return 0.45 if values["sex"] == "female" else 0.5


def formula(values: Values) -> float:
    litres: float = water_share(values) * values["weight"] * (values["sodium"] / 140 - 1)
    return litres


def notes(_values: Values, value: Value) -> tuple[str, ...]:
    return ("The sodium is not above 140 mmol/L: there is no deficit to replace.",) if float(value) <= 0 else ()


CALCULATOR = Calculator(
    id="free_water_deficit",
    title="Free water deficit",
    summary="Water that is lacking in hypernatraemia.",
    aliases=("free water deficit", "water deficit"),
    names=(r"(?:free )?water deficit",),
    inputs=(ANY_AGE, SEX, ANY_WEIGHT, SODIUM),
    unit="L",
    decimals=1,
    equation="f x weight x (sodium / 140 - 1); f 0.6 below 18 years, men 0.6, women 0.5, from 65 years 0.5 and 0.45",
    formula=formula,
    bands=(
        Band(float("-inf"), "No deficit."),
        Band(0, "Deficit at this moment, without the losses that go on.", inclusive=False),
    ),
    notes=notes,
    caveats=("Lower a chronic high sodium slowly, by no more than about 10 mmol/L a day.",),
    citations=(Reference("Adrogué HJ, Madias NE. N Engl J Med 342:1493-1499", 2000, "10.1056/NEJM200005183422006"),),
    examples=(
        Example({"age": 40, "sex": "male", "weight": 70, "sodium": 160}, 6.0, BY_HAND),
        Example({"age": 70, "sex": "female", "weight": 56, "sodium": 150}, 1.8, BY_HAND),
        Example({"age": {"value": 3, "unit": "months"}, "sex": "female", "weight": 5, "sodium": 154}, 0.3, BY_HAND),
        Example(
            {"age": 40, "sex": "female", "weight": 70, "sodium": 154},
            3.5,
            "nephrology.edublogs.org on hypernatraemia; the age is added",
            Origin.TEACHING,
        ),
    ),
)
