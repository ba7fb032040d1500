from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import GLUCOSE
from functions.calculators.domain.model import Band, Calculator, Example, Quantity, Range, Reference

BY_HAND = "worked by hand: glucose in mg/dL x insulin in mIU/L / 405"
INSULIN = Quantity(
    name="insulin",
    label="fasting insulin",
    question="What is the fasting insulin, and in which unit?",
    words=(r"(?:fasting |serum |plasma )*insulin(?: level)?",),
    quantity="insulin",
    unit="mIU/L",
    possible=Range(0.1, 1000),
    usual=Range(1, 200),
)

CALCULATOR = Calculator(
    id="homa_ir",
    title="HOMA-IR",
    summary="Insulin resistance from fasting glucose and fasting insulin.",
    aliases=("HOMA-IR", "HOMA insulin resistance", "homeostatic model assessment"),
    names=(r"h ?o ?m ?a(?: i ?r| index| score| insulin resistance)+", r"homeostati?c model assessment"),
    weak=(r"homa",),
    inputs=(replace(GLUCOSE, label="fasting glucose", usual=Range(40, 500)), INSULIN),
    decimals=2,
    equation="glucose in mg/dL x insulin in mIU/L / 405",
    formula=lambda v: v["glucose"] * v["insulin"] / 405,
    bands=(
        Band(0, "Below 2.5, a common cut; the healthy reference of the paper is about 1."),
        Band(2.5, "2.5 or above: insulin resistance is likely by a common cut; cuts differ by assay and population."),
    ),
    caveats=("From one fasting sample; not under insulin treatment.",),
    citations=(Reference("Matthews DR et al. Diabetologia 28:412-419", 1985, "10.1007/BF00280883"),),
    licence="The formula is free; the HOMA2 programs belong to the University of Oxford and are not used.",
    examples=(
        Example({"glucose": 81, "insulin": 5}, 1.0, BY_HAND),
        Example({"glucose": 135, "insulin": 15}, 5.0, BY_HAND),
        Example({"glucose": 90, "insulin": {"value": 60, "unit": "pmol/L"}}, 2.222222, BY_HAND),
        Example(
            {"glucose": {"value": 4.5, "unit": "mmol/L"}, "insulin": {"value": 10, "unit": "µIU/mL"}},
            2.002022,
            BY_HAND + "; Matthews' own form, 4.5 x 10 / 22.5, gives 2.0",
        ),
        Example(
            {"glucose": 100, "insulin": 10}, 2.469136, "computed with clincalc 0.4.0", Origin.SOFTWARE, printed="2.47"
        ),
    ),
)
