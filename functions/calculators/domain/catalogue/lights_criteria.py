from dataclasses import replace

from functions.calculators.domain.catalogue.ranson import LDH
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.model import Band, Calculator, Example, Quantity, Range, Reference, Value, Values

PAPER = "criteria of Light 1972"
SERUM_PROTEIN = Quantity(
    name="serum_protein",
    label="serum protein",
    question="What is the total protein in serum, and in which unit?",
    words=(r"(?:serum|blood|plasma) (?:total )?protein", r"total protein"),
    quantity="albumin",
    unit="g/dL",
    possible=Range(1, 15),
    usual=Range(3, 11),
    bare=("g/dL", "g/L"),
)
FLUID_PROTEIN = replace(
    SERUM_PROTEIN,
    name="fluid_protein",
    label="pleural fluid protein",
    question="What is the protein in the pleural fluid, and in which unit?",
    words=(r"(?:pleural|fluid|effusion)(?: fluid)? protein",),
    possible=Range(0.05, 15),
    usual=Range(0.2, 8),
)
SERUM_LDH = replace(
    LDH,
    name="serum_ldh",
    label="serum LDH",
    question="What is the LDH in serum?",
    words=(r"(?<!normal of )(?:serum|blood|plasma) (?:l ?d ?h|lactate dehydrogenase)",),
)
FLUID_LDH = replace(
    LDH,
    name="fluid_ldh",
    label="pleural fluid LDH",
    question="What is the LDH in the pleural fluid?",
    possible=Range(1, 500_000),
    usual=Range(20, 20_000),
    words=(r"(?:pleural|fluid|effusion)(?: fluid)? (?:l ?d ?h|lactate dehydrogenase)",),
)
LIMIT = replace(
    LDH,
    name="ldh_limit",
    label="upper limit of normal of serum LDH",
    question="What is the laboratory's upper limit of normal of serum LDH?",
    possible=Range(100, 1000),
    usual=Range(150, 500),
    words=(r"(?:l ?d ?h )?upper (?:limit|normal)(?: of normal)?(?:(?: of serum)? ldh)?", r"uln"),
)


def met(values: Values) -> tuple[str, ...]:
    """Which of the three criteria hold."""
    criteria = {
        "fluid to serum protein above 0.5": values["fluid_protein"] / values["serum_protein"] > 0.5,
        "fluid to serum LDH above 0.6": values["fluid_ldh"] / values["serum_ldh"] > 0.6,
        "fluid LDH above two thirds of the upper limit": values["fluid_ldh"] > values["ldh_limit"] * 2 / 3,
    }
    return tuple(name for name, holds in criteria.items() if holds)


def formula(values: Values) -> str:
    return "exudate" if met(values) else "transudate"


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    found = met(values)
    return (f"Met: {', '.join(found)}.",) if found else ("None of the three criteria is met.",)


CALM = {"fluid_protein": 3.0, "serum_protein": 6.0, "fluid_ldh": 120, "serum_ldh": 200, "ldh_limit": 240}
CALCULATOR = Calculator(
    id="lights_criteria",
    title="Light's criteria",
    summary="Exudate or transudate in a pleural effusion.",
    aliases=("Light's criteria", "Light criteria", "pleural fluid criteria"),
    inputs=(FLUID_PROTEIN, SERUM_PROTEIN, FLUID_LDH, SERUM_LDH, LIMIT),
    formula=formula,
    equation="exudate if fluid / serum protein > 0.5, fluid / serum LDH > 0.6 or fluid LDH > 2/3 of the limit",
    bands=(
        Band("exudate", "At least one criterion is met: look for inflammation, infection, malignancy or embolism."),
        Band("transudate", "No criterion is met: heart failure, cirrhosis and nephrotic syndrome are usual causes."),
    ),
    notes=notes,
    caveats=(
        "After diuretics a transudate may meet one: a serum to fluid albumin gradient above 1.2 g/dL tells.",
        "Two thirds of the laboratory's limit is the form in use; the paper of 1972 had a fixed cut for the LDH.",
    ),
    citations=(
        Reference("Light RW et al. Ann Intern Med 77:507-513", 1972, "10.7326/0003-4819-77-4-507"),
        Reference("Light RW. (clinical practice) N Engl J Med 346:1971-1977", 2002, "10.1056/NEJMcp010731"),
    ),
    examples=(
        Example(CALM, "transudate", PAPER + ": every ratio exactly at its cut"),
        Example(CALM | {"fluid_protein": 3.1}, "exudate", PAPER),
        Example(CALM | {"fluid_ldh": 121}, "exudate", PAPER),
        Example(
            CALM | {"fluid_protein": {"value": 18, "unit": "g/L"}, "serum_protein": {"value": 65, "unit": "g/L"}},
            "transudate",
            PAPER,
        ),
        Example(
            {"fluid_protein": 2.0, "serum_protein": 7.0, "fluid_ldh": 70, "serum_ldh": 200, "ldh_limit": 105},
            "transudate",
            "CareStandard, a question with its answer after Porcel and Light, Am Fam Physician 73:1211 (2006)",
            Origin.TEACHING,
        ),
    ),
)
