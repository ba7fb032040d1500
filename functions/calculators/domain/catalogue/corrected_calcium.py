from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import ALBUMIN, CALCIUM
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values

BY_HAND = "worked by hand: calcium + 0.8 x (4 - albumin in g/dL)"


def formula(values: Values) -> float:
    corrected: float = values["calcium"] + 0.8 * (4 - values["albumin"])
    return corrected


CALCULATOR = Calculator(
    id="corrected_calcium",
    version="1.0.0",
    title="Calcium corrected for albumin",
    short="Corrected calcium",
    summary="Total calcium corrected for a low albumin.",
    aliases=("corrected calcium", "albumin-corrected calcium", "calcium correction"),
    names=(
        r"(?:albumin )?corrected (?:serum )?calcium",
        r"calcium correct(?:ion|ed)(?: for (?:hypo)?albumin(?:a?emia)?)?",
        r"corrected ca",
    ),
    input_in_name=True,
    inputs=(CALCIUM, ALBUMIN),
    unit="mg/dL",
    decimals=1,
    equation="calcium + 0.8 x (4 - albumin in g/dL)",
    formula=formula,
    bands=(
        Band(float("-inf"), "Low (below about 8.5 mg/dL)."),
        Band(8.5, "Within the usual range of about 8.5 to 10.5 mg/dL."),
        Band(10.5, "High (above about 10.5 mg/dL).", inclusive=False),
    ),
    caveats=("An estimate: ionised calcium is the better measure when it matters.",),
    # Payne found 1.0 mg/dL for each g/dL of albumin; the 0.8 in common use came with the later editorial.
    citations=(
        Reference("Payne RB et al. Br Med J 4:643-646", 1973, "10.1136/bmj.4.5893.643"),
        Reference("Correcting the calcium (editorial). Br Med J 1:598", 1977),
    ),
    examples=(
        Example(
            {"calcium": 8.0, "albumin": 2.0},
            9.6,
            "Examzify, a question on laboratory values for nurses",
            Origin.TEACHING,
        ),
        Example({"calcium": 9.5, "albumin": 4.0}, 9.5, BY_HAND),
        Example({"calcium": {"value": 2.0, "unit": "mmol/L"}, "albumin": {"value": 30, "unit": "g/L"}}, 8.816, BY_HAND),
    ),
)
