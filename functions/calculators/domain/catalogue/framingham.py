from dataclasses import replace
from math import exp, log

from functions.calculators.domain.criteria import SMOKING
from functions.calculators.domain.inputs import AGE, HDL, SEX, SYSTOLIC, TOTAL_CHOLESTEROL
from functions.calculators.domain.model import Band, Calculator, Example, Range, Reference, Values, YesNo

BY_HAND = "worked by hand from the coefficients of the ATP III report"
# age, cholesterol, HDL, systolic, treated, smoker, age x cholesterol, age x smoker, age squared; then the constant,
# the survival of the average and the age above which smoking adds nothing more.
MEN = (
    (52.00961, 20.014077, -0.905964, 1.305784, 0.241549, 12.096316, -4.605038, -2.84367, -2.93323),
    172.300168,
    0.9402,
    70,
)
WOMEN = ((31.764001, 22.465206, -1.187731, 2.552905, 0.420251, 13.07543, -5.060998, -2.996945, 0.0),
         146.5933061, 0.98767, 78)  # fmt: skip
TREATED = YesNo(
    name="treated",
    label="treatment of high blood pressure",
    question="Is the blood pressure being treated with medicines?",
    words=(
        r"(?:treated|treatment|medic(?:ines?|ation)|pills) (?:for|of) (?:hypertension|(?:high )?blood pressure)",
        r"(?:on )?anti ?hypertensives?|(?:blood pressure|hypertension) (?:is )?(?:being )?treated|treated hypertension",
    ),
    absent=(r"untreated(?: hypertension| blood pressure)?",),
)


def formula(values: Values) -> float:
    coefficients, constant, survival, oldest = WOMEN if values["sex"] == "female" else MEN
    age, cholesterol, smoker = log(values["age"]), log(values["total_cholesterol"]), float(values["smoking"])
    terms = (
        age,
        cholesterol,
        log(values["hdl"]),
        log(values["systolic"]),
        float(values["treated"]),
        smoker,
        age * cholesterol,
        log(min(values["age"], oldest)) * smoker,
        age * age,
    )
    total = sum(coefficient * term for coefficient, term in zip(coefficients, terms, strict=True)) - constant
    return float(100 * (1 - survival ** exp(min(total, 50))))


CALCULATOR = Calculator(
    id="framingham",
    title="Framingham risk of hard coronary heart disease (ATP III)",
    short="Framingham risk",
    summary="Ten-year risk of a heart attack or coronary death, without known heart disease or diabetes.",
    aliases=("Framingham risk score", "Framingham risk", "Framingham coronary risk"),
    names=(r"fram{1,2}ing{0,2}ham (?:(?:coronary |cardiac |heart |chd |cardiovascular )*(?:risk|disease))(?: score)?",
           r"fram{1,2}ing{0,2}ham score"),
    inputs=(
        SEX,
        replace(AGE, possible=Range(20, 125), usual=Range(30, 79)),
        TOTAL_CHOLESTEROL,
        HDL,
        SYSTOLIC,
        TREATED,
        SMOKING,
    ),
    unit="%",
    decimals=1,
    equation="100 x (1 - survival^e^L); L from ln(age), ln(cholesterol), ln(HDL), ln(systolic), treatment, smoking and "
    "their products, by sex",
    formula=formula,
    bands=(
        Band(0, "Low: below 10 percent in ten years."),
        Band(10, "Intermediate: 10 to 20 percent in ten years."),
        Band(20, "High: above 20 percent in ten years.", inclusive=False),
    ),
    caveats=("Overestimates in many populations of today; newer guidelines use other equations.",),
    citations=(
        Reference("NCEP Adult Treatment Panel III, final report. Circulation 106:3143-3421", 2002),
        Reference("Wilson PWF et al. Circulation 97:1837-1847", 1998, "10.1161/01.CIR.97.18.1837"),
    ),
    examples=(
        Example(
            {
                "sex": "male", "age": 55, "total_cholesterol": 220, "hdl": 45, "systolic": 140,
                "treated": False, "smoking": False,
            },
            9.084054,
            BY_HAND,
        ),
        Example(
            {
                "sex": "female", "age": 60, "total_cholesterol": 240, "hdl": 50, "systolic": 150,
                "treated": True, "smoking": True,
            },
            12.623761,
            BY_HAND,
        ),
        Example(
            {
                "sex": "male", "age": 75, "total_cholesterol": {"value": 5.2, "unit": "mmol/L"},
                "hdl": {"value": 1.1, "unit": "mmol/L"}, "systolic": 130, "treated": False, "smoking": True,
            },
            19.293417,
            BY_HAND + ": smoking as at 70",
        ),
    ),
)  # fmt: skip
