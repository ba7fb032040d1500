"""Our own Python processes as data: a line here is a process of the stack."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from voiceassist.runtime import workloads
from voiceassist.runtime.engines.engine import http_status
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports
from voiceassist.runtime.engines.processes import Command
from voiceassist.runtime.settings import Workload

KEY = "VOICEASSIST_WORKLOAD__KEY"
# Who a process is among the parts of the installation; the host is the gateway and has the rooms.
PARTS = {
    "broker": (workloads.BROKER,),
    "host": (workloads.GATEWAY, *workloads.rooms()),
    "realtime": (workloads.REALTIME,),
}


@dataclass(frozen=True, slots=True)
class Service:
    """`python -m module`, ready when GET `health` answers 200."""

    name: str
    module: str
    health: str
    layout: Layout
    environ: Mapping[str, str]
    folder: Path
    grace: float = 5.0

    @property
    def address(self) -> str:
        return self.health.rpartition("/")[0]

    def prepare(self) -> None:
        """It keeps its own files."""

    def command(self) -> Command:
        return Command(
            self.name,
            (sys.executable, "-m", self.module),
            log=self.layout.log(self.name),
            environ=self.environ,
            folder=self.folder,
            grace=self.grace,
        )

    def ready(self) -> bool:
        return http_status(self.health, ca=self.layout.ca) == 200

    def settle(self) -> None:
        """It creates what it needs itself."""

    def version(self) -> str:
        return metadata.version("voiceassist")


def services(layout: Layout, ports: Ports, environ: Mapping[str, str], folder: Path) -> list[Service]:
    """Broker before host before realtime: who is spoken to comes first."""
    table = [
        ("broker", "events.broker", f"http://127.0.0.1:{ports.broker}/health"),
        ("host", "voiceassist.runtime.host", f"{environ['VOICEASSIST_BASE_URL']}/health"),
        ("realtime", "realtime", f"http://127.0.0.1:{ports.realtime}/health"),
    ]
    return [
        Service(name, module, health, layout, {**environ, **own_keys(environ, PARTS[name])}, folder)
        for name, module, health in table
    ]


def own_keys(environ: Mapping[str, str], parts: tuple[str, ...]) -> dict[str, str]:
    """The private keys of these parts alone, for the environment of a process that is them."""
    whole = Workload(key=environ.get(KEY, ""))
    return {KEY: workloads.only(whole, *parts)}
