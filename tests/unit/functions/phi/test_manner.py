"""What kind of text it looks like, and that signs are counted alike whichever way they are counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.phi.domain import manner

ASCII = st.characters(max_codepoint=127)
SIGNS = st.one_of(ASCII, st.sampled_from("éÉßǅ²½٣’\u2028\u00a0日"), st.characters())
LOOKS = (str.isalnum, str.isspace, str.isupper, str.islower, str.isdigit)


@given(st.one_of(st.text(ASCII), st.text(SIGNS)))
def test_signs_are_counted_as_str_tells_them_apart(text):
    assert manner.counted(text) == tuple(sum(map(look, text)) for look in LOOKS)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("", "asr"),
        ("this is zofia's chart", "asr"),
        ('{"level":"INFO","n":12}', "log"),
        ("PT SEEN AT 4 PM", "caps"),
        ("seen today, doing well.", "low"),
        ("Söhnke is doing well.", "prose"),
        ("Seen today." + " " * 4000 + "=" * 4000, "prose"),
    ],
)
def test_the_style_of_a_text(text, style):
    assert manner.style(text) == style
    assert style in manner.STYLES
