"""What the tests of drug names share: the known names, and rooms with the real calculators."""

import importlib.util
import sys
from pathlib import Path

import pytest

from functions.calculators import service
from realtime.dialogue.clarify.confirming import Confirming
from realtime.dialogue.manager import Dialogue
from realtime.engines.local import known_drugs
from voiceassist.contracts.answers import Answer, Citation, Passage
from voiceassist.contracts.calculations import ComputeRequest, InterpretRequest

CITATION = Citation(n=1, document_id="d", chunk_id="c", title="A", section="B", source="S", snippet="Text.")
ANSWER = Answer(status="supported", text="Text [1].", spoken="Text.", citations=(CITATION,))
BENCH = Path(__file__).parents[4] / "bench" / "common" / "drug_names.py"


class Rooms:
    """The real calculators, and a library that holds one text and writes down what it was asked."""

    def __init__(self):
        self.questions, self.text = [], "Nothing of that kind."

    async def interpret(self, text, **options):
        options |= {name: dict(options.get(name) or {}) for name in ("known", "doubted")}
        return service.interpreted(InterpretRequest(text=text, **options))

    async def compute(self, calculator_id, interpretation):
        request = ComputeRequest(inputs=interpretation.inputs, assumed=interpretation.assumed)
        return service.computed(calculator_id, request)

    async def search(self, _question):
        return (Passage(chunk_id="c", document_id="d", title="T", text=self.text, score=1.0, source="S"),)

    async def answer(self, question):
        self.questions.append(question)
        return ANSWER


@pytest.fixture(scope="session")
def known():
    return known_drugs()


@pytest.fixture
def talk(known):
    return Dialogue(Rooms(), confirming=Confirming(known))


@pytest.fixture(scope="session")
def drug_names():
    """tests/bench/common/drug_names.py"""
    name = "drug_names"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, BENCH)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
