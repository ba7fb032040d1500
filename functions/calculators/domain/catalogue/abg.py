"""Arterial blood gas: the primary acid-base disorder, whether compensation is as expected, and the anion gap.

The rules of Berend 2014, with the usual limits of pH 7.35 to 7.45, PaCO2 35 to 45 mmHg and bicarbonate 22 to 26 mmol/L.
"""

import math
from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import (
    ALBUMIN,
    ARTERIAL_CARBON_DIOXIDE,
    ARTERIAL_PH,
    BICARBONATE,
    CHLORIDE,
    SODIUM,
)
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

ACIDOSIS, ALKALOSIS = "acidosis", "alkalosis"
NONE, UNDECIDED = "no acid-base disorder", "not decided"
# The pH that the other two values give by Henderson and Hasselbalch may differ by this much before it is told.
FIT = 0.08
MARGIN = 2
GAP = 12


def formula(values: Values) -> str:
    """The primary disorder; with a normal pH the side of 7.40 on which it lies decides."""
    ph, pressure, bicarbonate = values["arterial_ph"], values["arterial_carbon_dioxide"], values["bicarbonate"]
    retained, blown_off = pressure > 45, pressure < 35
    lost, kept = bicarbonate < 22, bicarbonate > 26
    if ph < 7.35 or (ph < 7.40 and ((retained and kept) or (blown_off and lost))):
        return _primary(ACIDOSIS, metabolic=lost, respiratory=retained)
    if ph > 7.45 or ((retained and kept) or (blown_off and lost)):
        return _primary(ALKALOSIS, metabolic=kept, respiratory=blown_off)
    return UNDECIDED if retained or blown_off or lost or kept else NONE


def _primary(side: str, *, metabolic: bool, respiratory: bool) -> str:
    parts = ["metabolic"] * metabolic + ["respiratory"] * respiratory
    return f"{' and '.join(parts)} {side}" if parts else UNDECIDED


def notes(values: Values, value: Value) -> tuple[str, ...]:
    """What the three values say of each other, then what the electrolytes add."""
    return (*_fit(values), *_compensation(values, str(value)), *_gap(values))


def _fit(values: Values) -> tuple[str, ...]:
    expected = 6.1 + math.log10(values["bicarbonate"] / (0.0307 * values["arterial_carbon_dioxide"]))
    if abs(expected - values["arterial_ph"]) <= FIT:
        return ()
    return (f"The three values do not fit together: pressure and bicarbonate give a pH of {expected:.2f}. Check them.",)


def _compensation(values: Values, primary: str) -> tuple[str, ...]:
    pressure, bicarbonate = values["arterial_carbon_dioxide"], values["bicarbonate"]
    if primary == "metabolic acidosis":
        return _pressure(pressure, 1.5 * bicarbonate + 8)
    if primary == "metabolic alkalosis":
        return _pressure(pressure, 0.7 * (bicarbonate - 24) + 40)
    if primary == "respiratory acidosis":
        tens = (pressure - 40) / 10
        return _bicarbonate(bicarbonate, 24 + tens, 24 + 5 * tens)
    if primary == "respiratory alkalosis":
        tens = (40 - pressure) / 10
        return _bicarbonate(bicarbonate, 24 - 2 * tens, 24 - 5 * tens)
    return ()


def _pressure(measured: float, expected: float) -> tuple[str, ...]:
    spread = f"Expected PaCO2 {expected - MARGIN:.1f} to {expected + MARGIN:.1f} mmHg."
    if measured > expected + MARGIN:
        return (spread, "It is higher: respiratory acidosis as well.")
    if measured < expected - MARGIN:
        return (spread, "It is lower: respiratory alkalosis as well.")
    return (spread, "Compensation is as expected.")


def _bicarbonate(measured: float, acute: float, chronic: float) -> tuple[str, ...]:
    spread = f"Expected bicarbonate about {acute:.1f} mmol/L if acute, {chronic:.1f} if it has lasted for days."
    low, high = sorted((acute, chronic))
    if measured > high + MARGIN:
        return (spread, "It is higher: metabolic alkalosis as well.")
    if measured < low - MARGIN:
        return (spread, "It is lower: metabolic acidosis as well.")
    return (spread, "It lies within that; only the history tells acute from chronic.")


def _gap(values: Values) -> tuple[str, ...]:
    """The anion gap where sodium and chloride were given, and what its rise says beside the fall of bicarbonate."""
    if "sodium" not in values or "chloride" not in values:
        return ("With sodium and chloride the anion gap could be told.",)
    plain = values["sodium"] - values["chloride"] - values["bicarbonate"]
    gap = plain + 2.5 * (4 - values["albumin"]) if "albumin" in values else plain
    how = "corrected for albumin" if "albumin" in values else "not corrected for albumin"
    told = f"Anion gap {gap:.1f} mmol/L, {how}"
    if gap <= GAP:
        return (f"{told}: not raised.",)
    if values["bicarbonate"] >= 24:
        return (f"{told}: raised, so metabolic acidosis even at this bicarbonate.",)
    ratio = (gap - GAP) / (24 - values["bicarbonate"])
    return (f"{told}: raised, metabolic acidosis. Delta ratio {ratio:.2f}: {_told(ratio)}.",)


