from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded
from functions.calculators.domain.inputs import AGE, DIABETES, DIASTOLIC, SYSTOLIC
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Option, Reference, Values, outcomes

PAPER = "points of Johnston 2007, added by hand"
FEATURES = graded(
    "features",
    "clinical features",
    "other|others|sensory",
    "speech disturbance without weakness|speech disturbance|speech",
    "weakness of one side|unilateral weakness|hemiparesis|weakness",
    words=(r"(?:clinical )?features?|symptoms?|with",),
)
DURATION = Choice(
    name="duration",
    label="duration of symptoms",
    question="Did the symptoms last less than 10 minutes, 10 to 59 minutes, or 60 minutes or more?",
    words=(r"(?:duration|last(?:ed|ing)?|resolved (?:after|in|within))(?: for| about)?",),
    options=(
        Option("under 10 min", "less than 10 minutes", (r"\d ?min(?:ute)?s?", r"(?:less than|under) 10(?: minutes?)?")),
        Option(
            "10 to 59 min", "10 to 59 minutes", (r"[1-5]\d ?min(?:ute)?s?", r"10 to 59(?: minutes)?", r"half an hour")
        ),
        Option(
            "60 min or more",
            "60 minutes or more",
            (r"(?:[6-9]\d|\d{3}) ?min(?:ute)?s?", r"\d+(?:\.\d+)? ?hours?", r"an hour", r"60 minutes or more"),
        ),
    ),
)
LONG = {"under 10 min": 0, "10 to 59 min": 1, "60 min or more": 2}


def formula(values: Values) -> int:
    return (
        int(values["age"] >= 60)
        + int(values["systolic"] >= 140 or values["diastolic"] >= 90)
        + int(values["features"])
        + LONG[values["duration"]]
        + int(values["diabetes"])
    )


CALCULATOR = Calculator(
    id="abcd2",
    title="ABCD2 score",
    summary="Risk of stroke in the days after a transient ischaemic attack.",
    aliases=("ABCD2", "ABCD squared score", "ABCD 2 score"),
    inputs=(AGE, SYSTOLIC, DIASTOLIC, FEATURES, DURATION, DIABETES),
    unit="points",
    formula=formula,
    bands=(
        Band(0, "Low risk: stroke within 2 days in about 1 percent."),
        Band(4, "Moderate risk: stroke within 2 days in about 4 percent."),
        Band(6, "High risk: stroke within 2 days in about 8 percent."),
    ),
    caveats=(
        "It should not decide alone who is seen urgently: carotid stenosis, atrial fibrillation and imaging count too.",
        "The pressure is the first one measured after the event.",
    ),
    citations=(Reference("Johnston SC et al. Lancet 369:283-292", 2007, "10.1016/S0140-6736(07)60150-0"),),
    outcomes=outcomes(
        "Johnston 2007 as the Primary Care Notebook prints it",
        Origin.PAPER,
        (3, "1 percent"),
        (5, "4 percent"),
        (7, "8 percent"),
    ),
    examples=(
        Example(
            {
                "age": 59,
                "systolic": 139,
                "diastolic": 89,
                "features": "0",
                "duration": "under 10 min",
                "diabetes": False,
            },
            0,
            PAPER + ": every value just short of its cut",
        ),
        Example(
            {
                "age": 60,
                "systolic": 140,
                "diastolic": 80,
                "features": "2",
                "duration": "60 min or more",
                "diabetes": True,
            },
            7,
            PAPER + ": the maximum",
        ),
        Example(
            {
                "age": 72,
                "systolic": 130,
                "diastolic": 90,
                "features": "1",
                "duration": "10 to 59 min",
                "diabetes": False,
            },
            4,
            PAPER,
        ),
        Example(
            {
                "age": 75,
                "systolic": 148,
                "diastolic": 96,
                "features": "1",
                "duration": "60 min or more",
                "diabetes": False,
            },
            5,
            "Medical Exam Prep, a 75-year-old man with slurred speech",
            Origin.TEACHING,
        ),
    ),
)
