"""Dates of a pregnancy from the first day of the last period."""

from datetime import timedelta

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import CYCLE, LAST_PERIOD, spoken_day
from functions.calculators.domain.model import Calculator, Example, Reference, Values

BY_HAND = "worked by hand on a calendar: first day of the last period + 252 days + the length of the cycle"


def formula(values: Values) -> str:
    """Naegele's 280 days, for a cycle of 28; a longer cycle moves it by as many days."""
    day = values["last_period"] + timedelta(days=252 + values.get("cycle", 28))
    return str(day.isoformat())


CALCULATOR = Calculator(
    id="due_date",
    title="Estimated due date",
    summary="Day of delivery by the last menstrual period.",
    aliases=("estimated due date", "due date", "EDD", "expected date of delivery", "Naegele"),
    names=(
        r"(?:estimated |expected |calculated )?due date",
        r"(?:estimated|expected) (?:date|day) of (?:delivery|confinement|birth)",
        r"n[ae]+g[ae]+le(?: s)?(?: rule)?",
    ),
    weak=(r"e ?d ?d", r"e ?d ?c"),
    inputs=(LAST_PERIOD, CYCLE),
    equation="first day of the last period + 252 days + length of the cycle (28: 280 days)",
    formula=formula,
    say=spoken_day,
    caveats=("An ultrasound of the first trimester that differs by more than 5 to 7 days decides instead.",),
    citations=(
        Reference("ACOG Committee Opinion 700. Obstet Gynecol 129:e150-e154", 2017, "10.1097/AOG.0000000000002046"),
    ),
    examples=(
        Example({"last_period": "2024-01-01", "cycle": 28}, "2024-10-07", BY_HAND),
        Example({"last_period": "2023-01-01", "cycle": 28}, "2023-10-08", BY_HAND + ": not a leap year"),
        Example({"last_period": "2024-01-01", "cycle": 35}, "2024-10-14", BY_HAND),
        Example({"last_period": "2023-03-10"}, "2023-12-15", BY_HAND + ", cycle not given"),
        Example(
            {"last_period": "2022-06-14", "cycle": 28},
            "2023-03-21",
            "St. Luke's Hospital, calculating your due date: 14 June gives 21 March",
            Origin.TEACHING,
        ),
        Example(
            {"last_period": "2020-05-08"},
            "2021-02-12",
            "Wikipedia, Estimated date of delivery: 280 days after 8 May 2020",
            Origin.TEACHING,
        ),
    ),
)
