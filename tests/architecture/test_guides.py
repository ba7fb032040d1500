"""The guides' examples are as short as they say, in the house's form, and they work."""

import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from functions.calculators.domain.compute import Computed, compute
from functions.calculators.domain.interpret import interpret

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 20


def example(guide: str) -> str:
    """The first block of Python of a guide: the whole file it teaches to write."""
    text = (ROOT / "docs/guides" / guide).read_text()
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0]


def module(code: str) -> types.ModuleType:
    made = types.ModuleType("taught")
    exec(compile(code, "guide", "exec"), made.__dict__)  # noqa: S102 - our own page
    return made


@pytest.mark.parametrize("guide", ["new-calculator.md"])
def test_an_example_is_short_and_in_the_houses_form(guide, tmp_path):
    code = example(guide)
    assert len(code.splitlines()) <= LONGEST
    (tmp_path / "main.py").write_text(code)
    for options in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *options, "--no-cache", "--config", str(ROOT / "pyproject.toml")]
        result = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


def test_the_calculator_of_the_guide_computes_its_own_examples():
    calculator = module(example("new-calculator.md")).CALCULATOR
    assert len(calculator.examples) >= 3
    assert calculator.citations
    for given in calculator.examples:
        outcome = compute(calculator, given.inputs)
        assert isinstance(outcome, Computed)
        assert outcome.value == pytest.approx(given.value, rel=1e-4)
    assert [compute(calculator, {"heart_rate": rate, "systolic": 100}).band for rate in (99, 100, 150)] == [
        band.text for band in calculator.bands
    ]


def test_the_calculator_of_the_guide_is_asked_for_in_words(monkeypatch):
    from functions.calculators.domain import interpret as interpreting
    from functions.calculators.domain import naming

    calculator = module(example("new-calculator.md")).CALCULATOR
    for place in (interpreting, naming):
        known = {**place.calculators(), calculator.id: calculator}
        monkeypatch.setattr(place, "calculators", lambda known=known: known)
    found = interpret("shock index, heart rate 110, blood pressure 90 over 60")
    assert found.calculator == calculator
    assert {name: value["value"] for name, value in found.inputs.items()} == {"heart_rate": 110, "systolic": 90}
    assert interpret("what is the shock index").calculator is None
    assert [one.question for one in interpret("calculate the shock index").missing] == [
        "What is the heart rate?",
        "What is the systolic blood pressure?",
    ]
