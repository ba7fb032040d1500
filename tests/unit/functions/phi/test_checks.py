"""Check digits against published examples, and against every single wrong digit."""

import pytest

from functions.phi.domain import checks

# The examples of the rules themselves: ISO 7812 test card, CMS's NPI, NHTSA's VIN, ISO 13616's IBAN.
VALID = [
    (checks.payment_card, "4111111111111111"),
    (checks.npi, "1234567893"),
    (checks.vin, "1M8GDM9AXKP042788"),
    (checks.iban, "GB82WEST12345698765432"),
    (checks.dea, "AB1234563"),
]


@pytest.mark.parametrize(("check", "text"), VALID)
def test_the_published_example_passes(check, text):
    assert check(text)


@pytest.mark.parametrize(("check", "text"), VALID)
def test_one_wrong_figure_does_not_pass(check, text):
    for place in [place for place, character in enumerate(text) if character.isdigit()]:
        for other in "0123456789":
            if other != text[place]:
                assert not check(text[:place] + other + text[place + 1 :]) or same_remainder(check, text[place], other)


def same_remainder(check, figure, other):
    """What a rule cannot tell by design: the DEA's doubled places modulo 10 cannot see a difference of five."""
    return check is checks.dea and abs(int(figure) - int(other)) == 5


def test_a_vin_of_figures_only_or_with_a_forbidden_letter_is_none():
    assert not checks.vin("1" * 17)
    assert not checks.vin("1M8GDM9AXKP04278I")
    assert not checks.vin("1M8GDM9AXKP04278")


@pytest.mark.parametrize(
    ("year", "month", "day", "possible"),
    [("2024", "2", "29", True), ("24", "02", "30", False), ("1700", "1", "1", False), ("2024", "sept", "30", True),
     ("2024", "juno", "1", False), ("2024", "0", "1", False), ("2024", "1", "0", False)],
)  # fmt: skip
def test_days_that_exist(year, month, day, possible):
    assert checks.calendar(year, month, day) is possible


def test_a_card_of_one_repeated_figure_is_a_filler():
    assert not checks.payment_card("4444444444444444"[:16])
