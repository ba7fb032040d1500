"""The table of units beside a well-kept unit library (pint) and the atomic weights: an error in a factor would show.

The library stays out of the product: ADR 0010.
"""

import itertools

import pint
import pytest

from functions.calculators.domain import units

REGISTRY = pint.UnitRegistry()
# Our codes in the library's spelling, where it does not read ours.
SPELLED = {
    "µmol/L": "micromole/liter", "mmHg": "millimeter_Hg", "°C": "degC", "°F": "degF", "K": "kelvin",
    "10^9/L": "1e9/liter", "10^3/µL": "1e3/microliter", "/µL": "1/microliter", "/L": "1/liter", "/m³": "1/meter**3",
    "/min": "1/minute", "/day": "1/day", "kg/m²": "kilogram/meter**2", "%": "percent", "fraction": "dimensionless",
    "years": "year", "months": "year/12", "weeks": "week", "days": "day", "µg": "microgram", "µg/h": "microgram/hour",
    "µg/kg/min": "microgram/kilogram/minute", "mL/day": "milliliter/day", "L/day": "liter/day", "mL/h": "mL/hour",
    "in": "inch", "ft": "foot", "lb": "pound", "ms": "millisecond", "s": "second", "mg/mmol": "mg/mmol",
}  # fmt: skip
# Kinds whose units measure one and the same thing; the others go through the amount of a substance.
PHYSICAL = [
    "mass", "length", "age", "pressure", "blood gas", "rate", "duration", "cell count", "temperature", "share", "dose",
    "patch", "times a day", "infusion", "urine", "mass index", "period",
]  # fmt: skip
# Molar masses in g/mol from the atomic weights of IUPAC 2021 (C 12.011, H 1.008, N 14.007, O 15.999), and how far the
# conventional factor may lie from them: bilirubin's 17.1 stands in the papers, its mass gives 17.104.
MOLAR = {
    "creatinine": (4 * 12.011 + 7 * 1.008 + 3 * 14.007 + 15.999, 0.001),
    "urea nitrogen": (2 * 14.007, 0.001),  # the nitrogen of one urea
    "bilirubin": (33 * 12.011 + 36 * 1.008 + 4 * 14.007 + 6 * 15.999, 0.001),
    "calcium": (40.078, 0.001),
    "glucose": (6 * 12.011 + 12 * 1.008 + 6 * 15.999, 0.001),
    "cholesterol": (27 * 12.011 + 46 * 1.008 + 15.999, 0.001),
    "triglycerides": (885.4, 0.001),  # triolein, the conventional standard
    "haemoglobin": (16_114, 0.001),  # a quarter of the tetramer
    "albumin to creatinine ratio": (4 * 12.011 + 7 * 1.008 + 3 * 14.007 + 15.999, 0.001),
}
# Not a matter of physics: 1 µkat is 60 U by definition of both; mEq and mmol of a monovalent ion are one; an
# international unit of insulin is 6.00 pmol by agreement (Knopp 2019).
AGREED = {
    ("enzyme", "µkat/L", "U/L"): 60, ("electrolyte", "mEq/L", "mmol/L"): 1, ("insulin", "mIU/L", "pmol/L"): 6,
    ("insulin", "µIU/mL", "mIU/L"): 1, ("calcium", "mEq/L", "mmol/L"): 0.5,
}  # fmt: skip
PAIRS = [(kind, *pair) for kind in PHYSICAL for pair in itertools.permutations(units.QUANTITIES[kind], 2)]


def quantity(value, code):
    return value * REGISTRY.parse_expression(SPELLED.get(code, code))


def converted(kind, value, source, target):
    if kind == "temperature":
        return REGISTRY.Quantity(value, SPELLED[source]).to(SPELLED[target]).magnitude
    return (quantity(value, source) / quantity(1, target)).to("dimensionless").magnitude


@pytest.mark.parametrize(("kind", "source", "target"), PAIRS)
@pytest.mark.parametrize("value", [0.37, 36.6, 4120.0])
def test_a_conversion_agrees_with_the_library(kind, source, target, value):
    expected = converted(kind, value, source, target)
    assert units.convert(kind, value, source, target) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", sorted(MOLAR))
def test_a_molar_factor_agrees_with_the_atomic_weights(kind):
    mass, slack = MOLAR[kind]
    table = units.QUANTITIES[kind]
    if kind == "albumin to creatinine ratio":  # mg per mmol of creatinine as mg per g of it
        assert units.convert(kind, 1, "mg/mmol", "mg/g") == pytest.approx(1000 / mass, rel=slack)
        return
    amounts = [code for code in table if code in {"mmol/L", "µmol/L"}]
    masses = [code for code in table if code in {"mg/dL", "g/dL", "g/L"}]
    assert amounts
    assert masses
    for amount, weight in itertools.product(amounts, masses):
        grams = (quantity(1, amount) * REGISTRY.Quantity(mass, "gram/mole")).to(weight).magnitude
        assert units.convert(kind, 1, amount, weight) == pytest.approx(grams, rel=slack)


@pytest.mark.parametrize(("kind", "source", "target"), sorted(AGREED))
def test_what_is_agreed_and_not_measured(kind, source, target):
    assert units.convert(kind, 1, source, target) == pytest.approx(AGREED[kind, source, target])


def test_every_factor_is_covered():
    covered = {*PHYSICAL, *MOLAR, *(kind for kind, _source, _target in AGREED)}
    single = {kind for kind, table in units.QUANTITIES.items() if len(table) == 1}
    plain = {"albumin"}  # g/L and g/dL, below
    assert units.QUANTITIES.keys() <= covered | single | plain
    assert units.convert("albumin", 40, "g/L", "g/dL") == pytest.approx(converted("albumin", 40, "g/L", "g/dL"))


def test_the_zero_of_a_temperature_lies_elsewhere():
    for celsius, fahrenheit in ((0, 32), (37, 98.6), (100, 212), (-40, -40)):
        assert units.convert("temperature", celsius, "°C", "°F") == pytest.approx(fahrenheit)
        assert units.convert("temperature", fahrenheit, "°F", "°C") == pytest.approx(celsius, abs=1e-9)
    assert units.convert("temperature", 310.15, "K", "°C") == pytest.approx(37)
