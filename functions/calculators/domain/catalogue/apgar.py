from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded, least, most, total
from functions.calculators.domain.model import Band, Calculator, Example, Reference

PAPER = "signs of Apgar 1953, added by hand"
ITEMS = (
    graded(
        "heart_rate_sign",
        "heart rate",
        "absent|none|no",
        "below 100|under 100|slow",
        "100 or more|above 100|over 100",
        words=(r"(?:heart rate|pulse)(?! ?\d{2})",),
    ),
    graded(
        "breathing",
        "respiratory effort",
        "absent|none|no|apnoeic|apneic",
        "slow or irregular|slow|irregular|weak|gasping",
        "good with crying|good|crying|strong",
        words=(r"(?:respirations?|respiratory effort|breathing)",),
    ),
    graded(
        "tone",
        "muscle tone",
        "limp|flaccid|none|no",
        "some flexion|some",
        "active motion|active|good",
        words=(r"(?:muscle )?(?:tone|activity)",),
    ),
    graded(
        "reflex",
        "reflex irritability",
        "no response|none|no|absent",
        "grimace|grimaces",
        "cry or active withdrawal|cries|cry|sneezes|coughs",
        words=(r"(?:reflex(?:es)?(?: response)?|grimace)",),
    ),
    graded(
        "colour",
        "colour",
        "blue or pale|blue|pale",
        "body pink and extremities blue|acrocyanosis|acrocyanotic|blue extremities",
        "completely pink|all pink|pink",
        words=(r"(?:colou?r|appearance)",),
    ),
)
CALCULATOR = Calculator(
    id="apgar",
    title="Apgar score",
    summary="State of the newborn, 1 and 5 minutes after birth.",
    aliases=("Apgar", "Apgar score"),
    inputs=ITEMS,
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(0, "Low."),
        Band(4, "Moderately abnormal."),
        Band(7, "Reassuring."),
    ),
    caveats=(
        "The three grades were set for the score 5 minutes after birth, at or near term.",
        "Resuscitation starts before the first score is taken and does not wait for it.",
        "It does not predict the outcome of a single child and is lower before term.",
    ),
    citations=(
        Reference("Apgar V. Curr Res Anesth Analg 32:260-267", 1953, "10.1213/00000539-195301000-00041"),
        Reference("AAP, ACOG. The Apgar score. Pediatrics 136:819-822", 2015, "10.1542/peds.2015-2651"),
    ),
    examples=(
        Example(least(ITEMS), 0, PAPER),
        Example(most(ITEMS), 10, PAPER + ": the maximum"),
        Example(most(ITEMS) | {"colour": "1", "tone": "1"}, 8, PAPER),
        Example(
            {"heart_rate_sign": "2", "breathing": "1", "tone": "1", "reflex": "1", "colour": "0"},
            5,
            "SmartSolve, an examination question on a pale newborn at five minutes",
            Origin.TEACHING,
        ),
    ),
)
