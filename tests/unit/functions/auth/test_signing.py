"""When which key signs: thirty days each, two published at every moment (SPEC P2.5, N42)."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.auth import signing
from functions.auth.signing import OVERLAP_SECONDS, ROTATE_SECONDS

NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Key:
    signs_from: float


def after(keys, now):
    """As the ring does it: make what is missing, keep what is published."""
    keys = keys + [Key(moment) for moment in signing.missing(keys, now)]
    return [keys[place] for place in signing.published(keys, now)]


def test_an_installation_begins_with_one_that_signs_and_one_to_follow():
    assert signing.missing([], NOW) == [NOW, NOW + ROTATE_SECONDS]


def test_the_next_key_is_known_before_it_signs_and_the_former_one_for_an_hour_after():
    keys = after([], NOW)
    turn = NOW + ROTATE_SECONDS
    before, then, later = (after(keys, moment) for moment in (turn - 1, turn, turn + OVERLAP_SECONDS))
    assert [key.signs_from for key in before] == [NOW, turn]
    assert [key.signs_from for key in then] == [NOW, turn, turn + ROTATE_SECONDS]
    assert [key.signs_from for key in later] == [turn, turn + ROTATE_SECONDS]
    assert then[signing.signer(then, turn)].signs_from == turn


def test_nobody_signs_before_the_first_key_does():
    assert signing.signer([Key(NOW + 1)], NOW) == -1
    assert signing.published([Key(NOW + 1)], NOW) == [0]


@pytest.mark.req("N42")
@given(st.lists(st.integers(0, 200 * 86_400), max_size=40))
def test_at_every_moment_two_are_published_and_the_signer_is_young_enough(waits):
    keys, now = [], NOW
    for wait in waits:
        now += wait
        keys = after(keys, now)
        assert len(keys) >= 2
        signs = keys[signing.signer(keys, now)].signs_from
        assert 0 <= now - signs < ROTATE_SECONDS + 1
        assert signing.missing(keys, now) == []
