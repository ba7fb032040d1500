from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded, least, most, total
from functions.calculators.domain.inputs import SEX
from functions.calculators.domain.model import Band, Calculator, Example, Reference

PAPER = "grades and cuts of Bush 1998 and Bradley 2003, added by hand"
ITEMS = (
    graded(
        "frequency",
        "how often alcohol is drunk",
        "never",
        "monthly or less|monthly",
        "2 to 4 times a month",
        "2 to 3 times a week",
        "4 or more times a week|daily|every day",
        words=(r"(?:drinking )?frequency", r"how often|drinks alcohol"),
    ),
    graded(
        "amount",
        "drinks on a typical day",
        "1 or 2",
        "3 or 4",
        "5 or 6",
        "7 to 9",
        "10 or more",
        words=(r"(?:typical (?:day|amount)|amount)",),
    ),
    graded(
        "binges",
        "how often six or more drinks",
        "never",
        "less than monthly",
        "monthly",
        "weekly",
        "daily or almost daily|daily",
        words=(r"(?:binges?|6 or more(?: drinks)?|heavy days)",),
    ),
)
NEGATIVE = "Below the cut for unhealthy drinking."
POSITIVE = "At or above the cut for unhealthy drinking: ask further."
CALCULATOR = Calculator(
    id="audit_c",
    title="AUDIT-C alcohol screen",
    short="AUDIT-C",
    summary="Screen for unhealthy drinking.",
    aliases=("AUDIT-C", "alcohol screen"),
    inputs=(SEX, *ITEMS),
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(0, NEGATIVE, when=("sex", "male")),
        Band(0, NEGATIVE, when=("sex", "female")),
        Band(3, POSITIVE, when=("sex", "female")),
        Band(4, POSITIVE, when=("sex", "male")),
    ),
    caveats=("Where all points come from the first question, look at the amounts before calling it positive.",),
    licence="AUDIT is a publication of the WHO, free to use; the items here are in our own words.",
    citations=(
        Reference("Bush K et al. Arch Intern Med 158:1789-1795", 1998, "10.1001/archinte.158.16.1789"),
        Reference("Bradley KA et al. (women) Arch Intern Med 163:821-829", 2003, "10.1001/archinte.163.7.821"),
    ),
    examples=(
        Example({"sex": "male"} | least(ITEMS), 0, PAPER),
        Example({"sex": "female"} | most(ITEMS), 12, PAPER + ": the maximum"),
        Example({"sex": "female", "frequency": "2", "amount": "1", "binges": "0"}, 3, PAPER),
        Example(
            {"sex": "male", "frequency": "4", "amount": "3", "binges": "3"},
            10,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
