"""What changed between two versions."""

import pytest

from functions.documents import diff

pytestmark = pytest.mark.req("P5.4")


def passage(content, heading="Dose", page=1):
    return {"heading": heading, "page": page, "content": content}


def changes(old, new):
    return [(one.kind, one.text) for one in diff.between(old, new, versions=(1, 2)).changes]


def test_what_passages_share_counts_once():
    old = [passage("One is here. Two is here. Three is here."), passage("Three is here. Four is here.")]
    new = [passage("One is here. Two is here. Three is here. Four is here.")]
    found = diff.between(old, new, versions=(1, 2))
    assert (found.changes, found.unchanged) == ((), 4)


def test_what_only_moved_to_another_page_has_not_changed():
    assert changes([passage("It stays.", page=3)], [passage("It stays.", page=4)]) == []


def test_a_sentence_said_twice_and_then_once_is_one_removal():
    assert changes([passage("Stop. Stop.")], [passage("Stop.")]) == [("removed", "Stop.")]


def test_the_same_sentence_under_another_heading_is_a_change():
    found = changes([passage("Stop.", "Bleeding")], [passage("Stop.", "Surgery")])
    assert found == [("added", "Stop."), ("removed", "Stop.")]


def test_sections_too_large_to_match_in_order_are_compared_as_heaps(monkeypatch):
    monkeypatch.setattr(diff, "MOST_PAIRS", 3)
    old, new = [passage("A is. B is. B is.")], [passage("B is. C is.")]
    assert changes(old, new) == [("removed", "A is."), ("removed", "B is."), ("added", "C is.")]


def test_many_changes_are_cut_and_said_to_be():
    new = [passage("\n".join(f"Line {number} is new." for number in range(diff.MOST_CHANGES + 5)))]
    found = diff.between([], new, versions=(1, 2))
    assert (len(found.changes), found.truncated, found.unchanged) == (diff.MOST_CHANGES, True, 0)