def _told(ratio: float) -> str:
    if ratio < 0.8:
        return "acidosis with a normal anion gap as well"
    return "metabolic alkalosis or an earlier high bicarbonate besides" if ratio > 2 else "that acidosis alone"


GAS = r"(?:(?:arterial )?blood gas(?:es)?|a ?b ?gs?|acid base(?: status| disorder)?)"
COMBINED = "Both disorders drive the pH the same way: neither compensates the other."
COMPENSATED = "With a pH from 7.35 to 7.45 it is compensated, or two disorders offset each other."
CALCULATOR = Calculator(
    id="abg",
    title="Arterial blood gas interpretation",
    short="Blood gas interpretation",
    summary="Primary acid-base disorder, expected compensation, and the anion gap where electrolytes are given.",
    aliases=("blood gas interpretation", "acid-base interpretation", "ABG interpretation", "ABG"),
    names=(
        rf"{GAS} (?:interpretation|analysis)",
        rf"interpret(?: (?:this|the|these|an|my))? {GAS}",
    ),
    weak=(GAS,),
    inputs=(
        ARTERIAL_PH,
        ARTERIAL_CARBON_DIOXIDE,
        BICARBONATE,
        replace(SODIUM, required=False),
        replace(CHLORIDE, required=False),
        replace(ALBUMIN, required=False),
    ),
    formula=formula,
    equation="pH against 7.35 and 7.45, PaCO2 against 35 and 45 mmHg, bicarbonate against 22 and 26 mmol/L; expected "
    "PaCO2 1.5 x bicarbonate + 8 in metabolic acidosis, 40 + 0.7 x (bicarbonate - 24) in metabolic alkalosis; expected "
    "bicarbonate for each 10 mmHg: up by 1 (acute) to 5 (chronic), down by 2 (acute) to 5 (chronic)",
    bands=(
        Band(NONE, "pH, PaCO2 and bicarbonate are normal; a raised anion gap would still be a disorder."),
        Band("metabolic acidosis", f"The bicarbonate is low. {COMPENSATED}"),
        Band("respiratory acidosis", f"Carbon dioxide is retained. {COMPENSATED}"),
        Band("metabolic and respiratory acidosis", COMBINED),
        Band("metabolic alkalosis", f"The bicarbonate is high. {COMPENSATED}"),
        Band("respiratory alkalosis", f"Carbon dioxide is blown off. {COMPENSATED}"),
        Band("metabolic and respiratory alkalosis", COMBINED),
        Band(UNDECIDED, "The three values fit no single disorder: check them, or look for several."),
    ),
    notes=notes,
    caveats=(
        "Reads the numbers only: cause and duration come from the patient.",
        "Up to a day has to pass until the lungs compensate fully, and days for the kidneys.",
    ),
    citations=(
        Reference("Berend K, de Vries APJ, Gans ROB. N Engl J Med 371:1434-1445", 2014, "10.1056/NEJMra1003327"),
        Reference("Albert MS, Dell RB, Winters RW. Ann Intern Med 66:312-322", 1967, "10.7326/0003-4819-66-2-312"),
    ),
    examples=(
        Example(
            {
                "arterial_ph": 7.22, "arterial_carbon_dioxide": 18, "bicarbonate": 7, "sodium": 138, "chloride": 98,
            },
            "metabolic acidosis",
            "StethoPrep question on acid-base 033, after Harper's Biochemistry",
            Origin.TEACHING,
        ),
        Example(
            {"arterial_ph": 7.58, "arterial_carbon_dioxide": 48, "bicarbonate": 44},
            "metabolic alkalosis",
            "nclex.me, an examination question",
            Origin.TEACHING,
        ),
        Example(
            {"arterial_ph": 7.51, "arterial_carbon_dioxide": 49, "bicarbonate": 35},
            "metabolic alkalosis",
            "QD Nurses, NCLEX question 7",
            Origin.TEACHING,
        ),
        Example(
            {"arterial_ph": 7.35, "arterial_carbon_dioxide": 60, "bicarbonate": 31},
            "respiratory acidosis",
            "Medizzy question 40296424: compensated",
            Origin.TEACHING,
        ),
        Example(
            {"arterial_ph": 7.55, "arterial_carbon_dioxide": 25, "bicarbonate": 22},
            "respiratory alkalosis",
            "indiatinsearch.com, an examination question: uncompensated",
            Origin.TEACHING,
        ),
        Example(
            {"arterial_ph": 7.1, "arterial_carbon_dioxide": 60, "bicarbonate": 18},
            "metabolic and respiratory acidosis",
            "by hand from the limits of Berend 2014",
        ),
    ),
)  # fmt: skip
