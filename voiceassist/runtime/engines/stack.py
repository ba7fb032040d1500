"""One local installation: which engines run here, with which settings, in which order."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from voiceassist.runtime.engines import certificates, leftovers, preparation, secrets, state
from voiceassist.runtime.engines.accounts import Account, store_account
from voiceassist.runtime.engines.engine import Engine
from voiceassist.runtime.engines.environment import Mode, child_environment, external_engines
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports, refuse_taken
from voiceassist.runtime.engines.postgres import PostgresEngine
from voiceassist.runtime.engines.preparation import Lock
from voiceassist.runtime.engines.schema import MIGRATE, initialise
from voiceassist.runtime.engines.seaweed import SeaweedEngine, sweep_sockets
from voiceassist.runtime.engines.secrets import generate
from voiceassist.runtime.engines.services import services
from voiceassist.runtime.engines.supervisor import Supervisor, own_record
from voiceassist.runtime.engines.valkey import ValkeyEngine
from voiceassist.runtime.engines.vectord import VectordEngine
from voiceassist.runtime.settings import parse


@dataclass(slots=True)
class Stack:
    """A prepared installation with its lock held."""

    layout: Layout
    ports: Ports
    secrets: secrets.Secrets
    account: Account
    mode: Mode
    environ: Mapping[str, str]
    external: tuple[str, ...]
    lock: Lock
    supervisor: Supervisor

    @property
    def settings_environment(self) -> dict[str, str]:
        return child_environment(self.layout, self.secrets, self.ports, environ=self.environ, mode=self.mode)

    @property
    def stores(self) -> list[Engine]:
        """The embedded stores, the slowest to start first."""
        every: list[Engine] = [
            SeaweedEngine(self.layout, self.secrets, self.account, self.ports),
            PostgresEngine(self.layout, self.secrets, self.account),
            ValkeyEngine(self.layout, self.secrets, self.account),
            VectordEngine(self.layout, self.secrets, self.ports.vectord),
        ]
        return [engine for engine in every if engine.name not in self.external]

    def start_stores(self, content: str = MIGRATE) -> None:
        """Stores ready; then the module `content` brings schema and first rows up to date."""
        self.supervisor.start(self.stores)
        initialise(self.layout, self.settings_environment, content)

    def start_services(self) -> None:
        """Broker, host and realtime, which find the stores ready."""
        every: list[Engine] = list(services(self.layout, self.ports, self.settings_environment, self.layout.data))
        self.supervisor.start(every)

    def stop(self) -> None:
        self.supervisor.stop()
        sweep_sockets(self.ports)
        self.lock.release()


def open_stack(
    layout: Layout,
    *,
    port_base: int,
    environ: Mapping[str, str],
    report: Callable[[str], None],
    mode: Mode | None = None,
) -> Stack:
    """Check, lock and prepare a data directory; raises EngineError and leaves nothing half-written."""
    mode = mode or Mode()
    ports = Ports(port_base)
    external = external_engines(environ)
    parse(child_environment(layout, generate(), ports, environ=environ, mode=mode))  # a bad setting stops here
    needs = {"s3": "seaweedfs" not in external, "vectord": "vectord" not in external}
    if not layout.state.exists():  # nothing of ours can hold a port, so look before anything is written
        refuse_taken(ports, **needs)
    account = store_account()
    preparation.make_folders(layout, account)
    lock = preparation.take_lock(layout)
    if lock is None:
        raise EngineError(_already_running(layout))
    try:
        for name in leftovers.sweep(layout):
            report(f"ended {name}, left over from a supervisor that was killed")
        refuse_taken(ports, **needs)
        created = secrets.read_or_create(layout)
        certificates.ensure(layout, now=dt.datetime.now(dt.UTC))
    except OSError as error:
        lock.release()
        raise EngineError(preparation.cannot_write(layout.data, error)) from None
    except BaseException:
        lock.release()
        raise
    scheme = "https" if mode.tls else "http"
    base = state.State(
        supervisor=own_record(),
        port_base=ports.base,
        url=f"{scheme}://localhost:{ports.gateway}",
        tls=mode.tls,
        isolated=mode.isolated,
        external=external,
    )
    supervisor = Supervisor(layout, base, report)
    return Stack(layout, ports, created, account, mode, environ, external, lock, supervisor)


def _already_running(layout: Layout) -> str:
    current = state.read(layout)
    where = f" at {current.url} (pid {current.supervisor.pid})" if current else ""
    return f"This installation already runs{where}: stop it with `voiceassist down`, or choose another --data."
