"""Generalized Anxiety Disorder scale: seven items over the last two weeks, 0 to 21."""

from functions.calculators.domain.catalogue.phq_9 import how_often
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import least, most, total
from functions.calculators.domain.model import Band, Calculator, Example, Reference

PAPER = "grades and cuts of Spitzer 2006, added by hand"
ITEMS = (
    how_often("nervous", "nervousness", r"nervous(?:ness)?|anxious|on edge"),
    how_often("control", "worry that cannot be controlled", r"(?:un)?controll?(?:able|ing|ed)?(?: worry(?:ing)?)?"),
    how_often("worry", "too much worry", r"(?:too much |excessive )?worr(?:y|ying|ies)"),
    how_often("relaxing", "trouble relaxing", r"relax(?:ing|ation)?"),
    how_often("restless", "restlessness", r"restless"),
    how_often("irritable", "irritability", r"irritable|annoyed"),
    how_often("afraid", "fear that something awful might happen", r"afraid|fear|dread"),
)
CALCULATOR = Calculator(
    id="gad_7",
    title="GAD-7 anxiety scale",
    short="GAD-7",
    summary="Severity of anxiety over the last two weeks.",
    aliases=("GAD-7", "GAD 7 score", "generalized anxiety disorder scale"),
    inputs=ITEMS,
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(0, "Minimal anxiety."),
        Band(5, "Mild anxiety."),
        Band(10, "Moderate anxiety; 10 is the usual cut for a closer look."),
        Band(15, "Severe anxiety."),
    ),
    caveats=("A screening and follow-up score: the diagnosis needs an interview.",),
    licence="Pfizer lets everybody reproduce the scale without permission; the items here are in our own words.",
    citations=(
        Reference(
            "Spitzer RL, Kroenke K, Williams JBW, Löwe B. Arch Intern Med 166:1092-1097",
            2006,
            "10.1001/archinte.166.10.1092",
        ),
    ),
    examples=(
        Example(least(ITEMS), 0, PAPER),
        Example(most(ITEMS), 21, PAPER + ": the maximum"),
        Example(least(ITEMS) | {"nervous": "3", "worry": "2", "restless": "1"}, 6, PAPER),
        Example(
            least(ITEMS) | {"nervous": "3", "control": "3", "worry": "3"},
            9,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
