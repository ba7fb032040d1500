from functions.calculators.domain.criteria import CANCER
from functions.calculators.domain.inputs import AGE, HEART_RATE, SATURATION, SYSTOLIC
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo

PAPER = "points of Jiménez 2010, added by hand"
CRITERIA = (
    CANCER,
    YesNo(
        name="heart_or_lung_disease",
        label="chronic heart failure or lung disease",
        question="Does the patient have heart failure or chronic lung disease?",
        words=(
            r"(?:chronic |congestive )*(?:heart|cardiac) failure|chf",
            r"copd|chronic (?:obstructive )?(?:lung|pulmonary) disease",
            r"cardiopulmonary disease",
        ),
    ),
)


def formula(values: Values) -> int:
    return (
        int(values["age"] > 80)
        + int(values["cancer"])
        + int(values["heart_or_lung_disease"])
        + int(values["heart_rate"] >= 110)
        + int(values["systolic"] < 100)
        + int(values["oxygen_saturation"] < 90)
    )


CALM = {
    "age": 80, "heart_rate": 109, "systolic": 100, "oxygen_saturation": 90, "cancer": False,
    "heart_or_lung_disease": False,
}  # fmt: skip
CALCULATOR = Calculator(
    id="spesi",
    title="Simplified pulmonary embolism severity index (sPESI)",
    short="Simplified PESI",
    summary="30-day mortality of acute pulmonary embolism.",
    aliases=("sPESI", "simplified PESI", "pulmonary embolism severity index"),
    inputs=(AGE, HEART_RATE, SYSTOLIC, SATURATION, *CRITERIA),
    unit="points",
    formula=formula,
    bands=(
        Band(0, "Low risk: 30-day mortality about 1 percent."),
        Band(1, "High risk: 30-day mortality about 11 percent."),
    ),
    citations=(Reference("Jiménez D et al. Arch Intern Med 170:1383-1389", 2010, "10.1001/archinternmed.2010.199"),),
    examples=(
        Example(CALM, 0, PAPER + ": every value just short of its cut"),
        Example(
            {"age": 81, "heart_rate": 110, "systolic": 99, "oxygen_saturation": 89, "cancer": True,
             "heart_or_lung_disease": True},
            6,
            PAPER + ": the maximum",
        ),
        Example(CALM | {"cancer": True, "heart_rate": 120}, 2, PAPER),
    ),
)  # fmt: skip
