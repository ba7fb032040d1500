"""What is known of the patient is found as it is said: figures in words, names spelled, dates in words."""

import time

import pytest

from functions.phi.domain import known
from functions.phi.domain.tokens import tokenise

PATIENT = ["Margaret Szczepanik", "MRN 4419820", "4419820", "1961-02-03", "212-555-0143", "A7731"]


def found(text, values=PATIENT):
    return sorted({text[one.start : one.end] for one in known.find(values, tokenise(text))}, key=text.index)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("m r n four four one nine eight two oh please", "four four one nine eight two oh"),
        ("her number is double four one nine eight two zero", "double four one nine eight two zero"),
        ("forty four nineteen eighty two oh it was", "forty four nineteen eighty two oh"),
        ("call two one two five five five oh one four three", "two one two five five five oh one four three"),
        ("two one two, triple five, oh one forty three", "two one two, triple five, oh one forty three"),
        ("chart a seven seven three one", "a seven seven three one"),
        ("that is s z c z e p a n i k again", "s z c z e p a n i k"),
        ("s-z-c-z-e-p-a-n-i-k", "s-z-c-z-e-p-a-n-i-k"),
        (
            "s as in sam z as in zebra c as in cat z e p a n i k",
            "s as in sam z as in zebra c as in cat z e p a n i k",
        ),
        ("sierra zulu charlie zulu echo papa alpha november india kilo ok",
         "sierra zulu charlie zulu echo papa alpha november india kilo"),
        ("born february third nineteen sixty one", "february third nineteen sixty one"),
        ("born on the third of february nineteen sixty one", "third of february nineteen sixty one"),
        ("born 3 Feb 1961 in town", "3 Feb 1961"),
        ("born February 3rd, 1961", "February 3rd, 1961"),
        ("margaret came", "margaret"),
    ],
)  # fmt: skip
def test_what_is_known_is_found_as_it_is_said(text, place):
    assert place in found(text)


def test_a_year_after_two_thousand_and_a_twentieth_day():
    assert found("may twenty first two thousand three", ["2003-05-21"]) == ["may twenty first two thousand three"]
    assert found("the twentieth of may two thousand and twelve", ["2012-05-20"])


def test_what_is_said_of_others_is_left_alone():
    for text in (
        "give four units and then one more in two hours",
        "february fourth nineteen sixty one",
        "four four one nine eight two one",
        "s m i t h and z e b r a",
        "may I give aspirin on the third day",
    ):
        assert found(text) == []


def test_time_is_linear():
    def spent(text):
        began = time.process_time()
        found(text)
        return time.process_time() - began

    short = "double four one forty s as in sam of the " * 200
    spent(short)
    assert spent(short * 8) < 40 * max(spent(short), 0.002)
