from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ANY_AGE, TEMPERATURE
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values, YesNo, outcomes

PAPER = "points of McIsaac 1998, added by hand"
CRITERIA = (
    YesNo(
        name="tender_nodes",
        label="tender or swollen anterior cervical nodes",
        question="Are the anterior cervical lymph nodes tender or swollen?",
        words=(r"(?:tender|swollen|enlarged)(?: or swollen)?(?: anterior)?(?: cervical)?(?: lymph)? nodes",
               r"(?:cervical )?(?:lymph)?adenopathy"),
    ),
    YesNo(
        name="cough",
        label="cough",
        question="Does the patient cough?",
        words=(r"cough(?:s|ing)?",),
        judgement=True,
    ),
    YesNo(
        name="exudate",
        label="exudate or swelling of the tonsils",
        question="Is there exudate or swelling of the tonsils?",
        words=(r"(?:tonsill?ar )?exudates?(?: on (?:the )?tonsils)?", r"(?:swollen|swelling of the|purulent) tonsils",
               r"tonsill?ar swelling"),
    ),
)  # fmt: skip


def formula(values: Values) -> int:
    by_age = 1 if 3 <= values["age"] < 15 else -1 if values["age"] >= 45 else 0
    findings = int(values["tender_nodes"]) + int(values["exudate"]) + int(not values["cough"])
    return by_age + int(values["temperature"] > 38) + findings


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    return ("Made for patients of 3 years or older.",) if values["age"] < 3 else ()


NONE = {"tender_nodes": False, "cough": True, "exudate": False}
ALL = {"tender_nodes": True, "cough": False, "exudate": True}
CALCULATOR = Calculator(
    id="centor",
    title="Centor score, modified by McIsaac",
    short="Modified Centor score",
    summary="Probability of streptococci in a sore throat.",
    aliases=("Centor", "Centor score", "McIsaac score", "modified Centor score"),
    names=(r"(?:modified )?cent[oa]u?r(?: mcisaac)?(?: (?:score|criteria))?",
           r"m(?:a)?c ?isaac(?:s)?(?: (?:score|criteria))?"),
    inputs=(ANY_AGE, TEMPERATURE, *CRITERIA),
    unit="points",
    equation="1 for each: above 38 °C, no cough, tender nodes, exudate or swelling of the tonsils, age 3 to 14; "
    "-1 from 45 years",
    formula=formula,
    bands=(
        Band(-1, "Streptococci in 1 to 2.5 percent: neither test nor antibiotic."),
        Band(1, "Streptococci in 5 to 10 percent: neither test nor antibiotic as a rule."),
        Band(2, "Streptococci in 11 to 17 percent: test, and treat if it is positive."),
        Band(3, "Streptococci in 28 to 35 percent: test, and treat if it is positive."),
        Band(4, "Streptococci in about 51 to 53 percent: test, and treat if it is positive."),
    ),
    notes=notes,
    citations=(
        Reference("McIsaac WJ et al. CMAJ 158:75-83", 1998),
        Reference("Centor RM et al. Med Decis Making 1:239-246", 1981, "10.1177/0272989X8100100304"),
    ),
    outcomes=outcomes(
        "McIsaac 2000 and Choby 2009 as cliniborg.com prints them",
        Origin.PAPER,
        (0, "1 to 2.5 percent"),
        (1, "5 to 10 percent"),
        (2, "11 to 17 percent"),
        (3, "28 to 35 percent"),
        (4, "51 to 53 percent"),
    ),
    examples=(
        Example({"age": 45, "temperature": 38} | NONE, -1, PAPER + ": the minimum"),
        Example({"age": 14, "temperature": 38.1} | ALL, 5, PAPER + ": the maximum"),
        Example({"age": 20, "temperature": {"value": 101, "unit": "°F"}} | NONE | {"exudate": True}, 2, PAPER),
        Example(
            {"age": 8, "temperature": 38.5, "tender_nodes": True, "cough": True, "exudate": False},
            3,
            "computed with clincalc 0.4.0",
            Origin.SOFTWARE,
        ),
),
)  # fmt: skip
