from functions.calculators.domain.criteria import HYPERTENSION, SMOKING
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, DIABETES
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Choice,
    Example,
    Option,
    Reference,
    Values,
    YesNo,
    outcomes,
)
from functions.calculators.domain.scoring import step

PAPER = "points of Six 2008, added by hand"
HISTORY = Choice(
    name="history",
    label="suspicion by the history",
    question="Is the history slightly, moderately or highly suspicious?",
    words=(r"(?<!family )history", r"(?:suspicious|suspicion)(?: history)?", r"story"),
    options=(
        Option("slight", "slightly suspicious", (r"slight(?:ly)?", r"low", r"non ?suspicious", r"not suspicious")),
        Option("moderate", "moderately suspicious", (r"moderate(?:ly)?", r"intermediate")),
        Option("high", "highly suspicious", (r"high(?:ly)?", r"very", r"typical", r"classic(?:al)?")),
    ),
)
ECG = Choice(
    name="ecg",
    label="ECG",
    question="Is the ECG normal, is there a nonspecific repolarisation disturbance, or a significant ST deviation?",
    words=(r"(?:on )?(?:the )?(?:ecg|ekg|electrocardiogram)(?: shows| with)?(?: an?)?",),
    options=(
        Option("normal", "normal", (r"normal", r"unremarkable")),
        Option(
            "repolarisation",
            "nonspecific repolarisation disturbance",
            (
                r"non ?specific(?: repolari[sz]ation| changes)?(?: disturbance)?",
                r"lbbb|left bundle branch block",
                r"lvh",
            ),
        ),
        Option(
            "st deviation",
            "significant ST deviation",
            (r"(?:significant )?st (?:deviation|depression|elevation)s?", r"ischa?emic changes"),
        ),
    ),
)
TROPONIN = Choice(
    name="troponin",
    label="first troponin",
    question="Is the first troponin normal, up to three times the normal limit, or above three times?",
    words=(r"(?:initial |first )?trop(?:onin)?",),
    options=(
        Option("normal", "not above the normal limit", (r"normal", r"negative", r"not (?:raised|elevated)")),
        Option(
            "up to 3 times",
            "up to three times the normal limit",
            (r"(?:1|2) times(?: the)?(?: upper)?(?: normal)?(?: limit)?", r"up to 3 times", r"1 to 3 times", r"twice"),
        ),
        Option("above 3 times", "above three times the normal limit", (r"(?:above|over|more than|greater than) 3 times",
                                                                     r"(?:[4-9]|[1-9]\d+) times")),
    ),
)  # fmt: skip
RISKS = (
    HYPERTENSION,
    DIABETES,
    SMOKING,
    YesNo(name="cholesterol", label="hypercholesterolaemia", question="Is the cholesterol high?",
          words=(r"hypercholesterola?emia|hyperlipida?emia|dyslipida?emia|high cholesterol",)),
    YesNo(name="obesity", label="obesity (BMI above 30)", question="Is the body mass index above 30?",
          words=(r"obes(?:e|ity)",)),
    YesNo(
        name="family_history",
        label="coronary disease of a parent or sibling before 65",
        question="Has a parent or sibling had cardiovascular disease before the age of 65?",
        words=(
            r"(?:positive )?family history(?: of (?:cad|coronary (?:artery )?disease|cardiovascular disease))?",
            r"(?:coronary|heart) disease (?:of|in) (?:a )?(?:parent|sibling|father|mother|brother|sister)",
        ),
    ),
)  # fmt: skip
ATHEROSCLEROSIS = YesNo(
    name="atherosclerosis",
    label="known atherosclerotic disease, stroke or TIA",
    question="Is there known atherosclerosis: heart attack, stent, bypass, stroke, TIA or peripheral artery disease?",
    words=(
        r"atherosclero(?:sis|tic disease)",
        r"coronary (?:artery |heart )?disease|cad|prior stents?|bypass|cabg|pci",
        r"(?:prior |previous |old )?(?:myocardial infarction|heart attack|mi)",
        r"strokes?|t ?i ?a|peripheral (?:arterial|artery|vascular) disease|pad",
    ),
)
GRADES = {"slight": 0, "moderate": 1, "high": 2, "normal": 0, "repolarisation": 1, "st deviation": 2,
          "up to 3 times": 1, "above 3 times": 2}  # fmt: skip


def formula(values: Values) -> int:
    """Known atherosclerosis alone counts as much as three risk factors."""
    risks = 3 if values["atherosclerosis"] else sum(bool(values[one.name]) for one in RISKS)
    graded = sum(GRADES[values[name]] for name in ("history", "ecg", "troponin"))
    return graded + step(values["age"], (45, 1), (65, 2)) + step(risks, (1, 1), (3, 2))


LEAST = {"history": "slight", "ecg": "normal", "troponin": "normal", "age": 44, "atherosclerosis": False} | {
    one.name: False for one in RISKS
}
CALCULATOR = Calculator(
    id="heart",
    title="HEART score",
    summary="Six-week risk of a major cardiac event in chest pain in the emergency department.",
    aliases=("HEART score", "HEART pathway score"),
    names=(r"heart (?:pathway )?score", r"heart score for (?:chest pain|major cardiac events)"),
    inputs=(HISTORY, ECG, AGE, TROPONIN, *RISKS, ATHEROSCLEROSIS),
    unit="points",
    equation="0 to 2 points each: history, ECG, age (45, 65), risk factors (1, 3 or known atherosclerosis), troponin",
    formula=formula,
    bands=(
        Band(0, "Low: a major cardiac event within six weeks in 1.7 percent (Backus 2013)."),
        Band(4, "Intermediate: a major cardiac event within six weeks in 16.6 percent (Backus 2013)."),
        Band(7, "High: a major cardiac event within six weeks in 50.1 percent (Backus 2013)."),
    ),
    caveats=("Not where the ECG shows an infarction that needs reperfusion at once.",),
    citations=(
        Reference("Six AJ, Backus BE, Kelder JC. Neth Heart J 16:191-196", 2008, "10.1007/BF03086144"),
        Reference("Backus BE et al. Int J Cardiol 168:2153-2158", 2013, "10.1016/j.ijcard.2013.01.255"),
    ),
    outcomes=outcomes(
        "abstract of Backus 2013", Origin.PAPER, (3, "1.7 percent"), (6, "16.6 percent"), (10, "50.1 percent")
    ),
    examples=(
        Example(LEAST, 0, PAPER + ": the minimum"),
        Example(LEAST | {"age": 65, "hypertension": True, "smoking": True, "troponin": "up to 3 times"}, 4, PAPER),
        Example(
            LEAST
            | {
                "history": "high",
                "ecg": "st deviation",
                "age": 70,
                "troponin": "above 3 times",
                "atherosclerosis": True,
            },
            10,
            PAPER + ": the maximum",
        ),
        Example(
            LEAST | {"history": "moderate", "age": 57, "hypertension": True},
            3,
            "PAINE podcast of 12 November 2016: history, age and risk factors count one each",
            Origin.TEACHING,
        ),
    ),
)
