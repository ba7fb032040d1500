from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded, least, most, total
from functions.calculators.domain.model import Band, Calculator, Example, Reference

PAPER = "grades of Bergstrom 1987, added by hand"
ITEMS = (
    graded(
        "perception",
        "sensory perception",
        "completely limited",
        "very limited",
        "slightly limited",
        "not impaired|no impairment|normal",
        words=(r"(?:sensory )?perception",),
        first=1,
    ),
    graded(
        "moisture",
        "moisture",
        "constantly moist|constantly",
        "very moist|often moist",
        "occasionally moist|occasionally",
        "rarely moist|rarely|dry",
        first=1,
    ),
    graded("activity", "activity", "bedfast|bedridden", "chairfast", "walks occasionally", "walks frequently", first=1),
    graded(
        "mobility",
        "mobility",
        "completely immobile|immobile",
        "very limited",
        "slightly limited",
        "not limited|no limitation|normal",
        first=1,
    ),
    graded("nutrition", "nutrition", "very poor", "probably inadequate|inadequate", "adequate", "excellent", first=1),
    graded(
        "friction",
        "friction and shear",
        "a problem",
        "a potential problem",
        "no apparent problem|no problem|none|no",
        words=(r"(?:friction|shear)",),
        first=1,
    ),
)
CALCULATOR = Calculator(
    id="braden",
    title="Braden scale",
    summary="Risk of pressure injury; the lower the score, the higher the risk.",
    aliases=("Braden scale", "Braden score", "Braden"),
    inputs=ITEMS,
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(6, "Very high risk of pressure injury."),
        Band(10, "High risk of pressure injury."),
        Band(13, "Moderate risk of pressure injury."),
        Band(15, "Mild risk of pressure injury."),
        Band(19, "Not at risk by the usual cut of 18."),
    ),
    caveats=("Texts differ on the grades; all agree that a lower score is a higher risk.",),
    licence="Copyright B. Braden and N. Bergstrom 1988: the form needs their permission. The wording here is ours.",
    citations=(
        Reference("Bergstrom N, Braden BJ, Laguzza A, Holman V. Nurs Res 36:205-210", 1987),
        Reference("Ayello EA, Braden B. (grades of risk) Adv Skin Wound Care 15:125-131", 2002),
    ),
    examples=(
        Example(least(ITEMS), 6, PAPER + ": the minimum"),
        Example(most(ITEMS), 23, PAPER + ": the maximum"),
        Example(most(ITEMS) | {"activity": "1", "mobility": "2", "friction": "1"}, 16, PAPER),
        Example(
            {"perception": "3", "moisture": "3", "activity": "2", "mobility": "2", "nutrition": "2", "friction": "2"},
            14,
            "computed with clincalc 0.4.0",
            Origin.SOFTWARE,
        ),
    ),
)
