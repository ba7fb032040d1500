"""Items and what was heard of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.conversation import Clause, Conversation, Item, Part, dose_begins, heard, truncate
from realtime.protocol.errors import ProtocolError

CLAUSES = [Clause("First the kidneys, ", 1000.0), Clause("then the heart of the matter.", 1500.0)]


@pytest.mark.req("P4.14")
@pytest.mark.parametrize(
    ("until", "words"),
    [
        (0, ""),
        (500, "First the"),
        (1000, "First the kidneys,"),
        (1800, "First the kidneys, then the heart"),
        (2499, "First the kidneys, then the heart of the"),
        (2500, "First the kidneys, then the heart of the matter."),
    ],
)
def test_the_heard_words_end_at_a_word(until, words):
    assert heard(CLAUSES, until) == words


@given(st.lists(st.tuples(st.text(min_size=1), st.floats(1, 5000)), max_size=8), st.floats(0, 50_000))
def test_what_was_heard_is_a_beginning_of_what_was_said(parts, until):
    clauses = [Clause(text, audio_ms) for text, audio_ms in parts]
    assert "".join(clause.text for clause in clauses).startswith(heard(clauses, until))


@given(st.floats(0, 2500), st.floats(0, 2500))
def test_more_audio_never_means_fewer_words(one, other):
    assert len(heard(CLAUSES, min(one, other))) <= len(heard(CLAUSES, max(one, other)))


def test_only_spoken_answers_can_be_truncated():
    for item in (
        Item("a", "user", [Part("input_audio", "hello")]),
        Item("b", "assistant", [Part("output_text", "hello")]),
        Item("c", other={"type": "function_call"}),
    ):
        with pytest.raises(ProtocolError):
            truncate(item, 0, 0)


def test_the_end_of_the_audio_leaves_the_item_as_it_is():
    item = Item("a", "assistant", [Part("output_audio", "".join(c.text for c in CLAUSES), clauses=list(CLAUSES))])
    truncate(item, 0, 2500)
    assert (item.interrupted, item.status) == (False, "completed")


def test_the_question_is_what_the_user_said_since_the_last_answer():
    conversation = Conversation()
    for item_id, role in (("1", "user"), ("2", "assistant"), ("3", "user"), ("4", "system"), ("5", "user")):
        conversation.add(Item(item_id, role))
    assert [item.id for item in conversation.question()] == ["3", "5"]


def test_audio_of_an_item_is_never_sent_back():
    assert Part("input_audio", "words", audio=b"sound").wire() == {"type": "input_audio", "transcript": "words"}


@pytest.mark.req("P4.14")
@pytest.mark.parametrize(
    ("clauses", "at_ms", "begin"),
    [
        ([("Give 5 mg. ", 900.0), ("Then wait. ", 900.0)], 450, 0.0),
        ([("Give 5 mg. ", 900.0), ("Then wait. ", 900.0)], 950, None),
        ([("First this, ", 500.0), ("then 10,000 units. ", 900.0)], 600, 0.0),
        ([("At 60 years it is. ", 900.0)], 450, None),  # an age is no dose
        ([("Give 0.5 to 1 g/kg [1]. ", 900.0), ("Then 2 puffs. ", 900.0)], 1_000, 900.0),
        ([("Give 5 mg. Then wait. Or 7 mg.", 3_000.0)], 450, None),  # text and sound are not aligned
        ([("Give 5 mg. ", 900.0)], 900, None),  # it has ended
        ([], 100, None),
    ],
)
def test_where_the_sentence_with_a_dose_begins_that_plays_now(clauses, at_ms, begin):
    assert dose_begins([Clause(*one) for one in clauses], at_ms) == begin
