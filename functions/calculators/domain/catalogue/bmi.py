from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import HEIGHT, WEIGHT
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: weight in kg / (height in m) squared"
CDC = "worked example of the CDC page on calculating BMI"


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if values["weight"] < WEIGHT.usual.low or values["height"] < HEIGHT.usual.low:
        return ("The adult bands do not apply to children: use a growth chart for age and sex.",)
    return ()


CALCULATOR = Calculator(
    id="bmi",
    version="1.0.0",
    title="Body mass index",
    short="Body mass index",
    summary="Weight in relation to height, adults.",
    aliases=("body mass index", "BMI"),
    names=(r"body mass index", r"b ?m ?i"),
    inputs=(WEIGHT, HEIGHT),
    unit="kg/m²",
    decimals=1,
    equation="weight in kg / (height in m)²",
    formula=lambda v: v["weight"] / (v["height"] / 100) ** 2,
    bands=(
        Band(0, "Underweight by the WHO classification for adults."),
        Band(18.5, "Normal range by the WHO classification for adults."),
        Band(25, "Overweight by the WHO classification for adults."),
        Band(30, "Obesity class 1 by the WHO classification for adults."),
        Band(35, "Obesity class 2 by the WHO classification for adults."),
        Band(40, "Obesity class 3 by the WHO classification for adults."),
    ),
    notes=notes,
    citations=(
        Reference("WHO. Obesity: preventing and managing the global epidemic. Technical Report Series 894", 2000),
    ),
    examples=(
        Example({"weight": 70, "height": 175}, 22.857143, BY_HAND),
        Example({"weight": 68, "height": 165}, 24.977043, CDC, Origin.TEACHING, printed="24.98"),
        Example(
            {"weight": {"value": 150, "unit": "lb"}, "height": {"value": 65, "unit": "in"}},
            24.961,
            CDC,
            Origin.TEACHING,
            printed="24.96",
        ),
        Example({"weight": {"value": 220, "unit": "lb"}, "height": {"value": 70, "unit": "in"}}, 31.566389, BY_HAND),
        Example({"weight": 100, "height": {"value": 2, "unit": "m"}}, 25.0, BY_HAND),
    ),
)
