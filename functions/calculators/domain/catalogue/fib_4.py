from functools import partial

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, PLATELETS
from functions.calculators.domain.model import Band, Calculator, Example, Quantity, Range, Reference, Value, Values

BY_HAND = "worked by hand: age x AST / (platelets x square root of ALT)"
_enzyme = partial(Quantity, quantity="enzyme", unit="U/L", possible=Range(0.1, 50_000), usual=Range(3, 10_000))
AST = _enzyme(
    name="ast",
    label="AST",
    question="What is the AST?",
    words=(r"ast", r"a s t", r"aspartate (?:amino)?transaminase|aspartate aminotransferase", r"sgot"),
)
ALT = _enzyme(
    name="alt",
    label="ALT",
    question="What is the ALT?",
    words=(r"alt", r"a l t", r"alanine (?:amino)?transaminase|alanine aminotransferase", r"sgpt"),
)


def formula(values: Values) -> float:
    index: float = values["age"] * values["ast"] / (values["platelets"] * values["alt"] ** 0.5)
    return index


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if values["age"] >= 65:
        return ("From 65 years on a lower cut of 2.0 instead of 1.3 is advised (McPherson 2017).",)
    return ("Unreliable up to 35 years of age (McPherson 2017).",) if values["age"] <= 35 else ()


CALCULATOR = Calculator(
    id="fib_4",
    version="1.0.0",
    title="FIB-4 index",
    short="FIB-4 index",
    summary="Probability of advanced liver fibrosis.",
    aliases=("FIB-4", "FIB-4 index", "fibrosis-4"),
    names=(r"fib(?:rosis)? ?(?:4|for)(?: (?:index|score))?",),
    inputs=(AGE, AST, ALT, PLATELETS),
    decimals=2,
    equation="age x AST / (platelets in 10^9/L x √ALT)",
    formula=formula,
    bands=(
        Band(0, "Low probability of advanced fibrosis."),
        Band(1.3, "Indeterminate: a second test such as elastography is advised."),
        Band(2.67, "High probability of advanced fibrosis: refer.", inclusive=False),
    ),
    notes=notes,
    citations=(
        Reference("Sterling RK et al. Hepatology 43:1317-1325", 2006, "10.1002/hep.21178"),
        Reference("Shah AG et al. Clin Gastroenterol Hepatol 7:1104-1112", 2009, "10.1016/j.cgh.2009.05.033"),
        Reference("McPherson S et al. Am J Gastroenterol 112:740-751", 2017, "10.1038/ajg.2016.453"),
    ),
    examples=(
        Example({"age": 60, "ast": 80, "alt": 64, "platelets": 150}, 4.0, BY_HAND),
        Example(
            {"age": 50, "ast": 40, "alt": 36, "platelets": 200},
            1.666667,
            BY_HAND,
        ),
        Example({"age": 40, "ast": 25, "alt": 25, "platelets": 250}, 0.8, BY_HAND),
        Example({"age": 50, "ast": 36, "alt": 36, "platelets": {"value": 150000, "unit": "/µL"}}, 2.0, BY_HAND),
        Example(
            {"age": 50, "ast": 80, "alt": 40, "platelets": 150},
            4.21637,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
            printed="4.22",
        ),
    ),
)
