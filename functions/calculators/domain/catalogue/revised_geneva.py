from functions.calculators.domain.criteria import COUGHING_BLOOD, PREVIOUS_VTE
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, HEART_RATE
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo
from functions.calculators.domain.scoring import points, step

PAPER = "points of Le Gal 2006, added by hand"
CRITERIA = (
    PREVIOUS_VTE,
    YesNo(
        name="surgery_or_fracture",
        label="surgery or leg fracture within a month",
        question="Was there surgery under general anaesthesia or a fracture of a leg within the last month?",
        words=(r"(?:recent |major )*surgery", r"(?:leg |hip |femur |tibia )?fracture"),
    ),
    YesNo(
        name="malignancy",
        label="active malignancy",
        question="Is there a malignancy, active or cured less than a year ago?",
        words=(r"(?:active )?(?:cancer|malignancy)",),
    ),
    YesNo(
        name="leg_pain",
        label="pain in one leg",
        question="Is there pain in one leg?",
        words=(r"(?:unilateral )?(?:lower limb|leg) pain", r"pain in (?:1|the|his|her|the left|the right) leg"),
    ),
    COUGHING_BLOOD,
    YesNo(
        name="leg_signs",
        label="pain on deep venous palpation and oedema of one leg",
        question="Is one leg swollen and painful when its deep veins are pressed?",
        words=(
            r"(?:deep )?(?:venous|vein) tenderness",
            r"(?:unilateral )?leg (?:swelling|o?edema)",
            r"pain on (?:deep )?(?:venous )?palpation",
        ),
    ),
)
TABLE = {
    "previous_vte": 3, "surgery_or_fracture": 2, "malignancy": 2, "leg_pain": 3, "haemoptysis": 2, "leg_signs": 4,
}  # fmt: skip


def formula(values: Values) -> int:
    return int(values["age"] > 65) + step(values["heart_rate"], (75, 3), (95, 5)) + points(values, TABLE)


CALM = {"age": 65, "heart_rate": 74} | dict.fromkeys(TABLE, False)
CALCULATOR = Calculator(
    id="revised_geneva",
    title="Revised Geneva score",
    summary="Chance of pulmonary embolism, without the clinician's own guess.",
    aliases=("revised Geneva", "Geneva score"),
    inputs=(AGE, HEART_RATE, *CRITERIA),
    unit="points",
    formula=formula,
    bands=(
        Band(0, "Low probability: pulmonary embolism in about 8 percent."),
        Band(4, "Intermediate probability: pulmonary embolism in about 28 percent."),
        Band(11, "High probability: pulmonary embolism in about 74 percent."),
    ),
    citations=(
        Reference("Le Gal G et al. Ann Intern Med 144:165-171", 2006, "10.7326/0003-4819-144-3-200602070-00004"),
    ),
    examples=(
        Example(CALM, 0, PAPER + ": every value just short of its cut"),
        Example({"age": 66, "heart_rate": 95} | dict.fromkeys(TABLE, True), 22, PAPER + ": the maximum"),
        Example(CALM | {"age": 70, "heart_rate": 80, "leg_pain": True}, 7, PAPER),
        Example(
            CALM | {"age": 70, "heart_rate": 100, "previous_vte": True},
            9,
            "documentation of medimetry 0.1.0",
            Origin.SOFTWARE,
        ),
    ),
)
