from datetime import timedelta

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import CYCLE, LAST_PERIOD, spoken_day
from functions.calculators.domain.model import Calculator, Example, Reference, Values

BY_HAND = "worked by hand on a calendar: first day of the last period + length of the cycle - 14 days"


def formula(values: Values) -> str:
    """The second half of the cycle lasts 14 days, however long the first one is."""
    day = values["last_period"] + timedelta(days=values.get("cycle", 28) - 14)
    return str(day.isoformat())


CALCULATOR = Calculator(
    id="conception_date",
    title="Estimated date of conception",
    summary="Day of conception by the last menstrual period.",
    aliases=("date of conception", "conception date", "estimated conception date"),
    names=(r"(?:estimated |probable )?(?:date|day) of conception", r"(?:estimated )?conception (?:date|day)"),
    inputs=(LAST_PERIOD, CYCLE),
    equation="first day of the last period + length of the cycle - 14 days",
    formula=formula,
    say=spoken_day,
    caveats=("Ovulation varies by several days even in a regular cycle.",),
    citations=(
        Reference("Wilcox AJ, Weinberg CR, Baird DD. N Engl J Med 333:1517-1521", 1995, "10.1056/NEJM199512073332301"),
    ),
    examples=(
        Example(
            {"last_period": "2024-01-01", "cycle": 28},
            "2024-01-15",
            "calculatorlib.com, conception date calculator, worked example",
            Origin.TEACHING,
        ),
        Example({"last_period": "2024-02-20", "cycle": 32}, "2024-03-09", BY_HAND + ", over a leap day"),
        Example({"last_period": "2023-12-25"}, "2024-01-08", BY_HAND + ", cycle not given"),
    ),
)
