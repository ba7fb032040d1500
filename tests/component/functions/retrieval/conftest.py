"""What the tests of answers share: the questions with their index, which takes seconds to embed."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from voiceassist.runtime import providers

HERE = Path(__file__).parent


def loaded(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def answering() -> ModuleType:
    """tests/bench/common/answering.py"""
    return loaded("answering", HERE.parents[2] / "bench" / "common" / "answering.py")


@pytest.fixture(scope="session")
def bench(answering: ModuleType, rooms_environment: None) -> Any:
    return answering.Bench(providers.embedder())
