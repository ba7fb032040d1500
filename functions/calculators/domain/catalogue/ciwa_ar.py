"""CIWA-Ar: ten items of alcohol withdrawal, 0 to 67. Where the form names only some grades the others lie between."""

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded, least, most, total
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Reference

PAPER = "grades of Sullivan 1989, added by hand"


def _item(name: str, label: str, anchors: dict[int, str], *words: str) -> Choice:
    return graded(name, label, *(anchors.get(points, "") for points in range(8)), words=words)


SENSES = {
    0: "not present|none|no|absent",
    1: "very mild",
    2: "mild",
    3: "moderate",
    4: "moderately severe hallucinations",
    5: "severe hallucinations",
    6: "extremely severe hallucinations",
    7: "continuous hallucinations|continuous",
}
ITEMS = (
    _item(
        "nausea",
        "nausea and vomiting",
        {
            0: "none|no|absent",
            1: "mild",
            4: "intermittent with dry heaves|intermittent",
            7: "constant with vomiting|constant",
        },
        r"(?:nausea|vomiting)",
    ),
    _item("tremor", "tremor", {0: "none|no|absent", 1: "felt not seen", 4: "moderate", 7: "severe"}, r"tremors?"),
    _item(
        "sweats",
        "sweating",
        {0: "none|no|absent", 1: "barely perceptible", 4: "beads on the forehead|beads", 7: "drenching"},
        r"sweats?|sweating|diaphoresis",
    ),
    _item(
        "anxiety",
        "anxiety",
        {0: "none|no|absent|at ease", 1: "mild", 4: "moderate or guarded|moderate|guarded", 7: "acute panic|panic"},
        r"anxious",
    ),
    _item(
        "agitation",
        "agitation",
        {
            0: "none|no|absent|normal",
            1: "somewhat more than normal",
            4: "restless|moderate",
            7: "pacing or thrashing|pacing|thrashing",
        },
        r"agitated",
    ),
    _item("tactile", "tactile disturbance", SENSES, r"tactile"),
    _item("auditory", "auditory disturbance", SENSES, r"auditory"),
    _item("visual", "visual disturbance", SENSES, r"visual"),
    _item(
        "headache",
        "headache or fullness in the head",
        {
            0: "not present|none|no|absent",
            1: "very mild",
            2: "mild",
            3: "moderate",
            4: "moderately severe",
            5: "severe",
            6: "very severe",
            7: "extremely severe",
        },
        r"headache",
    ),
    graded(
        "orientation",
        "orientation",
        "oriented|orientated|normal",
        "cannot do serial additions or unsure of the date|unsure of the date",
        "date wrong by at most two days",
        "date wrong by more than two days",
        "disoriented for place or person|disoriented",
    ),
)
CALCULATOR = Calculator(
    id="ciwa_ar",
    title="CIWA-Ar alcohol withdrawal scale",
    short="CIWA-Ar",
    summary="Severity of alcohol withdrawal.",
    aliases=("CIWA-Ar", "CIWA", "CIWA score", "alcohol withdrawal scale"),
    inputs=ITEMS,
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(0, "Mild withdrawal by the ASAM guideline of 2020."),
        Band(10, "Moderate withdrawal by the ASAM guideline of 2020."),
        Band(19, "Severe withdrawal by the ASAM guideline of 2020: complications are more likely."),
    ),
    caveats=(
        "Only for patients who can answer; not a tool to diagnose withdrawal. Other texts cut at 8 and 15.",
        "Earlier withdrawal seizures or delirium raise the risk at any score.",
    ),
    licence="The form says that the scale is not copyrighted and may be used freely.",
    citations=(
        Reference("Sullivan JT et al. Br J Addict 84:1353-1357", 1989, "10.1111/j.1360-0443.1989.tb00737.x"),
        Reference("ASAM clinical practice guideline on alcohol withdrawal management. J Addict Med 14(3S):1-72", 2020),
    ),
    examples=(
        Example(least(ITEMS), 0, PAPER),
        Example(most(ITEMS), 67, PAPER + ": the maximum"),
        Example(least(ITEMS) | {"tremor": "4", "sweats": "4", "anxiety": "4", "orientation": "1"}, 13, PAPER),
        Example(
            least(ITEMS)
            | {"nausea": "4", "tremor": "3", "sweats": "2", "anxiety": "3", "agitation": "2", "headache": "2"},
            16,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
