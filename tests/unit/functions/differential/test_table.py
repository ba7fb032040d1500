"""The table is whole: every name it uses is declared, every word is understood, every entry is complete."""

import re

import pytest
import yaml

from functions.differential import library
from functions.differential.domain.model import Diagnosis
from functions.differential.domain.words import tokens

TABLE = library.table()
FILES = sorted(path.relative_to(library.FOLDER).as_posix() for path in library.FOLDER.rglob("*.yaml"))


def flattened(loaded):
    def text(value):
        return "" if value is None else str(value)

    return {
        name: {key: text(value) for key, value in entry.items()} if isinstance(entry, dict) else {"": text(entry)}
        for name, entry in loaded.items()
    }


@pytest.mark.parametrize("file", FILES)
def test_our_reader_reads_what_a_yaml_library_reads(file):
    assert library.entries(file) == flattened(yaml.safe_load((library.FOLDER / file).read_text()))


@pytest.mark.parametrize("text", ["no colon here", "a:\n  b: c\na:\n  b: d"])
def test_a_broken_file_is_refused(text):
    with pytest.raises(ValueError, match="table"):
        library.parsed(text)


@pytest.mark.req("P5.20")
def test_there_are_at_least_sixty_presentations_with_candidates_of_which_some_are_urgent():
    assert len(TABLE.presentations) >= 60
    for one in TABLE.presentations.values():
        assert len(one.candidates) >= 4, one.name
        assert len({candidate.id for candidate in one.candidates}) == len(one.candidates), one.name
        assert any(candidate.urgency != "routine" for candidate in one.candidates), one.name
        assert len(one.red_flags) >= 3, one.name


def test_every_finding_that_is_used_is_declared_and_every_declared_one_is_used():
    named = {name for one in TABLE.diagnoses.values() for name in (*one.features, *one.against, *one.needs)}
    named |= {flag for one in TABLE.presentations.values() for flag in one.red_flags}
    assert named - TABLE.features.keys() - TABLE.presentations.keys() == set()
    assert TABLE.features.keys() - named == set()
    assert TABLE.features.keys() & TABLE.presentations.keys() == set()
    parts = {part for one in TABLE.combinations.values() for part in one}
    assert parts - TABLE.features.keys() - TABLE.presentations.keys() == set()
    assert TABLE.combinations.keys() <= TABLE.features.keys()


def test_every_diagnosis_and_every_source_is_used():
    offered = {candidate.id for one in TABLE.presentations.values() for candidate in one.candidates}
    assert TABLE.diagnoses.keys() == offered
    used = {source.id for one in TABLE.diagnoses.values() for source in one.sources}
    assert TABLE.sources.keys() == used


@pytest.mark.parametrize("one", TABLE.diagnoses.values(), ids=lambda one: one.id)
def test_a_diagnosis_has_what_a_ranking_needs(one: Diagnosis):
    assert {"strong"} <= set(one.features.values())
    assert len(one.features) >= 2
    assert set(one.features) & set(one.against) == set()
    assert one.onset
    assert one.tests
    assert one.sources
    assert one.ages.low <= one.ages.high
    assert one.typical is None or one.typical.low < one.typical.high
    assert not one.needs or one.sex == "female"


@pytest.mark.parametrize("one", TABLE.sources.values(), ids=lambda one: one.id)
def test_a_source_names_body_and_year_and_a_doi_has_its_form(one):
    assert one.text
    assert one.body
    assert 1995 <= one.year <= 2026
    assert one.doi is None or re.fullmatch(r"10\.\d{4,5}/\S+", one.doi)


@pytest.mark.req("P5.20")
@pytest.mark.parametrize("name", [*TABLE.features, *TABLE.presentations])
def test_a_finding_is_recognised_by_its_name_and_by_every_other_word_for_it(name):
    words = TABLE.features[name] if name in TABLE.features else TABLE.presentations[name].words
    unread = [one for one in (name, *words) if name not in library.reader().read(f"The patient has {one}.").present]
    assert unread == []


def test_no_wording_stands_for_a_thousand_things():
    """A wording of one short word would be found in every sentence."""
    wordings = [word for words in TABLE.features.values() for word in words]
    wordings += [word for one in TABLE.presentations.values() for word in one.words]
    assert [one for one in wordings if len(tokens(one)) == 1 and len(one) < 3] == []


def test_the_version_is_that_of_the_files():
    assert re.fullmatch(r"[0-9a-f]{12}", TABLE.version)
