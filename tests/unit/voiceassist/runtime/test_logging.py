"""Logging when its stream cannot take a line."""

import logging as plain
import sys

import pytest
import structlog

from voiceassist.runtime import deidentification, logging


class Full:
    """A stream on a full disk."""

    def __init__(self):
        self.tried = 0

    def write(self, _text):
        self.tried += 1
        raise OSError(28, "No space left on device")

    def flush(self):
        raise OSError(28, "No space left on device")


@pytest.fixture
def configured():
    before, root = structlog.get_config(), plain.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_a_line_that_cannot_be_written_costs_no_work(configured, monkeypatch, level):
    full = Full()
    monkeypatch.setattr(sys, "stderr", full)
    logging.configure("tests", "debug")
    getattr(logging.get_logger(__name__), level)("disk.full", count=1)
    assert full.tried == 1


def test_a_free_text_is_searched_by_the_engine_of_the_house(configured, capfd):
    logging.configure("tests")
    logging.get_logger(__name__).warning("sink.refused", reason="no answer about 123-45-6789 from 10.20.30.40")
    told = capfd.readouterr().err
    assert '"reason": "no answer about [SSN] from [IP]"' in told


def test_without_the_lists_of_the_engine_a_text_is_withheld(configured, capfd, monkeypatch):
    def absent():
        raise FileNotFoundError

    monkeypatch.setattr(deidentification, "engine", absent)
    logging.configure("tests")
    logging.get_logger(__name__).warning("sink.refused", reason="for Zebulon Quackenbush")
    assert '"reason": "[23 characters]"' in capfd.readouterr().err
