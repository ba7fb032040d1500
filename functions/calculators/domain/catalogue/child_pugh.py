from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ALBUMIN, BILIRUBIN, INR
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Option, Reference, Values, outcomes

PAPER = "points of Pugh 1973 with the INR cuts in common use, added by hand"
ASCITES = Choice(
    name="ascites",
    label="ascites",
    question="Is ascites absent, slight, or moderate to severe?",
    words=(r"ascites",),
    options=(
        Option("absent", "absent", (r"absent", r"none", r"no", r"without")),
        Option("slight", "slight", (r"slight", r"mild", r"minimal", r"controlled", r"small")),
        Option(
            "moderate", "moderate", (r"moderate(?: to severe)?", r"severe", r"tense", r"refractory", r"large", r"gross")
        ),
    ),
)
ENCEPHALOPATHY = Choice(
    name="encephalopathy",
    label="hepatic encephalopathy",
    question="Is encephalopathy absent, grade 1 to 2, or grade 3 to 4?",
    words=(r"(?:hepatic )?encephalopathy",),
    options=(
        Option("none", "absent", (r"absent", r"none", r"no", r"without", r"grade 0")),
        Option("grade 1-2", "grade 1 to 2", (r"grade (?:1|2|i{1,2})(?: to 2| 2)?", r"mild", r"slight", r"controlled")),
        Option("grade 3-4", "grade 3 to 4", (r"grade (?:3|4|iii|iv)(?: to 4| 4)?", r"severe", r"coma", r"advanced")),
    ),
)
GRADED = {"absent": 1, "slight": 2, "moderate": 3, "none": 1, "grade 1-2": 2, "grade 3-4": 3}


def steps(value: float, low: float, high: float) -> int:
    """1 below `low`, 2 from `low` to `high` with both ends, 3 above."""
    return 1 if value < low else 2 if value <= high else 3


def formula(values: Values) -> int:
    albumin = values["albumin"]
    return (
        steps(values["bilirubin"], 2, 3)
        + (1 if albumin > 3.5 else 2 if albumin >= 2.8 else 3)
        + steps(values["inr"], 1.7, 2.3)
        + GRADED[values["ascites"]]
        + GRADED[values["encephalopathy"]]
    )


CALCULATOR = Calculator(
    id="child_pugh",
    version="1.0.0",
    title="Child-Pugh score",
    short="Child-Pugh score",
    summary="Severity of cirrhosis.",
    aliases=("Child-Pugh", "Child-Turcotte-Pugh", "Child Pugh class"),
    names=(r"child(?: ?s)?(?: turcotte)? ?p(?:ugh|ew|ue|u|hugh)(?: (?:score|class))?",),
    inputs=(BILIRUBIN, ALBUMIN, INR, ASCITES, ENCEPHALOPATHY),
    unit="points",
    equation="1 to 3 points each: bilirubin (2, 3 mg/dL), albumin (3.5, 2.8 g/dL), INR (1.7, 2.3), ascites, "
    "encephalopathy",
    formula=formula,
    bands=(
        Band(5, "Class A: well-compensated disease."),
        Band(7, "Class B: significant functional compromise."),
        Band(10, "Class C: decompensated disease."),
    ),
    citations=(Reference("Pugh RNH et al. Br J Surg 60:646-649", 1973, "10.1002/bjs.1800600817"),),
    outcomes=outcomes(
        "Cleveland Clinic Journal of Medicine, table of the classification",
        Origin.PAPER,
        (6, "Class A"),
        (9, "Class B"),
        (10, "Class C"),
    ),
    examples=(
        Example(
            {"bilirubin": 1.9, "albumin": 3.6, "inr": 1.6, "ascites": "absent", "encephalopathy": "none"}, 5, PAPER
        ),
        Example(
            {"bilirubin": 2, "albumin": 3.5, "inr": 1.7, "ascites": "slight", "encephalopathy": "grade 1-2"}, 10, PAPER
        ),
        Example(
            {"bilirubin": 3.1, "albumin": 2.7, "inr": 2.4, "ascites": "moderate", "encephalopathy": "grade 3-4"},
            15,
            PAPER + ": the maximum",
        ),
        Example(
            {"bilirubin": 2.5, "albumin": 3.0, "inr": 2.0, "ascites": "slight", "encephalopathy": "none"},
            9,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
