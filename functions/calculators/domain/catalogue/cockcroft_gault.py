from functions.calculators.domain.bodyweight import adjusted_weight, ideal_weight
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ADULT_HEIGHT, AGE, CREATININE, SEX, WEIGHT
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand from Cockcroft 1976 with the weight rule of Winter 2012"


def dosing_weight(values: Values) -> tuple[float, str]:
    """Actual weight below BMI 18.5, the smaller of ideal and actual up to 24.9, adjusted weight from 25."""
    actual, height = values["weight"], values["height"]
    ideal = ideal_weight(values)
    mass_index = actual / (height / 100) ** 2
    if mass_index < 18.5:
        return actual, "actual"
    if mass_index < 25:
        return (ideal, "ideal") if ideal < actual else (actual, "actual")
    return adjusted_weight(values), "adjusted"


def clearance(values: Values, weight: float) -> float:
    """In mL/min, for a body weight in kg."""
    found: float = (140 - values["age"]) * weight / (72 * values["creatinine"])
    return found * 0.85 if values["sex"] == "female" else found


def formula(values: Values) -> float:
    weight, _kind = dosing_weight(values)
    return clearance(values, weight)


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    _weight, kind = dosing_weight(values)
    return () if kind == "actual" else (f"Computed with the {kind} body weight.",)


CALCULATOR = Calculator(
    id="cockcroft_gault",
    version="1.0.0",
    title="Creatinine clearance (Cockcroft-Gault)",
    short="Creatinine clearance",
    summary="Creatinine clearance as drug labels use it.",
    aliases=("Cockcroft-Gault", "creatinine clearance", "CrCl"),
    names=(
        r"c[ao]c?k ?c?ro(?:f?t|ff?)s? ?(?:and )?g[aou]\w{1,4}t?",
        r"creat(?:inine)? clearance",
        r"cr ?cl",
    ),
    inputs=(AGE, SEX, WEIGHT, ADULT_HEIGHT, CREATININE),
    unit="mL/min",
    equation="(140 - age) x weight / (72 x creatinine), x 0.85 for women; actual weight below BMI 18.5, the smaller "
    "of ideal and actual below 25, from there ideal + 0.4 x (actual - ideal)",
    formula=formula,
    bands=(
        Band(float("-inf"), "Below 15 mL/min: check every renally cleared drug."),
        Band(15, "15 to 29 mL/min: check every renally cleared drug."),
        Band(30, "30 to 59 mL/min: many labels reduce doses in this range."),
        Band(60, "60 mL/min or above."),
    ),
    notes=notes,
    caveats=("Not for unstable kidney function.",),
    citations=(
        Reference("Cockcroft DW, Gault MH. Nephron 16:31-41", 1976, "10.1159/000180580"),
        Reference("Winter MA, Guhr KN, Berg GM. Pharmacotherapy 32:604-612", 2012, "10.1002/j.1875-9114.2012.01098.x"),
    ),
    examples=(
        Example({"age": 60, "sex": "male", "weight": 72, "height": 180, "creatinine": 1.0}, 80.0, BY_HAND),
        Example(
            {"age": 60, "sex": "male", "weight": 80, "height": 186, "creatinine": 1.2},
            74.074074,
            "superglobalcalculator.com; the height is added so that the actual weight counts",
            Origin.TEACHING,
            printed="74.1",
        ),
        Example({"age": 70, "sex": "female", "weight": 40, "height": 160, "creatinine": 0.85}, 38.888889, BY_HAND),
        Example(
            {"age": 40, "sex": "male", "weight": 120, "height": 177.8, "creatinine": {"value": 88.4, "unit": "µmol/L"}},
            127.5,
            BY_HAND + "; ideal 73 kg, adjusted 91.8 kg",
        ),
        Example(
            {"age": 70, "sex": "male", "weight": 75, "height": 182, "creatinine": {"value": 110, "unit": "µmol/L"}},
            58.598485,
            "Prereg Exam Prep, page on the clearance; the height is added so that the actual weight counts",
            Origin.TEACHING,
            printed="58.7",
            differs="the page rounds 88.4 / 72 to 1.23",
        ),
    ),
)
