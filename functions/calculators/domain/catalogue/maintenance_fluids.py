from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ANY_WEIGHT
from functions.calculators.domain.model import Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: 4, 2 and 1 mL/kg/h for the first 10 kg, the second 10 kg and the rest"


def formula(values: Values) -> float:
    weight = values["weight"]
    rate: float = 4 * min(weight, 10) + 2 * min(max(weight - 10, 0), 10) + max(weight - 20, 0)
    return rate


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if values["weight"] < 3:
        return ("Newborns need a rate by day of life and not by this rule.",)
    return (
        ("Made for children: above about 80 kg it gives more than most adults need.",) if values["weight"] > 80 else ()
    )


CALCULATOR = Calculator(
    id="maintenance_fluids",
    title="Maintenance fluid rate (4-2-1 rule)",
    short="Maintenance fluid rate",
    summary="Hourly intravenous maintenance fluid by weight.",
    aliases=("maintenance fluids", "maintenance fluid rate", "4-2-1 rule", "Holliday-Segar"),
    names=(
        r"maintenance (?:iv |i v |intravenous )?(?:fluids?|rate)(?: rate| requirements?)?",
        r"4 ?2 ?1(?: rule)?",
        r"hol{1,2}iday se[gq]ar",
    ),
    inputs=(ANY_WEIGHT,),
    unit="mL/h",
    decimals=1,
    equation="4 mL/kg/h for the first 10 kg, 2 for the second 10 kg, 1 for every further kg",
    formula=formula,
    notes=notes,
    caveats=("Losses and deficits come on top; check the sodium when it runs longer than a day.",),
    citations=(Reference("Holliday MA, Segar WE. Pediatrics 19:823-832", 1957),),
    examples=(
        Example({"weight": 10}, 40.0, BY_HAND),
        Example({"weight": 20}, 60.0, BY_HAND),
        Example({"weight": 70}, 110.0, BY_HAND),
        Example({"weight": {"value": 6500, "unit": "g"}}, 26.0, BY_HAND),
        Example({"weight": 25}, 65.0, "tests of open-medicine 0.12.0", Origin.SOFTWARE),
    ),
)
