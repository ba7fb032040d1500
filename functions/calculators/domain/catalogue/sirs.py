from dataclasses import replace

from functions.calculators.domain.inputs import (
    ARTERIAL_CARBON_DIOXIDE,
    HEART_RATE,
    RESPIRATORY_RATE,
    TEMPERATURE,
    WHITE_CELLS,
)
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values, YesNo

PAPER = "criteria of Bone 1992, counted by hand"
BANDS = YesNo(
    name="immature_cells",
    label="more than 10 percent band forms",
    question="Are more than 10 percent of the white cells band forms?",
    words=(r"(?:left shift|bandemia|band forms?|bands)",),
    required=False,
)


def formula(values: Values) -> int:
    temperature = not 36 <= values["temperature"] <= 38
    breathing = values["respiratory_rate"] > 20 or values.get("arterial_carbon_dioxide", 40) < 32
    cells = not 4 <= values["white_cells"] <= 12 or values.get("immature_cells", False)
    return int(temperature) + int(values["heart_rate"] > 90) + int(breathing) + int(cells)


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    open_ = values["respiratory_rate"] <= 20 and "arterial_carbon_dioxide" not in values
    return ("Breathing was judged by its rate alone: no arterial carbon dioxide was given.",) if open_ else ()


CALCULATOR = Calculator(
    id="sirs",
    title="SIRS criteria",
    summary="Systemic inflammatory response by temperature, pulse, breathing and white cells.",
    aliases=("SIRS", "SIRS criteria", "systemic inflammatory response syndrome"),
    names=(r"s ?i ?r ?s(?: (?:criteria|score))?", r"systemic inflammatory response(?: syndrome)?(?: criteria)?"),
    inputs=(
        TEMPERATURE, HEART_RATE, RESPIRATORY_RATE, WHITE_CELLS, replace(ARTERIAL_CARBON_DIOXIDE, required=False), BANDS,
    ),
    unit="points",
    equation="1 for each: above 38 or below 36 °C; rate above 90; breathing above 20 or PaCO2 below 32 mmHg; "
    "white cells above 12 or below 4 x 10^9/L or more than 10 % band forms",
    formula=formula,
    bands=(
        Band(0, "Fewer than two criteria: no SIRS."),
        Band(2, "SIRS: look for its cause, infection first."),
    ),
    notes=notes,
    caveats=("Sepsis is no longer defined by SIRS (Sepsis-3, 2016).",),
    citations=(
        Reference("Bone RC et al. Chest 101:1644-1655", 1992, "10.1378/chest.101.6.1644"),
        Reference("Singer M et al. (Sepsis-3) JAMA 315:801-810", 2016, "10.1001/jama.2016.0287"),
    ),
    examples=(
        Example(
            {"temperature": 38, "heart_rate": 90, "respiratory_rate": 20, "white_cells": 12}, 0, PAPER + ": at the cuts"
        ),
        Example(
            {
                "temperature": 35.9, "heart_rate": 91, "respiratory_rate": 21,
                "white_cells": {"value": 3900, "unit": "/µL"},
            },
            4,
            PAPER + ": the maximum",
        ),
        Example(
            {
                "temperature": 37, "heart_rate": 80, "respiratory_rate": 18, "white_cells": 8,
                "arterial_carbon_dioxide": 31, "immature_cells": True,
            },
            2,
            PAPER,
        ),
    ),
)  # fmt: skip
