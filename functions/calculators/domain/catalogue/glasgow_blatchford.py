from functions.calculators.domain.criteria import HEART_FAILURE, LIVER_DISEASE
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import HAEMOGLOBIN, HEART_RATE, SEX, SYSTOLIC, UREA
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo
from functions.calculators.domain.scoring import LOWEST, points, step

PAPER = "points of Blatchford 2000, added by hand"
CRITERIA = (
    YesNo(
        name="melaena",
        label="melaena",
        question="Has the patient come with melaena?",
        words=(r"mela?ena|(?:black|tarry)(?: tarry)? stools?",),
    ),
    YesNo(
        name="syncope",
        label="syncope",
        question="Has the patient come with syncope?",
        words=(r"(?:recent )?syncop(?:e|al)|fainted|passed out|collapse",),
    ),
    LIVER_DISEASE,
    HEART_FAILURE,
)
MEN, WOMEN = ((LOWEST, 6), (10, 3), (12, 1), (13, 0)), ((LOWEST, 6), (10, 1), (12, 0))
POINTS = {"melaena": 1, "syncope": 2, "liver_disease": 2, "heart_failure": 2}


def formula(values: Values) -> int:
    """Haemoglobin counts less in women from 10 to 12 g/dL, and not from 12 on."""
    steps = WOMEN if values["sex"] == "female" else MEN
    return (
        points(values, POINTS)
        + step(values["urea_nitrogen"], (18.2, 2), (22.4, 3), (28, 4), (70, 6))
        + step(values["haemoglobin"], *steps)
        + step(values["systolic"], (LOWEST, 3), (90, 2), (100, 1), (110, 0))
        + int(values["heart_rate"] >= 100)
    )


NONE = dict.fromkeys(POINTS, False)
WELL = {"sex": "male", "urea_nitrogen": 18.1, "haemoglobin": 13, "systolic": 110, "heart_rate": 99} | NONE
CALCULATOR = Calculator(
    id="glasgow_blatchford",
    title="Glasgow-Blatchford bleeding score",
    short="Glasgow-Blatchford score",
    summary="Need of treatment in bleeding of the upper gastrointestinal tract, before endoscopy.",
    aliases=("Glasgow-Blatchford score", "Blatchford score", "GBS", "Glasgow-Blatchford bleeding score"),
    names=(r"(?:glasgow )?blat?chford(?: bleeding)?(?: score)?", r"glasgow bleeding score"),
    weak=(r"g ?b ?s",),
    inputs=(SEX, UREA, HAEMOGLOBIN, SYSTOLIC, HEART_RATE, *CRITERIA),
    unit="points",
    equation="urea nitrogen 18.2, 22.4, 28, 70 mg/dL: 2, 3, 4, 6; haemoglobin below 13, 12, 10 g/dL: men 1, 3, 6, "
    "women below 12, 10: 1, 6; systolic below 110, 100, 90: 1, 2, 3; rate 100 or more 1; melaena 1; "
    "syncope 2; liver disease 2; heart failure 2",
    formula=formula,
    bands=(
        Band(0, "0 or 1: very low risk, outpatient care can be considered (ACG 2021)."),
        Band(2, "Admit: treatment may be needed; endoscopy within 24 hours."),
        Band(7, "7 or more: endoscopic treatment is likely (Stanley 2017)."),
    ),
    citations=(
        Reference("Blatchford O, Murray WR, Blatchford M. Lancet 356:1318-1321", 2000, "10.1016/S0140-6736(00)02816-6"),
        Reference(
            "Laine L et al. ACG guideline. Am J Gastroenterol 116:899-917", 2021, "10.14309/ajg.0000000000001245"
        ),
        Reference("Stanley AJ et al. BMJ 356:i6432", 2017, "10.1136/bmj.i6432"),
    ),
    examples=(
        Example(WELL, 0, PAPER + ": every value just outside its first step"),
        Example(
            WELL | {"urea_nitrogen": {"value": 8, "unit": "mmol/L"}, "haemoglobin": {"value": 119, "unit": "g/L"}},
            6,
            PAPER,
        ),
        Example(
            {"sex": "female", "urea_nitrogen": 70, "haemoglobin": 9.9, "systolic": 89, "heart_rate": 100}
            | dict.fromkeys(POINTS, True),
            23,
            PAPER + ": the maximum",
        ),
        Example(
            WELL
            | {
                "urea_nitrogen": {"value": 12, "unit": "mmol/L"},
                "haemoglobin": 10.5,
                "systolic": 95,
                "heart_rate": 110,
                "melaena": True,
            },
            11,
            "computed with clincalc 0.4.0",
            Origin.SOFTWARE,
        ),
    ),
)
