"""Hyperscan and RE2 choose among the patterns; the findings are the same, whatever the text."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.phi.domain import prefilter
from functions.phi.domain.model import merged
from functions.phi.domain.prefilter import Prefilter
from functions.phi.domain.scan import PIECE, RECOGNISERS, Scanner

SOME = (
    "SSN 123-45-6789 ", "MRN: A1234567, ", "jane@example.org ", "(212) 555-0142 ", "on 3/7/2024\n", "Lot AB-12345 ",
    "é ",     "aged 93. ", "ſſn 123456789 ", "\u212Aaiser 12345 ", "0.5 mg ", '{"mrn": "778812"}', "10.0.0.1 ",
    "::1 ", "x" * 30,
    "1" * 40,
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(SOME), st.text(max_size=20)), max_size=12).map("".join)


@pytest.fixture(scope="module")
def hyperscan(tmp_path_factory):
    """A scanner with Hyperscan over a part of the patterns: compiling all of them takes seconds."""
    pytest.importorskip("hyperscan", reason="Hyperscan is not built for this machine")
    few = RECOGNISERS[::4]
    path = tmp_path_factory.mktemp("patterns") / "lists.hs"
    path.write_bytes(prefilter.built([one.sought or one.pattern for one in few]))
    scanner = Scanner(few, path)
    assert scanner.prefilter.engine == "hyperscan"
    return scanner


@settings(max_examples=150)
@given(text=TEXTS)
def test_both_engines_find_the_same(hyperscan, text):
    plain = Scanner(RECOGNISERS[::4])
    assert plain.prefilter.engine == "re2"
    assert hyperscan.find(text) == plain.find(text)


@pytest.mark.parametrize("data", [b"", b"VAHS0001", b"VAHS0001" + b"0" * 60])
def test_a_database_of_other_patterns_or_none_leaves_re2(tmp_path, data):
    path = tmp_path / "lists.hs"
    path.write_bytes(data)
    assert Prefilter(["a"], path).engine == "re2"
    assert Prefilter(["a"], tmp_path / "absent").engine == "re2"


def test_a_long_text_is_found_in_pieces_as_in_whole():
    words = "and so on " * (PIECE // 20)
    text = (words + "SSN 123-45-6789 ") * 5
    assert [text[one.start : one.end] for one in merged(Scanner().find(text)) if one.label == "SSN"] == [
        "123-45-6789"
    ] * 5


@pytest.mark.parametrize("offset", [-12, -6, -1, 0, 3])
def test_nothing_is_lost_where_pieces_meet(offset):
    text = "x " * ((PIECE + offset) // 2) + "123-45-6789" + " y" * PIECE
    assert [text[one.start : one.end] for one in merged(Scanner().find(text)) if one.label == "SSN"] == ["123-45-6789"]


def test_several_threads_look_at_once(hyperscan):
    """Hyperscan refuses a scratch space that another thread is using, and then nobody would have looked."""
    data = ("Patient John Smith, MRN 4471982, was seen on 3 March 2024. " * 400).encode()
    expected = hyperscan.prefilter.candidates(data)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(hyperscan.prefilter.candidates, [data] * 200)) == [expected] * 200
