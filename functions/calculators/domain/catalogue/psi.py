from dataclasses import replace

from functions.calculators.domain.criteria import (
    ALTERED_MIND,
    CANCER,
    HEART_FAILURE,
    KIDNEY_DISEASE,
    LIVER_DISEASE,
    STROKE_OR_TIA,
)
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import (
    AGE,
    ARTERIAL_OXYGEN,
    ARTERIAL_PH,
    GLUCOSE,
    HAEMATOCRIT,
    HEART_RATE,
    RESPIRATORY_RATE,
    SEX,
    SODIUM,
    SYSTOLIC,
    TEMPERATURE,
    UREA,
    optional,
)
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Example,
    Range,
    Reference,
    Value,
    Values,
    YesNo,
    outcomes,
)
from functions.calculators.domain.scoring import points

PAPER = "points of Fine 1997, table 2, added by hand"
NOT_MEASURED = "a normal {}, as the paper did with what was not measured"
COMORBID = {"cancer": 30, "liver_disease": 20, "heart_failure": 10, "cerebrovascular_disease": 10, "kidney_disease": 10}
POINTS = COMORBID | {"nursing_home": 10, "altered_mental_status": 20, "pleural_effusion": 10}
NURSING_HOME = YesNo(
    name="nursing_home",
    label="nursing home resident",
    question="Does the patient live in a nursing home?",
    words=(r"(?:nursing|care) home(?: resident)?", r"long term care"),
)
EFFUSION = YesNo(
    name="pleural_effusion",
    label="pleural effusion",
    question="Does the chest film show a pleural effusion?",
    words=(r"(?:pleural )?effusions?",),
)
CRITERIA = (NURSING_HOME, CANCER, LIVER_DISEASE, HEART_FAILURE, STROKE_OR_TIA, KIDNEY_DISEASE, ALTERED_MIND, EFFUSION)


def vitals(values: Values) -> int:
    """The signs of step 1 of the rule, with their points."""
    fast, low = int(values["respiratory_rate"] >= 30), int(values["systolic"] < 90)
    heat = int(not 35 <= values["temperature"] < 40)
    return 20 * (fast + low) + 15 * heat + 10 * int(values["heart_rate"] >= 125)


def formula(values: Values) -> int:
    return int(
        int(values["age"])
        - 10 * (values["sex"] == "female")
        + points(values, POINTS)
        + vitals(values)
        + 30 * (values.get("arterial_ph", 7.4) < 7.35)
        + 20 * (values["urea_nitrogen"] >= 30)
        + 20 * (values["sodium"] < 130)
        + 10 * (values["glucose"] >= 250)
        + 10 * (values["haematocrit"] < 30)
        + 10 * (values.get("arterial_oxygen", 90) < 60)
    )


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    signs = vitals(values) or points(values, COMORBID | {"altered_mental_status": 20})
    first = values["age"] <= 50 and not signs
    return ("Class I: 50 years or younger, without the illnesses and signs of the first step.",) if first else ()


YOUNG = {
    "age": 40, "sex": "male", "respiratory_rate": 18, "systolic": 120, "temperature": 38, "heart_rate": 90,
    "arterial_ph": 7.4, "urea_nitrogen": 14, "sodium": 140, "glucose": 100, "haematocrit": 42, "arterial_oxygen": 80,
} | dict.fromkeys(POINTS, False)  # fmt: skip
CALCULATOR = Calculator(
    id="psi",
    title="Pneumonia severity index (PSI, PORT score)",
    short="Pneumonia severity index",
    summary="Thirty-day mortality of community-acquired pneumonia in adults.",
    aliases=("PSI", "pneumonia severity index", "PORT score"),
    names=(r"pneumonia severity index", r"p ?s ?i(?: (?:score|port))+", r"port (?:psi )?score"),
    weak=(r"p ?s ?i",),
    inputs=(
        replace(AGE, possible=Range(18, 125)),
        SEX, *CRITERIA, RESPIRATORY_RATE, SYSTOLIC, TEMPERATURE, HEART_RATE, UREA, SODIUM, GLUCOSE, HAEMATOCRIT,
        optional(ARTERIAL_PH, NOT_MEASURED.format("arterial pH")),
        optional(ARTERIAL_OXYGEN, NOT_MEASURED.format("arterial oxygen pressure")),
    ),
    unit="points",
    equation="age in years (women minus 10); nursing home 10, cancer 30, liver 20, heart failure, stroke, kidney 10; "
    "mental status, breathing from 30, systolic below 90: 20; temperature below 35 or from 40 °C 15, rate from 125 10; "
    "pH below 7.35 30; urea nitrogen from 30, sodium below 130: 20; glucose from 250, haematocrit below 30, "
    "PaO2 below 60, effusion: 10",
    formula=formula,
    bands=(
        Band(float("-inf"), "Class II (or I): mortality below 1 percent, outpatient treatment as a rule."),
        Band(71, "Class III: mortality about 1 to 3 percent, short observation or outpatient treatment."),
        Band(91, "Class IV: mortality about 8 to 9 percent, admit."),
        Band(131, "Class V: mortality about 27 to 31 percent, admit, consider intensive care."),
    ),
    notes=notes,
    caveats=("Weighs age heavily: it can underrate severe pneumonia of the young.",),
    citations=(Reference("Fine MJ et al. N Engl J Med 336:243-250", 1997, "10.1056/NEJM199701233360402"),),
    outcomes=outcomes(
        "MSD Manual, medical calculators",
        Origin.MANUAL,
        (130, "Class IV"),
        (131, "Class V: mortality about 27"),
    ),
    examples=(
        Example(YOUNG, 40, PAPER + ": class I"),
        Example(
            YOUNG | {"age": 72, "sex": "female", "urea_nitrogen": 35, "heart_failure": True, "respiratory_rate": 32},
            112,
            PAPER + ": 72 - 10 + 20 + 10 + 20",
        ),
        Example(
            YOUNG
            | dict.fromkeys(POINTS, True)
            | {
                "age": 80, "respiratory_rate": 30, "systolic": 89, "temperature": {"value": 104, "unit": "°F"},
                "heart_rate": 125, "arterial_ph": 7.34, "urea_nitrogen": 30, "sodium": 129, "glucose": 250,
                "haematocrit": 29, "arterial_oxygen": 59,
            },
            80 + 120 + 65 + 100,
            PAPER + ": everything counts",
        ),
        Example(
            YOUNG
            | {
                "age": 75,
                "heart_failure": True,
                "respiratory_rate": 24,
                "systolic": 110,
                "temperature": 38.8,
                "heart_rate": 100,
                "urea_nitrogen": 35,
                "pleural_effusion": True,
            },
            115,
            "tests of open-medicine 0.12.0: an elderly man",
            Origin.SOFTWARE,
        ),
),
)  # fmt: skip
