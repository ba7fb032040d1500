"""Pooled cohort equations of 2013: 10-year risk of a first hard atherosclerotic event (Goff 2014)."""

from dataclasses import replace
from math import exp, log

from functions.calculators.domain.catalogue.prevent import SMOKES, TREATED
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, DIABETES, HDL, SEX, SYSTOLIC, TOTAL_CHOLESTEROL
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Option, Range, Reference, Values

PAPER = "worked example of Goff 2014, table A"
RACE = Choice(
    name="race",
    label="race as the equations have it",
    question="Which of the equations' groups: white or other, or African American?",
    options=(
        Option(
            "white",
            "white or other",
            (r"white(?! (?:blood )?cell)", r"caucasian", r"asian|hispanic", r"^other$", r"white or other"),
        ),
        Option("black", "African American", (r"black", r"african american")),
    ),
)
# Weights of: ln age, ln age squared, ln total cholesterol, ln age x it, ln HDL, ln age x it, ln treated pressure,
# ln age x it, ln untreated pressure, ln age x it, smoking, ln age x it, diabetes; then the mean and the survival.
EQUATIONS = {
    ("female", "white"): (
        (-29.799, 4.884, 13.540, -3.114, -13.578, 3.149, 2.019, 0, 1.957, 0, 7.574, -1.665, 0.661), -29.18, 0.9665,
    ),
    ("female", "black"): (
        (17.114, 0, 0.940, 0, -18.920, 4.475, 29.291, -6.432, 27.820, -6.087, 0.691, 0, 0.874), 86.61, 0.9533,
    ),
    ("male", "white"): (
        (12.344, 0, 11.853, -2.664, -7.990, 1.769, 1.797, 0, 1.764, 0, 7.837, -1.795, 0.658), 61.18, 0.9144,
    ),
    ("male", "black"): ((2.469, 0, 0.302, 0, -0.307, 0, 1.916, 0, 1.809, 0, 0.549, 0, 0.645), 19.54, 0.8954),
}  # fmt: skip


def terms(values: Values) -> tuple[float, ...]:
    age, total, hdl, pressure = (log(values[one]) for one in ("age", "total_cholesterol", "hdl", "systolic"))
    treated, untreated = (pressure, 0.0) if values["antihypertensives"] else (0.0, pressure)
    smoking = float(values["smoking"])
    return (
        age, age**2, total, age * total, hdl, age * hdl, treated, age * treated, untreated, age * untreated,
        smoking, age * smoking, float(values["diabetes"]),
    )  # fmt: skip


def formula(values: Values) -> float:
    weights, mean, survival = EQUATIONS[values["sex"], values["race"]]
    total = sum(weight * term for weight, term in zip(weights, terms(values), strict=True))
    risk: float = 100 * (1 - survival ** exp(total - mean))
    return risk


TABLE_A = {
    "age": 55, "sex": "female", "race": "white", "total_cholesterol": 213, "hdl": 50, "systolic": 120,
    "antihypertensives": False, "smoking": False, "diabetes": False,
}  # fmt: skip
CALCULATOR = Calculator(
    id="ascvd_pce",
    title="ASCVD risk (pooled cohort equations)",
    short="ASCVD risk",
    summary="10-year risk of a first heart attack or stroke by the equations of 2013, age 40 to 79.",
    aliases=("ASCVD risk", "ASCVD score", "pooled cohort equations", "pooled cohort equation"),
    inputs=(
        replace(AGE, possible=Range(40, 79), usual=Range(40, 79)),
        SEX,
        RACE,
        replace(TOTAL_CHOLESTEROL, possible=Range(130, 320), usual=Range(130, 320)),
        replace(HDL, possible=Range(20, 100), usual=Range(20, 100)),
        replace(SYSTOLIC, possible=Range(90, 200), usual=Range(90, 200)),
        TREATED,
        DIABETES,
        SMOKES,
    ),
    unit="%",
    decimals=1,
    formula=formula,
    equation="100 x (1 - survival ^ exp(sum of weighted terms - mean)), weights, mean and survival by sex and race",
    bands=(
        Band(0, "Low 10-year risk, below 5 percent."),
        Band(5, "Borderline 10-year risk, 5 to below 7.5 percent."),
        Band(7.5, "Intermediate 10-year risk, 7.5 to below 20 percent."),
        Band(20, "High 10-year risk, 20 percent or more."),
    ),
    caveats=("It tends to overestimate today's risk; PREVENT (2023) replaces it and does without race.",),
    citations=(
        Reference("Goff DC Jr et al. Circulation 129(25 Suppl 2):S49-S73", 2014, "10.1161/01.cir.0000437741.48606.98"),
    ),
    examples=(
        Example(TABLE_A, 2.05223, PAPER, Origin.PAPER, printed="2.1"),
        Example(TABLE_A | {"race": "black"}, 3.026329, PAPER, Origin.PAPER, printed="3.0"),
        Example(
            TABLE_A | {"sex": "male"},
            5.384422,
            PAPER,
            Origin.PAPER,
            printed="5.3",
            differs="the paper rounds the sum to 60.69",
        ),
        Example(TABLE_A | {"sex": "male", "race": "black"}, 6.073437, PAPER, Origin.PAPER, printed="6.1"),
    ),
)
