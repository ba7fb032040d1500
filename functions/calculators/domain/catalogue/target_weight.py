from dataclasses import replace

from functions.calculators.domain.inputs import HEIGHT, MASS_INDEX
from functions.calculators.domain.model import Calculator, Example, Reference

BY_HAND = "worked by hand: body mass index x (height in m) squared"

CALCULATOR = Calculator(
    id="target_weight",
    title="Weight for a body mass index",
    short="Target weight",
    summary="The weight that gives a chosen body mass index at a height.",
    aliases=("target weight", "goal weight"),
    names=(
        r"(?:target|goal|desired) (?:body )?weight(?: for an? (?:bmi|body mass index))?",
        r"weight for an? (?:bmi|body mass index)(?= of)",
    ),
    input_in_name=True,
    inputs=(replace(MASS_INDEX, question="For which body mass index?"), HEIGHT),
    unit="kg",
    decimals=1,
    equation="body mass index x (height in m)²",
    formula=lambda v: v["body_mass_index"] * (v["height"] / 100) ** 2,
    citations=(
        Reference("WHO. Obesity: preventing and managing the global epidemic. Technical Report Series 894", 2000),
    ),
    examples=(
        Example({"body_mass_index": 25, "height": 200}, 100.0, BY_HAND),
        Example({"body_mass_index": 20, "height": {"value": 1.5, "unit": "m"}}, 45.0, BY_HAND),
        Example({"body_mass_index": 22.5, "height": {"value": 60, "unit": "in"}}, 52.2579, BY_HAND),
    ),
)
