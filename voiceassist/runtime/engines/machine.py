"""The machine under the stack: tools, disk, memory, certificate."""

import datetime as dt
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.preparation import FIRST_START_MIB, MIB

STACK_MIB = 2560  # resident when everything is idle
# Tool -> (arguments that print the version, oldest major version, what it is for).
TOOLS = {
    "node": (("--version",), 20, "build the page"),
    "make": (("--version",), 4, "the commands of the README"),
    "git": (("--version",), 2, "fetch updates"),
    "terraform": (("version",), 1, "provision a cluster (later phases)"),
    "ansible": (("--version",), 2, "configure hosts (later phases)"),
    "docker": (("--version",), 20, "run compose.yaml; not needed here"),
}
NEEDED = frozenset({"node", "make"})


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    found: str
    ok: bool = True
    needed: bool = True
    mend: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def checks(layout: Layout, *, now: dt.datetime) -> list[Check]:
    return [python(), *tools(), disk(layout), memory(), certificate(layout, now=now)]


def python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", found, sys.version_info >= (3, 11), mend="install Python 3.11 or newer")


def tools() -> Iterator[Check]:
    for name, (arguments, oldest, purpose) in TOOLS.items():
        path = shutil.which(name)
        found = _version([path, *arguments]) if path else "absent"
        ok = found != "absent" and _major(found) >= oldest
        mend = "" if ok else f"install {name} {oldest} or newer to {purpose}"
        yield Check(name, found, ok, needed=name in NEEDED, mend=mend)


def disk(layout: Layout) -> Check:
    existing = next(path for path in (layout.data, *layout.data.parents) if path.exists())
    free = shutil.disk_usage(existing).free // MIB
    return Check("disk", f"{free} MiB free", free >= FIRST_START_MIB, mend="free some space, or choose another --data")


def memory() -> Check:
    import psutil

    total = psutil.virtual_memory().total // MIB
    return Check("memory", f"{total} MiB", total >= STACK_MIB, mend=f"{STACK_MIB} MiB are needed")


def certificate(layout: Layout, *, now: dt.datetime) -> Check:
    from cryptography import x509

    try:
        leaf = x509.load_pem_x509_certificate(layout.certificate.read_bytes())
    except (OSError, ValueError):
        return Check("certificate", "absent", ok=False, mend="start with `voiceassist up`")
    left = (leaf.not_valid_after_utc - now).days
    return Check("certificate", f"valid for {left} days", left > 0, mend="renew it with `voiceassist certs renew`")


def _version(command: list[str]) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "absent"
    words = (result.stdout or result.stderr).replace("v", " ").replace(",", " ").split()
    return next((word for word in words if word[0].isdigit() and "." in word), "absent")


def _major(version: str) -> int:
    digits = version.partition(".")[0]
    return int(digits) if digits.isdigit() else 0
