"""`voiceassist eval calculators`: files in and out, and how a benchmark case becomes a request."""

import gzip
import json

import pytest
from click.testing import CliRunner

from functions.calculators.domain.model import YesNo
from voiceassist.cli.evals import medcalc as evaluating
from voiceassist.cli.evals import medcalc_inputs as medcalc
from voiceassist.cli.main import group

PRESSURE = {"Systolic Blood Pressure": [120, "mm hg"], "Diastolic Blood Pressure": [80, "s mm hg"]}


def run(tmp_path, *files, out="found.jsonl"):
    options = [word for path in files for word in ("--gold", str(path))]
    return CliRunner().invoke(group, ["eval", "calculators", *options, "--out", str(tmp_path / out)])


def gold(path, *cases):
    text = "\n".join(json.dumps(case) for case in cases) + "\n\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def answered(tmp_path):
    return {row["id"]: row for row in map(json.loads, (tmp_path / "found.jsonl").read_text().splitlines())}


def test_each_case_of_each_file_gets_one_answer(tmp_path):
    first = gold(
        tmp_path / "a.jsonl.gz",
        {"id": "map", "calc_id": 5, "entities": PRESSURE, "truth": 0},
        {"id": "needs", "calc_id": 5, "entities": {"Systolic Blood Pressure": [120, "mmHg"]}},
        {"id": "unit", "calc_id": 39, "entities": {"Sodium": [140, "mmol/dL"]}},
    )
    second = gold(tmp_path / "b.jsonl", {"calc_id": 5, "entities": PRESSURE}, {"calc_id": 999, "entities": {}})
    done = run(tmp_path, first, second)
    assert (done.exit_code, json.loads(done.output)) == (0, {"cases": 5, "ok": 2, "needs": 1, "refused": 2})
    found = answered(tmp_path)
    assert found["map"]["value"] == pytest.approx(93.333, abs=0.001)
    assert found["needs"]["needs"] == ["Diastolic Blood Pressure"]
    assert found["unit"]["status"] == "refused"
    assert "value" not in found["unit"]
    assert found["row-0"]["status"] == "ok"
    assert found["row-1"]["flags"] == ["There is no such calculator."]


@pytest.mark.parametrize("bad", [b"{", b"\xff\xfe", b"[1"])
def test_what_is_no_gold_file_is_said(tmp_path, bad):
    (tmp_path / "bad.jsonl").write_bytes(bad)
    done = run(tmp_path, tmp_path / "bad.jsonl")
    assert done.exit_code == 1
    assert "bad.jsonl is not a file of JSON lines." in done.output
    (tmp_path / "bad.jsonl.gz").write_bytes(bad)
    assert run(tmp_path, tmp_path / "bad.jsonl.gz").exit_code == 1


def test_an_id_that_occurs_twice_ends_the_run(tmp_path):
    file = gold(tmp_path / "a.jsonl", {"id": 1, "calc_id": 5, "entities": {}}, {"id": 1, "calc_id": 5, "entities": {}})
    done = run(tmp_path, file)
    assert done.exit_code == 1
    assert "An id occurs twice" in done.output
    assert not (tmp_path / "found.jsonl").exists()


def test_an_escaped_exception_is_an_error_and_not_hidden(monkeypatch):
    monkeypatch.setattr(evaluating, "compute", lambda *_: 1 / 0)
    row = evaluating.answer({"id": "x", "calc_id": 5, "entities": PRESSURE})
    assert row == {"id": "x", "status": "error", "flags": ["ZeroDivisionError"]}
    assert evaluating.answer({"id": "x"})["status"] == "error"


def inputs(number, **entities):
    return medcalc.request(number, entities).inputs


@pytest.mark.parametrize("number", sorted(medcalc.NUMBERS))
def test_an_unstated_criterion_is_passed_on_as_no_and_never_left_to_the_library(number):
    asked = medcalc.request(number, {})
    criteria = {one.name for one in asked.calculator.inputs if isinstance(one, YesNo)}
    assert criteria <= asked.inputs.keys()
    assert {name for name in criteria if asked.inputs[name]} <= {"cough", "cough_or_cold"}  # "cough absent" is "no"
    assert asked.unknown == []


