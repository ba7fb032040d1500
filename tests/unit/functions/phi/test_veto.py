"""What of a tagger's findings is kept: the whole of a place, one line and one person at a time, no degree."""

import re

import pytest

from functions.phi.domain import fields
from functions.phi.domain.engine import Engine
from functions.phi.domain.model import LEARNED, Entity


def read(engine, text, *tagged):
    """The words found where the tagger marks what stands in `tagged`, each a label and the text marked."""
    marked = [Entity(text.index(part), text.index(part) + len(part), label, LEARNED, "crf") for label, part in tagged]
    own = Engine(engine.lists, taggers=[lambda *_: marked])
    return {word for one in own.find(text) for word in re.findall(r"\w+", text[one.start : one.end])}


@pytest.mark.parametrize(
    ("text", "label", "secret"),
    [
        ("transfer from willow woods health network today", "FACILITY", "willow woods health network"),
        ("Address: 995 Old Mill View Trl, Suite 883, Scottsboro", "GEO", "995 Old Mill View Trl, Suite 883"),
        ("Referral placed to BIDMC.", "FACILITY", "BIDMC"),
        ("Seen by Samuel-stanley Carlson for the knee", "NAME", "Samuel-stanley Carlson"),
        ("PV1|1|O|||||Labarge^Tova^A||||", "NAME", "Labarge^Tova^A"),
    ],
)
def test_what_a_rule_has_in_part_is_found_whole(engine, text, label, secret):
    assert set(re.findall(r"\w+", secret)) <= read(engine, text, (label, secret))


def test_articles_and_particles_at_the_ends_are_no_part_of_a_place(engine):
    assert read(engine, "sent to the Brackenridge in", ("FACILITY", "the Brackenridge in")) == {"Brackenridge"}


def test_whose_it_is_is_kept_where_what_it_is_belongs_to_nobody(engine):
    assert read(engine, "Was Wexelbaum's Heberden nodes left?", ("NAME", "Wexelbaum's Heberden")) == {"Wexelbaum"}


def test_the_label_of_the_next_field_is_no_part_of_a_finding(engine):
    text = "Occupation: Babyak Country Club\nPrimary insurance: none"
    assert "Primary" not in read(engine, text, ("FACILITY", "Babyak Country Club\nPrimary"))
    assert "Club" in read(engine, text, ("FACILITY", "Babyak Country Club\nPrimary"))


def test_a_degree_is_no_name(engine):
    text = "Signed by Anna Levin, D.O. today"
    assert read(engine, text, ("NAME", "Anna Levin, D.O.")) == {"Anna", "Levin"}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Ann Lee, MD", "Ann Lee"), ("Glen Pelley, APRN, LPN", "Glen Pelley"), ("Ada K. Roe, M.D.", "Ada K. Roe"),
        ("Lee, Do", "Lee, Do"), ("Ann Lee", "Ann Lee"), ("", ""),
    ],
)  # fmt: skip
def test_the_degrees_of_a_field_are_no_part_of_the_name(value, name):
    assert value[: fields.named(value)] == name


def test_an_age_that_somebody_lived_to_is_found_and_a_saturation_is_not(engine):
    assert "94" in read(engine, "Aunt had MI at 94 of celiac disease", ("AGE90", "94"))
    assert "94" not in read(engine, "saturation 94 of late", ("AGE90", "94"))


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        ("She went back to Same Day Surgery for recovery.", "FACILITY", "Same Day Surgery"),
        ("increase the drip to ten and recheck a b m p at noon", "NAME", "b m p"),
        ("INFO  o.s.Scheduler - job finished", "NAME", "Scheduler"),
        ("cite rs1801133 for folate", "NAME", "rs1801133"),
    ],
)
def test_plain_words_tests_and_parts_of_programs_are_nobody(engine, text, label, said):
    assert read(engine, text, (label, said)) == set()


def test_a_house_of_plain_words_is_kept_where_its_kind_says_so(engine):
    assert read(engine, "seen at the Westside Clinic", ("FACILITY", "Westside Clinic")) == {"Westside", "Clinic"}


@pytest.mark.parametrize(
    "text",
    [
        "AssertionError: expected 14 rows (test_hardy_weinberg.py::test_bonferroni)",
        '{"msg":"refreshed","sha":"b5bb9d8014a0f9b1d61e21e796d78dccdf1352f2"}',
        "seq=1180027731 ack=1180027732 win=65535",
        "Nocardia S to sulfa, Gram positive.",
    ],
)
def test_words_of_machines_and_results_are_nobody(engine, text):
    assert engine.find(text) == ()
