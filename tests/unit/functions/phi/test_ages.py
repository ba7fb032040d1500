"""Ages over 89 that stand behind a name."""

import pytest

from functions.phi.domain.ages import behind_names
from functions.phi.domain.model import Entity


def named(text: str, name: str) -> list[Entity]:
    return [Entity(text.index(name), text.index(name) + len(name), "NAME", 0.8)]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("Jane Roe, 97, veteran", "97"),
        ("Jane Roe (94F) fell", "94F"),
        ("Jane Roe is 101.", "101"),
        ("Jane Roe, 92 from Elko", "92"),
    ],
)
def test_an_age_behind_a_name_is_found(text, age):
    (one,) = behind_names(text, named(text, "Jane Roe"))
    assert (text[one.start : one.end], one.label) == (age, "AGE90")


@pytest.mark.parametrize(
    "text", ["Jane Roe, 67, veteran", "Jane Roe, 97 mg daily", "Jane Roe, 97% on air", "Jane Roe 97"]
)
def test_what_is_no_age_over_89_is_left(text):
    assert behind_names(text, named(text, "Jane Roe")) == []
