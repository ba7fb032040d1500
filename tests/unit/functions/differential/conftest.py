from dataclasses import dataclass
from pathlib import Path

import pytest

from functions.differential import library
from functions.differential.domain.patient import patient_of
from functions.differential.domain.ranking import presented, ranked


@dataclass(frozen=True)
class Vignette:
    presentation: str
    text: str
    expected: str


def vignettes() -> list[Vignette]:
    lines = Path(__file__).with_name("vignettes.txt").read_text().splitlines()
    return [Vignette(*(part.strip() for part in line.split("|"))) for line in lines if not line.startswith("#")]


@pytest.fixture
def rank():
    """The ranking of a text, as the room makes it."""

    def of(text):
        findings, patient = library.reader().read(text), patient_of(text)
        return ranked(presented(library.table(), findings), findings, patient)

    return of


def pytest_generate_tests(metafunc):
    """A test that takes a `case` runs with every worked one."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", vignettes(), ids=lambda case: f"{case.presentation}: {case.expected}")


@pytest.fixture
def cases():
    return vignettes()
