"""The way back, in one piece and in many."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceassist.runtime.pseudonyms.book import Book
from voiceassist.runtime.pseudonyms.restoring import Restoring

pytestmark = pytest.mark.req("P11.6")

VALUES = {"[[NAME_417]]": "John Smith", "[[DATE_230|1987]]": "March 3, 1987", "[[HEALTH_PLAN_555]]": "XZ 12"}
LIKE = {"Avery Larkmead": "John Smith", "Larkmead": "Smith", "202-555-0142": "212-867-5309"}
PARTS = ["[", "]", "[[", "]]", "NAME", "_417", "name 417", "|1987", " ", "é", "Avery ", "Larkmead"]
TEXT = (
    "For [[NAME_417]]'s pain see [[name_417]], [NAME 417], [[ NAME-417 ]] and [[DATE_230]] or [[DATE_230|1987]] [1] "
    "[[NAME_9]] [x [[ [[HEALTH_PLAN_555]]] [[NAME_417] end [["
)
BACK = (
    "For John Smith's pain see John Smith, John Smith, John Smith and March 3, 1987 or March 3, 1987 [1] "
    "[[NAME_9]] [x [[ XZ 12] [John Smith end [["
)


def test_tokens_become_what_they_stand_for_however_they_are_bent():
    restoring = Restoring(VALUES)
    assert restoring.whole(TEXT) == BACK
    assert restoring.unknown == 1


@pytest.mark.parametrize("values", [VALUES, VALUES | LIKE])
def test_every_cut_in_two_gives_the_same(values):
    text = TEXT + " Avery Larkmead, AVERY LARKMEAD and Larkmeads, Larkmead's 202-555-0142."
    whole = Restoring(values).whole(text)
    for cut in range(len(text) + 1):
        stream = Restoring(values).stream()
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.flush() == whole


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["[", "]", "[[", "]]", "NAME", "_417", "name 417", "|1987", " ", "é", "Avery ", "Larkmead"])
    ),
    st.data(),
)
def test_every_way_to_cut_gives_the_same(parts, data):
    text = "".join(parts)
    values = VALUES | LIKE
    stream = Restoring(values).stream()
    told, rest = "", text
    while rest:
        size = data.draw(st.integers(1, max(1, len(rest))))
        told, rest = told + stream.feed(rest[:size]), rest[size:]
    assert told + stream.flush() == Restoring(values).whole(text)


def test_little_is_held_back():
    stream = Restoring(VALUES).stream()
    for character in "x[" * 500 + "[[NAME" * 200:
        stream.feed(character)
        assert len(stream._held) <= 64


def test_realistic_ones_come_back_as_whole_words():
    restoring = Restoring(LIKE)
    assert restoring.whole("avery larkmead's, Larkmead; Larkmeads at 202-555-0142.") == (
        "John Smith's, Smith; Larkmeads at 212-867-5309."
    )


def test_a_value_is_written_for_where_it_goes():
    restoring = Restoring({"[[NAME_417]]": 'O"Neil\n'}, written=lambda value: json.dumps(value)[1:-1])
    assert json.loads(restoring.whole('{"text": "[[NAME_417]] is well"}')) == {"text": 'O"Neil\n is well'}


async def test_a_models_stream_is_restored_and_left_when_we_leave():
    left = []

    async def pieces():
        try:
            for piece in ("Give [[NA", "ME_41", "7]] aspirin", " and [", "[NAME_8]", "] rest"):
                yield piece
        finally:
            left.append(True)

    restoring = Restoring(VALUES)
    told = [piece async for piece in restoring.pieces(pieces())]
    assert "".join(told) == "Give John Smith aspirin and [[NAME_8]] rest"
    assert restoring.unknown == 1
    reader = Restoring(VALUES).pieces(pieces())
    await anext(reader)
    await reader.aclose()
    assert left == [True, True]


@pytest.mark.parametrize("style", ["tokens", "realistic"])
def test_there_and_back_again(style):
    book = Book()
    names = ["Maria Gonzalez", "Ann O'Brien", "Li"]
    said = [book.shown("NAME", name, style=style) for name in names]
    text = f"{said[0]} met {said[1]} and {said[2]}."
    assert not any(re.search(rf"\b{name}\b", text) for name in names)  # "Lisa" may stand for "Li"
    assert Restoring(book.values).whole(text) == "Maria Gonzalez met Ann O'Brien and Li."
