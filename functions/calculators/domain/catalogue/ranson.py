"""Ranson's criteria of pancreatitis not caused by gallstones: five at admission, six within 48 hours."""

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, ARTERIAL_OXYGEN, CALCIUM, GLUCOSE, WHITE_CELLS
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Example,
    Measured,
    Quantity,
    Range,
    Reference,
    Values,
    YesNo,
    outcomes,
)

PAPER = "criteria of Ranson 1974, added by hand"
LDH = Quantity(
    name="ldh",
    label="lactate dehydrogenase",
    words=(r"l ?d ?h", r"lactate dehydrogenase"),
    quantity="enzyme",
    unit="U/L",
    possible=Range(10, 60_000),
    usual=Range(80, 5000),
)
AST = Quantity(
    name="ast",
    label="aspartate aminotransferase",
    words=(r"ast", r"a s t", r"sgot|got", r"aspartate (?:amino)?transferase"),
    quantity="enzyme",
    unit="U/L",
    possible=Range(1, 50_000),
    usual=Range(5, 5000),
)
LATER = (
    YesNo(
        name="haematocrit_fall",
        label="fall of the haematocrit by more than 10 points",
        question="Did the haematocrit fall by more than 10 percentage points within 48 hours?",
        words=(
            r"(?:ha?ematocrit|hct) (?:fall|drop|fell|dropped)",
            r"(?:fall|drop) (?:of|in) (?:the )?(?:ha?ematocrit|hct)",
        ),
    ),
    YesNo(
        name="urea_rise",
        label="rise of the urea nitrogen by more than 5 mg/dL",
        question="Did the blood urea nitrogen rise by more than 5 mg/dL (1.8 mmol/L) within 48 hours?",
        words=(
            r"(?:bun|urea(?: nitrogen)?) (?:rise|increase|rose)",
            r"(?:rise|increase) (?:of|in) (?:the )?(?:bun|urea)",
        ),
    ),
    YesNo(
        name="base_deficit",
        label="base deficit above 4 mmol/L",
        question="Was the base deficit above 4 mmol/L within 48 hours?",
        words=(r"high base deficit", r"base deficit (?:above|over|more than) 4"),
        measured=(Measured(r"base deficit", lambda deficit: deficit > 4),),
    ),
    YesNo(
        name="sequestration",
        label="fluid sequestration above 6 litres",
        question="Was the estimated fluid sequestration above 6 litres within 48 hours?",
        words=(r"(?:fluid )?sequestration(?: (?:above|over|more than) 6(?: lit(?:er|re)s)?)?",),
    ),
)


def formula(values: Values) -> int:
    return (
        int(values["age"] > 55)
        + int(values["white_cells"] > 16)
        + int(values["glucose"] > 200)
        + int(values["ldh"] > 350)
        + int(values["ast"] > 250)
        + int(values["calcium"] < 8)
        + int(values["arterial_oxygen"] < 60)
        + sum(int(values[one.name]) for one in LATER)
    )


CALM = {
    "age": 55, "white_cells": 16, "glucose": 200, "ldh": 350, "ast": 250, "calcium": 8, "arterial_oxygen": 60,
} | {one.name: False for one in LATER}  # fmt: skip
CALCULATOR = Calculator(
    id="ranson",
    title="Ranson's criteria",
    summary="Mortality of acute pancreatitis from admission and the first 48 hours.",
    aliases=("Ranson criteria", "Ranson score", "Ranson's criteria"),
    inputs=(AGE, WHITE_CELLS, GLUCOSE, LDH, AST, CALCIUM, ARTERIAL_OXYGEN, *LATER),
    unit="points",
    formula=formula,
    bands=(
        Band(0, "Mortality about 1 percent."),
        Band(3, "Mortality about 15 percent: severe pancreatitis is likely."),
        Band(5, "Mortality about 40 percent."),
        Band(7, "Mortality near 100 percent in the paper."),
    ),
    caveats=(
        "Complete only after 48 hours. The cuts for gallstone pancreatitis (Ranson 1982) differ.",
        "The mortalities are those of 1974; care has improved since.",
    ),
    citations=(Reference("Ranson JHC et al. Surg Gynecol Obstet 139:69-81", 1974),),
    outcomes=outcomes(
        "World J Clin Cases 13:101008 (2025), table 2",
        Origin.PAPER,
        (2, "1 percent"),
        (4, "15 percent"),
        (6, "40 percent"),
        (7, "100 percent"),
    ),
    examples=(
        Example(CALM, 0, PAPER + ": every value just short of its cut"),
        Example(
            {"age": 56, "white_cells": 16.1, "glucose": 201, "ldh": 351, "ast": 251, "calcium": 7.9,
             "arterial_oxygen": 59} | {one.name: True for one in LATER},
            11,
            PAPER + ": the maximum",
        ),
        Example(
            CALM | {"age": 70, "glucose": {"value": 12, "unit": "mmol/L"}, "calcium": {"value": 1.9, "unit": "mmol/L"}},
            3,
            PAPER + ": 216 mg/dL and 7.6 mg/dL",
        ),
        Example(
            CALM | {"age": 62, "white_cells": 18, "glucose": 230, "ldh": 400},
            4,
            "computed with open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
),
)  # fmt: skip
