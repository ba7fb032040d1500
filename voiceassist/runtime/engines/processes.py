"""Child processes that cannot outlive us unnoticed.

Three nets, because each has a hole: on Linux the kernel signals a child when its parent dies
(PR_SET_PDEATHSIG; not on macOS); every child is recorded with its pid and birth, so the next `up` or
`down` finds what a killed supervisor left; a child leads its own process group, so its own children go with it.
"""

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.faults import EngineError

LOG_BYTES = 8 * 1_048_576  # a longer log is moved to <name>.log.1 at the next start
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `stop` is the signal of the fastest stop that loses nothing; `grace` seconds until SIGKILL.

    `orphan` is what the kernel sends when we die ourselves (default: `stop`).
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    account: Account | None = None
    stop: signal.Signals = signal.SIGTERM
    grace: float = 4.0
    orphan: signal.Signals | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A process we started: the birth tells it from a later process with the same pid."""

    pid: int
    birth: str


@dataclass(frozen=True, slots=True)
class Child:
    """A running command."""

    command: Command
    process: "subprocess.Popen[bytes]"
    record: Record

    @property
    def exit(self) -> int | None:
        """The exit status once it has ended (negative: the signal), else None."""
        return self.process.poll()


def spawn(command: Command) -> Child:
    """Start a child in its own session, its output appended to the log.

    Call from the main thread only: the kernel's parent-death signal follows the thread, not the process.
    """
    account = command.account
    switch = {"user": account.uid, "group": account.gid, "extra_groups": []} if account and account.switch else {}
    descriptor = open_log(command.log)
    try:
        process = subprocess.Popen(  # type: ignore[call-overload]
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=command.folder,
            env=dict(command.environ),
            start_new_session=True,
            preexec_fn=_die_with_parent(command.orphan or command.stop),  # noqa: PLW1509 - the supervisor is single-threaded
            **switch,
        )
    except OSError:
        raise EngineError(f"{command.name} could not be executed ({command.argv[0]}): install again.") from None
    finally:
        os.close(descriptor)
    return Child(command, process, Record(process.pid, birth(process.pid) or ""))


def stop_all(children: Iterable[Child], *, waited: Callable[[float], None] = time.sleep) -> list[str]:
    """Stop children side by side, each with its own signal and grace; returns who had to be killed."""
    left = {child.process.pid: child for child in children if child.exit is None}
    started = time.monotonic()
    for child in left.values():
        _signal_process(child.process.pid, child.command.stop)
    killed: list[str] = []
    while left:
        for pid, child in list(left.items()):
            if child.exit is not None:
                _signal_group(pid, signal.SIGKILL)  # whatever it left behind in its group
                del left[pid]
            elif time.monotonic() - started > child.command.grace:
                killed.append(child.command.name)
                _signal_group(pid, signal.SIGKILL)
                child.process.wait()
                del left[pid]
        if left:
            waited(0.02)
    return killed


def end_record(record: Record, *, polite: signal.Signals = signal.SIGTERM, grace: float = 4.0) -> bool:
    """End a process that an earlier supervisor left, if it is still the same one; True if it was there."""
    if not is_same(record):
        return False
    _signal_process(record.pid, polite)
    deadline = time.monotonic() + grace
    while is_same(record) and time.monotonic() < deadline:
        time.sleep(0.02)
    if is_same(record):
        _signal_group(record.pid, signal.SIGKILL)
        _signal_process(record.pid, signal.SIGKILL)  # it may lead no group
        while is_same(record):
            time.sleep(0.02)
    return True


def is_same(record: Record) -> bool:
    """Whether the recorded process still lives."""
    return bool(record.birth) and birth(record.pid) == record.birth


def birth(pid: int) -> str | None:
    """A value that is unique for (boot, process), or None when there is no such living process."""
    if not sys.platform.startswith("linux"):
        return _birth_portable(pid)
    try:
        # The name in parentheses may hold spaces and parentheses; fields are counted after the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"


def _birth_portable(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
    except psutil.Error:
        return None


@functools.cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def open_log(log: Path) -> int:
    try:
        rotate(log)
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise EngineError(f"The log {log} cannot be written ({os.strerror(error.errno or 0)}).") from None


def rotate(log: Path) -> None:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.rename(log.with_suffix(".log.1"))


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: the child may only make calls
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return prepare


def _signal_process(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
