"""A product of its own for a benchmark, and the machine it runs on."""

import contextlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports, is_taken


@contextlib.contextmanager
def product(*options: str, **settings: str) -> Iterator[Layout]:
    """`voiceassist up` in a temporary folder on free ports, stopped and removed afterwards."""
    base = next(base for base in range(23_000, 29_000, 20) if not any(map(is_taken, Ports(base).needed())))
    own = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
    with tempfile.TemporaryDirectory(prefix="va-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as another user
        data = Path(folder) / "data"
        command = [sys.executable, "-m", "voiceassist.cli.main", "up", "--data", str(data), "--port-base", str(base)]
        with subprocess.Popen([*command, *options], env=own | settings, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("ready: "):
                    break
            else:
                sys.exit("error: the product did not start\n" + "".join(lines))
            try:
                yield Layout(data)
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)


def settle(processes: list[psutil.Process], *, share: float = 0.1, seconds: float = 2.0) -> None:
    """Wait until the processes use less than `share` of a core: after a first start the library is indexed."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        before = used(processes)
        time.sleep(seconds)
        if (used(processes) - before) / seconds < share:
            return
    sys.exit("error: the product did not come to rest")


def used(processes: list[psutil.Process]) -> float:
    """CPU seconds of the processes and their children until now."""
    total = 0.0
    for each in {each for one in processes for each in (one, *one.children(recursive=True))}:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(each.cpu_times()[:2])
    return total


def machine() -> dict[str, object]:
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_1m": round(os.getloadavg()[0], 2),
    }
