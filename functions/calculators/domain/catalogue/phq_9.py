"""Patient Health Questionnaire: nine items over the last two weeks, 0 to 27."""

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded, least, most, total
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Reference, Value, Values, outcomes

PAPER = "grades and cuts of Kroenke 2001, added by hand"
OFTEN = (
    "not at all|never|none|no",
    "several days|some days",
    "more than half the days|most days",
    "nearly every day|every day|daily|always",
)


def how_often(name: str, label: str, *words: str) -> Choice:
    return graded(name, label, *OFTEN, words=words)


ITEMS = (
    how_often("interest", "little interest or pleasure", r"(?:little |loss of )?(?:interest|pleasure)|anhedonia"),
    how_often(
        "mood", "low mood or hopelessness", r"(?:low |depressed )?mood|(?:feeling )?(?:depressed|hopeless(?:ness)?)"
    ),
    how_often("sleep", "trouble sleeping or sleeping too much", r"sleep(?:ing)?(?: problems?)?|insomnia"),
    how_often("energy", "tiredness or little energy", r"(?:low |little )?energy|tired(?:ness)?|fatigue"),
    how_often("appetite", "poor appetite or overeating", r"(?:poor )?appetite|overeating"),
    how_often(
        "self_worth",
        "feeling bad about oneself",
        r"self ?(?:worth|esteem)|(?:guilt|worthlessness)|feeling (?:a )?failure",
    ),
    how_often("concentration", "trouble concentrating", r"concentrat(?:ion|ing)"),
    how_often(
        "movement",
        "slowed or restless movement",
        r"psychomotor(?: change)?|restless(?:ness)?|slow(?:ed|ing)(?: movement)?",
    ),
    how_often("self_harm", "thoughts of death or self-harm", r"(?:suicidal|self harm|death)(?: thoughts?| ideation)?"),
)


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if values["self_harm"] != "0":
        return ("Thoughts of death or self-harm were affirmed: assess the risk of suicide now, whatever the total.",)
    return ()


CALCULATOR = Calculator(
    id="phq_9",
    title="PHQ-9 depression questionnaire",
    short="PHQ-9",
    summary="Severity of depressive symptoms over the last two weeks.",
    aliases=("PHQ-9", "patient health questionnaire", "PHQ 9 score"),
    inputs=ITEMS,
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(0, "None or minimal symptoms."),
        Band(5, "Mild symptoms."),
        Band(10, "Moderate symptoms; 10 is the usual cut for a closer look."),
        Band(15, "Moderately severe symptoms."),
        Band(20, "Severe symptoms."),
    ),
    notes=notes,
    caveats=("A screening and follow-up score: the diagnosis needs an interview.",),
    licence="Pfizer lets everybody reproduce the questionnaire without permission; the items are in our own words.",
    citations=(
        Reference(
            "Kroenke K, Spitzer RL, Williams JBW. J Gen Intern Med 16:606-613",
            2001,
            "10.1046/j.1525-1497.2001.016009606.x",
        ),
    ),
    outcomes=outcomes(
        "University of Georgia, how to score",
        Origin.TEACHING,
        (4, "minimal"),
        (9, "Mild"),
        (14, "Moderate symptoms"),
        (19, "Moderately severe"),
        (20, "Severe"),
    ),
    examples=(
        Example(least(ITEMS), 0, PAPER),
        Example(most(ITEMS), 27, PAPER + ": the maximum"),
        Example(least(ITEMS) | {"interest": "2", "mood": "3", "sleep": "2", "energy": "3"}, 10, PAPER),
        Example(
            least(ITEMS) | dict.fromkeys(("interest", "mood", "sleep", "energy", "appetite"), "1"),
            5,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
