"""Seats of the voice service: two of a person, so many in all, and one given back is free at once."""

import pytest

from realtime.seats import Seats
from voiceassist.core.errors import RateLimitedError, UnavailableError


def test_a_person_has_two_seats_and_gets_one_back_at_once():
    seats = Seats(8)
    first = seats.take("ada")
    seats.take("ada")
    with pytest.raises(RateLimitedError):
        seats.take("ada")
    first()
    seats.take("ada")


def test_a_seat_given_back_twice_is_one_seat():
    seats = Seats(8)
    first = seats.take("ada")
    seats.take("ada")
    first()
    first()
    seats.take("ada")
    with pytest.raises(RateLimitedError):
        seats.take("ada")


def test_there_are_no_more_than_so_many_in_all():
    seats = Seats(2)
    seats.take("ada")
    last = seats.take("bob")
    with pytest.raises(UnavailableError) as refused:
        seats.take("cy")
    assert refused.value.code == "VOICE_BUSY"
    last()
    seats.take("cy")
