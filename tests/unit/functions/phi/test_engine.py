"""The engine: its layers in their order, and what it does without its lists."""

import pytest

from functions.phi.domain import known
from functions.phi.domain.engine import Engine
from functions.phi.domain.lists import Lists, ListsError, packed
from functions.phi.domain.model import Entity
from functions.phi.domain.tokens import tokenise


def test_without_its_lists_it_does_not_start(tmp_path):
    with pytest.raises(ListsError):
        Engine.load(tmp_path / "absent.bin")


def test_a_tagger_sees_what_the_rules_found_and_adds_to_it():
    seen = []

    def tagger(text, tokens, found, lists):
        seen.append((tokens.words[0], found, lists.flags("zork")))
        return [Entity(0, 4, "NAME", 0.5, "crf")]

    engine = Engine(Lists(packed({"zork": 1})), taggers=[tagger])
    found = engine.find("Zork has SSN 123-45-6789")
    assert [(one.label, one.start, one.end) for one in found] == [("NAME", 0, 4), ("SSN", 13, 24)]
    word, rules, flags = seen[0]
    assert (word, flags) == ("Zork", 1)
    assert {one.label for one in rules} == {"SSN"}


KNOWN = ["Zelda Quackenbush", "Q-778-812", "1961-02-09", "2125550142", "17 Elderwood Lane"]


@pytest.mark.parametrize(
    "text",
    ["QUACKENBUSH, Z", "quackenbush's", "mrs quackenbush", "Q-778-812", "q778812", "2/9/61", "02.09.1961",
     "212 555 0142", "(212) 555-0142", "on elderwood"],
)  # fmt: skip
def test_what_is_known_of_the_patient_is_found_in_every_form(text):
    assert [one.source for one in known.find(KNOWN, tokenise(text))] == ["known"]


def test_what_is_not_known_is_left_alone():
    assert list(known.find(KNOWN, tokenise("lane 17, 2125550143, the street, 1961"))) == []
