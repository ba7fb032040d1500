"""Alveolar to arterial oxygen gradient by the alveolar gas equation."""

from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, ARTERIAL_CARBON_DIOXIDE, ARTERIAL_OXYGEN, INSPIRED_OXYGEN
from functions.calculators.domain.model import Band, Calculator, Example, Quantity, Range, Reference, Value, Values

BY_HAND = "by hand: FiO2 x (air pressure - 47) - PaCO2 / 0.8 - PaO2"
SEA_LEVEL, WATER, QUOTIENT = 760.0, 47.0, 0.8
AIR = Quantity(
    name="air_pressure",
    label="air pressure",
    words=(r"(?:air|atmospheric|barometric) pressure",),
    quantity="pressure",
    unit="mmHg",
    possible=Range(220, 2500),
    usual=Range(450, 800),
    required=False,
    unstated="air pressure 760 mmHg (sea level)",
)


def formula(values: Values) -> float:
    inspired = values["inspired_oxygen"] / 100 * (values.get("air_pressure", SEA_LEVEL) - WATER)
    gradient: float = inspired - values["arterial_carbon_dioxide"] / QUOTIENT - values["arterial_oxygen"]
    return gradient


def notes(values: Values, value: Value) -> tuple[str, ...]:
    if float(value) < 0:
        return ("A negative gradient cannot be: check the oxygen fraction and the sample.",)
    if values["inspired_oxygen"] > 21:
        return ("The limits by age are for room air: the gradient rises with the oxygen fraction.",)
    if "age" not in values:
        return ("The age was not given: the limit by age is open.",)
    limit = values["age"] / 4 + 4
    above = float(value) > limit
    return (f"{'Above' if above else 'Within'} the limit for this age on room air (age / 4 + 4 = {limit:.1f} mmHg).",)


EGAN = "workbook of Egan's Fundamentals of Respiratory Care, chapter 12: 99.73 - 90"
AIR_BREATHING = {"inspired_oxygen": 21, "arterial_oxygen": 90, "arterial_carbon_dioxide": 40}
CALCULATOR = Calculator(
    id="aa_gradient",
    title="A-a gradient",
    summary="Alveolar to arterial oxygen gradient.",
    aliases=("A-a gradient", "alveolar arterial gradient", "A-a oxygen gradient"),
    inputs=(INSPIRED_OXYGEN, ARTERIAL_OXYGEN, ARTERIAL_CARBON_DIOXIDE, replace(AGE, required=False), AIR),
    unit="mmHg",
    decimals=1,
    formula=formula,
    equation="FiO2 x (air pressure - 47) - PaCO2 / 0.8 - PaO2",
    bands=(
        Band(
            float("-inf"),
            "Up to 15 mmHg: as in young adults on room air; hypoventilation or thin air explain hypoxaemia.",
        ),
        Band(
            15,
            "Raised for young adults: mismatch, shunt or a diffusion defect, unless age or added oxygen explains it.",
            inclusive=False,
        ),
    ),
    notes=notes,
    caveats=("Respiratory quotient 0.8 and saturated vapour at 37 °C (47 mmHg).",),
    citations=(
        Reference("Mellemgaard K. (by age) Acta Physiol Scand 67:10-20", 1966, "10.1111/j.1748-1716.1966.tb03281.x"),
        Reference("Fenn WO, Rahn H, Otis AB. (alveolar gas) Am J Physiol 146:637-653", 1946),
    ),
    examples=(
        Example(AIR_BREATHING, 9.73, EGAN, Origin.TEXTBOOK, printed="10"),
        Example(AIR_BREATHING | {"arterial_oxygen": 60, "age": 40}, 39.73, BY_HAND),
        Example(
            {
                "inspired_oxygen": {"value": 0.5, "unit": "fraction"},
                "arterial_oxygen": 100,
                "arterial_carbon_dioxide": 32,
            },
            216.5,
            BY_HAND,
        ),
        Example(AIR_BREATHING | {"air_pressure": 640, "arterial_oxygen": 60}, 14.53, BY_HAND),
        Example(
            {"inspired_oxygen": 21, "arterial_oxygen": 95, "arterial_carbon_dioxide": 40},
            4.73,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
            printed="4.7",
        ),
    ),
)
