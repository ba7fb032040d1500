"""MELD-Na (OPTN 2016) and MELD 3.0 (Kim 2021, OPTN since July 2023)."""

import math
from collections.abc import Mapping

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ALBUMIN, BILIRUBIN, CREATININE, DIALYSIS, INR, SEX, SODIUM
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values

BANDS = (
    Band(6, "90-day mortality about 2 percent (Wiesner 2003, hospitalised patients)."),
    Band(10, "90-day mortality about 6 percent (Wiesner 2003, hospitalised patients)."),
    Band(20, "90-day mortality about 20 percent (Wiesner 2003, hospitalised patients)."),
    Band(30, "90-day mortality about 53 percent (Wiesner 2003, hospitalised patients)."),
    Band(40, "90-day mortality above 70 percent (Wiesner 2003, hospitalised patients)."),
)
WIESNER = Reference("Wiesner R et al. Gastroenterology 124:91-96", 2003, "10.1053/gast.2003.50016")


def bounded(value: float, low: float, high: float = math.inf) -> float:
    return min(max(value, low), high)


def half_up(value: float) -> int:
    return math.floor(value + 0.5)


def creatinine_of(values: Values, cap: float) -> float:
    return cap if values["dialysis"] else bounded(values["creatinine"], 1, cap)


def meld_na(values: Values) -> int:
    """MELD(i) to one tenth before it is multiplied by ten; sodium only counts above 11."""
    base = (
        0.957 * math.log(creatinine_of(values, 4.0))
        + 0.378 * math.log(bounded(values["bilirubin"], 1))
        + 1.120 * math.log(bounded(values["inr"], 1))
        + 0.643
    )
    initial = half_up(base * 10)
    if initial <= 11:
        return int(bounded(initial, 6, 40))
    lack = 137 - bounded(values["sodium"], 125, 137)
    return int(bounded(half_up(initial + 1.32 * lack - 0.033 * initial * lack), 6, 40))


def meld_3(values: Values) -> int:
    creatinine = math.log(creatinine_of(values, 3.0))
    bilirubin = math.log(bounded(values["bilirubin"], 1))
    lack = 137 - bounded(values["sodium"], 125, 137)
    low_albumin = 3.5 - bounded(values["albumin"], 1.5, 3.5)
    score = (
        1.33 * (values["sex"] == "female")
        + 4.56 * bilirubin
        + 0.82 * lack
        - 0.24 * lack * bilirubin
        + 9.09 * math.log(bounded(values["inr"], 1))
        + 11.14 * creatinine
        + 1.85 * low_albumin
        - 1.83 * low_albumin * creatinine
        + 6
    )
    return int(bounded(half_up(score), 6, 40))


MORTALITY = "The mortality figures were derived with the original MELD."
CAVEATS = (f"For age 12 and over. {MORTALITY}",)
ADULT = (f"For adults: allocation has a formula of its own for who was listed before the age of 18. {MORTALITY}",)


def labs(bilirubin: float, inr: float, creatinine: float, sodium: float, **more: object) -> Mapping[str, object]:
    stated = {"bilirubin": bilirubin, "inr": inr, "creatinine": creatinine, "sodium": sodium, "dialysis": False}
    return stated | more


CALCULATORS = (
    Calculator(
        id="meld_3",
        version="1.0.0",
        title="MELD 3.0",
        short="MELD 3.0",
        summary="Severity of end-stage liver disease, as used for allocation since 2023.",
        aliases=("MELD 3.0", "MELD", "MELD score", "MELD three"),
        names=(r"meld(?: ?3(?:\.0)?)?(?: score)?", r"model for end stage liver disease"),
        inputs=(SEX, BILIRUBIN, INR, CREATININE, SODIUM, ALBUMIN, DIALYSIS),
        unit="points",
        equation="11.14 ln creatinine + 4.56 ln bilirubin + 9.09 ln INR + 0.82 (137 - Na) - 0.24 (137 - Na) ln "
        "bilirubin + 1.85 (3.5 - albumin) - 1.83 (3.5 - albumin) ln creatinine + 6, + 1.33 for women; each "
        "value held to its limits",
        formula=meld_3,
        bands=BANDS,
        caveats=ADULT,
        citations=(
            Reference("Kim WR et al. Gastroenterology 161:1887-1895", 2021, "10.1053/j.gastro.2021.08.050"),
            WIESNER,
        ),
        examples=(
            Example(
                labs(1, 1, 1, 137, sex="male", albumin=3.5),
                6,
                "every term of Kim 2021 is nought: the constant, the minimum",
            ),
            Example(labs(1, 1, 1, 125, sex="female", albumin=1.5), 21, "by hand: 6 + 1.33 + 0.82 x 12 + 1.85 x 2"),
            Example(labs(math.e, math.e, 1, 137, sex="male", albumin=3.5), 20, "by hand: 6 + 4.56 + 9.09"),
            Example(labs(50, 15, 9, 120, sex="female", albumin=1), 40, "the upper bound: the maximum"),
            Example(
                labs(3.2, 1.7, 1.4, 131, sex="female", albumin=2.8), 25, "computed with clincalc 0.4.0", Origin.SOFTWARE
            ),
        ),
    ),
    Calculator(
        id="meld_na",
        version="1.0.0",
        title="MELD-Na (OPTN 2016)",
        short="MELD-Na",
        summary="Severity of end-stage liver disease, the allocation score from 2016 to 2023.",
        aliases=("MELD-Na", "MELD sodium", "MELD Na score"),
        names=(r"meld ?(?:na|sodium|with sodium)(?: score)?",),
        inputs=(BILIRUBIN, INR, CREATININE, SODIUM, DIALYSIS),
        unit="points",
        equation="i = 10 x (0.957 ln creatinine + 0.378 ln bilirubin + 1.12 ln INR + 0.643); above 11: i + 1.32 (137 "
        "- Na) - 0.033 i (137 - Na); each value held to its limits",
        formula=meld_na,
        bands=BANDS,
        caveats=CAVEATS,
        citations=(
            Reference("Kim WR et al. N Engl J Med 359:1018-1026", 2008, "10.1056/NEJMoa0801209"),
            Reference("OPTN policy 9, MELD calculation of 11 January 2016", 2016),
            WIESNER,
        ),
        examples=(
            Example(labs(1, 1, 1, 137), 6, "by hand: 0.643 gives 6, the minimum"),
            Example(labs(math.e, math.e, 1, 137), 21, "by hand: 0.378 + 1.120 + 0.643 = 2.141"),
            Example(labs(50, 15, 9, 120), 40, "the upper bound: the maximum"),
            Example(labs(math.e, math.e, 1, 125), 29, "by hand: 21 + 1.32 x 12 - 0.033 x 21 x 12 = 28.5"),
            Example(
                labs(2.0, 1.5, 1.5, 137),
                17,
                "computed with clincalc 0.4.0, the MELD, which a sodium of 137 leaves as it is",
                Origin.SOFTWARE,
            ),
        ),
    ),
)
