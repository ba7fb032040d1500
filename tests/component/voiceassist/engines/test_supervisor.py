"""The supervisor with small programs instead of engines: order, restarts, backoff, stop."""

import itertools
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from voiceassist.runtime.engines import processes, state, supervisor
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.processes import Command
from voiceassist.runtime.engines.supervisor import StopRequested, Supervised, Supervisor, own_record

STAYS = "import time\nwhile True: time.sleep(60)"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n" + STAYS


@dataclass
class Program:
    """An engine that is a Python one-liner, ready as soon as it runs unless told otherwise."""

    folder: Path
    code: str = STAYS
    name: str = "program"
    grace: float = 2.0
    events: list[str] = field(default_factory=list)
    is_ready: bool = True

    @property
    def log(self) -> Path:
        return self.folder / "logs" / f"{self.name}.log"

    @property
    def address(self) -> str:
        return ""

    def prepare(self) -> None:
        self.events.append(f"prepare {self.name}")

    def command(self) -> Command:
        environ = {"PATH": os.environ["PATH"]}
        return Command(self.name, (sys.executable, "-c", self.code), self.log, environ, self.folder, grace=self.grace)

    def ready(self) -> bool:
        return self.is_ready

    def settle(self) -> None:
        self.events.append(f"settle {self.name}")

    def version(self) -> str:
        return "1"


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def keeper(tmp_path: Path, lines: list[str]):
    base = state.State(own_record(), 8443, "https://localhost:8443")
    made = Supervisor(Layout(tmp_path), base, lines.append)
    yield made
    made.stop()


def tend(keeper: Supervisor, until, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        for item in keeper.running:
            keeper._tend(item)
        time.sleep(0.02)


def test_everything_is_prepared_before_anything_starts(keeper: Supervisor, tmp_path: Path) -> None:
    events: list[str] = []
    programs = [Program(tmp_path, name=name, events=events) for name in ("one", "two")]
    keeper.start(programs)
    assert events == ["prepare one", "prepare two", "settle one", "settle two"]
    current = state.read(keeper.layout)
    assert current is not None
    assert {name: entry.phase for name, entry in current.processes.items()} == {"one": "ready", "two": "ready"}
    assert all(entry.record and processes.is_same(entry.record) for entry in current.processes.values())


def test_a_program_that_ends_at_once_names_its_log(keeper: Supervisor, tmp_path: Path) -> None:
    program = Program(tmp_path, "raise SystemExit('no luck')", is_ready=False)
    with pytest.raises(EngineError) as caught:
        keeper.start([program])
    assert caught.value.detail == f"program stopped while starting: see {program.log}."
    assert "no luck" in program.log.read_text()


def test_a_program_that_is_never_ready_is_given_up(
    keeper: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "START_SECONDS", 0.2)
    with pytest.raises(EngineError, match="did not become ready"):
        keeper.start([Program(tmp_path, is_ready=False)])


def test_a_program_that_cannot_be_executed(keeper: Supervisor, tmp_path: Path) -> None:
    class Absent(Program):
        def command(self) -> Command:
            return Command("absent", (str(self.folder / "absent"),), self.log, {}, self.folder)

    with pytest.raises(EngineError, match="could not be executed"):
        keeper.start([Absent(tmp_path)])


def test_a_signal_during_the_start_stops_it(keeper: Supervisor, tmp_path: Path) -> None:
    with supervisor.signals(keeper):
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
        with pytest.raises(StopRequested):
            keeper.start([Program(tmp_path, is_ready=False)])


def test_what_dies_is_started_again_and_reported(keeper: Supervisor, tmp_path: Path, lines: list[str]) -> None:
    keeper.start([Program(tmp_path)])
    first = keeper.running[0].child
    assert first is not None
    os.kill(first.record.pid, signal.SIGKILL)
    tend(keeper, lambda: keeper.running[0].phase == "ready" and keeper.running[0].child is not first)
    assert lines[0].startswith("program   1 after ")
    assert lines[1:] == ["program was ended by SIGKILL: starting it again in 0.5 s", "program is back"]
    current = state.read(keeper.layout)
    assert current is not None
    assert current.processes["program"].restarts == 1


def test_backoff_doubles_and_is_bounded(keeper: Supervisor, tmp_path: Path) -> None:
    item = Supervised(Program(tmp_path))
    waits = []
    for _ in itertools.repeat(None, 12):
        item.deaths += 1
        waits.append(item.backoff)
    assert waits[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == 30.0
    now = [0.0]
    keeper.clock = lambda: now[0]
    keeper.start([item.engine])
    steady = keeper.running[0]
    steady.deaths = 5
    now[0] = 61.0
    keeper._tend(steady)
    assert steady.deaths == 0


def test_a_restart_that_cannot_be_prepared_is_tried_again_later(
    keeper: Supervisor, tmp_path: Path, lines: list[str]
) -> None:
    program = Program(tmp_path)
    keeper.start([program])
    item = keeper.running[0]
    refuse = [True, False]

    def prepare() -> None:
        if refuse.pop(0):
            raise EngineError("The disk is full.")

    program.prepare = prepare  # type: ignore[method-assign]
    assert item.child is not None
    os.kill(item.child.record.pid, signal.SIGKILL)
    tend(keeper, lambda: item.phase == "ready" and not refuse)
    assert "program cannot start: The disk is full." in lines


def test_a_deaf_child_is_killed_after_its_grace(keeper: Supervisor, tmp_path: Path, lines: list[str]) -> None:
    program = Program(tmp_path, STUBBORN, grace=0.3)
    keeper.start([program])
    deadline = time.monotonic() + 10
    while "deaf" not in program.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    record = keeper.running[0].child.record
    began = time.monotonic()
    keeper.stop()
    assert 0.3 <= time.monotonic() - began < 5
    assert not processes.is_same(record)
    assert lines[1:] == ["program did not stop in time and was killed"]
    assert not keeper.layout.state.exists()


def test_a_grandchild_goes_with_its_parent(keeper: Supervisor, tmp_path: Path) -> None:
    code = (
        f"import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {STAYS!r}])\nprint(p.pid, flush=True)\n"
    )
    program = Program(tmp_path, code + STAYS)
    keeper.start([program])
    deadline = time.monotonic() + 10
    while not program.log.read_text().strip() and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = int(program.log.read_text())
    record = processes.Record(pid, processes.birth(pid) or "")
    assert processes.is_same(record)
    keeper.stop()
    deadline = time.monotonic() + 5
    while processes.is_same(record) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not processes.is_same(record)


def test_a_long_log_is_moved_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    log = tmp_path / "a.log"
    log.write_text("x" * 11)
    processes.rotate(log)
    assert not log.exists()
    assert (tmp_path / "a.log.1").read_text() == "x" * 11
