"""The guides' examples are as short as they say, in the house's form, and they work."""

import re
import subprocess
import sys
import types
from pathlib import Path

import functions_framework.aio
import httpx
import pytest

from functions.calculators.domain.compute import Computed, compute
from functions.calculators.domain.interpret import interpret
from realtime.dialogue import phrases
from voiceassist.contracts.answers import Spoken
from voiceassist.core.identity import service
from voiceassist.runtime import door, tokens, workloads
from voiceassist.runtime.settings import Settings

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


@pytest.mark.parametrize("guide", ["new-calculator.md", "new-function.md"])
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


WORKLOAD = workloads.derived("s" * 40)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


async def ask(app, question):
    token = tokens.mint(service("realtime"), issuer="realtime", audience="oncall", workload=WORKLOAD)
    bearer = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://room") as client:
        return await client.post("/api/v1/oncall/ask", json={"question": question}, headers=bearer)


async def test_the_function_of_the_guide_answers_out_of_the_hospitals_file(tmp_path, monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))
    (tmp_path / "main.py").write_text(example("new-function.md"))
    (tmp_path / "rota.txt").write_text("".join(f"{day}: Dr. {day.title()}, extension 4412\n" for day in DAYS))
    app = functions_framework.aio.create_asgi_app("oncall", str(tmp_path / "main.py"))
    answer = await ask(app, "who is on call")
    assert answer.status_code == 200
    spoken = Spoken.model_validate_json(answer.content)
    assert re.fullmatch(r"On call now: Dr\. \w+day, extension 4412\.", spoken.text)
    (tmp_path / "rota.txt").write_text("")
    assert "nobody" in (await ask(app, "who is on call")).json()["text"]
    (tmp_path / "rota.txt").unlink()
    assert (await ask(app, "who is on call")).json()["code"] == "INTERNAL"


def test_the_phrases_of_the_guide_are_usable():
    text = (ROOT / "docs/guides/new-function.md").read_text()
    (said,) = re.findall(r"separated by `;`, e\.g\. `(.*?)`", text)
    book = phrases.Phrasebook([phrases.Skill("oncall", "/", "", tuple(said.split("; ")))])
    for sentence in (
        "Can you tell me who is on call tonight, please?",
        "the on-call doctor",
        "who's on call for surgery",
    ):
        assert book.find(sentence), sentence
