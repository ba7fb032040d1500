from functions.calculators.domain.criteria import COUGHING_BLOOD, PREVIOUS_VTE
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, HEART_RATE, SATURATION
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo

PAPER = "criteria of Kline 2004, counted by hand"
CRITERIA = (
    COUGHING_BLOOD,
    PREVIOUS_VTE,
    YesNo(
        name="leg_swelling",
        label="swelling of one leg",
        question="Is one leg swollen?",
        words=(r"(?:unilateral |one sided )?(?:leg|calf) (?:is )?(?:swelling|swollen)",
               r"(?:swollen|swelling of (?:1|the|a)) (?:leg|calf)"),
    ),
    YesNo(
        name="surgery_or_trauma",
        label="surgery or trauma within 4 weeks",
        question="Has there been surgery or trauma with intubation or hospital stay within four weeks?",
        words=(r"(?:recent |major )*(?:surgery|operation)", r"(?:recent )?trauma"),
    ),
    YesNo(
        name="hormones",
        label="use of oestrogen",
        question="Does the patient take oestrogen: contraceptive pill or hormone replacement?",
        words=(r"o?estrogens?|(?:oral )?contracepti(?:ves?|on)|birth control(?: pills?)?|the pill",
               r"hormone (?:use|replacement(?: therapy)?|therapy)|hrt"),
    ),
)  # fmt: skip


def formula(values: Values) -> int:
    vitals = int(values["age"] >= 50) + int(values["heart_rate"] >= 100) + int(values["oxygen_saturation"] < 95)
    return vitals + sum(int(values[one.name]) for one in CRITERIA)


NONE = {one.name: False for one in CRITERIA}
CALCULATOR = Calculator(
    id="perc",
    title="PERC rule for pulmonary embolism",
    short="PERC rule",
    summary="Criteria that stand against ruling out pulmonary embolism at the bedside.",
    aliases=("PERC rule", "PERC", "PERC score", "pulmonary embolism rule-out criteria"),
    names=(r"per[ck] (?:rule|score|criteria)(?: for (?:pe|pulmonary embolism))?",
           r"pulmonary embolism rule ?out criteria"),
    weak=(r"perc",),
    inputs=(AGE, HEART_RATE, SATURATION, *CRITERIA),
    unit="points",
    equation="1 for each: age 50 or more, rate 100 or more, saturation below 95 %, haemoptysis, previous DVT or PE, "
    "one leg swollen, surgery or trauma, oestrogen",
    formula=formula,
    bands=(
        Band(0, "All criteria are met: no test for PE is needed where it is improbable (below 15 percent)."),
        Band(1, "The rule does not exclude PE: go on with D-dimer or imaging."),
    ),
    caveats=("Only where the clinician's own estimate is below 15 percent; saturation in room air.",),
    citations=(
        Reference("Kline JA et al. J Thromb Haemost 2:1247-1255", 2004, "10.1111/j.1538-7836.2004.00790.x"),
        Reference("Kline JA et al. J Thromb Haemost 6:772-780", 2008, "10.1111/j.1538-7836.2008.02944.x"),
    ),
    examples=(
        Example({"age": 49, "heart_rate": 99, "oxygen_saturation": 95} | NONE, 0, PAPER + ": each just below its cut"),
        Example({"age": 50, "heart_rate": 100, "oxygen_saturation": 94} | NONE, 3, PAPER),
        Example(
            {"age": 70, "heart_rate": 120, "oxygen_saturation": 90} | dict.fromkeys(NONE, True),
            8,
            PAPER + ": the maximum",
        ),
        Example(
            {"age": 30, "heart_rate": 80, "oxygen_saturation": 98} | NONE,
            0,
            "documentation of medimetry 0.1.0",
            Origin.SOFTWARE,
        ),
),
)  # fmt: skip
