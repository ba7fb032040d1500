from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import (
    AGE,
    ARTERIAL_OXYGEN,
    ARTERIAL_PH,
    COMA_SCALE,
    CREATININE,
    DIASTOLIC,
    HAEMATOCRIT,
    HEART_RATE,
    INSPIRED_OXYGEN,
    POTASSIUM,
    RESPIRATORY_RATE,
    SODIUM,
    SYSTOLIC,
    TEMPERATURE,
    WHITE_CELLS,
    optional,
)
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Choice,
    Example,
    Input,
    Option,
    Quantity,
    Range,
    Reference,
    Values,
    YesNo,
)
from functions.calculators.domain.scoring import LOWEST, step

PAPER = "points of Knaus 1985, table of the acute physiology score, added by hand"
GRADIENT = Quantity(
    name="oxygen_gradient",
    label="alveolar-arterial oxygen gradient",
    words=(r"(?:alveolar arterial|a ?a)(?: oxygen)? (?:gradient|difference)",),
    quantity="blood gas",
    unit="mmHg",
    possible=Range(-50, 750),
    usual=Range(0, 680),
    required=False,
)
OXYGEN = optional(ARTERIAL_OXYGEN)
RENAL_FAILURE = YesNo(
    name="acute_renal_failure",
    label="acute renal failure",
    question="Is there acute renal failure?",
    words=(r"(?:acute|new) (?:renal|kidney) (?:failure|injury)", r"a ?k ?i"),
)
CHRONIC = YesNo(
    name="chronic_illness",
    label="severe organ insufficiency or immunosuppression",
    question="Is there a history of severe organ insufficiency, or is the patient immunocompromised?",
    words=(r"severe (?:chronic )?organ (?:failure|insufficiency)",
           r"immuno ?(?:compromised|suppress(?:ed|ion)|deficien(?:t|cy))", r"cirrhosis|(?:on )?dialysis|nyha (?:4|iv)"),
)  # fmt: skip
ADMISSION = Choice(
    name="admission",
    label="kind of admission",
    question="Is the patient nonoperative, or after elective or emergency surgery?",
    words=(r"(?:surgery|operation|postoperative|admission|patient)",),
    required=False,
    options=(
        Option("nonoperative", "nonoperative", (r"non ?operative|medical|no",)),
        Option("elective", "after elective surgery", (r"elective",)),
        Option("emergency", "after emergency surgery", (r"emergency|emergent|urgent",)),
    ),
)
# From each floor on its points.
STEPS: dict[str, tuple[tuple[float, int], ...]] = {
    "temperature": ((LOWEST, 4), (30, 3), (32, 2), (34, 1), (36, 0), (38.5, 1), (39, 3), (41, 4)),
    "heart_rate": ((LOWEST, 4), (40, 3), (55, 2), (70, 0), (110, 2), (140, 3), (180, 4)),
    "respiratory_rate": ((LOWEST, 4), (6, 2), (10, 1), (12, 0), (25, 1), (35, 3), (50, 4)),
    "arterial_ph": ((LOWEST, 4), (7.15, 3), (7.25, 2), (7.33, 0), (7.5, 1), (7.6, 3), (7.7, 4)),
    "sodium": ((LOWEST, 4), (111, 3), (120, 2), (130, 0), (150, 1), (155, 2), (160, 3), (180, 4)),
    "potassium": ((LOWEST, 4), (2.5, 2), (3, 1), (3.5, 0), (5.5, 1), (6, 3), (7, 4)),
    "haematocrit": ((LOWEST, 4), (20, 2), (30, 0), (46, 1), (50, 2), (60, 4)),
    "white_cells": ((LOWEST, 4), (1, 2), (3, 0), (15, 1), (20, 2), (40, 4)),
    "age": ((LOWEST, 0), (45, 2), (55, 3), (65, 5), (75, 6)),
}  # fmt: skip
PRESSURE = ((LOWEST, 4), (50, 2), (70, 0), (110, 2), (130, 3), (160, 4))
RENAL = ((LOWEST, 2), (0.6, 0), (1.5, 2), (2, 3), (3.5, 4))
GRADIENTS = ((LOWEST, 0), (200, 2), (350, 3), (500, 4))


def oxygenation(values: Values) -> int:
    """By the gradient where the patient breathes half oxygen or more, else by the arterial pressure."""
    if values["inspired_oxygen"] >= 50:
        return step(values["oxygen_gradient"], *GRADIENTS)
    pressure = values["arterial_oxygen"]
    return 0 if pressure > 70 else 1 if pressure > 60 else 3 if pressure >= 55 else 4


def renal(values: Values) -> int:
    """Acute renal failure doubles the points of the creatinine."""
    return step(values["creatinine"], *RENAL) * (2 if values["acute_renal_failure"] else 1)


