from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, CREATININE, SEX
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Choice,
    Example,
    Option,
    Range,
    Reference,
    Value,
    Values,
)

BY_HAND = "worked by hand from the equation of Levey 2006"
RACE = Choice(
    name="race",
    label="race as the equation knows it",
    question="The equation knows Black and other patients: which applies?",
    required=False,
    unstated="no race coefficient (x 1.212 for Black patients in the paper of 2006)",
    options=(
        Option("black", "Black", (r"black", r"african american")),
        Option("other", "other", (r"white|caucasian", r"asian", r"hispanic|latino", r"not black|non black")),
    ),
)


def formula(values: Values) -> float:
    rate: float = 175 * values["creatinine"] ** -1.154 * values["age"] ** -0.203
    rate *= 0.742 if values["sex"] == "female" else 1
    return rate * 1.212 if values.get("race") == "black" else rate


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if values["age"] < 18:
        return ("The equation was made for adults of 18 years or older.",)
    return ("The race coefficient has been abandoned: prefer CKD-EPI 2021.",) if "race" in values else ()


CALCULATOR = Calculator(
    id="mdrd",
    title="Estimated GFR (MDRD, four variables)",
    short="GFR by MDRD",
    summary="The older estimate of glomerular filtration; CKD-EPI 2021 has replaced it.",
    aliases=("MDRD", "MDRD GFR", "MDRD equation"),
    names=(
        r"m ?d ?r ?d(?: (?:e?gfr|equation|formula|study))*",
        r"e?gfr (?:by|with|using) (?:the )?m ?d ?r ?d",
    ),
    inputs=(replace(AGE, possible=Range(1, 125)), SEX, CREATININE, RACE),
    unit="mL/min/1.73 m²",
    equation="175 x creatinine^-1.154 x age^-0.203, x 0.742 for women, x 1.212 where race is given as Black",
    formula=formula,
    bands=(
        Band(0, "Range of KDIGO category G5, kidney failure."),
        Band(15, "Range of KDIGO category G4, severely decreased."),
        Band(30, "Range of KDIGO category G3b, moderately to severely decreased."),
        Band(45, "Range of KDIGO category G3a, mildly to moderately decreased."),
        Band(60, "60 or above: the equation underestimates here, no closer category is given."),
    ),
    notes=notes,
    caveats=("Not for unstable kidney function; for drug doses use the creatinine clearance of the label.",),
    citations=(
        Reference("Levey AS et al. Ann Intern Med 145:247-254", 2006, "10.7326/0003-4819-145-4-200608150-00004"),
        Reference("KDIGO CKD guideline. Kidney Int 105(4S):S117-S314", 2024, "10.1016/j.kint.2023.10.018"),
    ),
    examples=(
        Example({"age": 1, "sex": "male", "creatinine": 1.0}, 175.0, BY_HAND + ": every power is one"),
        Example({"age": 60, "sex": "male", "creatinine": 1.2}, 61.7608, BY_HAND),
        Example({"age": 60, "sex": "female", "creatinine": 1.2, "race": "black"}, 55.5408, BY_HAND),
        Example({"age": 50, "sex": "male", "creatinine": {"value": 176.8, "unit": "µmol/L"}}, 35.5412, BY_HAND),
        Example(
            {"age": 60, "sex": "female", "creatinine": 1.5, "race": "other"},
            35.421581,
            "computed with medimetry 0.1.0",
            Origin.SOFTWARE,
            printed="35.4",
        ),
    ),
)
