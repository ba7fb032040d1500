"""The anion gap, plain or corrected for albumin: + 2.5 x (4 - albumin in g/dL)."""

from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ALBUMIN, BICARBONATE, CHLORIDE, SODIUM
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

CASE_BOOK = "Anesthesia Key, Blood gas I: a case of starvation or ketoacidosis"
BY_HAND = "worked by hand: Na - Cl - HCO3, and 2.5 x (4 - albumin) where albumin is given"
PLAIN = Reference("Emmett M, Narins RG. Medicine (Baltimore) 56:38-54", 1977)
CORRECTED = Reference("Figge J et al. Crit Care Med 26:1807-1810", 1998, "10.1097/00003246-199811000-00019")
BANDS = (
    Band(float("-inf"), "Low: consider laboratory error, low albumin or paraproteins."),
    Band(4, "Not raised (about 4 to 12 mmol/L, depending on the laboratory)."),
    Band(12, "Raised: look for causes of a high anion gap acidosis.", inclusive=False),
)


def formula(values: Values) -> float:
    gap: float = values["sodium"] - values["chloride"] - values["bicarbonate"]
    return gap + 2.5 * (4 - values["albumin"]) if "albumin" in values else gap


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if "albumin" in values:
        return ()
    return ("Not corrected for albumin: each 1 g/dL below 4 lowers the gap by about 2.5 mmol/L.",)


CALCULATORS = (
    Calculator(
        id="anion_gap",
        version="1.0.0",
        title="Anion gap",
        short="Anion gap",
        summary="Unmeasured anions in metabolic acidosis; corrected when albumin is given.",
        aliases=("anion gap", "serum anion gap"),
        names=(r"(?:serum )?an ?ion gap",),
        inputs=(SODIUM, CHLORIDE, BICARBONATE, replace(ALBUMIN, required=False)),
        unit="mmol/L",
        decimals=1,
        equation="sodium - chloride - bicarbonate, + 2.5 x (4 - albumin in g/dL) where albumin is given",
        formula=formula,
        bands=BANDS,
        notes=notes,
        citations=(PLAIN, CORRECTED),
        examples=(
            Example({"sodium": 140, "chloride": 104, "bicarbonate": 24}, 12.0, BY_HAND),
            Example({"sodium": 136, "chloride": 96, "bicarbonate": 8}, 32.0, BY_HAND),
            Example({"sodium": 130, "chloride": 80, "bicarbonate": 10}, 40.0, CASE_BOOK, Origin.TEXTBOOK),
            Example({"sodium": 140, "chloride": 106, "bicarbonate": 22, "albumin": 2.0}, 17.0, BY_HAND),
            Example(
                {"sodium": 138, "chloride": 98, "bicarbonate": 7},
                33.0,
                "StethoPrep question on acid-base 033, after Harper's Biochemistry",
                Origin.TEACHING,
            ),
        ),
    ),
    Calculator(
        id="anion_gap_albumin",
        version="1.0.0",
        title="Albumin-corrected anion gap",
        short="Albumin-corrected anion gap",
        summary="Anion gap corrected for the albumin concentration.",
        aliases=("albumin-corrected anion gap", "corrected anion gap"),
        names=(r"(?:albumin )?corrected an ?ion gap", r"an ?ion gap corrected(?: for albumin)?"),
        inputs=(SODIUM, CHLORIDE, BICARBONATE, ALBUMIN),
        unit="mmol/L",
        decimals=1,
        equation="sodium - chloride - bicarbonate + 2.5 x (4 - albumin in g/dL)",
        formula=formula,
        bands=BANDS,
        notes=notes,
        citations=(CORRECTED,),
        examples=(
            Example({"sodium": 140, "chloride": 106, "bicarbonate": 22, "albumin": 2.0}, 17.0, BY_HAND),
            Example({"sodium": 140, "chloride": 104, "bicarbonate": 24, "albumin": 4.0}, 12.0, BY_HAND),
            Example(
                {"sodium": 130, "chloride": 92, "bicarbonate": 22, "albumin": {"value": 25, "unit": "g/L"}},
                19.75,
                BY_HAND,
            ),
            Example(
                {"sodium": 140, "chloride": 104, "bicarbonate": 24, "albumin": 2.0},
                17.0,
                "tests of open-medicine 0.12.0",
                Origin.SOFTWARE,
            ),
        ),
    ),
)
