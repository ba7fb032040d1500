"""The Glasgow coma scale from its three parts. What cannot be tested gives no total (Teasdale 2014)."""

from collections.abc import Mapping

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Option, Reference, Values

PAPER = "grades of Teasdale 1974 with flexion apart from withdrawal (1976), added by hand"
UNTESTABLE = Option(
    "not testable", "not testable", (r"(?:not|un) ?testable|nt|t", r"intubated|tube", r"closed by swelling")
)
EYE = ("none", "to pain", "to speech", "spontaneous")
VERBAL = ("none", "sounds", "words", "confused", "oriented")
MOTOR = ("none", "extension", "flexion", "withdrawal", "localising", "obeys")


def graded(*options: tuple[str, str, str]) -> tuple[Option, ...]:
    """Grades from 1 upwards, each with its own words and its number."""
    counted = enumerate(options, start=1)
    return (*(Option(value, label, (words, str(grade))) for grade, (value, label, words) in counted), UNTESTABLE)


INPUTS = (
    Choice(
        name="eye",
        label="eye response",
        question="How do the eyes open: spontaneously, to speech, to pain, or not at all?",
        words=(r"eyes?(?: opening| response)?(?: opens?)?(?: score)?",),
        options=graded(
            ("none", "no eye opening", r"none|no(?:t at all)?|closed|do not open"),
            ("to pain", "to pain", r"(?:open )?(?:to|with) (?:pain|pressure)|pain"),
            ("to speech", "to speech", r"(?:open )?(?:to|with) (?:speech|voice|sound|verbal command)|voice"),
            ("spontaneous", "spontaneous", r"(?:open )?spontaneous(?:ly)?"),
        ),
    ),
    Choice(
        name="verbal",
        label="verbal response",
        question="What is the verbal response: oriented, confused, words, sounds, or none?",
        words=(
            r"(?:best )?verbal(?: response| score)?",
            r"speech(?: is)?",
            r"(?=orient|confus|incomprehensible|inappropriate)",
        ),
        options=graded(
            ("none", "no verbal response", r"none|no|nothing|absent"),
            ("sounds", "incomprehensible sounds", r"(?:incomprehensible )?sounds|incomprehensible|moans|groans"),
            ("words", "inappropriate words", r"(?:inappropriate )?words|inappropriate"),
            ("confused", "confused", r"confused|confusion|disoriented"),
            ("oriented", "oriented", r"orient(?:at)?ed"),
        ),
    ),
    Choice(
        name="motor",
        label="motor response",
        question="What is the motor response: obeys, localises, withdraws, flexes, extends, or none?",
        words=(r"(?:best )?motor(?: response| score)?", r"(?=obey|follows|locali[sz]|withdra|decer|decor)"),
        options=graded(
            ("none", "no motor response", r"none|no|absent|flaccid"),
            ("extension", "extension to pain", r"exten(?:ds|sion|sor)(?: to pain)?|decerebrate"),
            ("flexion", "abnormal flexion to pain", r"(?:abnormal )?flex(?:es|ion)(?: to pain)?|decorticate"),
            ("withdrawal", "withdrawal from pain", r"withdra(?:ws|wal|wing)(?: (?:from|to) pain)?|normal flexion"),
            ("localising", "localises pain", r"locali[sz](?:es|ing|ation)(?: (?:to )?pain)?"),
            ("obeys", "obeys commands", r"obey(?:s|ing)?(?: commands)?|follows commands"),
        ),
    ),
)


def formula(values: Values) -> int:
    grades = {"eye": EYE, "verbal": VERBAL, "motor": MOTOR}
    return sum(scale.index(values[name]) + 1 for name, scale in grades.items())


def refuses(values: Values) -> Mapping[str, str]:
    untested = (name for name in ("eye", "verbal", "motor") if values[name] == UNTESTABLE.value)
    return dict.fromkeys(untested, "A part that cannot be tested gives no total: report the parts one by one.")


CALCULATOR = Calculator(
    id="gcs",
    title="Glasgow coma scale",
    summary="Depth of impaired consciousness.",
    aliases=("Glasgow coma scale", "GCS", "Glasgow coma score"),
    names=(r"glasgow coma (?:scale|score)(?: score)?", r"g ?c ?s(?: score)?"),
    inputs=INPUTS,
    unit="points",
    equation="eye 1 to 4 + verbal 1 to 5 + motor 1 to 6",
    formula=formula,
    refuses=refuses,
    bands=(
        Band(3, "Severe (8 or less): protect the airway."),
        Band(9, "Moderate (9 to 12)."),
        Band(13, "Mild (13 to 15)."),
    ),
    caveats=("Report the three parts beside the total.",),
    citations=(
        Reference("Teasdale G, Jennett B. Lancet 2:81-84", 1974, "10.1016/S0140-6736(74)91639-0"),
        Reference("Teasdale G et al. Lancet Neurol 13:844-854", 2014, "10.1016/S1474-4422(14)70120-6"),
    ),
    licence="The Glasgow Coma Scale is free for clinical use, teaching and research; rights: University of Glasgow.",
    examples=(
        Example({"eye": "spontaneous", "verbal": "oriented", "motor": "obeys"}, 15, PAPER + ": the maximum"),
        Example({"eye": "none", "verbal": "none", "motor": "none"}, 3, PAPER + ": the minimum"),
        Example({"eye": "to speech", "verbal": "confused", "motor": "localising"}, 12, PAPER),
        Example({"eye": "to pain", "verbal": "sounds", "motor": "withdrawal"}, 8, PAPER),
        Example(
            {"eye": "to pain", "verbal": "words", "motor": "withdrawal"},
            9,
            "CDQuestions, an examination question: E2 V3 M4",
            Origin.TEACHING,
        ),
    ),
)
