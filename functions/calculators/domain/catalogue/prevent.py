"""PREVENT base model of the American Heart Association: 10-year risk of all cardiovascular disease (Khan 2024).

A logistic model in centred terms; mg/dL of cholesterol become mmol/L by the paper's own factor.
"""

import math
from dataclasses import replace

from functions.calculators.domain.catalogue.ckd_stage import EGFR
from functions.calculators.domain.criteria import SMOKING
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, DIABETES, HDL, SEX, SYSTOLIC, TOTAL_CHOLESTEROL
from functions.calculators.domain.model import Band, Calculator, Example, Range, Reference, Values, YesNo

PAPER = "supplement of Khan 2024"
BY_HAND = "by hand from the coefficients of Khan 2024"
MMOL = 0.02586
SMOKES = replace(SMOKING, label="current smoking", question="Does the patient smoke now?")
TREATED = YesNo(
    name="antihypertensives",
    label="treatment for blood pressure",
    question="Does the patient take medication for blood pressure?",
    words=(
        r"anti ?hypertensives?(?: (?:drugs?|medication|treatment))?",
        r"(?:treated|treatment for|medication for) (?:hypertension|blood pressure)",
        r"blood pressure (?:medication|treatment|pills?|drugs?)",
        r"bp meds?",
    ),
    absent=(r"untreated(?: hypertension| blood pressure)?",),
)
STATIN = YesNo(
    name="statin",
    label="statin",
    question="Does the patient take a statin?",
    words=(r"(?:(?:atorva|rosuva|simva|prava)?statins?|lipitor|crestor)(?: therapy| treatment)?",),
)
# In the order of `terms`; the constant first.
WOMEN = (
    -3.307728, 0.7939329, 0.0305239, -0.1606857, -0.2394003, 0.3600781, 0.8667604, 0.5360739, 0.6045917, 0.0433769,
    0.3151672, -0.1477655, -0.0663612, 0.1197879, -0.0819715, 0.0306769, -0.0946348, -0.27057, -0.078715, -0.1637806,
)  # fmt: skip
MEN = (
    -3.031168, 0.7688528, 0.0736174, -0.0954431, -0.4347345, 0.3362658, 0.7692857, 0.4386871, 0.5378979, 0.0164827,
    0.288879, -0.1337349, -0.0475924, 0.150273, -0.0517874, 0.0191169, -0.1049477, -0.2251948, -0.0895067, -0.1543702,
)  # fmt: skip


def terms(values: Values) -> tuple[float, ...]:
    age = (values["age"] - 55) / 10
    other = (values["total_cholesterol"] - values["hdl"]) * MMOL - 3.5
    hdl = (values["hdl"] * MMOL - 1.3) / 0.3
    low, high = (min(values["systolic"], 110) - 110) / 20, (max(values["systolic"], 110) - 130) / 20
    filtration = (min(values["egfr"], 60) - 60) / -15
    spare = (max(values["egfr"], 60) - 90) / -15
    diabetes, smoking = float(values["diabetes"]), float(values["smoking"])
    treated, statin = float(values["antihypertensives"]), float(values["statin"])
    return (
        1.0, age, other, hdl, low, high, diabetes, smoking, filtration, spare, treated, statin, treated * high,
        statin * other, age * other, age * hdl, age * high, age * diabetes, age * smoking, age * filtration,
    )  # fmt: skip


def formula(values: Values) -> float:
    weights = WOMEN if values["sex"] == "female" else MEN
    odds = math.exp(sum(weight * term for weight, term in zip(weights, terms(values), strict=True)))
    return 100 * odds / (1 + odds)


PAPERS = {
    "age": 50, "sex": "female", "total_cholesterol": 200, "hdl": 45, "systolic": 160, "egfr": 90, "diabetes": True,
    "smoking": False, "antihypertensives": True, "statin": False,
}  # fmt: skip
CALCULATOR = Calculator(
    id="prevent",
    title="PREVENT risk of cardiovascular disease",
    short="PREVENT 10-year risk",
    summary="10-year risk of heart attack, stroke or heart failure without known disease, age 30 to 79.",
    aliases=("PREVENT score", "PREVENT 10-year risk", "PREVENT equation", "PREVENT cardiovascular risk"),
    inputs=(
        replace(AGE, possible=Range(30, 79), usual=Range(30, 79)),
        SEX,
        replace(TOTAL_CHOLESTEROL, possible=Range(130, 320), usual=Range(130, 320)),
        replace(HDL, possible=Range(20, 100), usual=Range(20, 100)),
        replace(SYSTOLIC, possible=Range(90, 200), usual=Range(90, 200)),
        replace(EGFR, possible=Range(15, 150), usual=Range(15, 150)),
        DIABETES,
        SMOKES,
        TREATED,
        STATIN,
    ),
    unit="%",
    decimals=1,
    formula=formula,
    equation="100 / (1 + exp(-x)), x the sum of twenty centred terms with the weights of the supplement",
    bands=(
        Band(0, "Low 10-year risk, below 5 percent."),
        Band(5, "Borderline 10-year risk, 5 to below 7.5 percent."),
        Band(7.5, "Intermediate 10-year risk, 7.5 to below 20 percent."),
        Band(20, "High 10-year risk, 20 percent or more."),
    ),
    caveats=(
        "Base model without HbA1c, albuminuria and deprivation. Not for known cardiovascular disease.",
        "The limits of the bands are those in use with the equations of 2013; guidelines may set others for PREVENT.",
    ),
    citations=(Reference("Khan SS et al. Circulation 149:430-449", 2024, "10.1161/CIRCULATIONAHA.123.067626"),),
    examples=(
        Example(PAPERS, 14.683937, PAPER, Origin.PAPER, printed="14.7"),
        Example(PAPERS | {"sex": "male"}, 16.317056, BY_HAND),
        Example(
            PAPERS | {"age": 55, "systolic": 130, "diabetes": False, "antihypertensives": False}, 3.844926, BY_HAND
        ),
    ),
)
