"""Five rate corrections of the QT interval; RR is 60 / heart rate, in seconds."""

from collections.abc import Callable

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import HEART_RATE, QT
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Value, Values

BANDS = (
    Band(float("-inf"), "Short QTc."),
    Band(390, "Not prolonged.", inclusive=False),
    Band(450, "Prolonged for men (450 ms or more), not for women (460 ms or more)."),
    Band(460, "Prolonged for men and women."),
    Band(500, "Markedly prolonged: risk of torsades de pointes, review drugs and electrolytes."),
)
BANDS_SOURCE = Reference("Rautaharju PM et al. AHA/ACCF/HRS. J Am Coll Cardiol 53:982-991", 2009)


def rr(values: Values) -> float:
    seconds: float = 60 / values["heart_rate"]
    return seconds


def bazett(values: Values) -> float:
    corrected: float = values["qt"] / rr(values) ** 0.5
    return corrected


def fridericia(values: Values) -> float:
    corrected: float = values["qt"] / rr(values) ** (1 / 3)
    return corrected


def framingham(values: Values) -> float:
    corrected: float = values["qt"] + 154 * (1 - rr(values))
    return corrected


def hodges(values: Values) -> float:
    corrected: float = values["qt"] + 1.75 * (values["heart_rate"] - 60)
    return corrected


def rautaharju(values: Values) -> float:
    corrected: float = values["qt"] * (120 + values["heart_rate"]) / 180
    return corrected


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    usual = 60 <= values["heart_rate"] <= 100
    return () if usual else ("Rate corrections disagree outside 60 to 100 beats per minute, Bazett most of all.",)


EQUATIONS = {
    "Bazett": "QT / √RR", "Fridericia": "QT / RR^(1/3)", "Framingham": "QT + 154 x (1 - RR)",
    "Hodges": "QT + 1.75 x (rate - 60)", "Rautaharju": "QT x (120 + rate) / 180",
}  # fmt: skip


def variant(
    name: str, spoken: str, formula: Callable[[Values], float], source: Reference, examples: tuple[Example, ...]
) -> Calculator:
    corrected = r"(?:q ?t ?c?|corrected q ?t)(?: interval)?"
    return Calculator(
        id=f"qtc_{name.lower()}",
        version="1.0.0",
        title=f"QTc ({name})",
        short=f"QTc by {name}",
        summary="QT interval corrected for heart rate.",
        aliases=(f"QTc {name}", f"{name} QTc", f"QTc by {name}"),
        names=(
            rf"{corrected}(?: (?:by|with|using|according to|from))?(?: the)? (?:{spoken})(?: s)?(?: formula)?",
            rf"(?:{spoken})(?: s)?(?: formula| corrected| correction)*(?: (?:of|for|the))*(?: {corrected})?",
        ),
        inputs=(QT, HEART_RATE),
        unit="ms",
        equation=f"{EQUATIONS[name]}; RR = 60 / rate",
        formula=formula,
        bands=BANDS,
        notes=notes,
        citations=(source, BANDS_SOURCE),
        examples=examples,
    )


def worked(qt: float, rate: float, value: float) -> Example:
    return Example({"qt": qt, "heart_rate": rate}, value, "worked by hand from the formula")


CALCULATORS = (
    variant(
        "Bazett",
        r"ba[zs]{1,2}et{1,2}s?e?",
        bazett,
        Reference("Bazett HC. Heart 7:353-370", 1920),
        (
            worked(400, 60, 400.0),
            worked(330, 240, 660.0),
            worked(360, 93.75, 450.0),
            Example(
                {"qt": 480, "heart_rate": 64},
                495.741868,
                "StethoPrep question on the ECG 073, after Guyton and Hall",
                Origin.TEACHING,
                printed="496",
            ),
        ),
    ),
    variant(
        "Fridericia",
        r"fr[ie]d[ea]?r[ie]c{1,2}[ia]{1,2}a?s?",
        fridericia,
        Reference("Fridericia LS. Acta Med Scand 53:469-486", 1920),
        (
            worked(400, 60, 400.0),
            worked(360, 117.1875, 450.0),
            worked(300, 202.5, 450.0),
            Example(
                {"qt": 420, "heart_rate": 80},
                462.269815,
                "computed with open-medicine 0.12.0",
                Origin.SOFTWARE,
                printed="462.3",
            ),
        ),
    ),
    variant(
        "Framingham",
        r"fram{1,2}ing{0,2}ham",
        framingham,
        Reference("Sagie A et al. Am J Cardiol 70:797-801", 1992),
        (
            worked(400, 60, 400.0),
            worked(360, 120, 437.0),
            worked(420, 48, 381.5),
            Example(
                {"qt": 420, "heart_rate": 80}, 458.5, "computed with medimetry 0.1.0", Origin.SOFTWARE, printed="458.5"
            ),
        ),
    ),
    variant(
        "Rautaharju",
        r"r[ao]u?t+a?[hw]?[aeo]r?[jyu]{1,2}o?",
        rautaharju,
        Reference("Rautaharju PM, Mason JW, Akiyama T. Int J Cardiol 174:535-540", 2014),
        (worked(400, 60, 400.0), worked(360, 105, 450.0), worked(450, 40, 400.0)),
    ),
    variant(
        "Hodges",
        r"hod{1,2}ges?",
        hodges,
        Reference("Hodges M et al. J Am Coll Cardiol 1:694", 1983),
        (
            worked(400, 60, 400.0),
            worked(380, 100, 450.0),
            worked(420, 40, 385.0),
            Example(
                {"qt": 420, "heart_rate": 80}, 455.0, "computed with medimetry 0.1.0", Origin.SOFTWARE, printed="455.0"
            ),
        ),
    ),
)
