"""The file of lists: what is packed is found, nothing else is, and a damaged file is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.phi import gazetteer
from functions.phi.domain import lists
from functions.phi.domain.lists import Lists, ListsError, packed
from functions.phi.domain.tokens import key, tokenise

WORDS = st.text(st.characters(min_codepoint=97, max_codepoint=0x2FF), min_size=1, max_size=12)


@given(st.dictionaries(WORDS, st.integers(1, 2**32 - 1), max_size=60), st.lists(WORDS, max_size=60))
def test_what_is_packed_is_found_and_nothing_else(entries, others):
    made = Lists(packed(entries))
    assert {word: made.flags(word) for word in entries} == entries
    assert all(made.flags(word) == 0 for word in others if word not in entries)


def test_a_phrase_is_found_at_its_longest():
    made = Lists(packed({"new york": lists.PLACE, "new york mills": lists.PLACE, "new": lists.PLACE_BEGINS}))
    assert made.phrase(["new", "york", "mills", "is"], lists.PLACE) == 3
    assert made.phrase(["in", "new", "york", "today"], lists.PLACE, 1) == 2
    assert made.phrase(["new", "york"], lists.GIVEN) == 0


@pytest.mark.parametrize("data", [b"", b"VAPHI001", packed({"a": 1})[:-1], b"VAPHI000" + packed({"a": 1})[8:]])
def test_a_damaged_file_is_refused(data, tmp_path):
    path = tmp_path / "lists.bin"
    path.write_bytes(data)
    with pytest.raises(ListsError):
        Lists.open(path)


def test_an_absent_file_is_told_by_its_setting(tmp_path):
    with pytest.raises(ListsError, match="VOICEASSIST_PHI__LISTS"):
        Lists.open(tmp_path / "none.bin")


def test_ranks_are_tenfold_steps_and_the_highest_stays():
    entries = gazetteer.Entries()
    entries.put("Anna", lists.GIVEN, rank=3, at=lists.GIVEN_RANK)
    entries.put("anna", lists.GIVEN, rank=7, at=lists.GIVEN_RANK)
    entries.put("ANNA", lists.SURNAME, rank=2, at=lists.SURNAME_RANK)
    flags = entries["anna"]
    assert (lists.rank(flags, lists.GIVEN_RANK), lists.rank(flags, lists.SURNAME_RANK)) == (7, 2)
    assert flags & lists.GIVEN
    assert flags & lists.SURNAME
    assert [gazetteer.steps(count, 100) for count in (100, 10, 1, 1e-9)] == [7, 6, 5, 1]


def test_our_own_lists_are_clean():
    entries = gazetteer.Entries()
    gazetteer.own(entries)
    assert len(entries) > 2_000
    assert all(word == " ".join(tokenise(word).keys) for word in entries)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("O'Brien", "obrien"), ("Müller’s", "muller"), ("Łukasz", "lukasz"), ("James's", "james"), ("MRN", "mrn")],
)
def test_keys(word, wanted):
    assert key(word) == wanted


@given(st.text(max_size=200))
def test_tokens_lie_in_the_text_and_leave_out_only_spaces(text):
    tokens = tokenise(text)
    assert [text[start:end] for _, start, end in tokens] == tokens.words
    assert "".join(tokens.words) == "".join(text.split())
