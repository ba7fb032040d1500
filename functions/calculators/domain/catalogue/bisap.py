from functions.calculators.domain.catalogue.qsofa import MENTATION
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, UREA
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo, outcomes

PAPER = "criteria of Wu 2008, added by hand"
SIRS = YesNo(
    name="sirs",
    label="two or more SIRS criteria",
    question="Are two or more SIRS criteria met?",
    words=(r"sirs(?: criteria)?(?: (?:met|positive))?", r"systemic inflammatory response(?: syndrome)?"),
)
EFFUSION = YesNo(
    name="effusion",
    label="pleural effusion",
    question="Does imaging show a pleural effusion?",
    words=(r"(?:pleural )?effusions?",),
)


def formula(values: Values) -> int:
    criteria = ("altered_mentation", "sirs", "effusion")
    return int(values["urea_nitrogen"] > 25) + int(values["age"] > 60) + sum(int(values[one]) for one in criteria)


CALM = {"age": 60, "urea_nitrogen": 25, "altered_mentation": False, "sirs": False, "effusion": False}
CALCULATOR = Calculator(
    id="bisap",
    title="BISAP score",
    summary="Mortality of acute pancreatitis from the first 24 hours.",
    aliases=("BISAP", "bedside index for severity in acute pancreatitis"),
    inputs=(AGE, UREA, MENTATION, SIRS, EFFUSION),
    unit="points",
    formula=formula,
    bands=(
        Band(0, "Mortality below 1 percent."),
        Band(2, "Mortality about 2 percent."),
        Band(3, "Mortality about 5 percent or more: organ failure and necrosis are more likely."),
        Band(4, "Mortality about 13 percent."),
        Band(5, "Mortality about 22 percent."),
    ),
    citations=(Reference("Wu BU et al. Gut 57:1698-1703", 2008, "10.1136/gut.2008.152702"),),
    outcomes=outcomes(
        "World J Gastrointest Pathophysiol 5:158-168 (2014), table 2",
        Origin.PAPER,
        (1, "below 1 percent"),
        (2, "2 percent"),
        (3, "5 percent or more"),
        (4, "13 percent"),
        (5, "22 percent"),
    ),
    examples=(
        Example(CALM, 0, PAPER + ": every value just short of its cut"),
        Example(
            {"age": 61, "urea_nitrogen": 26, "altered_mentation": True, "sirs": True, "effusion": True},
            5,
            PAPER + ": the maximum",
        ),
        Example(CALM | {"urea_nitrogen": {"value": 10, "unit": "mmol/L"}, "sirs": True}, 2, PAPER + ": 28 mg/dL"),
        Example(
            CALM | {"age": 70, "urea_nitrogen": 30, "altered_mentation": True, "sirs": True},
            4,
            "computed with open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
