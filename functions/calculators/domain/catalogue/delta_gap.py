"""Delta gap (anion gap - 12) and delta ratio (delta gap / (24 - bicarbonate)), plain and corrected for albumin."""

from collections.abc import Mapping
from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ALBUMIN, BICARBONATE, CHLORIDE, SODIUM
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BY_HAND = "worked by hand: Na - Cl - HCO3 (+ 2.5 x (4 - albumin)) - 12, over 24 - HCO3 for the ratio"
IONS = (SODIUM, CHLORIDE, BICARBONATE)
CORRECTED = (*IONS, ALBUMIN)
RASTEGAR = Reference("Rastegar A. J Am Soc Nephrol 18:2429-2431", 2007, "10.1681/ASN.2006121408")
WRENN = Reference("Wrenn K. Ann Emerg Med 19:1310-1313", 1990, "10.1016/S0196-0644(05)82292-9")
FIGGE = Reference("Figge J et al. Crit Care Med 26:1807-1810", 1998, "10.1097/00003246-199811000-00019")
GAP = "sodium - chloride - bicarbonate - 12"
ALBUMIN_TERM = "2.5 x (4 - albumin in g/dL)"
GAP_BANDS = (
    Band(float("-inf"), "The anion gap is not raised above 12 mmol/L."),
    Band(0, "The anion gap is raised by this much: compare it with the fall of bicarbonate.", inclusive=False),
)
RATIO_BANDS = (
    Band(float("-inf"), "Below 0.4: acidosis with a normal anion gap."),
    Band(0.4, "0.4 to 0.8: mixed, with a raised and with a normal anion gap."),
    Band(0.8, "0.8 to 2: acidosis with a raised anion gap alone."),
    Band(2, "Above 2: metabolic alkalosis or an earlier high bicarbonate besides.", inclusive=False),
)
NO_FALL = "At a bicarbonate of 24 mmol/L there is no fall to compare with."


def gap(values: Values) -> float:
    plain: float = values["sodium"] - values["chloride"] - values["bicarbonate"] - 12
    return plain + 2.5 * (4 - values["albumin"]) if "albumin" in values else plain


def ratio(values: Values) -> float:
    quotient: float = gap(values) / (24 - values["bicarbonate"])
    return quotient


def no_fall(values: Values) -> Mapping[str, str]:
    return {"bicarbonate": NO_FALL} if values["bicarbonate"] == 24 else {}


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    warnings = [] if "albumin" in values else ["Not corrected for albumin."]
    if gap(values) <= 0 or values["bicarbonate"] > 24:
        warnings.append("Made for a raised anion gap with a low bicarbonate: here it says little.")
    return tuple(warnings)


def labs(sodium: float, chloride: float, bicarbonate: float, **albumin: object) -> Mapping[str, object]:
    return {"sodium": sodium, "chloride": chloride, "bicarbonate": bicarbonate} | albumin


DELTA_GAP = Calculator(
    id="delta_gap",
    title="Delta gap",
    summary="By how much the anion gap exceeds 12 mmol/L.",
    aliases=("delta gap", "delta anion gap"),
    names=(r"delta (?:an ?ion )?gap",),
    inputs=IONS,
    unit="mmol/L",
    decimals=1,
    equation=GAP,
    formula=gap,
    bands=GAP_BANDS,
    notes=notes,
    citations=(WRENN, RASTEGAR),
    examples=(
        Example(labs(140, 104, 24), 0.0, BY_HAND),
        Example(labs(136, 96, 8), 20.0, BY_HAND),
        Example(labs(140, 110, 22), -4.0, BY_HAND),
        Example(
            {"sodium": 140, "chloride": 112, "bicarbonate": 13},
            3.0,
            "StethoPrep question on acid-base 026, after Guyton and Hall",
            Origin.TEACHING,
        ),
    ),
)
DELTA_RATIO = replace(
    DELTA_GAP,
    id="delta_ratio",
    title="Delta ratio",
    short="Delta ratio",
    summary="Rise of the anion gap over fall of the bicarbonate: one acid-base disorder or several.",
    aliases=("delta ratio", "delta delta"),
    names=(r"delta (?:delta|ratio)",),
    unit=None,
    decimals=2,
    equation=f"({GAP}) / (24 - bicarbonate)",
    formula=ratio,
    refuses=no_fall,
    bands=RATIO_BANDS,
    citations=(RASTEGAR,),
    examples=(
        Example(labs(136, 96, 8), 1.25, BY_HAND),
        Example(labs(140, 110, 14), 0.4, BY_HAND),
        Example(labs(140, 98, 20), 2.5, BY_HAND),
        Example(
            {"sodium": 138, "chloride": 98, "bicarbonate": 7},
            1.235294,
            "StethoPrep question on acid-base 033, after Harper's Biochemistry",
            Origin.TEACHING,
            printed="1.24",
        ),
    ),
)
CALCULATORS = (
    DELTA_GAP,
    DELTA_RATIO,
    replace(
        DELTA_GAP,
        id="delta_gap_albumin",
        title="Albumin-corrected delta gap",
        short="Albumin-corrected delta gap",
        summary="By how much the anion gap, corrected for albumin, exceeds 12 mmol/L.",
        aliases=("albumin-corrected delta gap", "corrected delta gap"),
        names=(r"(?:albumin )?corrected delta (?:an ?ion )?gap", r"delta gap corrected(?: for albumin)?"),
        inputs=CORRECTED,
        equation=f"{GAP} + {ALBUMIN_TERM}",
        citations=(WRENN, FIGGE),
        examples=(
            Example(labs(140, 106, 22, albumin=2.0), 5.0, BY_HAND),
            Example(labs(140, 104, 24, albumin=4.0), 0.0, BY_HAND),
            Example(labs(130, 92, 22, albumin={"value": 25, "unit": "g/L"}), 7.75, BY_HAND),
        ),
    ),
    replace(
        DELTA_RATIO,
        id="delta_ratio_albumin",
        title="Albumin-corrected delta ratio",
        short="Albumin-corrected delta ratio",
        summary="Rise of the albumin-corrected anion gap over fall of the bicarbonate.",
        aliases=("albumin-corrected delta ratio", "corrected delta ratio"),
        names=(r"(?:albumin )?corrected delta (?:delta|ratio)", r"delta ratio corrected(?: for albumin)?"),
        inputs=CORRECTED,
        equation=f"({GAP} + {ALBUMIN_TERM}) / (24 - bicarbonate)",
        citations=(RASTEGAR, FIGGE),
        examples=(
            Example(labs(140, 106, 22, albumin=2.0), 2.5, BY_HAND),
            Example(labs(136, 96, 8, albumin=4.0), 1.25, BY_HAND),
            Example(labs(130, 92, 22, albumin={"value": 25, "unit": "g/L"}), 3.875, BY_HAND),
        ),
    ),
)
