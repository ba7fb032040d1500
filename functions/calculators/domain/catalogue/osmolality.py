from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import GLUCOSE, SODIUM, UREA
from functions.calculators.domain.model import Band, Calculator, Example, Reference

BY_HAND = "worked by hand: 2 x sodium + urea nitrogen / 2.8 + glucose / 18"

CALCULATOR = Calculator(
    id="osmolality",
    title="Calculated serum osmolality",
    short="Serum osmolality",
    summary="Osmolality from sodium, glucose and urea, to compare with the measured one.",
    aliases=("serum osmolality", "calculated osmolality", "plasma osmolality"),
    names=(r"(?:calculated |serum |plasma |estimated )*osmol(?:al|ar)ity(?! gap)",),
    inputs=(SODIUM, UREA, GLUCOSE),
    unit="mOsm/kg",
    equation="2 x sodium + urea nitrogen in mg/dL / 2.8 + glucose in mg/dL / 18",
    formula=lambda v: 2 * v["sodium"] + v["urea_nitrogen"] / 2.8 + v["glucose"] / 18,
    bands=(
        Band(0, "Low (below about 275 mOsm/kg)."),
        Band(275, "Within the usual range of about 275 to 295 mOsm/kg."),
        Band(295, "High (above about 295 mOsm/kg).", inclusive=False),
    ),
    caveats=("A measured value more than about 10 mOsm/kg above points to another solute, such as an alcohol.",),
    citations=(Reference("Rasouli M. Clin Biochem 49:936-941", 2016, "10.1016/j.clinbiochem.2016.06.001"),),
    examples=(
        Example({"sodium": 140, "urea_nitrogen": 14, "glucose": 90}, 290.0, BY_HAND),
        Example({"sodium": 120, "urea_nitrogen": 28, "glucose": 180}, 260.0, BY_HAND),
        Example(
            {
                "sodium": 150,
                "urea_nitrogen": {"value": 10, "unit": "mmol/L"},
                "glucose": {"value": 20, "unit": "mmol/L"},
            },
            330.020222,
            BY_HAND,
        ),
        Example(
            {"sodium": 155, "urea_nitrogen": 60, "glucose": 400},
            353.650794,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
            printed="353.7",
        ),
    ),
)
