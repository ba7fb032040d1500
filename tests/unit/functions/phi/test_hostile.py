"""Texts meant to hold the engine up: the work grows with the length and no faster, counted in calls and not in time."""

import sys

import pytest

from functions.phi.domain.engine import Engine

LENGTH = 6_000
UNITS = {
    "a note": "Patient Jane Smith MRN 123456 seen 3/7/2024 at Mercy Hospital, Boston. ",
    "one letter": "a",
    "figures": "1",
    "names": "Smith ",
    "names in lower case": "jane ",
    "names and commas": "Smith, ",
    "titles": "Dr. ",
    "words that announce a number": "mrn ",
    "numbers that are none": "000-00-0000 ",
    "spoken figures": "one ",
    "spelled letters": "b as in boy ",
    "streets": "12 Oak ",
    "facilities": "University of the ",
    "dots": "1.1.",
    "colons": "a:",
    "at signs": "a@",
    "addresses of the net": "http://",
    "fields": '{"name":"a",',
    "arrays": '"line":["a","a",',
    "segments": "PID|",
    "tags": "<name ",
    "escapes": "%2541",
    "entities": "&#65;",
    "nothing to see": "\u200ba",
    "hyphens": "a-b-",
}


def calls(engine, text):
    """Function calls of Python and of C that reading this text takes."""
    counted = 0

    def count(_frame, event, _argument):
        nonlocal counted
        counted += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        engine.find(text)
    finally:
        sys.setprofile(None)
    return counted


@pytest.fixture(scope="module")
def rules(engine):
    """Without taggers, whose work is a fixed one for each token."""
    return Engine(engine.lists)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_twice_the_text_is_twice_the_work(rules, unit):
    text = unit * (2 * LENGTH // len(unit))
    rules.find(text)  # words are remembered
    half, whole = calls(rules, text[:LENGTH]), calls(rules, text)
    assert whole <= 2.3 * half + 500


@pytest.mark.parametrize(
    "text", ["", " ", "\0" * 50, "\ud800\udfff", "﷽" * 20, "a\u0301" * 40, "𝟏𝟐𝟑-𝟒𝟓-𝟔𝟕𝟖𝟗", "\U000e0041" * 9]
)
def test_odd_texts_are_read(engine, text):
    assert all(0 <= one.start < one.end <= len(text) for one in engine.find(text))
