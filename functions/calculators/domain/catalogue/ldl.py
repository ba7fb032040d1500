from collections.abc import Mapping

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import HDL, TOTAL_CHOLESTEROL, TRIGLYCERIDES
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: total cholesterol - HDL - triglycerides / 5, in mg/dL"
TOO_HIGH = "From 400 mg/dL (4.5 mmol/L) of triglycerides on the formula does not hold: LDL has to be measured."


def refuses(values: Values) -> Mapping[str, str]:
    if values["triglycerides"] >= 400:
        return {"triglycerides": TOO_HIGH}
    if values["hdl"] >= values["total_cholesterol"]:
        return {"hdl": "The HDL must be lower than the total cholesterol it is a part of."}
    return {}


def notes(_values: Values, value: Value) -> tuple[str, ...]:
    low = float(value) < 70
    return ("Below 70 mg/dL the formula underestimates: have LDL measured where it decides.",) if low else ()


CALCULATOR = Calculator(
    id="ldl",
    title="LDL cholesterol (Friedewald)",
    short="LDL cholesterol",
    summary="LDL cholesterol from a fasting lipid panel.",
    aliases=("LDL", "calculated LDL", "Friedewald", "LDL cholesterol"),
    names=(r"calculated ldl(?: cholesterol)?", r"fr[ie]{2}d[eo]wald(?: (?:equation|formula|ldl))?", r"ldl cholesterol"),
    weak=(r"l ?d ?l",),
    inputs=(TOTAL_CHOLESTEROL, HDL, TRIGLYCERIDES),
    unit="mg/dL",
    equation="total cholesterol - HDL - triglycerides / 5, in mg/dL",
    formula=lambda v: v["total_cholesterol"] - v["hdl"] - v["triglycerides"] / 5,
    bands=(
        Band(float("-inf"), "Optimal by ATP III (below 100 mg/dL)."),
        Band(100, "Near optimal by ATP III."),
        Band(130, "Borderline high by ATP III."),
        Band(160, "High by ATP III."),
        Band(190, "Very high by ATP III."),
    ),
    notes=notes,
    refuses=refuses,
    citations=(
        Reference("Friedewald WT, Levy RI, Fredrickson DS. Clin Chem 18:499-502", 1972, "10.1093/clinchem/18.6.499"),
        Reference("NCEP Adult Treatment Panel III, final report. Circulation 106:3143-3421", 2002),
    ),
    examples=(
        Example({"total_cholesterol": 200, "hdl": 50, "triglycerides": 150}, 120.0, BY_HAND),
        Example({"total_cholesterol": 300, "hdl": 40, "triglycerides": 395}, 181.0, BY_HAND),
        Example(
            {
                "total_cholesterol": {"value": 5, "unit": "mmol/L"},
                "hdl": {"value": 1, "unit": "mmol/L"},
                "triglycerides": {"value": 2, "unit": "mmol/L"},
            },
            119.252,
            BY_HAND,
        ),
        Example(
            {"total_cholesterol": 250, "hdl": 40, "triglycerides": 210},
            168.0,
            "Examzify, an examination question for laboratory science",
            Origin.TEACHING,
        ),
    ),
)
