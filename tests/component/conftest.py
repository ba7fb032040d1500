"""One set of real engines for the whole session: PostgreSQL, Valkey, vectord, SeaweedFS, schema at head.

engines    the running Stack (layout, ports, secrets, stores)
stack_env  its VOICEASSIST_* variables, for child processes
settings   the same as Settings
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports, is_taken
from voiceassist.runtime.engines.stack import Stack, open_stack
from voiceassist.runtime.settings import PREFIX, Settings, parse


def free_base() -> int:
    """A port base whose whole range is free now; spread by pid, so that parallel sessions rarely meet."""
    for step in range(500):
        base = 11_000 + ((os.getpid() * 7 + step) % 550) * 20  # below the system's own choice of ports
        if not any(is_taken(port) for port in Ports(base).needed()):
            return base
    pytest.fail("no free range of ports")


def clean_environment() -> dict[str, str]:
    """The caller's environment without settings that would point the tests at somebody's real engines."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@pytest.fixture(scope="session")
def engines() -> Iterator[Stack]:
    # Short: a socket's path has room for 107 bytes.
    data = Path(tempfile.mkdtemp(prefix="va-", dir="/tmp"))
    stack = open_stack(Layout(data), port_base=free_base(), environ=clean_environment(), report=print)
    try:
        stack.start_stores()
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def stack_env(engines: Stack) -> dict[str, str]:
    return engines.settings_environment


@pytest.fixture(scope="session")
def settings(stack_env: dict[str, str]) -> Settings:
    return parse(stack_env)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
