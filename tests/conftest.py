"""What several kinds of tests share."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def helper(name: str) -> Any:
    """A module beside this file, which is no package: tests are collected by path."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(autouse=True)
def function_target() -> Iterator[None]:
    """Making an app with the functions framework leaves its target in the environment, for all that start later."""
    before = {name: value for name, value in os.environ.items() if name.startswith("FUNCTION_")}
    yield
    for name in [name for name in os.environ if name.startswith("FUNCTION_")]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def new_oracle() -> Any:
    """`new_oracle()` judges the events of one realtime connection, see realtime_oracle.py."""
    return helper("realtime_oracle").Oracle


@pytest.fixture(scope="session")
def sinks() -> Any:
    """`sinks.Sink()` is an integrator's sink, and the bad manners it can have, see webhook_sink.py."""
    return helper("webhook_sink")
