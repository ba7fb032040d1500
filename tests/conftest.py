"""What several kinds of tests share."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

try:
    import hypothesis
except ImportError:  # the tests of models have an environment of their own
    pass
else:  # how long an example takes on a busy machine says nothing about the code
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")


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
def scripted_openai() -> Any:
    """`scripted_openai.FakeOpenAi(script)` is a language model's server that says what a test wants."""
    return helper("scripted_openai")


@pytest.fixture(scope="session")
def realtime_upstream() -> Any:
    """`with realtime_upstream.Upstream(script) as up` is a speech service outside, see realtime_upstream.py."""
    return helper("realtime_upstream")


@pytest.fixture(scope="session")
def realtime_house() -> Any:
    """`realtime_house.House()` is an engine with a model in a house of its own, see realtime_house.py."""
    return helper("realtime_house")


@pytest.fixture(scope="session")
def fixed_keys() -> Any:
    """`fixed_keys.FixedKeys(secret)` gives the keys of tenants without a database, see fixed_keys.py."""
    return helper("fixed_keys")


@pytest.fixture(scope="session")
def transit_double() -> Any:
    """`transit_double.Transit()` is Vault's transit engine on this machine, see transit_double.py."""
    return helper("transit_double")


@pytest.fixture(scope="session")
def disk_search() -> Any:
    """`disk_search.found_on_disk(folder, words)` reads every file of every store, see disk_search.py."""
    return helper("disk_search")


@pytest.fixture(scope="session")
def sinks() -> Any:
    """`sinks.Sink()` is an integrator's sink, and the bad manners it can have, see webhook_sink.py."""
    return helper("webhook_sink")


@pytest.fixture
def gate_of():
    """Makes the product's gate with a policy and a detector of the test's own; the room's shapes unless told."""
    from functions.phi.domain.scan import detect
    from voiceassist.runtime.egress import Gate, Scanner, policy

    def make(exceptions="", *, find=detect, models=True, **bounds):
        class Detector:
            version = "test"

            def find(self, text, *, known=(), kind=None):
                return find(text)

        return Gate(policy.load(None, exceptions), Scanner(Detector, **bounds), models=models)

    return make
