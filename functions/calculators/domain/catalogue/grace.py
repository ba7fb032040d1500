"""GRACE score of death in hospital (Granger 2003): the points of the paper's nomogram."""

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, CREATININE, HEART_RATE, SYSTOLIC
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Choice,
    Example,
    Option,
    Reference,
    Value,
    Values,
    YesNo,
    outcomes,
)
from functions.calculators.domain.scoring import LOWEST, points, step

PAPER = "points of the nomogram of Granger 2003, added by hand"
KILLIP = Choice(
    name="killip",
    label="Killip class",
    question="Which Killip class: I no failure, II rales or raised venous pressure, III pulmonary oedema, IV shock?",
    words=(r"kill?[ie]p(?: class)?",),
    options=(
        Option("I", "I, no heart failure", ("1", "i", r"no heart failure")),
        Option("II", "II, rales or raised venous pressure", ("2", "ii", r"rales")),
        Option("III", "III, pulmonary oedema", ("3", "iii", r"pulmonary o?edema")),
        Option("IV", "IV, cardiogenic shock", ("4", "iv", r"cardiogenic shock")),
    ),
)
ST_DEVIATION = YesNo(
    name="st_deviation",
    label="ST segment deviation",
    question="Is there ST segment deviation?",
    words=(r"s[td](?: segment)? (?:deviation|depression|elevation|changes?)",),
)
MARKERS = YesNo(
    name="elevated_markers",
    label="raised cardiac markers",
    question="Are the cardiac markers raised?",
    words=(
        r"(?:raised|elevated|positive|high)(?: cardiac)? (?:troponins?|markers?|enzymes?|biomarkers?)",
        r"troponins? (?:is |was )?(?:raised|elevated|positive|high)",
    ),
    absent=(r"(?:normal|negative) (?:troponins?|markers?|enzymes?|biomarkers?)", r"troponins? (?:is |was )?normal"),
)
ARREST = YesNo(
    name="arrest",
    label="cardiac arrest at admission",
    question="Was there a cardiac arrest at admission?",
    words=(r"cardiac arrest", r"(?:cpr|resuscitated)"),
)
CLASSES = {"I": 0, "II": 20, "III": 39, "IV": 59}
FINDINGS = {"arrest": 39, "st_deviation": 28, "elevated_markers": 14}
# Probability of death in hospital, percent, at 60, 70, … 250 points.
DEATHS = (0.2, 0.3, 0.4, 0.6, 0.8, 1.1, 1.6, 2.1, 2.9, 3.9, 5.4, 7.3, 9.8, 13, 18, 23, 29, 36, 44, 52)


def formula(values: Values) -> int:
    return (
        step(values["age"], (30, 8), (40, 25), (50, 41), (60, 58), (70, 75), (80, 91), (90, 100))
        + step(values["heart_rate"], (50, 3), (70, 9), (90, 15), (110, 24), (150, 38), (200, 46))
        + step(values["systolic"], (LOWEST, 58), (80, 53), (100, 43), (120, 34), (140, 24), (160, 10), (200, 0))
        + step(values["creatinine"], (LOWEST, 1), (0.4, 4), (0.8, 7), (1.2, 10), (1.6, 13), (2, 21), (4, 28))
        + CLASSES[values["killip"]]
        + points(values, FINDINGS)
    )


def notes(_values: Values, value: Value) -> tuple[str, ...]:
    """Where the nomogram puts the probability of death in hospital."""
    score = int(value)
    if score <= 60:
        return ("Death in hospital by the nomogram: at most 0.2 percent.",)
    if score >= 250:
        return ("Death in hospital by the nomogram: 52 percent or more.",)
    place = (score - 60) // 10
    low, high = DEATHS[place], DEATHS[place + 1]
    between = f"about {low:g}" if score % 10 == 0 else f"between {low:g} and {high:g}"
    return (f"Death in hospital by the nomogram: {between} percent.",)


CALM = {
    "age": 29, "heart_rate": 49, "systolic": 200, "creatinine": 0.3, "killip": "I",
    "arrest": False, "st_deviation": False, "elevated_markers": False,
}  # fmt: skip
CALCULATOR = Calculator(
    id="grace",
    title="GRACE score (death in hospital)",
    short="GRACE score",
    summary="Risk of death in hospital in acute coronary syndrome.",
    aliases=("GRACE score", "GRACE risk score"),
    inputs=(AGE, HEART_RATE, SYSTOLIC, CREATININE, KILLIP, ARREST, ST_DEVIATION, MARKERS),
    unit="points",
    formula=formula,
    bands=(
        Band(0, "Low risk in acute coronary syndrome without ST elevation: death in hospital below 1 percent."),
        Band(109, "Intermediate risk in acute coronary syndrome without ST elevation: 1 to 3 percent."),
        Band(141, "High risk in acute coronary syndrome without ST elevation: above 3 percent."),
    ),
    notes=notes,
    caveats=("With ST elevation the thirds lie at 125 and 154 points. This is the score of 2003, not GRACE 2.0.",),
    citations=(
        Reference("Granger CB et al. Arch Intern Med 163:2345-2353", 2003, "10.1001/archinte.163.19.2345"),
        Reference("Roffi M et al. 2015 ESC guidelines. Eur Heart J 37:267-315", 2016, "10.1093/eurheartj/ehv320"),
    ),
    outcomes=outcomes(
        "McMaster Textbook of Internal Medicine, table 3.11-2",
        Origin.TEXTBOOK,
        (108, "below 1 percent"),
        (140, "1 to 3 percent"),
        (141, "above 3 percent"),
    ),
    examples=(
        Example(CALM, 1, PAPER + ": the minimum, the least creatinine gives 1"),
        Example(
            {"age": 90, "heart_rate": 200, "systolic": 79, "creatinine": 4, "killip": "IV"}
            | dict.fromkeys(FINDINGS, True),
            372,
            PAPER + ": the maximum",
        ),
        Example(
            CALM
            | {
                "age": 65,
                "heart_rate": 95,
                "systolic": 125,
                "creatinine": {"value": 100, "unit": "µmol/L"},
                "st_deviation": True,
                "elevated_markers": True,
            },
            156,
            PAPER + ": 58 + 15 + 34 + 7 + 28 + 14",
        ),
        Example(
            CALM | {"age": 70, "heart_rate": 90, "systolic": 100, "creatinine": 1.0},
            140,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
        Example(
            CALM | {"age": 70, "heart_rate": 90, "systolic": 100, "creatinine": 1.0, "elevated_markers": True},
            154,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
