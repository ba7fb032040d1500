"""Prompts, and drafts that are read while they are written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.ports.vectors import Chunk
from voiceassist.runtime import drafting
from voiceassist.runtime.drafting import Draft, Reader

pytestmark = pytest.mark.req("P5.10")

DRAFTS = [Draft('Give {it} "now".', (1,)), Draft("Stop [1] it.", (2, 3)), Draft("No source.", ())]
TEXT = json.dumps({"sentences": [{"text": one.text, "citations": list(one.citations)} for one in DRAFTS]})


def read(text, size):
    reader = Reader()
    return [draft for start in range(0, len(text), size) for draft in reader.feed(text[start : start + size])]


@given(st.integers(min_value=1, max_value=len(TEXT)))
def test_a_draft_is_the_same_in_whatever_pieces_it_comes(size):
    assert read(TEXT, size) == DRAFTS


def test_a_sentence_is_there_as_soon_as_it_is_complete():
    reader = Reader()
    end = TEXT.index("}", TEXT.index("[1]")) + 1
    assert list(reader.feed(TEXT[: end - 1])) == []
    assert list(reader.feed(TEXT[end - 1 : end])) == DRAFTS[:1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Here it is: " + TEXT, DRAFTS),
        ("```json\n" + TEXT + "\n```", DRAFTS),
        ('{"text": "A.", "citations": [1]}\n{"text": "B.", "citations": [2]}', [Draft("A.", (1,)), Draft("B.", (2,))]),
        ('{"text": "A.", "citations": [1, "2", true, 3.0, null]}', [Draft("A.", (1,))]),
        ('{"text": "A.", "citations": 1}', [Draft("A.", ())]),
        ('{"text": ["A."]}', []),
        ('{"sentences": [1, [2], "three"]}', []),
        ("no JSON at all", []),
        ("{" * 5_000, []),
    ],
)
def test_other_shapes(text, found):
    assert read(text, 1_000) == found


def test_more_than_enough_is_not_read():
    reader = Reader()
    many = json.dumps({"sentences": [{"text": f"Number {n}.", "citations": [1]} for n in range(50)]})
    assert len(list(reader.feed(many))) == drafting.MOST_SENTENCES
    assert reader.is_full
    longer = Reader()
    assert list(longer.feed("x" * 100_000)) == []
    assert longer.is_full


def test_a_prompt_numbers_its_passages_and_says_whether_they_are_public():
    chunk = Chunk("c", "d", "Gout", "Give colchicine.", "Flare", visibility="public")
    note = Chunk("e", "f", "Note", "Stop it.", "Rule", visibility="private")
    prompt = drafting.prompt("Word it.", "what helps", [chunk, note], public=False)
    assert prompt.material == "[1] Gout, Flare:\nGive colchicine.\n\n[2] Note, Rule:\nStop it."
    assert prompt.question == "Question: what helps"
    assert not prompt.public
    assert drafting.prompt("Word it.", "what helps", [chunk], public=True).public
    assert prompt.system == "Word it."
