"""Cutting documents into passages."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.ingestion.domain.blocks import Block
from functions.ingestion.domain.chunking import LEAST_READ, OVERLAP, SMALLEST, TARGET, chunked, tokens

pytestmark = pytest.mark.req("P5.2")


def paragraph(sentences: int, *, page: int | None = None, tag: str = "s") -> Block:
    text = " ".join(
        f"The {tag}{number} sentence says ten words about one clinical matter." for number in range(sentences)
    )
    return Block(text, page=page)


def test_passages_keep_to_target_and_overlap():
    pieces = chunked([paragraph(200)])
    assert len(pieces) > 3
    assert all(piece.tokens <= TARGET + SMALLEST for piece in pieces)
    for one, two in pairwise(pieces):
        shared = [line for line in two.text.split(". ") if line in one.text]
        assert 0 < tokens(". ".join(shared)) <= OVERLAP


def test_no_passage_crosses_a_heading_or_a_page():
    blocks = [
        Block("Heart", level=1, page=1),
        Block("Treatment", level=2, page=1),
        paragraph(3, page=1, tag="a"),
        paragraph(3, page=2, tag="b"),
        Block("Kidney", level=1, page=2),
        paragraph(3, page=2, tag="c"),
    ]
    found = [(piece.heading, piece.page, piece.text.split()[1]) for piece in chunked(blocks)]
    assert found == [("Heart › Treatment", 1, "a0"), ("Heart › Treatment", 2, "b0"), ("Kidney", 2, "c0")]


def test_a_heading_of_the_same_level_replaces_the_one_before():
    blocks = [Block("A", level=1), Block("A1", level=2), paragraph(1), Block("A2", level=2), paragraph(1)]
    assert [piece.heading for piece in chunked(blocks)] == ["A › A1", "A › A2"]


@settings(max_examples=50)
@given(st.integers(1, 400), st.sampled_from([1, 10, 60, 400]), st.sampled_from([254, 510]))
def test_every_sentence_is_read_whole_as_part_of_one_passage(sentences, words, room):
    def count(text):
        return len(text.split())

    heading = " ".join(["Heading"] * words)
    body = paragraph(sentences)
    pieces = chunked([Block(heading, level=1), body], count=count, title="A title", room=room)
    read = max(LEAST_READ, room - count(f"A title. {heading}. "))
    seen = set()
    for piece in pieces:
        assert piece.tokens == count(piece.text) <= min(TARGET, read + OVERLAP)
        taken = 0
        for sentence in piece.text.split(". "):
            taken += count(sentence)
            if taken <= read:
                seen.add(sentence.rstrip("."))
    assert seen == {sentence.rstrip(".") for sentence in body.text.split(". ")}


def test_the_parts_of_a_long_table_are_read_whole():
    rows = "\n".join(
        f"drug {number} | dose {number} mg | note of ten words about its use in kidney disease" for number in range(90)
    )
    pieces = chunked([Block(f"drug | dose | note\n{rows}", table=True)], count=lambda text: len(text.split()), room=254)
    assert len(pieces) > 4
    assert all(piece.text.startswith("drug | dose | note\n") and piece.tokens <= 254 for piece in pieces)


def test_a_short_rest_joins_the_passage_before():
    pieces = chunked([paragraph(36)])
    assert all(piece.tokens >= SMALLEST for piece in pieces)


def test_a_table_without_full_stops_is_still_cut():
    pieces = chunked([Block("value " * 5000)])
    assert len(pieces) > 10
    assert all(piece.tokens <= TARGET + SMALLEST for piece in pieces)


def test_headings_alone_give_nothing():
    assert chunked([Block("Contents", level=1), Block("Index", level=1)]) == []


@settings(max_examples=50)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_no_sentence_is_lost(sizes):
    blocks = [paragraph(size, page=number, tag=f"p{number}x") for number, size in enumerate(sizes, start=1)]
    together = "\n".join(piece.text for piece in chunked(blocks))
    for block in blocks:
        for sentence in block.text.split(". "):
            assert sentence.rstrip(".") in together


@given(st.integers(1, 150))
def test_every_passage_moves_on(size):
    pieces = chunked([paragraph(size)])
    assert len({piece.text for piece in pieces}) == len(pieces)
