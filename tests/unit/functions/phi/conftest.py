"""The engine with the lists that `make install` builds; without them nothing is scanned, in tests as elsewhere."""

import pytest

from functions.phi import main
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime.deidentification import engine as loaded


@pytest.fixture(scope="session")
def engine():
    return loaded()


@pytest.fixture(autouse=True)
def audit(monkeypatch):
    """What was put on record; `broken` refuses."""
    twin = Remembering()
    monkeypatch.setattr(main.providers, "auditor", lambda _part: twin)
    return twin
