from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import DIASTOLIC, SYSTOLIC
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: (systolic + 2 x diastolic) / 3"


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    crossed = values["diastolic"] >= values["systolic"]
    return ("The diastolic pressure is not below the systolic one: please check both.",) if crossed else ()


CALCULATOR = Calculator(
    id="map",
    version="1.0.0",
    title="Mean arterial pressure",
    short="Mean arterial pressure",
    summary="Time-averaged arterial pressure estimated from a cuff reading.",
    aliases=("mean arterial pressure", "MAP"),
    names=(r"mean arterial(?: blood)? pressure", r"mean (?:bp|blood pressure)"),
    weak=(r"map", r"m a p"),
    inputs=(SYSTOLIC, DIASTOLIC),
    unit="mmHg",
    equation="(systolic + 2 x diastolic) / 3",
    formula=lambda v: (v["systolic"] + 2 * v["diastolic"]) / 3,
    bands=(
        Band(0, "Below 65 mmHg, the usual initial target in septic shock."),
        Band(65, "65 mmHg or above."),
        Band(100, "Above the usual range of about 70 to 100 mmHg.", inclusive=False),
    ),
    notes=notes,
    citations=(
        Reference("Sesso HD et al. Hypertension 36:801-807", 2000, "10.1161/01.HYP.36.5.801"),
        Reference(
            "Evans L et al. Surviving Sepsis Campaign. Crit Care Med 49:e1063-e1143",
            2021,
            "10.1097/CCM.0000000000005337",
        ),
    ),
    examples=(
        Example({"systolic": 120, "diastolic": 80}, 93.3333333, BY_HAND),
        Example({"systolic": 83, "diastolic": 50}, 61.0, "sentinelnurse.com, how to calculate MAP", Origin.TEACHING),
        Example({"systolic": 90, "diastolic": 52.5}, 65.0, BY_HAND),
        Example(
            {"systolic": {"value": 24, "unit": "kPa"}, "diastolic": {"value": 15, "unit": "kPa"}}, 135.0111, BY_HAND
        ),
    ),
)
