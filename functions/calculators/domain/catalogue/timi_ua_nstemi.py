from functions.calculators.domain.catalogue.grace import MARKERS
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE
from functions.calculators.domain.model import Band, Calculator, Example, Measured, Reference, Values, YesNo, outcomes
from functions.calculators.domain.scoring import points

PAPER = "points of Antman 2000, added by hand"
CRITERIA = (
    YesNo(
        name="risk_factors",
        label="three or more risk factors for coronary disease",
        question="Are there three or more of: family history, hypertension, raised cholesterol, diabetes, smoking?",
        words=(r"(?:3|4|5)(?: or more)?(?: \w+)? risk factors", r"(?:several|multiple|many) risk factors"),
        absent=(r"(?:no|1|2) risk factors?",),
    ),
    YesNo(
        name="known_stenosis",
        label="coronary stenosis of 50 percent or more",
        question="Is a coronary stenosis of 50 percent or more known?",
        words=(r"(?:known |coronary )+stenosis", r"known (?:cad|coronary (?:artery )?disease)"),
    ),
    YesNo(
        name="aspirin",
        label="aspirin in the last 7 days",
        question="Has the patient taken aspirin in the last 7 days?",
        words=(r"(?:aspirin|asa)(?: use)?",),
    ),
    YesNo(
        name="severe_angina",
        label="two or more episodes of angina in 24 hours",
        question="Were there two or more episodes of angina in the last 24 hours?",
        words=(
            r"severe angina",
            r"(?:2|3|4|two) (?:or more )?(?:episodes?|attacks?)(?: of angina)?",
            r"recurrent angina",
        ),
        measured=(Measured(r"@ (?:anginal )?(?:episodes|attacks)", lambda number: number >= 2),),
    ),
    YesNo(
        name="st_deviation",
        label="ST deviation of 0.5 mm or more",
        question="Is there ST segment deviation of 0.5 mm or more?",
        words=(r"st(?: segment)? (?:deviation|depression|changes?)",),
    ),
    MARKERS,
)
TABLE = {one.name: 1 for one in CRITERIA}


def formula(values: Values) -> int:
    return int(values["age"] >= 65) + points(values, TABLE)


NONE = dict.fromkeys(TABLE, False)
EVENTS = "Death, infarction or urgent revascularisation within 14 days in about"
CALCULATOR = Calculator(
    id="timi_ua_nstemi",
    title="TIMI risk score for unstable angina and NSTEMI",
    short="TIMI score for NSTEMI",
    summary="Risk in acute coronary syndrome without ST elevation.",
    aliases=("TIMI NSTEMI", "TIMI score for NSTEMI", "TIMI unstable angina", "TIMI score for unstable angina"),
    inputs=(AGE, *CRITERIA),
    unit="points",
    formula=formula,
    bands=(
        Band(0, f"{EVENTS} 5 percent."),
        Band(2, f"{EVENTS} 8 percent."),
        Band(3, f"{EVENTS} 13 percent."),
        Band(4, f"{EVENTS} 20 percent."),
        Band(5, f"{EVENTS} 26 percent."),
        Band(6, f"{EVENTS} 41 percent."),
    ),
    caveats=("Rates of the trials around 2000, before today's treatment.",),
    citations=(Reference("Antman EM et al. JAMA 284:835-842", 2000, "10.1001/jama.284.7.835"),),
    outcomes=outcomes(
        "Antman 2000 as the Healio quiz of cardiology prints it: 4.7, 8.3, 13.2, 19.9, 26.2, 40.9",
        Origin.PAPER,
        (1, "5 percent"),
        (2, "8 percent"),
        (3, "13 percent"),
        (4, "20 percent"),
        (5, "26 percent"),
        (7, "41 percent"),
    ),
    examples=(
        Example({"age": 64} | NONE, 0, PAPER),
        Example({"age": 65} | dict.fromkeys(TABLE, True), 7, "Antman 2000: the maximum", Origin.PAPER, bound=True),
        Example({"age": 70} | NONE | {"aspirin": True, "st_deviation": True}, 3, PAPER),
        Example(
            {"age": 65} | NONE | {"risk_factors": True, "known_stenosis": True, "aspirin": True, "severe_angina": True},
            5,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
