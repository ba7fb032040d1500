from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ANY_WEIGHT, HEIGHT
from functions.calculators.domain.model import Calculator, Example, Reference

BY_HAND = "worked by hand: square root of (height in cm x weight in kg / 3600)"

CALCULATOR = Calculator(
    id="bsa",
    title="Body surface area (Mosteller)",
    short="Body surface area",
    summary="Body surface from height and weight, for drug doses and for indexing.",
    aliases=("body surface area", "BSA", "Mosteller"),
    names=(r"body surface(?: area)?", r"mosteller(?: formula)?"),
    weak=(r"b ?s ?a",),
    inputs=(ANY_WEIGHT, HEIGHT),
    unit="m²",
    decimals=2,
    equation="√(height in cm x weight in kg / 3600)",
    formula=lambda v: (v["height"] * v["weight"] / 3600) ** 0.5,
    citations=(Reference("Mosteller RD. N Engl J Med 317:1098", 1987, "10.1056/NEJM198710223171717"),),
    examples=(
        Example({"weight": 80, "height": 180}, 2.0, BY_HAND),
        Example({"weight": {"value": 3600, "unit": "g"}, "height": {"value": 0.49, "unit": "m"}}, 0.221359, BY_HAND),
        Example({"weight": {"value": 154, "unit": "lb"}, "height": {"value": 67, "unit": "in"}}, 1.817145, BY_HAND),
        Example(
            {"weight": 70, "height": 170}, 1.818119, "tests of open-medicine 0.12.0", Origin.SOFTWARE, printed="1.82"
        ),
    ),
)
