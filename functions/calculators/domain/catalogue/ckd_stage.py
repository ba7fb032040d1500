from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.model import Band, Calculator, Example, Quantity, Range, Reference, Value, Values

PAPER = "category limits of KDIGO 2024"
EGFR = Quantity(
    name="egfr",
    label="eGFR",
    question="What is the eGFR?",
    words=(r"(?:e ?)?g ?f ?r", r"(?:estimated )?glomerular filtration rate"),
    quantity="filtration",
    unit="mL/min/1.73 m²",
    possible=Range(0.5, 250),
    usual=Range(3, 160),
)
ACR = Quantity(
    name="acr",
    label="urine albumin to creatinine ratio",
    question="What is the urine albumin to creatinine ratio, and in which unit?",
    words=(r"u?acr", r"(?:urine )?albumin(?: to)? creatinine ratio", r"albuminuria"),
    quantity="albumin to creatinine ratio",
    unit="mg/g",
    possible=Range(0, 60_000),
    usual=Range(0, 10_000),
    bare=(),
    required=False,
)
STAGES = ((90, "G1"), (60, "G2"), (45, "G3a"), (30, "G3b"), (15, "G4"))
RISK = {
    "A1": {"G1": 0, "G2": 0, "G3a": 1, "G3b": 2, "G4": 3, "G5": 3},
    "A2": {"G1": 1, "G2": 1, "G3a": 2, "G3b": 3, "G4": 3, "G5": 3},
    "A3": {"G1": 2, "G2": 2, "G3a": 3, "G3b": 3, "G4": 3, "G5": 3},
}
RISK_TEXTS = (
    "Low risk by KDIGO if there is no other marker of kidney damage; then not chronic kidney disease.",
    "Moderately increased risk of progression by KDIGO.",
    "High risk of progression by KDIGO.",
    "Very high risk of progression by KDIGO.",
)
DAMAGE = "Needs albuminuria or another marker of kidney damage to be called chronic kidney disease."


def formula(values: Values) -> str:
    grade = next((name for floor, name in STAGES if values["egfr"] >= floor), "G5")
    if "acr" not in values:
        return grade
    ratio = values["acr"]
    return f"{grade} {'A1' if ratio < 30 else 'A2' if ratio <= 300 else 'A3'}"


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    return () if "acr" in values else ("Albuminuria was not given: the A category is open.",)


def bands() -> tuple[Band, ...]:
    both = tuple(
        Band(f"{grade} {albuminuria}", RISK_TEXTS[risk])
        for albuminuria, row in RISK.items()
        for grade, risk in row.items()
    )
    return (Band("G1", DAMAGE), Band("G2", DAMAGE), *both)


CALCULATOR = Calculator(
    id="ckd_stage",
    version="1.0.0",
    title="CKD stage (KDIGO G and A categories)",
    short="CKD category",
    summary="KDIGO category from eGFR and albuminuria.",
    aliases=("CKD stage", "CKD staging", "KDIGO stage"),
    names=(r"(?:ckd|kdigo|chronic kidney disease) (?:staging|category|stage calculator)", r"stage of (?:the )?ckd"),
    weak=(r"(?:ckd|kdigo|chronic kidney disease|kidney disease) stage",),
    inputs=(EGFR, ACR),
    equation="G by eGFR 90, 60, 45, 30, 15; A by albumin/creatinine 30 and 300 mg/g",
    formula=formula,
    bands=bands(),
    notes=notes,
    caveats=("Chronic kidney disease only if it lasts for more than 3 months.",),
    citations=(Reference("KDIGO CKD guideline. Kidney Int 105(4S):S117-S314", 2024, "10.1016/j.kint.2023.10.018"),),
    examples=(
        Example({"egfr": 52}, "G3a", PAPER),
        Example({"egfr": 25, "acr": 450}, "G4 A3", PAPER),
        Example({"egfr": 95, "acr": {"value": 5, "unit": "mg/mmol"}}, "G1 A2", PAPER),
        Example({"egfr": 50, "acr": 400}, "G3a A3", "documentation of medimetry 0.1.0", Origin.SOFTWARE),
    ),
)
