"""National Early Warning Score 2 (Royal College of Physicians 2017).

The chart has whole numbers, and tenths of a degree: what lies between is rounded to them, halves upwards.
"""

import math

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import HEART_RATE, RESPIRATORY_RATE, SATURATION, SYSTOLIC, TEMPERATURE
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
)
from functions.calculators.domain.scoring import LOWEST, step

PAPER = "chart of the Royal College of Physicians 2017, added by hand"
SCALE = Choice(
    name="oxygen_scale",
    label="saturation scale",
    question="Which saturation scale: 1, or 2 for hypercapnic respiratory failure with a target of 88 to 92 percent?",
    words=(r"(?:saturation |oxygen |sp ?o ?2 )?scale",),
    options=(
        Option("1", "1, the usual one", ("1", r"usual", r"normal")),
        Option("2", "2, target 88 to 92 percent", ("2", r"hypercapnic", r"target 88 to 92(?: percent| %)?")),
    ),
)
OXYGEN = YesNo(
    name="supplemental_oxygen",
    label="supplemental oxygen",
    question="Does the patient get supplemental oxygen?",
    words=(
        r"(?:supplemental |on )(?:oxygen|o ?2)",
        r"(?:\d+ )?lit(?:er|re)s?(?: of)? (?:oxygen|o ?2)",
        r"nasal cannula",
    ),
    absent=(r"(?:on |breathing )?(?:room )?air",),
)
ALERTNESS = Choice(
    name="alertness",
    label="consciousness",
    question="Is the patient alert, newly confused, responding to voice, to pain, or unresponsive?",
    options=(
        Option("alert", "alert", (r"alert",)),
        Option("confusion", "new confusion", (r"(?:new(?:ly)? )?confus(?:ed|ion)",)),
        Option(
            "voice",
            "responds to voice",
            (
                r"(?:(?:responds|responsive|responding)(?: only)? )?to voice",
                r"^voice$",
            ),
        ),
        Option(
            "pain",
            "responds to pain",
            (
                r"(?:(?:responds|responsive|responding)(?: only)? )?to pain",
                r"^pain$",
            ),
        ),
        Option("unresponsive", "unresponsive", (r"unresponsive",)),
    ),
)


def nearest(value: float, parts: int = 1) -> float:
    return math.floor(value * parts + 0.5) / parts


def by_saturation(values: Values) -> int:
    saturation = nearest(values["oxygen_saturation"])
    if values["oxygen_scale"] == "1":
        return step(saturation, (LOWEST, 3), (92, 2), (94, 1), (96, 0))
    if saturation >= 93 and values["supplemental_oxygen"]:
        return step(saturation, (LOWEST, 1), (95, 2), (97, 3))
    return step(saturation, (LOWEST, 3), (84, 2), (86, 1), (88, 0))


def parts(values: Values) -> tuple[int, ...]:
    """The points of the seven signs, in the order of the chart."""
    return (
        step(nearest(values["respiratory_rate"]), (LOWEST, 3), (9, 1), (12, 0), (21, 2), (25, 3)),
        by_saturation(values),
        2 * int(values["supplemental_oxygen"]),
        step(nearest(values["systolic"]), (LOWEST, 3), (91, 2), (101, 1), (111, 0), (220, 3)),
        step(nearest(values["heart_rate"]), (LOWEST, 3), (41, 1), (51, 0), (91, 1), (111, 2), (131, 3)),
        3 * int(values["alertness"] != "alert"),
        step(nearest(values["temperature"], 10), (LOWEST, 3), (35.1, 1), (36.1, 0), (38.1, 1), (39.1, 2)),
    )


def notes(values: Values, value: Value) -> tuple[str, ...]:
    if 3 in parts(values) and int(value) < 7:
        return ("One sign alone has 3 points: urgent review by a clinician on the ward, whatever the total.",)
    return ()


CALM = {
    "respiratory_rate": 16, "oxygen_saturation": 97, "oxygen_scale": "1", "supplemental_oxygen": False,
    "systolic": 120, "heart_rate": 70, "alertness": "alert", "temperature": 37,
}  # fmt: skip
CALCULATOR = Calculator(
    id="news2",
    title="National Early Warning Score 2 (NEWS2)",
    short="NEWS2",
    summary="Deterioration of adult inpatients from seven signs.",
    aliases=("NEWS2", "NEWS 2", "national early warning score", "early warning score"),
    inputs=(
        RESPIRATORY_RATE, SATURATION, SCALE, OXYGEN, SYSTOLIC, HEART_RATE, ALERTNESS,
        TEMPERATURE,
    ),
    unit="points",
    formula=lambda v: sum(parts(v)),
    bands=(
        Band(0, "Low clinical risk: observe at least every 12 hours (at 1 to 4 every 4 to 6 hours)."),
        Band(5, "Medium clinical risk: urgent review, observe at least every hour."),
        Band(7, "High clinical risk: emergency assessment, continuous observation."),
    ),
    notes=notes,
    caveats=("Not for children below 16 or in pregnancy. Scale 2 only where a clinician has set that target.",),
    licence="NEWS2 is copyright of the Royal College of Physicians, which lets everybody use it unchanged.",
    citations=(Reference("Royal College of Physicians. National Early Warning Score (NEWS) 2", 2017),),
    examples=(
        Example(CALM, 0, PAPER),
        Example(
            {"respiratory_rate": 25, "oxygen_saturation": 91, "oxygen_scale": "1", "supplemental_oxygen": True,
             "systolic": 90, "heart_rate": 131, "alertness": "voice", "temperature": 35},
            20,
            PAPER + ": the maximum",
        ),
        Example(
            CALM | {"oxygen_scale": "2", "oxygen_saturation": 95, "supplemental_oxygen": True, "respiratory_rate": 22},
            6,
            PAPER + ": 2 + 2 + 2",
        ),
        Example(CALM | {"temperature": {"value": 102.4, "unit": "°F"}, "heart_rate": 112}, 4, PAPER + ": 39.1 °C"),
        Example(
            CALM | {"respiratory_rate": 21, "oxygen_saturation": 97, "heart_rate": 95, "temperature": 38.5},
            4,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
),
)  # fmt: skip
