"""What hides: each layer is taken off, and what is found stands at its place in the original."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.phi.domain import readings

HIDDEN = [
    ("zero-width", "SSN 123\u200b-45-\u200d6789", "123\u200b-45-\u200d6789"),
    ("full-width figures", "SSN １２３-４５-６７８９", "１２３-４５-６７８９"),
    ("another script's figures", "SSN ١٢٣-٤٥-٦٧٨٩", "١٢٣-٤٥-٦٧٨٩"),
    ("look-alike letters", "ЅЅN: 123456789", "123456789"),
    ("typographic dashes", "SSN 123–45–6789", "123–45–6789"),
    ("no-break space", "call (212)\u00a0555-0142", "(212)\u00a0555-0142"),
    ("percent", "q=SSN%20123-45-6789", "123-45-6789"),
    ("percent twice", "mail=jane%2540example.org", "jane%2540example.org"),
    ("entities", "jane&#64;example.org", "jane&#64;example.org"),
    ("escaped JSON", '"jane\\u0040example.org"', "jane\\u0040example.org"),
    ("half a surrogate", "\ud800 123-45-6789", "123-45-6789"),
]


@pytest.mark.parametrize(("text", "value"), [row[1:] for row in HIDDEN], ids=[row[0] for row in HIDDEN])
def test_what_hides_is_found_at_its_place(engine, text, value):
    assert any(value in text[one.start : one.end] for one in engine.find(text))


def test_what_is_packed_is_found_whole(engine):
    token = base64.b64encode(b"SSN 123-45-6789, 3/7/1960").decode()
    text = f"authorization {token} end"
    (one,) = engine.find(text)
    assert text[one.start : one.end] == token


def test_a_digest_is_nothing_packed():
    assert list(readings.packed("da3b3092e271ecf828da11d0744884cb 53266386-782d-4578-b078-b3d0576a325e")) == []


@given(st.text(max_size=200))
def test_a_reading_keeps_places(text):
    reading = readings.plain(text)
    assert reading.back(0, len(reading.text))[1] <= len(text)
    for at, character in enumerate(reading.text):
        start, end = reading.back(at, at + 1)
        assert 0 <= start < end <= len(text)
        if text[start].isascii():
            assert text[start] == character
    for layer in readings.unescaped(reading):
        places = [layer.back(at, at + 1)[0] for at in range(len(layer.text))]
        assert places == sorted(places)


@given(st.text(st.characters(), max_size=120))
def test_any_text_is_read_without_an_error(engine, text):
    borders = [place for one in engine.find(text) for place in (one.start, one.end)]
    assert borders == sorted(borders)
    assert all(0 <= place <= len(text) for place in borders)
