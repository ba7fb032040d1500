"""Installations of one's own, for tests that break them."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from voiceassist.runtime.engines import processes, state
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports, is_taken
from voiceassist.runtime.engines.stack import Stack, open_stack
from voiceassist.runtime.settings import PREFIX

STORES_ONLY = Path(__file__).with_name("stores_only.py")


def free_range() -> int:
    for step in range(500):
        base = 22_100 + ((os.getpid() * 13 + step) % 390) * 20
        if not any(is_taken(port) for port in Ports(base).needed()):
            return base
    pytest.fail("no free range of ports")


def own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@pytest.fixture
def base() -> int:
    return free_range()


@pytest.fixture
def data() -> Iterator[Path]:
    """A short path that the stores' user may reach; it does not exist yet."""
    parent = Path(tempfile.mkdtemp(prefix="va-", dir="/tmp"))
    parent.chmod(0o755)
    yield parent / "d"
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def opened(data: Path) -> Iterator[Callable[..., Stack]]:
    """`opened(**environment)` prepares a stack in this process; whatever it started is stopped."""
    stacks: list[Stack] = []

    def make(**environ: str) -> Stack:
        lines: list[str] = []
        stack = open_stack(
            Layout(data), port_base=free_range(), environ=own_environment() | environ, report=lines.append
        )
        stacks.append(stack)
        return stack

    yield make
    for stack in stacks:
        stack.stop()


@dataclass
class Running:
    """The stores under a supervisor in a process of its own."""

    layout: Layout
    base: int
    process: "subprocess.Popen[str]"

    def pid(self, name: str) -> int:
        current = state.read(self.layout)
        assert current is not None
        record = current.processes[name].record
        assert record is not None
        return record.pid

    def records(self) -> list[processes.Record]:
        current = state.read(self.layout)
        return [entry.record for entry in current.processes.values() if entry.record] if current else []

    def wait_ready(self, name: str, *, other_than: int, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            current = state.read(self.layout)
            entry = current.processes.get(name) if current else None
            if entry and entry.phase == "ready" and entry.record and entry.record.pid != other_than:
                return
            time.sleep(0.05)
        pytest.fail(f"{name} did not come back")

    def end(self) -> float:
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        return time.monotonic() - began


def launch(data: Path, base: int, **options: object) -> Running:
    """Start the stores and wait until they are ready."""
    python = options.pop("python", sys.executable)
    process = subprocess.Popen(
        [str(python), str(STORES_ONLY), str(data), str(base)],
        env=own_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        **options,  # type: ignore[call-overload]
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.strip() == "ready":
            return Running(Layout(data), base, process)
    pytest.fail("".join(said))


@pytest.fixture
def running(data: Path) -> Iterator[Callable[..., Running]]:
    every: list[Running] = []

    def make(**options: object) -> Running:
        every.append(launch(data, free_range(), **options))
        return every[-1]

    yield make
    for one in every:
        if one.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.end()
            one.process.kill()
        assert one.process.stdout is not None
        one.process.stdout.close()


def gone(records: list[processes.Record], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while any(processes.is_same(record) for record in records):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def children_gone() -> Callable[..., bool]:
    return gone
