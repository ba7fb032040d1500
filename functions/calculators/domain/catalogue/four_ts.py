from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded, least, most, total
from functions.calculators.domain.model import Band, Calculator, Example, Reference

PAPER = "points of Lo 2006, added by hand"
ITEMS = (
    graded(
        "thrombocytopenia",
        "thrombocytopenia",
        "fall below 30 percent or nadir below 10",
        "fall of 30 to 50 percent or nadir 10 to 19 or larger fall from surgery",
        "fall above 50 percent and nadir of 20 or more",
        words=(r"(?:platelet fall|platelets)",),
    ),
    graded(
        "timing",
        "timing of the fall",
        "before day 4 without recent heparin|before day 4|too early",
        "unclear or after day 10 or within a day of heparin 30 to 100 days ago|unclear|after day 10",
        "days 5 to 10 or within a day of heparin in the last 30 days|days 5 to 10|day 5 to 10|clear onset",
        words=(r"(?:timing|onset)",),
    ),
    graded(
        "thrombosis",
        "thrombosis",
        "none|no|absent",
        "progressive recurrent or suspected or skin lesions without necrosis|progressive|recurrent|suspected",
        "new proven thrombosis or skin necrosis or acute systemic reaction|new|confirmed|proven",
        words=(r"(?:clot|thrombus)",),
    ),
    graded(
        "other_causes",
        "other causes of thrombocytopenia",
        "definite",
        "possible",
        "none apparent|none|no",
        words=(r"other (?:causes?|reasons?)",),
    ),
)
CALCULATOR = Calculator(
    id="four_ts",
    title="4Ts score",
    summary="Chance of heparin-induced thrombocytopenia before the laboratory test.",
    aliases=("4Ts score", "four Ts", "4 T score", "HIT score"),
    inputs=ITEMS,
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(0, "Low probability of heparin-induced thrombocytopenia."),
        Band(4, "Intermediate probability of heparin-induced thrombocytopenia."),
        Band(6, "High probability of heparin-induced thrombocytopenia."),
    ),
    caveats=("At 4 or more: stop heparin of every kind, give another anticoagulant and test for antibodies.",),
    citations=(
        Reference("Lo GK et al. J Thromb Haemost 4:759-765", 2006, "10.1111/j.1538-7836.2006.01787.x"),
        Reference(
            "Cuker A et al. ASH 2018 guidelines. Blood Adv 2:3360-3392", 2018, "10.1182/bloodadvances.2018024489"
        ),
    ),
    examples=(
        Example(least(ITEMS), 0, PAPER),
        Example(most(ITEMS), 8, PAPER + ": the maximum"),
        Example(
            {"thrombocytopenia": "2", "timing": "2", "thrombosis": "0", "other_causes": "1"},
            5,
            "the patient of Greinacher A. N Engl J Med 373:252-261 (2015), doi:10.1056/NEJMcp1411910",
            Origin.PAPER,
        ),
        Example(
            {"thrombocytopenia": "2", "timing": "1", "thrombosis": "0", "other_causes": "1"},
            4,
            "the patient of Thromb J 18 (2020), doi:10.1186/s12959-020-00229-8, table 1",
            Origin.PAPER,
        ),
        Example(
            {"thrombocytopenia": "1", "timing": "2", "thrombosis": "0", "other_causes": "1"},
            4,
            "tests of open-medicine 0.12.0: a patient with sepsis on heparin",
            Origin.SOFTWARE,
        ),
    ),
)
