"""What queries want: our own 250, half of them labelled before the rules were written, and the words of rare forms."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.dialogue.intent import intent_of
from voiceassist.cli.evals.intents import INTENTS, accuracy, confusion, labelled, table

FOLDER = Path(__file__).parent / "intents"
DEVELOPMENT, HELD_OUT = (
    labelled((FOLDER / f"{name}.txt").read_text(encoding="utf-8")) for name in ("development", "held_out")
)


def test_there_are_enough_queries_of_every_intent():
    assert len(DEVELOPMENT) + len(HELD_OUT) >= 200
    for queries in (DEVELOPMENT, HELD_OUT):
        for intent in INTENTS:
            assert sum(is_ == intent for is_, _ in queries) >= 15
    assert not {query for _, query in DEVELOPMENT} & {query for _, query in HELD_OUT}


@pytest.mark.req("P5.9")
@pytest.mark.parametrize(("queries", "at_least"), [(DEVELOPMENT, 0.97), (HELD_OUT, 0.9)], ids=["development", "held"])
def test_the_intent_is_found(queries, at_least):
    counts = confusion(queries)
    print(table(counts))
    assert accuracy(counts) >= at_least
    for intent in INTENTS:  # no intent is found at the cost of another
        own = [counts[intent, taken] for taken in INTENTS]
        assert counts[intent, intent] >= 0.8 * sum(own), intent


@pytest.mark.parametrize("form", ["{}?", "{}.", "  {}  ", "Hey, {}", "{} please"])
def test_marks_and_politeness_change_nothing(form):
    changed = [(query, intent_of(form.format(query))) for is_, query in DEVELOPMENT if intent_of(query) == is_]
    same = sum(found == intent_of(query) for query, found in changed)
    assert same >= 0.95 * len(changed)


@given(st.text(max_size=300))
def test_any_text_has_an_intent(text):
    assert intent_of(text) in INTENTS
