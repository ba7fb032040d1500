"""Numbers, units and directions, in one spelling."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.core.quantities import Quantity, located, quantities

pytestmark = pytest.mark.req("P5.10")


def q(*values, unit="", bound=""):
    return Quantity(tuple(Decimal(value) for value in values), unit, bound)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 mg", q("5", unit="mg")),
        ("5mg", q("5", unit="mg")),
        ("5.0 milligrams", q("5", unit="mg")),
        ("five milligrams", q("5", unit="mg")),
        ("250 µg", q("250", unit="mcg")),
        ("15,000 per microliter", q("15000", unit="/mcL")),
        ("5-10 mg", q("5", "10", unit="mg")),
        ("5 mg to 10 mg", q("5", "10", unit="mg")),
        ("93% to 95%", q("93", "95", unit="%")),
        ("20 per cent", q("20", unit="%")),
        ("140/90 mm Hg or more", q("140", "90", unit="mmHg", bound=">")),
        ("less than 30 mL/min/1.73 m2", q("30", unit="mL/min/1.73m2", bound="<")),
        ("≤ 0.9", q("0.9", bound="<")),
        ("minus 2.5 or lower", q("-2.5", bound="<")),
        ("0.1 units per kg per hour", q("0.1", unit="unit/kg/h")),
        ("twice daily", q("2", unit="times/d")),
        ("three times a day", q("3", unit="times/d")),
        ("once a week", q("1", unit="times/week")),
        ("at least twenty-four hours", q("24", unit="h", bound=">")),
    ],
)
def test_one_quantity_in_its_one_spelling(text, expected):
    assert quantities(f"Give {text}.") == {expected}


@pytest.mark.parametrize("text", ["CHA2DS2-VASc", "P2Y12 inhibitor", "stage G3b", "one of them", "once the fever ends"])
def test_figures_of_names_and_pronouns_are_none(text):
    assert quantities(text) == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 mg", "5 mcg"),
        ("5 mg", "50 mg"),
        ("5 mg", "0.5 mg"),
        ("5 mg", "5 to 10 mg"),
        ("below 30 mL/min", "above 30 mL/min"),
        ("below 30 mL/min", "30 mL/min"),
        ("twice daily", "once daily"),
        ("once a week", "once a day"),
        ("5 mg/kg", "5 mg"),
        ("1,000 mg", "1 mg"),
    ],
)
def test_what_differs_is_not_the_same(one, other):
    assert quantities(one).isdisjoint(quantities(other))


@given(st.decimals(min_value="0.01", max_value="99999", places=2))
def test_a_number_survives_its_spellings(value):
    plain = format(value.normalize(), "f")
    assert quantities(f"{plain} mg") == quantities(f"{value:,} milligrams")
    assert [found.quantity.values for found in located(f"Give {plain} mg now")] == [(value.normalize(),)]
