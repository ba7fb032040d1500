"""The order: urgent first among the compatible, by evidence within, the same for the same findings."""

import random

import pytest

from functions.differential import library
from functions.differential.domain.model import ONSETS, URGENCIES, Ages, Findings, Patient
from functions.differential.domain.patient import patient_of
from functions.differential.domain.ranking import presented, ranked, red_flags

TABLE = library.table()


def order(ranking):
    return [(not one.compatible, URGENCIES.index(one.diagnosis.urgency), one.fit) for one in ranking]


@pytest.mark.req("P5.20")
def test_a_worked_case_has_the_expected_diagnosis_among_the_first_three(case, rank):
    """By fit for all; in the list itself, where urgency goes first, for emergencies."""
    found = library.reader().read(case.text)
    patient = patient_of(case.text)
    assert case.presentation in found.present
    assert patient.age is not None
    assert patient.sex is not None
    assert patient.onset
    ranking = rank(case.text)
    place, one = next((place, one) for place, one in enumerate(ranking, 1) if one.diagnosis.id == case.expected)
    assert one.compatible
    assert one.fit <= 3
    assert one.diagnosis.urgency != "emergency" or place <= 3


def test_every_presentation_has_two_worked_cases(cases):
    counted = {name: sum(one.presentation == name for one in cases) for name in TABLE.presentations}
    assert {name for name, count in counted.items() if count < 2} == set()


@pytest.mark.req("P5.20")
@pytest.mark.parametrize("complaint", TABLE.presentations.values(), ids=lambda one: one.name)
def test_with_nothing_but_the_complaint_the_emergencies_come_first(complaint):
    ranking = ranked((complaint,), Findings(frozenset({complaint.name})), Patient())
    assert {one.diagnosis.id for one in ranking} == {one.id for one in complaint.candidates}
    assert all(one.compatible for one in ranking)
    assert order(ranking) == sorted(order(ranking))


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_found_no_compatible_emergency_stands_below_a_routine_diagnosis(seed):
    chance = random.Random(seed)
    complaints = chance.sample(list(TABLE.presentations.values()), chance.randint(1, 3))
    names = chance.sample(list(TABLE.features), 12)
    findings = Findings(frozenset([*names[:6], *(one.name for one in complaints)]), frozenset(names[6:]))
    age = chance.choice([None, Ages(chance.randint(0, 95), 95)])
    patient = Patient(
        age, chance.choice([None, "male", "female"]), frozenset(chance.sample(ONSETS, chance.randint(0, 2)))
    )
    ranking = ranked(tuple(complaints), findings, patient)
    assert order(ranking) == sorted(order(ranking))
    assert ranking == ranked(tuple(complaints), findings, patient)
    assert sorted(one.fit for one in ranking) == list(range(1, len(ranking) + 1))
    for one in ranking:
        assert set(one.matching) | set(one.against) <= findings.present | {f"{patient.sex} sex"}
        assert set(one.denied) <= findings.absent
        assert set(one.missing) & (findings.present | findings.absent) == set()


def test_age_and_sex_exclude_only_where_the_table_says_so():
    def named(patient, *names):
        findings = Findings(frozenset({"pelvic pain", *names}))
        return {one.diagnosis.id for one in ranked(presented(TABLE, findings), findings, patient)}

    assert "ectopic" in named(Patient())
    assert "ectopic" not in named(Patient(sex="male"))
    assert "ectopic" not in named(Patient(Ages(70, 70), "female"))
    assert "prostatitis" not in named(Patient(sex="female"))
    assert "ectopic" in named(Patient(Ages(50, 60)))


def test_what_needs_a_pregnancy_is_out_when_it_is_denied_and_asks_for_it_when_it_is_open():
    complaint = (TABLE.presentations["vaginal bleeding"],)
    open_ = ranked(complaint, Findings(frozenset({"vaginal bleeding"})), Patient(sex="female"))
    assert next(one for one in open_ if one.diagnosis.id == "abruption").missing[0] == "pregnant"
    denied = ranked(
        complaint, Findings(frozenset({"vaginal bleeding"}), frozenset({"pregnant"})), Patient(sex="female")
    )
    assert "abruption" not in {one.diagnosis.id for one in denied}


def test_a_finding_counts_by_its_class_and_a_denied_key_feature_against():
    complaint = (TABLE.presentations["chest pain"],)

    def score(present=(), absent=()):
        findings = Findings(frozenset({"chest pain", *present}), frozenset(absent))
        return next(one for one in ranked(complaint, findings, Patient()) if one.diagnosis.id == "acs").evidence

    assert score(["crushing pain"]) - score() == 3
    assert score(["sweating"]) - score() == 2
    assert score(["nausea"]) - score() == 1
    assert score(["chest wall tenderness"]) - score() == -2
    assert score(absent=["crushing pain"]) - score() == -2
    assert score(absent=["sweating"]) - score() == -1
    assert score(absent=["nausea"]) == score()


def test_red_flags_that_are_there_and_those_to_look_for():
    complaint = (TABLE.presentations["back pain"],)
    there, left = red_flags(complaint, Findings(frozenset({"fever"}), frozenset({"saddle numbness"})))
    assert there == ("fever",)
    assert "urinary retention" in left
    assert {"fever", "saddle numbness"} & set(left) == set()


def test_a_mild_case_is_not_led_by_emergencies_that_nothing_speaks_for(rank):
    ranking = rank(
        "30-year-old woman with chest pain for 5 days, chest wall tenderness, worse on movement after lifting"
    )
    assert [one.diagnosis.id for one in ranking if one.diagnosis.urgency == "emergency" and one.compatible] == []
    assert ranking[0].diagnosis.id == "costochondritis"
