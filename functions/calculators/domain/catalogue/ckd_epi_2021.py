from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, CREATININE, SEX
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand from the equation of Inker 2021"


def formula(values: Values) -> float:
    """142 min(S/k, 1)^a max(S/k, 1)^-1.200 0.9938^age, times 1.012 for women."""
    female = values["sex"] == "female"
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = values["creatinine"] / kappa
    rate: float = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938 ** values["age"]
    return rate * 1.012 if female else rate


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    return ("The equation was made for adults of 18 years or older.",) if values["age"] < 18 else ()


CALCULATOR = Calculator(
    id="ckd_epi_2021",
    version="1.0.0",
    title="Estimated GFR (CKD-EPI 2021, creatinine)",
    short="Estimated GFR",
    summary="Race-free estimate of glomerular filtration from serum creatinine.",
    aliases=("CKD-EPI 2021", "CKD-EPI", "eGFR", "estimated GFR", "estimated glomerular filtration rate"),
    names=(
        r"c ?k ?d ?epi(?: (?:2021|creatinine|equation|20 21))*",
        r"e ?g ?f ?r",
        r"estimated (?:g ?f ?r|glomerular filtration(?: rate)?)",
    ),
    inputs=(AGE, SEX, CREATININE),
    unit="mL/min/1.73 m²",
    equation="142 x min(creatinine / k, 1)^a x max(creatinine / k, 1)^-1.2 x 0.9938^age; men k 0.9, a -0.302; women "
    "k 0.7, a -0.241, and x 1.012",
    formula=formula,
    bands=(
        Band(0, "Range of KDIGO category G5, kidney failure."),
        Band(15, "Range of KDIGO category G4, severely decreased."),
        Band(30, "Range of KDIGO category G3b, moderately to severely decreased."),
        Band(45, "Range of KDIGO category G3a, mildly to moderately decreased."),
        Band(60, "Range of KDIGO category G2, mildly decreased."),
        Band(90, "Range of KDIGO category G1, normal or high."),
    ),
    notes=notes,
    caveats=("Not for unstable kidney function; for drug doses use the creatinine clearance of the label.",),
    citations=(
        Reference("Inker LA et al. N Engl J Med 385:1737-1749", 2021, "10.1056/NEJMoa2102953"),
        Reference("KDIGO CKD guideline. Kidney Int 105(4S):S117-S314", 2024, "10.1016/j.kint.2023.10.018"),
    ),
    examples=(
        Example({"age": 80, "sex": "male", "creatinine": 0.87}, 87.227648, BY_HAND),
        Example({"age": 50, "sex": "female", "creatinine": 0.7}, 142 * 0.9938**50 * 1.012, BY_HAND),
        Example({"age": 60, "sex": "male", "creatinine": {"value": 159.12, "unit": "µmol/L"}}, 42.559047, BY_HAND),
        Example(
            {"age": 65, "sex": "male", "creatinine": 2.0},
            36.356148,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
            printed="36.4",
        ),
        Example(
            {"age": 50, "sex": "female", "creatinine": 0.6},
            109.283011,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
            printed="109.3",
        ),
    ),
)
