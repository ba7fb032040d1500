"""Stems become blind indexes in the text forms of tsvector and tsquery, and nothing else changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.adapters.encryption import words
from voiceassist.core.ids import new_id

pytestmark = pytest.mark.req("P11.2")

TENANT = new_id()


@pytest.fixture(scope="module")
def keys(fixed_keys):
    return fixed_keys.keys("one", TENANT)


def quoted(stem):
    return "'" + stem.replace("\\", "\\\\").replace("'", "''") + "'"


def test_places_and_weights_stay(keys):
    form = "'heart':1A,4 'failur':2,5B"
    heart, failure = words.stem(keys, "heart"), words.stem(keys, "failur")
    assert words.blinded(keys, form) == f"'{heart}':1A,4 '{failure}':2,5B"


def test_operators_of_a_question_stay(keys):
    form = "'beta-block' <-> 'beta' <-> 'block' | 'dose' & !'gout'"
    shape = re.sub("'[^']*'", "_", words.blinded(keys, form))
    assert shape == "_ <-> _ <-> _ | _ & !_"


def test_equal_stems_are_equal_within_a_tenant_and_nowhere_else(keys, fixed_keys):
    assert words.stem(keys, "gout") == words.stem(fixed_keys.keys("one", TENANT, versions=(1, 2)), "gout")
    assert words.stem(keys, "gout") != words.stem(fixed_keys.keys("one", new_id()), "gout")
    assert words.stem(keys, "gout") != words.stem(fixed_keys.keys("other", TENANT), "gout")
    assert words.stem(keys, "gout") != keys.index(words.NAMESPACE + ".other", "gout").hex()


def test_the_empty_form_stays_empty(keys):
    assert words.blinded(keys, "") == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1))
def test_no_stem_is_left_whatever_is_in_it(fixed_keys, stems):
    keys = fixed_keys.keys("one", TENANT)
    form = " ".join(f"{quoted(stem)}:{place}" for place, stem in enumerate(stems, start=1))
    expected = [f"'{words.stem(keys, quoted(stem)[1:-1])}':{place}" for place, stem in enumerate(stems, start=1)]
    assert words.blinded(keys, form) == " ".join(expected)