@pytest.mark.parametrize(
    ("number", "entities", "expected"),
    [
        (4, {"Stroke": False, "Thromboembolism history": True}, {"stroke": True}),
        (4, {"Thromboembolism history": True, "Stroke": False}, {"stroke": True}),
        (20, {"Cough Absent": True}, {"cough": False}),
        (20, {"Cough Absent": False}, {"cough": True}),
        (20, {"Temperature": [101, "degrees fahreinheit"]},
         {"temperature": {"value": 101, "unit": "degrees fahreinheit"}}),
        (24, {"input steroid": ["PredniSONE PO", 5.5, "mg"], "target steroid": "MethylPrednisoLONE IV"},
         {"steroid": "prednisone", "dose": {"value": 5.5, "unit": "mg"}, "target": "methylprednisolone"}),
        (25, {"Number of Alcoholic Drinks Per Week": 8}, {"alcohol": True}),
        (25, {"Number of Alcoholic Drinks Per Week": 7}, {"alcohol": False}),
        (32, {"Solid tumor": "Metastatic", "Liver disease severity": "Moderate to Severe"},
         {"metastases": True, "solid_tumour": False, "severe_liver_disease": True, "mild_liver_disease": False}),
        (32, {"Solid tumor": True, "Diabetes mellitus criteria for CCI rule": "End-organ damage"},
         {"solid_tumour": True, "diabetes_damage": True, "diabetes": False}),
        (36, {"Surgery Type": "laparoscopic", "Mobility": "confined to bed >72 hours"},
         {"laparoscopy": True, "bedridden": True, "major_surgery": False}),
        (28, {"Surgery Type": "Emergency"}, {"admission": "emergency"}),
        (18, {"Diabetes mellitus criteria for CCI rule": True,
              "Initial troponin": "greater than three times normal limit"},
         {"diabetes": True, "troponin": "above 3 times", "ecg": "normal"}),
        (21, {"Best eye response": "eye opening to verbal command"}, {"eye": "to speech"}),
        (49, {"FentANYL patch Dose": [25, "µg/h"], "FentANYL patch Dose Per Day": [1, "per day"]},
         {"fentanyl_patch": {"value": 25, "unit": "µg/h"}, "fentanyl_patches": 1}),
        (49, {"OxyCODONE Dose Per Day": [3, "per day"]}, {"oxycodone_per_day": {"value": 3, "unit": "per day"}}),
        (51, {"White blood cell count": [9000, "µL"]}, {"white_cells": {"value": 9000, "unit": "/µL"}}),
        (51, {"White blood cell count": [9000, "m^3"]}, {"white_cells": {"value": 9000, "unit": "/m³"}}),
        (69, {"Current Date": "7/2/2012"}, {"on": "2012-07-02"}),
        (9, {"Race": "Asian"}, {"race": "other"}),
        (9, {"Race": "Hispanic"}, {"race": "other"}),
        (32, {"Moderate to severe Chronic Kidney Disease": "Severe"}, {"kidney_disease": True}),
        (32, {"Moderate to severe Chronic Kidney Disease": "Mild"}, {"kidney_disease": False}),
        (32, {"Solid tumor": "none", "Liver disease severity": False},
         {"solid_tumour": False, "metastases": False, "mild_liver_disease": False}),
        (32, {"Diabetes mellitus criteria for CCI rule": "None or diet-controlled"},
         {"diabetes": False, "diabetes_damage": False}),
        (29, {"Liver disease severity": "Moderate"}, {"liver_disease": True}),
        (18, {"Diabetes mellitus criteria for CCI rule": "End-organ damage"}, {"diabetes": True}),
        (18, {"Diabetes mellitus criteria for CCI rule": "None or diet-controlled"}, {"diabetes": False}),
        (15, {"Ascites": "slight", "Encephalopathy": "Grade 0"}, {"ascites": "slight", "encephalopathy": "none"}),
        (23, {"Dialysis at least twice in the past week": True,
              "Continuous veno-venous hemodialysis for ≥24 hours in the past week": False}, {"dialysis": True}),
        (9, {"Race": "Black"}, {"race": "black"}),
    ],
)  # fmt: skip
def test_the_benchmarks_statements_in_our_words(number, entities, expected):
    made = inputs(number, **entities)
    assert {name: made[name] for name in expected} == expected


def test_vasopressors_are_running_where_a_rate_is_stated():
    assert inputs(43)["vasopressors"] is False
    assert "vasopressors" not in inputs(43, DOPamine=[4, "mcg/kg/min"])


def test_an_input_we_do_not_have_is_flagged_and_what_decides_nothing_is_not():
    assert medcalc.request(5, {"Shoe size": 44}).unknown
    assert medcalc.request(36, {"sex": "Female"}).unknown == []
