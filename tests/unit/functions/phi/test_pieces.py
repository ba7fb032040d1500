"""A long text is read in pieces: nothing is lost between them, and what repeats itself is read once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.phi.domain import pieces
from functions.phi.domain.engine import Engine

PROSE = "The wound was clean and dry. He will come back in two weeks.\n"


@given(st.text(alphabet="ab \n0-.", max_size=400), st.integers(1, 120))
def test_pieces_are_the_text(text, times):
    whole = text * times
    cut = list(pieces.cut(whole))
    assert "".join(piece.text[piece.begin : piece.end] for piece in cut) == whole
    assert all(piece.end - piece.begin <= pieces.PIECE for piece in cut)
    assert all(whole[piece.offset :].startswith(piece.text) for piece in cut)


@pytest.mark.parametrize("unit", ["000-00-0000 ", "1", "a@", "mrn ", PROSE, "\u200ba"])
def test_what_repeats_itself_is_read_a_few_times_only(engine, unit):
    read = []
    one = Engine(engine.lists, taggers=[lambda text, *_: read.append(text) or ()])
    one.find(unit * (400_000 // len(unit)))
    assert len(read) <= 6


@pytest.mark.parametrize("shift", range(0, 60, 7))
def test_nothing_is_lost_where_pieces_meet(engine, shift):
    line = "x" * shift + " Seen by Dr. Wexelbaum on 3/7/2024, SSN 123-45-6789, MRN 4417729.\n"
    text = line * (pieces.LONG * 2 // len(line))
    found = [text[one.start : one.end] for one in engine.find(text)]
    secrets = ("Wexelbaum", "3/7/2024", "123-45-6789", "4417729")
    assert [found.count(secret) for secret in secrets] == [text.count("SSN")] * len(secrets)


def test_a_name_is_known_in_every_piece(engine):
    text = "Patient: Tamsin Wexelbaum.\n" + PROSE * (pieces.LONG * 2 // len(PROSE)) + "wexelbaum WEXELBAUM called.\n"
    found = [text[one.start : one.end] for one in engine.find(text)]
    assert found[0] == "Tamsin Wexelbaum"
    assert "WEXELBAUM" in found[-1]


def test_a_shorter_text_is_read_as_one(engine):
    read = []
    one = Engine(engine.lists, taggers=[lambda text, *_: read.append(text) or ()])
    text = (PROSE * 400)[: pieces.LONG]
    one.find(text)
    assert read == [text]
