"""What is kept as text is found as in a dictionary."""

import json
import threading
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.speech.tables import Coming, Table, Words, keys

KEYS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
PLAIN = st.text(st.characters(exclude_characters='"\\', min_codepoint=32, exclude_categories=("Cs",)), max_size=8)
FLAT = st.dictionaries(st.sampled_from(["NN", "VBD", "``", "-LRB-"]), st.none() | st.integers(-99, 99) | st.just("ˈʌ"))
VALUES = st.none() | PLAIN | FLAT


def written(entries: dict[str, object]) -> bytes:
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()


@given(st.dictionaries(KEYS, VALUES), st.lists(KEYS))
def test_a_table_answers_as_the_dictionary_does(entries: dict[str, object], others: list[str]) -> None:
    table = Table(written(entries))
    assert len(table) == len(entries)
    asked = [*entries, *others]
    assert [table.get(key) for key in asked] == [entries.get(key) for key in asked]
    assert keys(written(entries)) == list(entries)


def test_half_of_a_pair_of_surrogates_is_no_key() -> None:
    assert Table(written({"a": "b"})).get("\ud800") is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"a": "b"}',
        b'{"a":1}',
        b'{"a":"b"',
        b'{"a":"b","c":"d\\""}',
        b'{"a":{"b":{"c":"d"}}}',
        b'{"a":"b"}{"c":"d"}',
        b'{"a":"b","a":"c"}',
    ],
)
def test_what_is_written_in_another_way_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a flat|twice"):
        Table(text)


@given(st.lists(KEYS), st.lists(KEYS), st.lists(KEYS))
def test_words_are_a_set_of_which_only_membership_is_known(some: list[str], more: list[str], asked: list[str]) -> None:
    words = Words(some) | more
    known = {*some, *more}
    assert len(words) == len(known)
    assert [word in words for word in [*known, *asked]] == [word in known for word in [*known, *asked]]


def test_whoever_asks_for_words_that_are_still_being_read_waits_and_is_told_right() -> None:
    reading: Future[Words] = Future()
    words = Coming(reading)
    timer = threading.Timer(0.05, reading.set_result, [Words(["fibrillation"])])
    timer.start()
    assert "fibrillation" in words
    assert "fibrilation" not in words
    timer.join()


def test_words_that_cannot_be_read_are_no_words_that_are_not_known() -> None:
    reading: Future[Words] = Future()
    reading.set_exception(OSError("cut short"))
    with pytest.raises(OSError, match="cut short"):
        assert "fibrillation" in Coming(reading)
