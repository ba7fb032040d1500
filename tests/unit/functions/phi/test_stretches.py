"""A finding goes on to the end of what it is a part of, and no further."""

import pytest

from functions.phi.domain.model import Entity
from functions.phi.domain.stretches import whole


def read(text: str, part: str, label: str) -> str:
    begin = text.index(part)
    one = whole(text, Entity(begin, begin + len(part), label, 0.8))
    return text[one.start : one.end]


@pytest.mark.parametrize(
    ("text", "part", "label", "wanted"),
    [
        ("chart 118-20-44-7 x", "118-20", "MRN", "118-20-44-7"),
        ("CLM-2025-0048817", "2025-0048817", "OTHER_ID", "CLM-2025-0048817"),
        ("Al-Rashid's cat", "Rashid", "NAME", "Al-Rashid"),
        ("seen by K. Lindqvist today", "Lindqvist", "NAME", "K. Lindqvist"),
        ("Tamsin R. is here", "Tamsin", "NAME", "Tamsin R."),
        ("at 5 Elm St, Apt 3F.", "5 Elm St", "GEO", "5 Elm St, Apt 3F"),
        ("chart.acme.org/pt/fb88.", "chart.acme.org", "URL", "chart.acme.org/pt/fb88"),
        ("Photo_O'Poe_face.png", "Poe_face.png", "PHOTO", "Photo_O'Poe_face.png"),
    ],
)
def test_the_rest_of_a_word_is_of_it(text, part, label, wanted):
    assert read(text, part, label) == wanted


@pytest.mark.parametrize(
    ("text", "part", "label"),
    [
        ("post-Whipple diet", "Whipple", "NAME"),
        ("GET /api/v2/1234567/labs", "1234567", "MRN"),
        ("hepatitis B. Lindqvist came", "Lindqvist", "NAME"),
        ("seen 4471820. Then 5", "4471820", "MRN"),
        ("Rashid's knee", "Rashid", "NAME"),
        ("in 2024-05-01", "2024", "DATE"),
    ],
)
def test_what_stands_beside_it_is_not(text, part, label):
    assert read(text, part, label) == part
