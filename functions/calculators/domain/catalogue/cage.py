from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.model import Band, Calculator, Example, Reference, YesNo
from functions.calculators.domain.scoring import points

PAPER = "one point for each yes (Ewing 1984)"
CRITERIA = (
    YesNo(
        name="cut_down",
        label="felt a need to cut down",
        question="Has the patient felt a need to cut down on drinking?",
        words=(r"cut(?:ting)? down",),
    ),
    YesNo(
        name="annoyed",
        label="annoyed by criticism of drinking",
        question="Have people annoyed the patient by criticising the drinking?",
        words=(r"annoy(?:ed|ance|ing)",),
    ),
    YesNo(
        name="guilty",
        label="felt guilty about drinking",
        question="Has the patient felt bad or guilty about drinking?",
        words=(r"guilt(?:y)?",),
    ),
    YesNo(
        name="eye_opener",
        label="drink first thing in the morning",
        question="Has the patient had a drink first thing in the morning?",
        words=(r"eye ?openers?", r"drinks? first thing in the morning", r"morning drink(?:ing|s)?"),
    ),
)
TABLE = {one.name: 1 for one in CRITERIA}
NONE = dict.fromkeys(TABLE, False)
CALCULATOR = Calculator(
    id="cage",
    title="CAGE questionnaire",
    summary="Screen for alcohol dependence over the lifetime.",
    aliases=("CAGE questionnaire", "CAGE score", "CAGE questions"),
    inputs=CRITERIA,
    unit="points",
    formula=lambda v: points(v, TABLE),
    bands=(
        Band(0, "Below the usual cut; this does not exclude harmful drinking."),
        Band(2, "Clinically significant: alcohol dependence is likely enough to ask further."),
    ),
    caveats=("It asks about the whole life and misses heavy drinking without dependence: see AUDIT-C.",),
    citations=(Reference("Ewing JA. JAMA 252:1905-1907", 1984, "10.1001/jama.1984.03350140051025"),),
    examples=(
        Example(NONE, 0, PAPER),
        Example(dict.fromkeys(TABLE, True), 4, PAPER + ": the maximum"),
        Example(NONE | {"guilty": True, "eye_opener": True}, 2, PAPER),
        Example(
            NONE | {"cut_down": True, "annoyed": True, "eye_opener": True},
            3,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
