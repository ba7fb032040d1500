"""Turn-taking over windows of 32 ms."""

import pytest

from realtime.protocol.settings import SemanticVad, ServerVad
from realtime.turns import WINDOW_MS, Rules, Turn, TurnTaker, looks_complete


def taken(taker, probability, milliseconds, **options):
    windows = range(milliseconds // WINDOW_MS)
    return [turn for turn in (taker.window(probability, **options) for _ in windows) if turn]


@pytest.fixture
def taker():
    return TurnTaker(Rules.of(ServerVad()))


def test_a_click_starts_no_turn(taker):
    assert taken(taker, 0.9, 32) == []
    assert taken(taker, 0.1, 320) == []


def test_a_turn_starts_at_its_first_voiced_window(taker):
    taken(taker, 0.1, 320)
    assert taken(taker, 0.9, 64) == [Turn.STARTED]
    assert taker.started_ms == 320


@pytest.mark.req("P4.15")
def test_a_quarter_of_a_second_is_needed_while_the_assistant_is_audible(taker):
    assert taken(taker, 0.9, 224, assistant_audible=True) == []
    assert taken(taker, 0.9, 32, assistant_audible=True) == [Turn.STARTED]


@pytest.mark.req("P4.14")
def test_an_answer_that_can_wait_is_held_before_it_is_clear_that_somebody_interrupts(taker):
    assert taken(taker, 0.9, 96, assistant_audible=True, holds=True) == []
    assert taken(taker, 0.9, 32, assistant_audible=True, holds=True) == [Turn.SUSPECTED]
    assert taken(taker, 0.9, 448, assistant_audible=True, holds=True) == []
    assert taken(taker, 0.9, 32, assistant_audible=True, holds=True) == [Turn.STARTED]


def test_weak_windows_between_coughs_do_not_add_up(taker):
    for _ in range(20):
        assert taken(taker, 0.9, 32, assistant_audible=True) == []
        assert taken(taker, 0.1, 64, assistant_audible=True) == []


def test_the_words_are_asked_for_once_a_pause(taker):
    taken(taker, 0.9, 320)
    assert taken(taker, 0.1, 320) == [Turn.PAUSED]
    assert taken(taker, 0.9, 64) == [Turn.RESUMED]
    assert taken(taker, 0.1, 320) == [Turn.PAUSED]


def test_a_fading_vowel_is_no_pause(taker):
    taken(taker, 0.9, 320)
    assert taken(taker, 0.4, 640) == []
    assert not taker.is_over("done.")


def test_a_fixed_silence_does_not_look_at_the_words(taker):
    taken(taker, 0.9, 320)
    taken(taker, 0.1, 480)
    assert not taker.is_over("complete sentence.")
    taken(taker, 0.1, 32)
    assert taker.is_over(None)


@pytest.mark.req("P4.15")
@pytest.mark.parametrize(("eagerness", "patience"), [("high", 608), ("auto", 1216), ("medium", 1216), ("low", 2016)])
def test_unfinished_words_are_given_time_by_eagerness(eagerness, patience):
    taker = TurnTaker(Rules.of(SemanticVad(eagerness=eagerness)))
    taken(taker, 0.9, 320)
    taken(taker, 0.1, patience - 32)
    assert not taker.is_over("the patient is on")
    assert not taker.is_over(None)
    assert taker.is_over("the patient is on apixaban")
    taken(taker, 0.1, 32)
    assert taker.is_over("the patient is on")


@pytest.mark.req("P4.15")
def test_complete_words_with_the_melody_of_an_end_are_taken_after_a_fifth_of_a_second():
    taker = TurnTaker(Rules.of(SemanticVad()))
    taken(taker, 0.9, 320)
    taken(taker, 0.1, 192)
    assert not taker.is_over("what is sepsis", 0.99)
    taken(taker, 0.1, 32)
    assert taker.is_over("what is sepsis", 0.99)
    assert not taker.is_over("what is sepsis in", 0.99)
    assert not taker.is_over("what is sepsis", 0.5)  # it sounds as if it went on
    assert not taker.is_over("what is sepsis")  # nobody listened to the melody: the words alone need longer
    taken(taker, 0.1, 96)
    assert taker.is_over("what is sepsis")
    assert not taker.is_over("what is sepsis", 0.5)
    taken(taker, 0.1, 896)
    assert taker.is_over("what is sepsis", 0.5)


@pytest.mark.req("P4.15")
def test_a_melody_that_is_rather_final_is_waited_for_half_as_long():
    taker = TurnTaker(Rules.of(SemanticVad()))
    taken(taker, 0.9, 320)
    taken(taker, 0.1, 576)
    assert not taker.is_over("what is sepsis", 0.7)
    taken(taker, 0.1, 32)
    assert taker.is_over("what is sepsis", 0.7)
    assert not taker.is_over("what is sepsis", 0.5)
    assert not taker.is_over("what is sepsis in", 0.7)


@pytest.mark.parametrize(
    "words", ["How do I treat sepsis?", "stop", "", "creatinine is 1.4", "a dose of 5 mg", "what is it for Mrs. X."]
)
def test_words_that_may_be_the_end(words):
    assert looks_complete(words)


@pytest.mark.parametrize(
    "words", ["the patient is on", "She has, um", "with a creatinine of...", "apixaban,", "68 year old man with", "and"]
)
def test_words_that_go_on(words):
    assert not looks_complete(words)
