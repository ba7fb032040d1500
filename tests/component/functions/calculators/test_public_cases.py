"""The public benchmark's trustworthy cases, read at test time from the evaluation data and never committed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from functions.calculators.domain import units
from functions.calculators.domain.model import Quantity
from functions.calculators.domain.registry import calculators
from voiceassist.cli.evals import medcalc_inputs as medcalc
from voiceassist.cli.evals import rows
from voiceassist.cli.evals.medcalc import answer
from voiceassist.cli.main import group

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared" / "data"))
CASES = DATA / "clinical" / "medcalc.jsonl.gz"
INPUTS = DATA / "clinical" / "calculator_inputs.json"
# How many cases of a tier there were when this was written: a file that shrinks shows less.
AT_LEAST = {"A": 727, "A-refbug": 15, "C": 181, "unit": 13}


def need(path):
    if not path.exists():
        pytest.skip(f"no public cases: {path} is absent (set VOICEASSIST_EVAL_DATA)")
    return path


@pytest.mark.req("N14")
def test_every_trustworthy_case_is_right(tmp_path, capsys):
    """By the command itself and the scorer that came with the cases."""
    gold, found = need(CASES), tmp_path / "found.jsonl"
    done = CliRunner().invoke(group, ["eval", "calculators", "--gold", str(gold), "--out", str(found)])
    assert done.exit_code == 0, done.output
    scorer = DATA / "score" / "score_calculators.py"
    command = [sys.executable, str(scorer), str(gold), str(found)]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    with capsys.disabled():
        print("\ncalculators, public cases:", json.dumps(report["by_tier"]))
    assert report["escaped_exceptions"] == 0
    assert report["wrong_cases"] == []
    for tier, number in AT_LEAST.items():
        assert report["by_tier"][tier]["n"] >= number
        assert report["by_tier"][tier]["accuracy"] == 1.0


def test_impossible_units_are_refused_and_valid_si_never_is():
    for case in rows.read([need(CASES)]):
        status = answer(case)["status"]
        assert status == ("refused" if case["tier"] == "unit" else "ok"), case["id"]


def test_every_calculator_of_the_benchmark_is_there_and_takes_all_its_inputs_and_units():
    """A name or a unit that the adapter does not know would be dropped in silence."""
    listed = json.loads(need(INPUTS).read_text(encoding="utf-8"))
    assert len(listed) == 55
    assert {one["calc_id"] for one in listed} == medcalc.NUMBERS.keys()
    assert set(medcalc.NUMBERS.values()) <= calculators().keys()
    for one in listed:
        for given in one["inputs"]:
            for raw in statements(given):
                asked = medcalc.request(one["calc_id"], {given["name"]: raw})
                assert asked.unknown == [], (one["name"], given["name"])
                outcome = answer({"id": "x", "calc_id": one["calc_id"], "entities": {given["name"]: raw}})
                assert outcome["status"] in {"ok", "needs", "refused"}, (given["name"], raw)
                assert not any("Accepted units" in flag for flag in outcome["flags"]), (given["name"], raw)
                assert not any("Must be" in flag for flag in outcome["flags"]), (given["name"], raw, outcome)


def test_a_whole_case_of_usual_values_computes_in_every_unit_the_benchmark_uses():
    """For all 55, with or without cases: the middle of the usual range, in each unit in turn, is never refused."""
    for one in json.loads(need(INPUTS).read_text(encoding="utf-8")):
        calculator = calculators()[medcalc.NUMBERS[one["calc_id"]]]
        for turn in range(4):
            entities = {given["name"]: usual(calculator, given, turn) for given in one["inputs"]}
            row = answer({"id": "x", "calc_id": one["calc_id"], "entities": entities})
            assert row["status"] == "ok", (one["name"], entities, row)


def usual(calculator, given, turn):
    """A usual statement of an input: its units, words and truths take turns."""
    kind, words = given["kind"], given.get("values", [])
    if kind == "drug dose":
        return [words[turn % len(words)], 40, given["units"][0]]
    if kind == "category":
        words = [word for word in words if word != "not testable"]
        return words[turn % len(words)]
    if kind == "boolean":
        return turn % 2 == 0
    return amount(calculator, given, turn) if kind in {"quantity", "number"} else DAYS[given["name"]]


DAYS = {"Last menstrual date": "03/25/2024", "Current Date": "11/24/2024"}


def amount(calculator, given, turn):
    written = given.get("units", [])
    stated = [1, written[turn % len(written)]] if written else 1
    made = medcalc.request(number_of(calculator), {given["name"]: stated}).inputs
    asked = next((one for one in calculator.inputs if isinstance(one, Quantity) and one.name in made), None)
    if asked is None:  # a number that decides a criterion: drinks a week
        return 7 + turn % 2
    middle = round((asked.usual.low * asked.usual.high) ** 0.5 or asked.usual.high / 2, 0 if asked.whole else 6)
    if not written:
        return middle
    unit = units.canonical(asked.quantity, medcalc.PER.get(stated[1], stated[1]))
    if unit is None:  # "per day" of patches, which are a number
        return [middle, stated[1]]
    return [units.convert(asked.quantity, middle, asked.unit, unit), stated[1]]


def number_of(calculator):
    return next(number for number, name in medcalc.NUMBERS.items() if name == calculator.id)


def statements(given):
    """One statement of an input for each of its units or words."""
    if given["kind"] == "drug dose":
        return [[word, 10, given["units"][0]] for word in given["values"]]
    if given["kind"] == "quantity":
        return [[1, unit] for unit in given["units"]]
    if given["kind"] == "category":
        return given["values"]
    return {"boolean": [True, False], "number": [1]}.get(given["kind"], ["03/25/2024"])
