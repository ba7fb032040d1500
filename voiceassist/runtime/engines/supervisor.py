"""Start the stack in order, keep it alive, end it whole."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from voiceassist.runtime.engines import processes, state
from voiceassist.runtime.engines.engine import Engine
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.preparation import cannot_write
from voiceassist.runtime.engines.processes import Child, Record

START_SECONDS = 90.0  # a loaded two-core machine on its first start
STEADY_SECONDS = 60.0  # after this long without a death the backoff begins anew
FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 30.0
TICK = 0.1


class StopRequested(BaseException):
    """A signal arrived while the stack was starting."""


@dataclass(slots=True)
class Supervised:
    """An engine and what became of it. `deaths` in a row decide how long the next restart waits."""

    engine: Engine
    child: Child | None = None
    phase: str = "stopped"
    since: float = 0.0
    deaths: int = 0
    restarts: int = 0

    @property
    def backoff(self) -> float:
        return min(FIRST_BACKOFF * float(2 ** max(self.deaths - 1, 0)), LONGEST_BACKOFF)


@dataclass(slots=True)
class Supervisor:
    """Runs engines and reports to the operator line by line; used from one thread."""

    layout: Layout
    base: state.State
    report: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    running: list[Supervised] = field(default_factory=list)
    stopping: bool = False
    complete: bool = False

    def start(self, engines: Sequence[Engine]) -> None:
        """Start engines side by side and return when each is ready and settled; raises EngineError."""
        try:
            for engine in engines:
                engine.prepare()
        except OSError as error:
            raise EngineError(cannot_write(self.layout.data, error)) from None
        wave = [Supervised(engine) for engine in engines]
        for item in wave:
            self.running.append(item)
            self._spawn(item)
        deadline = self.clock() + START_SECONDS
        while any(item.phase != "ready" for item in wave):
            if self.stopping:
                raise StopRequested
            for item in wave:
                self._advance_start(item, deadline)
            time.sleep(TICK / 2)

    def watch(self) -> None:
        """Restart what dies until a signal asks to stop."""
        self.complete = True
        self._record()
        while not self.stopping:
            for item in self.running:
                self._tend(item)
            time.sleep(TICK)

    def stop(self) -> None:
        """End every child, the talkative ones first, so that the stores see no broken clients."""
        own = [item for item in self.running if item.child]
        stores = [item for item in own if item.engine.name in STORES]
        for group in ([item for item in own if item not in stores], stores):
            killed = processes.stop_all(item.child for item in group if item.child)
            for name in killed:
                if name != "seaweedfs":  # its own stop takes 15 s and is cut short on purpose
                    self.report(f"{name} did not stop in time and was killed")
            for item in group:
                item.child, item.phase = None, "stopped"
        self.layout.state.unlink(missing_ok=True)

    def _spawn(self, item: Supervised) -> None:
        item.child = processes.spawn(item.engine.command())
        item.phase, item.since = "starting", self.clock()
        self._record()

    def _advance_start(self, item: Supervised, deadline: float) -> None:
        name, log = item.engine.name, self.layout.log(item.engine.name)
        if item.phase == "ready":
            return
        if item.child is None or item.child.exit is not None:
            raise EngineError(f"{name} stopped while starting: see {log}.")
        if item.engine.ready():
            item.engine.settle()
            self.report(f"{name:<9} {item.engine.version()} after {self.clock() - item.since:.1f} s")
            item.phase, item.since = "ready", self.clock()
            self._record()
        elif self.clock() > deadline:
            raise EngineError(f"{name} did not become ready in {START_SECONDS:.0f} s: see {log}.")

    def _tend(self, item: Supervised) -> None:
        now = self.clock()
        if item.phase == "waiting":
            if now - item.since >= item.backoff:
                self._restart(item)
            return
        if item.child is None or item.child.exit is not None:
            self._mourn(item, now)
        elif item.phase == "starting":
            self._await_restart(item, now)
        elif item.deaths and now - item.since > STEADY_SECONDS:
            item.deaths = 0

    def _mourn(self, item: Supervised, now: float) -> None:
        how = _how(item.child.exit if item.child else None)
        item.deaths += 1
        item.child, item.phase, item.since = None, "waiting", now
        self.report(f"{item.engine.name} {how}: starting it again in {item.backoff:g} s")
        self._record()

    def _restart(self, item: Supervised) -> None:
        try:
            item.engine.prepare()
            item.restarts += 1
            self._spawn(item)
        except (EngineError, OSError) as error:
            item.deaths += 1
            item.since = self.clock()
            why = error.detail if isinstance(error, EngineError) else cannot_write(self.layout.data, error)
            self.report(f"{item.engine.name} cannot start: {why}")

    def _await_restart(self, item: Supervised, now: float) -> None:
        try:
            up = item.engine.ready()
        except EngineError as error:
            self.report(f"{item.engine.name}: {error.detail}")
            up = False
        if up:
            item.phase, item.since = "ready", now
            self.report(f"{item.engine.name} is back")
            self._record()
        elif now - item.since > START_SECONDS and item.child:
            processes.stop_all([item.child])

    def _record(self) -> None:
        """Every child is on disk before the next one starts: a killed supervisor leaves no unknown process."""
        entries = {
            item.engine.name: state.ProcessState(item.child.record if item.child else None, item.phase, item.restarts)
            for item in self.running
        }
        try:
            state.write(self.layout, _with(self.base, ready=self.complete, processes=entries))
        except OSError as error:  # a full disk must not end what runs
            self.report(cannot_write(self.layout.state, error))


STORES = frozenset({"postgres", "valkey", "vectord", "seaweedfs"})


def own_record() -> Record:
    return Record(os.getpid(), processes.birth(os.getpid()) or "")


@contextmanager
def signals(supervisor: Supervisor) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal ask for a stop; a second one changes nothing."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        supervisor.stopping = True

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, ask) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _with(base: state.State, *, ready: bool, processes: dict[str, state.ProcessState]) -> state.State:
    import msgspec

    return msgspec.structs.replace(base, ready=ready, processes=processes)


def _how(status: int | None) -> str:
    if status is None:
        return "is gone"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"stopped with exit code {status}"
