"""Morphine milligram equivalents a day of everything a patient takes."""

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Example,
    Input,
    Quantity,
    Range,
    Reference,
    Value,
    Values,
)

BY_HAND = "worked by hand from the factors of the CDC guideline of 2022"
# Per mg. Fentanyl: per µg/h of patches, and per µg taken through the mouth's mucosa.
FACTORS = {
    "codeine": 0.15, "hydrocodone": 1.0, "hydromorphone": 5.0, "methadone": 4.7, "morphine": 1.0, "oxycodone": 1.5,
    "oxymorphone": 3.0, "tapentadol": 0.4, "tramadol": 0.2, "fentanyl_buccal": 130.0, "fentanyl_patch": 2.4,
}  # fmt: skip
WORDS = {
    "hydrocodone": r"hydrocodone|vicodin|norco", "hydromorphone": r"hydromorphone|dilaudid",
    "morphine": r"(?<!hydro)(?<!oxy)morphine|ms contin", "oxycodone": r"oxycodone|oxycontin|percocet",
    "oxymorphone": r"oxymorphone|opana", "tapentadol": r"tapentadol|nucynta", "tramadol": r"tramadol|ultram",
}  # fmt: skip
OPIOID = Input(
    name="opioid",
    label="an opioid with its dose",
    question="Which opioid, at which dose, and how many times a day?",
)


def times(name: str) -> str:
    return "fentanyl_patches" if name == "fentanyl_patch" else f"{name}_per_day"


def oral(name: str) -> tuple[Quantity, Quantity]:
    return (
        Quantity(
            name=name,
            label=f"single dose of {name}",
            words=(rf"(?:of )?(?:{WORDS.get(name, name)})",),
            quantity="dose",
            unit="mg",
            possible=Range(0.01, 5000),
            usual=Range(0.1, 1000),
            required=False,
        ),
        per_day(name, name),
    )


def per_day(name: str, said: str) -> Quantity:
    return Quantity(
        name=times(name),
        label=f"doses of {said} a day",
        question=f"How many times a day is {said} taken?",
        quantity="times a day",
        unit="/day",
        possible=Range(0.1, 48),
        usual=Range(0.25, 12),
        required=False,
        follows=name,
    )


BUCCAL = Quantity(
    name="fentanyl_buccal",
    label="single dose of buccal fentanyl",
    words=(r"(?:buccal|transmucosal|sublingual) fentanyl|fentanyl (?:buccal|lozenges?|tablets?)",),
    quantity="dose",
    unit="mg",
    possible=Range(0.001, 10),
    usual=Range(0.05, 2),
    bare=("µg",),
    required=False,
)
PATCH = Quantity(
    name="fentanyl_patch",
    label="fentanyl patch",
    words=(r"(?:of )?(?:transdermal fentanyl|fentanyl (?:patch(?:es)?|transdermal)|fentanyl(?! (?:buccal|loz|tab)))",),
    quantity="patch",
    unit="µg/h",
    possible=Range(1, 1000),
    usual=Range(12, 400),
    required=False,
)
PATCHES = Quantity(
    name="fentanyl_patches",
    label="number of such patches worn at the same time",
    question="How many such patches are worn at the same time?",
    words=(r"(?<!fentanyl )patch(?:es)?(?: at a time| at once| at the same time)?",),
    quantity="number",
    unit="",
    possible=Range(1, 20),
    usual=Range(1, 6),
    required=False,
)


def formula(values: Values) -> float:
    return float(sum(factor * values[name] * values[times(name)] for name, factor in FACTORS.items() if name in values))


def needs(values: Values) -> tuple[Input, ...]:
    """A dose without its number or a number without its dose; where nothing is given, an opioid at all."""
    halves = {half for name in FACTORS if (name in values) != (times(name) in values) for half in (name, times(name))}
    lacking = tuple(one for one in INPUTS if one.name in halves - values.keys())
    return lacking or (() if any(name in values for name in FACTORS) else (OPIOID,))


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    methadone = "Methadone: the factor counts a present dose; it must not be used for a change to methadone."
    return (methadone,) if "methadone" in values else ()


ORAL = tuple(name for name in FACTORS if not name.startswith("fentanyl"))
INPUTS = (
    *(one for name in ORAL for one in oral(name)),
    BUCCAL, per_day("fentanyl_buccal", "buccal fentanyl"), PATCH, PATCHES,
)  # fmt: skip
CALCULATOR = Calculator(
    id="mme",
    title="Morphine milligram equivalents a day",
    short="Morphine equivalents",
    summary="Daily opioid dose as morphine by mouth, for judging the risk of overdose.",
    aliases=("MME", "morphine milligram equivalents", "morphine equivalents", "oral morphine equivalent"),
    names=(
        r"(?:oral )?morphine (?:milligram |mg )?equivalents?(?: daily dose| a day| per day)?",
        r"m ?m ?e|m ?e ?d ?d",
    ),
    inputs=INPUTS,
    unit="mg/day",
    decimals=1,
    equation="sum of dose x doses a day x factor: "
    + ", ".join(f"{name.replace('_', ' ')} {factor:g}" for name, factor in FACTORS.items())
    + " (patch: per µg/h of each, buccal: per mg)",
    formula=formula,
    bands=(
        Band(0, "Below 50 MME a day."),
        Band(50, "50 MME a day or more: reassess benefit and risk, offer naloxone (CDC 2022)."),
        Band(90, "90 MME a day or more: the dose the CDC advised in 2016 to avoid or to justify."),
    ),
    notes=notes,
    needs=needs,
    caveats=("For judging risk; not for converting one opioid into another.",),
    citations=(
        Reference("Dowell D et al. CDC guideline. MMWR Recomm Rep 71(3):1-95", 2022, "10.15585/mmwr.rr7103a1"),
        Reference(
            "Dowell D et al. CDC guideline. MMWR Recomm Rep 65(1):1-49",
            2016,
            "10.15585/mmwr.rr6501e1",
        ),
    ),
    examples=(
        Example({"oxycodone": 10, "oxycodone_per_day": 3}, 45.0, BY_HAND),
        Example({"morphine": 30, "morphine_per_day": 2, "tramadol": 50, "tramadol_per_day": 4}, 100.0, BY_HAND),
        Example({"fentanyl_patch": 25, "fentanyl_patches": 1}, 60.0, BY_HAND),
        Example(
            {"fentanyl_buccal": {"value": 100, "unit": "µg"}, "fentanyl_buccal_per_day": 4}, 52.0, BY_HAND + " (2016)"
        ),
        Example({"methadone": 10, "methadone_per_day": 3}, 141.0, BY_HAND),
        Example(
            {"hydrocodone": 5, "hydrocodone_per_day": 4},
            20.0,
            "CDC guideline, the note to its table of factors",
            Origin.GUIDELINE,
        ),
        Example(
            {"oxycodone": 10, "oxycodone_per_day": 2},
            30.0,
            "CDC guideline, the note to its table of factors",
            Origin.GUIDELINE,
        ),
    ),
)
