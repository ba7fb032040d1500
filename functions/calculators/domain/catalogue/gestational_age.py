from collections.abc import Mapping

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import LAST_PERIOD
from functions.calculators.domain.model import Band, Calculator, Day, Example, Reference, Value, Values

BY_HAND = "counted by hand on a calendar"
ON = Day(
    name="on",
    label="day for which the age is wanted",
    question="On which day do you want the gestational age: today, or another date?",
    words=(r"(?:on|as of|by|at|until|current date|date of (?:the )?(?:scan|visit|examination)|today is)",),
)


def formula(values: Values) -> int:
    days: int = (values["on"] - values["last_period"]).days
    return days


def say(value: Value) -> str:
    weeks, days = divmod(int(value), 7)
    return f"{weeks} {'week' if weeks == 1 else 'weeks'} and {days} {'day' if days == 1 else 'days'}"


def refuses(values: Values) -> Mapping[str, str]:
    early = values["on"] < values["last_period"]
    return {"on": "This day lies before the last period."} if early else {}


def notes(_values: Values, value: Value) -> tuple[str, ...]:
    return ("More than 44 weeks: please check both dates.",) if int(value) > 44 * 7 else ()


CALCULATOR = Calculator(
    id="gestational_age",
    title="Gestational age",
    summary="Weeks and days of a pregnancy by the last menstrual period.",
    aliases=("gestational age", "weeks of pregnancy", "weeks of gestation"),
    names=(
        r"(?:estimated )?gestational age",
        r"weeks of (?:pregnancy|gestation)",
        r"how far along(?: is she| is the patient)?",
        r"how many weeks(?: (?:pregnant|is she|is the patient|along))+",
    ),
    inputs=(LAST_PERIOD, ON),
    unit="days",
    equation="days since the first day of the last period",
    formula=formula,
    say=say,
    bands=(
        Band(0, "First trimester, up to 13 weeks and 6 days."),
        Band(98, "Second trimester, up to 27 weeks and 6 days."),
        Band(196, "Third trimester, preterm before 37 weeks."),
        Band(259, "Early term, 37 weeks to 38 weeks and 6 days."),
        Band(273, "Full term, 39 weeks to 40 weeks and 6 days."),
        Band(287, "Late term, 41 weeks to 41 weeks and 6 days."),
        Band(294, "Post-term, from 42 weeks."),
    ),
    notes=notes,
    refuses=refuses,
    caveats=("An ultrasound of the first trimester that differs by more than 5 to 7 days decides instead.",),
    citations=(
        Reference("ACOG Committee Opinion 700. Obstet Gynecol 129:e150-e154", 2017, "10.1097/AOG.0000000000002046"),
        Reference("ACOG Committee Opinion 579. Obstet Gynecol 122:1139-1140", 2013),
    ),
    examples=(
        Example({"last_period": "2024-01-01", "on": "2024-01-01"}, 0, BY_HAND),
        Example({"last_period": "2024-01-01", "on": "2024-03-15"}, 74, BY_HAND + ": 10 weeks and 4 days, leap year"),
        Example({"last_period": "2023-06-10", "on": "2024-02-24"}, 259, BY_HAND + ": 37 weeks"),
        Example(
            {"last_period": "2020-05-08", "on": "2021-02-12"},
            280,
            "Wikipedia, Estimated date of delivery: 8 May 2020 to 12 February 2021, exactly 280 days",
            Origin.TEACHING,
        ),
    ),
)
