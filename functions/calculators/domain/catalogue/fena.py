from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import CREATININE, SODIUM
from functions.calculators.domain.model import Band, Calculator, Example, Range, Reference

BY_HAND = "worked by hand: 100 x (urine Na x serum creatinine) / (serum Na x urine creatinine)"
URINE_SODIUM = replace(
    SODIUM,
    name="urine_sodium",
    label="urine sodium",
    question="What is the urine sodium?",
    words=(r"urin(?:e|ary) (?:sodium|na)", r"u ?na"),
    possible=Range(1, 400),
    usual=Range(5, 250),
)
URINE_CREATININE = replace(
    CREATININE,
    name="urine_creatinine",
    label="urine creatinine",
    question="What is the urine creatinine, and in which unit?",
    words=(r"urin(?:e|ary) creat(?:inine)?", r"u ?cr(?:eat)?"),
    possible=Range(1, 1000),
    usual=Range(5, 500),
)

CALCULATOR = Calculator(
    id="fena",
    title="Fractional excretion of sodium",
    summary="Share of the filtered sodium that reaches the urine, in acute kidney injury with little urine.",
    aliases=("FENa", "fractional excretion of sodium", "fractional sodium excretion"),
    names=(r"f ?e ?na", r"fractional (?:sodium excretion|excretion of (?:sodium|na))"),
    inputs=(URINE_SODIUM, URINE_CREATININE, SODIUM, CREATININE),
    unit="%",
    decimals=2,
    equation="100 x (urine sodium x serum creatinine) / (serum sodium x urine creatinine)",
    formula=lambda v: 100 * v["urine_sodium"] * v["creatinine"] / (v["sodium"] * v["urine_creatinine"]),
    bands=(
        Band(0, "Below 1 percent: suggests a prerenal cause."),
        Band(1, "1 to 2 percent: does not decide."),
        Band(2, "Above 2 percent: suggests tubular injury.", inclusive=False),
    ),
    caveats=("Not valid under diuretics, and of little use outside oliguric kidney injury.",),
    citations=(Reference("Espinel CH. JAMA 236:579-581", 1976, "10.1001/jama.1976.03270060029022"),),
    examples=(
        Example({"urine_sodium": 20, "urine_creatinine": 100, "sodium": 140, "creatinine": 2}, 0.285714, BY_HAND),
        Example({"urine_sodium": 70, "urine_creatinine": 50, "sodium": 140, "creatinine": 2}, 2.0, BY_HAND),
        Example(
            {
                "urine_sodium": 40,
                "urine_creatinine": {"value": 4420, "unit": "µmol/L"},
                "sodium": 125,
                "creatinine": {"value": 442, "unit": "µmol/L"},
            },
            3.2,
            BY_HAND,
        ),
        Example(
            {"urine_sodium": 15, "urine_creatinine": 120, "sodium": 138, "creatinine": 2.5},
            0.226449,
            "computed with clincalc 0.4.0",
            Origin.SOFTWARE,
            printed="0.23",
        ),
    ),
)
