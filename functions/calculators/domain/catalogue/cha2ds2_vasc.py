from functions.calculators.domain.criteria import HEART_FAILURE, HYPERTENSION
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, DIABETES, SEX
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo

PAPER = "points of Lip 2010, table 2, added by hand"
LOW = "Low risk: no anticoagulation for stroke prevention is suggested (2023 ACC/AHA/ACCP/HRS)."
MIDDLE = "Intermediate risk: anticoagulation is reasonable after shared decision (2023 ACC/AHA/ACCP/HRS)."
HIGH = "High risk: oral anticoagulation is recommended (2023 ACC/AHA/ACCP/HRS)."

STROKE = YesNo(
    name="stroke",
    label="stroke, TIA or systemic embolism",
    question="Has the patient had a stroke, TIA or systemic embolism?",
    words=(
        r"strokes?(?! risk| prevention| score)",
        r"t ?i ?a",
        r"mini ?stroke",
        r"cva",
        r"cerebrovascular accident",
        r"transient isch(?:a)?emic attacks?",
        r"(?:systemic |arterial |peripheral )?(?:thrombo)?embolism",
    ),
)
VASCULAR = YesNo(
    name="vascular_disease",
    label="vascular disease",
    question="Does the patient have vascular disease: prior heart attack, peripheral artery disease or aortic plaque?",
    words=(
        r"vascular disease",
        r"(?:peripheral )?(?:arterial|artery|vascular) disease",
        r"coronary(?: artery| heart)? disease",
        r"(?:prior |previous |old )?(?:myocardial infarction|heart attack|mi)",
        r"pad|pvd|cad",
        r"aortic (?:plaque|atheroma)",
        r"claudication",
    ),
)


def formula(values: Values) -> int:
    age = values["age"]
    years = 2 if age >= 75 else 1 if age >= 65 else 0
    single = ("heart_failure", "hypertension", "diabetes", "vascular_disease")
    female = int(values["sex"] == "female")
    return years + 2 * int(values["stroke"]) + sum(int(values[name]) for name in single) + female


CALCULATOR = Calculator(
    id="cha2ds2_vasc",
    version="1.0.0",
    title="CHA2DS2-VASc score",
    short="CHA2DS2-VASc score",
    summary="Stroke risk in non-valvular atrial fibrillation.",
    aliases=("CHA2DS2-VASc", "CHADS-VASc", "CHADS2-VASc", "CHA₂DS₂-VASc"),
    # Whisper writes it in many ways: chads vasc, cha2ds2 vasc, chad two d s two vasc, chats2 vask, …
    names=(r"[cs] ?h ?a ?[dtsz]{0,3}(?: ?(?:[2dst]|to|too|the|s)){0,7} ?[vbf] ?a ?s{1,2} ?[ckqt]{0,2}[hs]?",),
    inputs=(AGE, SEX, HEART_FAILURE, HYPERTENSION, DIABETES, STROKE, VASCULAR),
    unit="points",
    equation="1 each: heart failure, hypertension, diabetes, vascular disease, woman, age from 65; 2 each: age from "
    "75, stroke",
    formula=formula,
    bands=(
        Band(0, LOW, when=("sex", "male")),
        Band(1, MIDDLE, when=("sex", "male")),
        Band(2, HIGH, when=("sex", "male")),
        Band(0, LOW, when=("sex", "female")),
        Band(2, MIDDLE, when=("sex", "female")),
        Band(3, HIGH, when=("sex", "female")),
    ),
    caveats=("For non-valvular atrial fibrillation; bleeding risk is judged separately.",),
    citations=(
        Reference("Lip GYH et al. Chest 137:263-272", 2010, "10.1378/chest.09-1584"),
        Reference(
            "Joglar JA et al. 2023 ACC/AHA/ACCP/HRS guideline. Circulation 149:e1-e156",
            2024,
            "10.1161/CIR.0000000000001193",
        ),
    ),
    examples=(
        Example(
            {
                "age": 68, "sex": "male", "heart_failure": False, "hypertension": True,
                "diabetes": True, "stroke": False, "vascular_disease": False,
            },
            3,
            PAPER,
        ),
        Example(
            {
                "age": 75, "sex": "female", "heart_failure": True, "hypertension": True,
                "diabetes": True, "stroke": True, "vascular_disease": True,
            },
            9,
            PAPER + ": the maximum",
        ),
        Example(
            {
                "age": 50, "sex": "male", "heart_failure": False, "hypertension": False,
                "diabetes": False, "stroke": False, "vascular_disease": False,
            },
            0,
            PAPER + ": the minimum",
        ),
        Example(
            {
                "age": 68,
                "sex": "male",
                "heart_failure": True,
                "hypertension": True,
                "diabetes": True,
                "stroke": False,
                "vascular_disease": False,
            },
            4,
            "StethoPrep question on arrhythmias 022, after Harrison's Principles",
            Origin.TEACHING,
        ),
),
)  # fmt: skip
