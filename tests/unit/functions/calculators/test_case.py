"""What a calculator takes out of the open case, and what never."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.calculators import service
from functions.calculators.domain.case import Fact
from functions.calculators.domain.compute import Problem, read
from functions.calculators.domain.interpret import interpret
from functions.calculators.domain.registry import calculators
from voiceassist.contracts.calculations import ComputeRequest, InterpretRequest

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
MAN = Fact("person", "65-year-old man", NOW - timedelta(days=20))
WEIGHT = Fact("person", "weight 80 kg", NOW - timedelta(days=20))
CREATININE = Fact("lab", "creatinine 1.4 mg/dL", NOW - timedelta(days=2))
HYPERTENSION = Fact("problem", "hypertension", NOW - timedelta(days=2))
CASE = (MAN, WEIGHT, CREATININE, HYPERTENSION)


def asked(text, *case, **more):
    return interpret(text, case=[replace(one, since=one.since.date()) for one in case], **more)


def told(text, *case):
    """Through the use case, which knows what day it is."""
    facts = [{"kind": one.kind, "text": one.text, "since": one.since.isoformat()} for one in case]
    return service.interpreted(InterpretRequest.model_validate({"text": text, "case": facts}))


def test_what_nobody_says_is_taken_from_the_case_with_the_day_from_which_it_is():
    found = asked("creatinine clearance", *CASE)
    assert (found.calculator.id, found.missing) == ("cockcroft_gault", found.missing)
    assert found.inputs == {
        "age": {"value": 65.0, "unit": "years", "from_case": "2026-02-13"},
        "sex": {"value": "male", "from_case": "2026-02-13"},
        "weight": {"value": 80.0, "unit": "kg", "from_case": "2026-02-13"},
        "creatinine": {"value": 1.4, "unit": "mg/dL", "from_case": "2026-03-03"},
    }


def test_what_is_said_wins_and_is_not_called_the_case_s():
    found = asked("creatinine clearance with a creatinine of 2.1 mg/dL", *CASE)
    assert found.inputs["creatinine"] == {"value": 2.1, "unit": "mg/dL"}
    assert found.inputs["weight"]["from_case"] == "2026-02-13"


@pytest.fixture
def _today(monkeypatch):
    monkeypatch.setattr(service.clock, "now", lambda: NOW)


@pytest.mark.usefixtures("_today")
def test_the_newest_of_a_kind_counts():
    later = Fact("lab", "creatinine 1.9 mg/dL", NOW - timedelta(hours=3))
    assert told("creatinine clearance", CREATININE, later).inputs["creatinine"]["value"] == 1.9
    assert told("creatinine clearance", later, CREATININE).inputs["creatinine"]["value"] == 1.9


@pytest.mark.parametrize("words", ["for a 40-year-old man", "for a woman", "in a 70 year old lady"])
def test_for_somebody_of_another_age_or_sex_nothing_is_taken(words):
    found = asked(f"creatinine clearance {words}", *CASE)
    assert not [value for value in found.inputs.values() if isinstance(value, dict) and "from_case" in value]
    assert "creatinine" in {one.name for one in found.missing}


@pytest.mark.parametrize(
    ("fact", "name"),
    [
        (Fact("lab", "creatinine 1.4 mg/dL", NOW - timedelta(days=8)), "creatinine"),
        (Fact("vital", "blood pressure 150/90", NOW - timedelta(hours=25)), "systolic"),
        (Fact("note", "creatinine 1.4 mg/dL", NOW), "creatinine"),
        (Fact("problem", "creatinine 1.4 mg/dL", NOW), "creatinine"),
        (Fact("lab", "creatinine 400 mg/dL", NOW), "creatinine"),
    ],
)
@pytest.mark.usefixtures("_today")
def test_what_is_old_or_of_another_kind_or_impossible_is_not_taken(fact, name):
    for calculator in ("creatinine clearance", "qsofa", "news2"):
        assert name not in told(calculator, fact).inputs


def test_a_problem_decides_its_criterion_and_nothing_else_is_assumed():
    found = asked("CHA2DS2-VASc score", MAN, HYPERTENSION)
    assert found.inputs["hypertension"] == {"value": True, "from_case": "2026-03-03"}
    assert found.assumed == ()
    (criteria,) = [one for one in found.missing if one.name == "criteria"]
    assert "hypertension" not in criteria.members
    assert "diabetes" in criteria.members
    denied = asked("CHA2DS2-VASc score", Fact("problem", "no hypertension", NOW))
    assert denied.inputs["hypertension"]["value"] is False


def test_a_drug_is_never_taken_from_the_case():
    drugs = (Fact("medication", "enoxaparin 40 mg", NOW), Fact("problem", "enoxaparin", NOW))
    clearance = Fact("lab", "creatinine clearance 28 mL/min", NOW)
    found = asked("renal dose", *drugs, clearance, calculator="renal_dosing")
    assert "drug" not in found.inputs
    assert asked("renal dose of enoxaparin", *drugs, clearance).inputs["clearance"]["value"] == 28.0


def test_what_the_case_gave_is_read_from_it_anew_with_the_next_reply():
    first = asked("CHA2DS2-VASc score", MAN, HYPERTENSION)
    then = asked("none", MAN, calculator="cha2ds2_vasc", known=first.inputs, asked="criteria")
    assert then.inputs["hypertension"] is False, "it was erased meanwhile, and the speaker denied it"


@pytest.mark.usefixtures("_today")
def test_a_result_tells_which_inputs_are_the_case_s():
    found = told("creatinine clearance, height 180 cm", *CASE)
    assert found.missing == ()
    result = service.computed(found.calculator_id, ComputeRequest(inputs=found.inputs))
    days = {one.name: str(one.from_case) for one in result.inputs if one.from_case}
    assert days == {"age": "2026-02-13", "sex": "2026-02-13", "weight": "2026-02-13", "creatinine": "2026-03-03"}


def test_a_day_that_is_none_is_refused():
    weight = calculators()["cockcroft_gault"].input("weight")
    assert isinstance(read(weight, {"value": 80, "from_case": "yesterday"}), Problem)
    assert isinstance(read(weight, {"value": 80, "from_case": 3}), Problem)
