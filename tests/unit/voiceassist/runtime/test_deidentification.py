"""The engine for gate and logs: what it is loaded with, and that it does not load without what policy demands."""

from pathlib import Path

import pytest

from functions.phi.domain.lists import ListsError
from voiceassist.core.errors import SettingsError
from voiceassist.ports.embedding import ModelError
from voiceassist.runtime import deidentification
from voiceassist.runtime.settings import Phi, Settings


@pytest.fixture(autouse=True)
def fresh():
    deidentification.engine.cache_clear()
    yield
    deidentification.engine.cache_clear()


def configured(monkeypatch, **phi):
    monkeypatch.setattr(deidentification, "load_settings", lambda: Settings(phi=Phi(**phi)))


def test_it_is_loaded_once():
    assert deidentification.engine() is deidentification.engine()


def test_without_its_lists_there_is_none(monkeypatch, tmp_path):
    configured(monkeypatch, lists=str(tmp_path / "absent.bin"))
    with pytest.raises(ListsError):
        deidentification.engine()


def test_a_required_tagger_that_is_not_named_refuses(monkeypatch):
    configured(monkeypatch, tagger_required=True)
    with pytest.raises(SettingsError, match="TAGGER"):
        deidentification.engine()


@pytest.mark.parametrize("config", [None, "{}", '{"id2label": {"0": "PATIENT", "1": "DATE"}}'])
def test_a_named_tagger_that_is_none_refuses(monkeypatch, tmp_path, config):
    if config is not None:
        Path(tmp_path / "config.json").write_text(config)
    configured(monkeypatch, tagger=str(tmp_path))
    with pytest.raises(ModelError):
        deidentification.engine()
