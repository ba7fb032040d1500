from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.model import Calculator, Choice, Example, Option, Quantity, Range, Reference, Values

BY_HAND = "worked by hand from the equivalent doses"
# Milligrams that have the same effect on glucose and inflammation.
EQUIVALENT = {
    "hydrocortisone": 20.0, "cortisone": 25.0, "prednisone": 5.0, "prednisolone": 5.0, "methylprednisolone": 4.0,
    "triamcinolone": 4.0, "dexamethasone": 0.75, "betamethasone": 0.75,
}  # fmt: skip
SPOKEN = {
    "hydrocortisone": r"(?:hydro ?cortisone|solu ?cortef|cortef)", "cortisone": r"(?<!hydro )cortisone",
    "prednisone": r"predni[sz]one|deltasone", "prednisolone": r"(?<!methyl )predni[sz]olone",
    "methylprednisolone": r"(?:methyl ?predni[sz]olone|(?:solu ?|depo ?)?medrol)",
    "triamcinolone": r"triamcinolone|kenalog", "dexamethasone": r"(?:dexamethasone|decadron|dex)",
    "betamethasone": r"(?:betamethasone|celestone)",
}  # fmt: skip
STEROID = "|".join(SPOKEN.values())
TO = r"(?:(?:in)?to|in|as|is how much)"
OPTIONS = tuple(Option(name, name, (SPOKEN[name],)) for name in EQUIVALENT)


def formula(values: Values) -> float:
    dose: float = values["dose"] / EQUIVALENT[values["steroid"]] * EQUIVALENT[values["target"]]
    return dose


CALCULATOR = Calculator(
    id="steroid_conversion",
    title="Corticosteroid dose conversion",
    short="Equivalent corticosteroid dose",
    summary="Dose of another glucocorticoid with the same effect, by mouth or intravenously.",
    aliases=("steroid conversion", "corticosteroid conversion", "steroid equivalent dose"),
    names=(
        r"(?:cortico ?)?steroid (?:dose )?(?:conversion|equivalen(?:t|ce|cy))(?: dose)?",
        r"equivalent (?:cortico ?)?steroid dose",
        rf"convert(?=.{{0,60}}\b(?:{STEROID})\b.{{0,60}} {TO} (?:{STEROID})\b)",
        rf"equivalent dose(?= (?:of|in) (?:\d.{{0,20}} )?(?:{STEROID})\b)",
    ),
    input_in_name=True,
    inputs=(
        Choice(
            name="target",
            label="steroid to change to",
            question="To which steroid?",
            words=(TO,),
            options=OPTIONS,
            behind=True,
        ),
        Choice(name="steroid", label="present steroid", question="Which steroid is given now?", options=OPTIONS),
        Quantity(
            name="dose",
            label="dose of the present steroid",
            words=(r"dose(?: of)?",),
            quantity="dose",
            unit="mg",
            possible=Range(0.01, 10_000),
            usual=Range(0.1, 2000),
        ),
    ),
    unit="mg",
    decimals=2,
    equation="dose / equivalent dose of the present steroid x equivalent dose of the other; "
    + ", ".join(f"{name} {dose:g}" for name, dose in EQUIVALENT.items()),
    formula=formula,
    caveats=(
        "For glucocorticoid effect by mouth or intravenously; mineralocorticoid effect and duration differ.",
        "Not for depot, joint or inhaled forms.",
    ),
    citations=(
        Reference("Liu D et al. Allergy Asthma Clin Immunol 9:30", 2013, "10.1186/1710-1492-9-30"),
        Reference("Meikle AW, Tyler FH. Am J Med 63:200-207", 1977),
    ),
    examples=(
        Example({"steroid": "prednisone", "dose": 40, "target": "dexamethasone"}, 6.0, BY_HAND),
        Example({"steroid": "hydrocortisone", "dose": 100, "target": "methylprednisolone"}, 20.0, BY_HAND),
        Example({"steroid": "dexamethasone", "dose": 6, "target": "prednisolone"}, 40.0, BY_HAND),
        Example(
            {"steroid": "cortisone", "dose": {"value": 0.05, "unit": "g"}, "target": "triamcinolone"}, 8.0, BY_HAND
        ),
        Example(
            {"steroid": "prednisolone", "dose": 15, "target": "hydrocortisone"},
            60.0,
            "label of prednisolone oral solution, its table of equivalent doses",
            Origin.LABEL,
        ),
        Example(
            {"steroid": "prednisolone", "dose": 15, "target": "dexamethasone"},
            2.25,
            "label of prednisolone oral solution, its table of equivalent doses",
            Origin.LABEL,
        ),
    ),
)