def formula(values: Values) -> int:
    mean = (values["systolic"] + 2 * values["diastolic"]) / 3
    chronic = (2 if values["admission"] == "elective" else 5) if values["chronic_illness"] else 0
    measured = sum(step(values[name], *steps) for name, steps in STEPS.items()) + step(mean, *PRESSURE)
    return measured + oxygenation(values) + renal(values) + 15 - int(values["coma_scale"]) + chronic


def needs(values: Values) -> tuple[Input, ...]:
    """The oxygenation that counts at this share of oxygen; the kind of admission where there is a chronic illness."""
    wanted: list[Input] = [GRADIENT if values["inspired_oxygen"] >= 50 else OXYGEN]
    if values["chronic_illness"]:
        wanted.append(ADMISSION)
    return tuple(one for one in wanted if one.name not in values)


def mortality(surgical: tuple[int, ...], medical: tuple[int, ...]) -> tuple[Band, ...]:
    floors = (0, 5, 10, 15, 20, 25, 30, 35)
    return tuple(
        Band(floor, f"Mortality in hospital about {one} percent, after surgery about {other} percent (Knaus 1985).")
        for floor, one, other in zip(floors, medical, surgical, strict=True)
    )


CALM: dict[str, object] = {
    "temperature": 37, "systolic": 120, "diastolic": 75, "heart_rate": 80, "respiratory_rate": 15,
    "inspired_oxygen": 21, "arterial_oxygen": 90, "arterial_ph": 7.4, "sodium": 140, "potassium": 4, "creatinine": 1,
    "acute_renal_failure": False, "haematocrit": 40, "white_cells": 8, "coma_scale": 15, "age": 40,
    "chronic_illness": False, "admission": "nonoperative",
}  # fmt: skip
CALCULATOR = Calculator(
    id="apache_ii",
    title="APACHE II score",
    summary="Severity of illness by the worst values of the first 24 hours in intensive care.",
    aliases=("APACHE II", "APACHE 2", "APACHE score", "APACHE"),
    names=(r"apache(?: (?:ii|2))?(?: score)?",),
    inputs=(
        TEMPERATURE, SYSTOLIC, DIASTOLIC, HEART_RATE, RESPIRATORY_RATE, INSPIRED_OXYGEN, OXYGEN, GRADIENT, ARTERIAL_PH,
        SODIUM, POTASSIUM, CREATININE, RENAL_FAILURE, HAEMATOCRIT, WHITE_CELLS, COMA_SCALE, AGE, CHRONIC, ADMISSION,
    ),
    unit="points",
    equation="twelve physiological values with 0 to 4 points each (creatinine twice in acute renal failure, coma scale "
    "15 minus its value), age 0 to 6, chronic illness 2 after elective surgery, else 5",
    formula=formula,
    needs=needs,
    bands=mortality(surgical=(1, 3, 7, 12, 30, 35, 73, 88), medical=(4, 8, 15, 25, 40, 55, 73, 85)),
    caveats=("The worst value of the first 24 hours counts. Mortality is that of 1979 to 1982.",),
    citations=(Reference("Knaus WA et al. Crit Care Med 13:818-829", 1985, "10.1097/00003246-198510000-00009"),),
    examples=(
        Example(CALM, 0, PAPER + ": the minimum"),
        Example(
            CALM
            | {
                "temperature": 39.2, "heart_rate": 125, "creatinine": 2.2, "acute_renal_failure": True,
                "coma_scale": 13, "age": 68,
            },
            3 + 2 + 6 + 2 + 5,
            PAPER + ": temperature 3, rate 2, creatinine 3 doubled, coma scale 2, age 5",
        ),
        Example(
            {
                "temperature": 42, "systolic": 60, "diastolic": 30, "heart_rate": 190, "respiratory_rate": 55,
                "inspired_oxygen": 100, "oxygen_gradient": 550, "arterial_ph": 7.0, "sodium": 185, "potassium": 7.5,
                "creatinine": 4, "acute_renal_failure": True, "haematocrit": 15, "white_cells": 45, "coma_scale": 3,
                "age": 80, "chronic_illness": True, "admission": "emergency",
            },
            71,
            "abstract of Knaus 1985, 0 to 71: the maximum", Origin.PAPER, bound=True,
        ),
        Example(
            CALM
            | {
                "temperature": 39.5,
                "systolic": 90,
                "diastolic": 45,
                "heart_rate": 130,
                "respiratory_rate": 30,
                "inspired_oxygen": 40,
                "arterial_oxygen": 70,
                "arterial_ph": 7.3,
                "sodium": 138,
                "potassium": 4.5,
                "creatinine": 2.5,
                "haematocrit": 35,
                "white_cells": 18,
                "coma_scale": 13,
                "age": 68,
            },
            22,
            "tests of open-medicine 0.12.0: a patient with sepsis and a mean pressure of 60",
            Origin.SOFTWARE,
        ),
),
)  # fmt: skip
