from collections.abc import Mapping

from functions.calculators.domain.criteria import VENTILATION
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import (
    ARTERIAL_OXYGEN,
    BILIRUBIN,
    COMA_SCALE,
    CREATININE,
    DIASTOLIC,
    INSPIRED_OXYGEN,
    PLATELETS,
    SYSTOLIC,
    optional,
)
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Example,
    Input,
    Quantity,
    Range,
    Reference,
    Values,
    YesNo,
)
from functions.calculators.domain.scoring import LOWEST, step

PAPER = "grades of Vincent 1996, added by hand"
VASOPRESSORS = YesNo(
    name="vasopressors",
    label="vasopressors",
    question="Is dopamine, dobutamine, noradrenaline or adrenaline running?",
    words=(r"vasopressors?|pressors?|inotropes?",),
    required=False,
)
URINE = Quantity(
    name="urine_output",
    label="urine output",
    words=(r"urine(?: output)?(?: volume)?", r"uo"),
    quantity="urine",
    unit="mL/day",
    possible=Range(0, 30_000),
    usual=Range(0, 10_000),
    required=False,
    unstated="no more renal points than the creatinine gives, as no urine output was given",
)


def drug(name: str, words: str) -> Quantity:
    return Quantity(
        name=name,
        label=name,
        question=f"At which rate does {name} run, in µg/kg/min?",
        words=(words,),
        quantity="infusion",
        unit="µg/kg/min",
        possible=Range(0, 100),
        usual=Range(0, 50),
        required=False,
    )


DRUGS = (
    drug("dopamine", r"dopamine"),
    drug("dobutamine", r"dobutamine"),
    drug("adrenaline", r"(?<!nor)(?:adrenaline|epinephrine)"),
    drug("noradrenaline", r"(?:nor ?adrenaline|nor ?epinephrine|levophed|norepi)"),
)
PRESSURES = (optional(SYSTOLIC), optional(DIASTOLIC))


def circulation(values: Values) -> int:
    dopamine, dobutamine, adrenaline, noradrenaline = (values.get(one.name, 0) for one in DRUGS)
    strong = max(adrenaline, noradrenaline)
    if dopamine > 15 or strong > 0.1:
        return 4
    if dopamine > 5 or strong > 0:
        return 3
    if dopamine > 0 or dobutamine > 0:
        return 2
    return int("systolic" in values and (values["systolic"] + 2 * values["diastolic"]) / 3 < 70)


def breathing(values: Values) -> int:
    """Three and four points only with respiratory support."""
    ratio = values["arterial_oxygen"] / values["inspired_oxygen"] * 100
    grade = 4 - step(ratio, (100, 1), (200, 2), (300, 3), (400, 4))
    return grade if values["ventilation"] else min(grade, 2)


def kidneys(values: Values) -> int:
    by_urine = step(values["urine_output"], (LOWEST, 4), (200, 3), (500, 0)) if "urine_output" in values else 0
    return max(by_urine, step(values["creatinine"], (1.2, 1), (2, 2), (3.5, 3), (5, 4)))


def formula(values: Values) -> int:
    return (
        breathing(values)
        + (4 - step(values["platelets"], (20, 1), (50, 2), (100, 3), (150, 4)))
        + step(values["bilirubin"], (1.2, 1), (2, 2), (6, 3), (12, 4))
        + circulation(values)
        + (4 - step(values["coma_scale"], (6, 1), (10, 2), (13, 3), (15, 4)))
        + kidneys(values)
    )


def running(values: Values) -> bool:
    return any(values.get(one.name, 0) > 0 for one in DRUGS)


def needs(values: Values) -> tuple[Input, ...]:
    """The rate of a vasopressor, or that none runs and then the blood pressure."""
    if running(values):
        return ()
    if "vasopressors" not in values:
        return (VASOPRESSORS,)
    if values["vasopressors"]:
        return (DRUGS[3],)
    return tuple(one for one in PRESSURES if one.name not in values)


def refuses(values: Values) -> Mapping[str, str]:
    contradicted = running(values) and not values.get("vasopressors", True)
    return {"vasopressors": "A vasopressor has a rate, so vasopressors are running."} if contradicted else {}


WELL: dict[str, object] = {
    "arterial_oxygen": 95, "inspired_oxygen": 21, "ventilation": False, "platelets": 250, "bilirubin": 0.8,
    "vasopressors": False, "systolic": 120, "diastolic": 80, "coma_scale": 15, "creatinine": 0.9, "urine_output": 1500,
}  # fmt: skip
CALCULATOR = Calculator(
    id="sofa",
    title="SOFA score",
    summary="Sequential organ failure assessment in intensive care.",
    aliases=("SOFA score", "sequential organ failure assessment", "SOFA"),
    names=(r"(?<!q )(?<!quick )(?<!cue )(?<!queue )sofa score", r"sequential organ failure(?: assessment)?(?: score)?"),
    weak=(r"(?<!q )(?<!quick )(?<!cue )(?<!queue )sofa",),
    inputs=(
        ARTERIAL_OXYGEN, INSPIRED_OXYGEN, VENTILATION, PLATELETS, BILIRUBIN, COMA_SCALE, CREATININE, VASOPRESSORS,
        *PRESSURES, *DRUGS, URINE,
    ),
    unit="points",
    equation="0 to 4 points each: PaO2/FiO2 (400, 300, 200, 100), platelets (150, 100, 50, 20), bilirubin "
    "(1.2, 2, 6, 12), mean pressure below 70 or vasopressors, coma scale (15, 13, 10, 6), "
    "creatinine (1.2, 2, 3.5, 5) or urine (500, 200)",
    formula=formula,
    needs=needs,
    refuses=refuses,
    bands=(
        Band(0, "Up to 9 on admission: mortality below 33 percent (Ferreira 2001)."),
        Band(10, "10 or 11 on admission: mortality about 50 percent (Ferreira 2001)."),
        Band(12, "Above 11 on admission: mortality above 95 percent (Ferreira 2001)."),
    ),
    caveats=(
        "A rise by 2 points with infection is sepsis (Sepsis-3). The worst value of the day counts.",
        "Infusion rates that have run for at least an hour.",
    ),
    citations=(
        Reference("Vincent JL et al. Intensive Care Med 22:707-710", 1996, "10.1007/BF01709751"),
        Reference("Ferreira FL et al. JAMA 286:1754-1758", 2001, "10.1001/jama.286.14.1754"),
    ),
    examples=(
        Example(WELL, 0, PAPER + ": the minimum"),
        Example(
            WELL
            | {
                "arterial_oxygen": 80, "inspired_oxygen": 50, "ventilation": True, "platelets": 90, "bilirubin": 2.5,
                "vasopressors": True, "noradrenaline": 0.08, "coma_scale": 12, "creatinine": 2.4,
            },
            3 + 2 + 2 + 3 + 2 + 2,
            PAPER,
        ),
        Example(
            WELL
            | {
                "arterial_oxygen": 60, "inspired_oxygen": 100, "ventilation": True, "platelets": 10, "bilirubin": 13,
                "vasopressors": True, "adrenaline": 0.2, "coma_scale": 3, "creatinine": 1, "urine_output": 150,
            },
            24,
            PAPER + ": the maximum",
        ),
        Example(
            WELL
            | {
                "arterial_oxygen": 72,
                "inspired_oxygen": 40,
                "ventilation": True,
                "platelets": 45,
                "bilirubin": 3.5,
                "coma_scale": 11,
                "creatinine": 2.5,
            },
            12,
            "computed with clincalc 0.4.0",
            Origin.SOFTWARE,
        ),
),
)  # fmt: skip
