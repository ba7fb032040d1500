from functions.calculators.domain.catalogue.grace import KILLIP
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, HEART_RATE, SYSTOLIC, WEIGHT
from functions.calculators.domain.model import Band, Calculator, Example, Measured, Reference, Values, YesNo
from functions.calculators.domain.scoring import step

PAPER = "points of Morrow 2000, added by hand"
CRITERIA = (
    YesNo(
        name="history",
        label="diabetes, hypertension or angina",
        question="Does the patient have diabetes, hypertension or earlier angina?",
        words=(r"diabet(?:es|ic)", r"hyper ?tension|htn|hypertensive", r"angina"),
    ),
    YesNo(
        name="anterior",
        label="anterior ST elevation or left bundle branch block",
        question="Is there anterior ST elevation or left bundle branch block?",
        words=(r"anterior(?: (?:st elevation|stemi|mi|infarct(?:ion)?))?", r"left bundle branch block|lbbb"),
    ),
    YesNo(
        name="late",
        label="more than 4 hours to treatment",
        question="Did it take more than 4 hours until treatment?",
        words=(r"(?:more than|over|above) 4 hours", r"late (?:presentation|treatment)"),
        measured=(
            Measured(r"(?:treated|treatment|presented|presentation) (?:after|at) @ hours", lambda hours: hours > 4),
        ),
    ),
)


def formula(values: Values) -> int:
    return (
        step(values["age"], (65, 2), (75, 3))
        + 3 * int(values["systolic"] < 100)
        + 2 * int(values["heart_rate"] > 100)
        + 2 * int(values["killip"] != "I")
        + int(values["weight"] < 67)
        + sum(int(values[one.name]) for one in CRITERIA)
    )


CALM = {
    "age": 64, "systolic": 100, "heart_rate": 100, "killip": "I", "weight": 67,
    "history": False, "anterior": False, "late": False,
}  # fmt: skip
DEATHS = (0.8, 1.6, 2.2, 4.4, 7.3, 12.4, 16.1, 23.4, 26.8, 35.9)
CALCULATOR = Calculator(
    id="timi_stemi",
    title="TIMI risk score for STEMI",
    short="TIMI score for STEMI",
    summary="30-day mortality of myocardial infarction with ST elevation.",
    aliases=("TIMI STEMI", "TIMI score for STEMI", "TIMI risk score STEMI"),
    inputs=(AGE, SYSTOLIC, HEART_RATE, KILLIP, WEIGHT, *CRITERIA),
    unit="points",
    formula=formula,
    bands=tuple(Band(score, f"30-day mortality about {share:g} percent.") for score, share in enumerate(DEATHS)),
    caveats=("Derived in patients who could be given fibrinolysis.",),
    citations=(Reference("Morrow DA et al. Circulation 102:2031-2037", 2000, "10.1161/01.CIR.102.17.2031"),),
    examples=(
        Example(CALM, 0, PAPER + ": every value just short of its cut"),
        Example(
            {
                "age": 75,
                "systolic": 99,
                "heart_rate": 101,
                "killip": "IV",
                "weight": 66.9,
                "history": True,
                "anterior": True,
                "late": True,
            },
            14,
            PAPER + ": the maximum",
        ),
        Example(CALM | {"age": 70, "anterior": True, "weight": {"value": 140, "unit": "lb"}}, 4, PAPER),
        Example(CALM | {"age": 70}, 2, "tests of open-medicine 0.12.0", Origin.SOFTWARE),
    ),
)
