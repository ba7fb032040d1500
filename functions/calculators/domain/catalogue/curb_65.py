from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, DIASTOLIC, RESPIRATORY_RATE, SYSTOLIC, UREA
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values, YesNo, outcomes

PAPER = "criteria of Lim 2003, added by hand"
CONFUSION = YesNo(
    name="confusion",
    label="confusion",
    question="Is the patient newly confused?",
    words=(r"confus(?:ed|ion)", r"disorient(?:ed|ation)", r"altered mental (?:status|state)", r"deliri(?:um|ous)"),
    absent=(r"(?:alert|awake) and orient(?:at)?ed", r"orient(?:at)?ed(?: x ?[34])?", r"normal mental status"),
)


def formula(values: Values) -> int:
    return (
        int(values["confusion"])
        + int(values["urea_nitrogen"] > 19)
        + int(values["respiratory_rate"] >= 30)
        + int(values["systolic"] < 90 or values["diastolic"] <= 60)
        + int(values["age"] >= 65)
    )


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if 19 < values["urea_nitrogen"] <= 7 * 2.8:
        return ("The urea lies between the two published cuts, 19 mg/dL (counted here) and 7 mmol/L.",)
    return ()


CALCULATOR = Calculator(
    id="curb_65",
    version="1.0.0",
    title="CURB-65 score",
    short="CURB-65 score",
    summary="Severity of community-acquired pneumonia.",
    aliases=("CURB-65", "CURB 65"),
    names=(r"c(?:u|e)rb(?: ?65)?",),
    inputs=(AGE, CONFUSION, UREA, RESPIRATORY_RATE, SYSTOLIC, DIASTOLIC),
    unit="points",
    equation="1 each: confusion, urea nitrogen above 19 mg/dL, breathing from 30, systolic below 90 or diastolic up "
    "to 60, age from 65",
    formula=formula,
    bands=(
        Band(0, "Low risk, 30-day mortality about 1.5 percent: outpatient treatment can be considered."),
        Band(2, "Moderate risk, 30-day mortality about 9 percent: consider admission."),
        Band(3, "High risk, 30-day mortality about 22 percent: admit; assess for intensive care at 4 or 5."),
    ),
    notes=notes,
    citations=(Reference("Lim WS et al. Thorax 58:377-382", 2003, "10.1136/thorax.58.5.377"),),
    outcomes=outcomes("Zollege, an examination question: 9.2 percent", Origin.TEACHING, (2, "9 percent")),
    examples=(
        Example(
            {
                "age": 80, "confusion": True, "urea_nitrogen": 40, "respiratory_rate": 32,
                "systolic": 85, "diastolic": 50,
            },
            5,
            PAPER + ": the maximum",
        ),
        Example(
            {
                "age": 64, "confusion": False, "urea_nitrogen": 19, "respiratory_rate": 29,
                "systolic": 90, "diastolic": 61,
            },
            0,
            PAPER + ": every value just below its cut",
        ),
        Example(
            {
                "age": 65, "confusion": False, "urea_nitrogen": {"value": 7.2, "unit": "mmol/L"},
                "respiratory_rate": 20, "systolic": 110, "diastolic": 60,
            },
            3,
            PAPER,
        ),
        Example(
            {
                "age": 68,
                "confusion": False,
                "urea_nitrogen": {"value": 7.3, "unit": "mmol/L"},
                "respiratory_rate": 20,
                "systolic": 110,
                "diastolic": 70,
            },
            2,
            "Zollege, an examination question: urea 44 mg/dL is 7.3 mmol/L",
            Origin.TEACHING,
        ),
),
)  # fmt: skip
