"""`python -m events.broker`: the local Broker. SIGTERM lets deliveries end and exits 0."""

import asyncio
import contextlib
import fcntl
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import uvloop

from events.broker.app import BrokerApp
from events.broker.clock import Clock
from events.broker.database import unusable
from events.broker.dispatcher import Dispatcher
from events.broker.ingress import Ingress
from events.broker.operations import Operations
from events.broker.routes import Routing, Yaml, named
from events.broker.shared import Shared
from events.broker.space import Space
from events.broker.store import Store
from events.broker.triggers_api import TriggersApi
from events.broker.wiring_files import WiringFiles
from events.broker.writer import Writer
from voiceassist.adapters.crypto import tenant_key
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.ports.auditing import Auditor
from voiceassist.runtime import logging, providers, tracing, wiring
from voiceassist.runtime.host import servers
from voiceassist.runtime.settings import Settings, load_settings

log = logging.get_logger(__name__)

LOOK_SECONDS = 1.0


def wiring_files(settings: Settings) -> WiringFiles:
    def address(ref: Yaml) -> str | None:
        """The realtime service is a plain Service; every other is a room."""
        name = str(ref.get("name", ""))
        return settings.realtime.url or None if name == "realtime" else settings.room(name)

    directory = Path(settings.broker.wiring_dir) if settings.broker.wiring_dir else wiring.ROOT / "knative"
    return WiringFiles(directory, address, settings.broker.partitions)


def auditor(settings: Settings) -> Auditor | None:
    """None in a broker that was told of no database: tests, and a broker by itself."""
    told = settings.audit.key and (settings.postgres.audit_dsn or settings.postgres.dsn)
    return providers.auditor("broker") if told else None


@contextlib.contextmanager
def only_one(database: Path) -> Iterator[None]:
    """Two brokers on one log would deliver everything twice."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Path(f"{database}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError("Another broker is running on this event log.") from None
        yield


def open_store(settings: Settings, database: Path, files: WiringFiles) -> tuple[Store, Routing]:
    """The log, and the wiring with the Triggers that are kept in it."""
    routing = files.load()
    sinks = {route.dead_letter.broker for route in routing.routes.values() if route.dead_letter}
    key = tenant_key(settings.kek, DEFAULT_TENANT, "events")
    store = Store(database, key, kept_longer=frozenset(str(broker) for broker in sinks if broker))
    files.applied = {str(named(trigger)): trigger for trigger in store.applied_triggers()}
    return store, files.routing()


async def serve(
    settings: Settings, files: WiringFiles, routing: Routing, store: Store, endpoint: socket.socket
) -> None:
    now = Clock()
    for route in routing.routes.values():
        store.clamp_due(route.name, now() + round(route.delivery.longest * 1000))
    space = Space(str(store.path.parent), lambda: store.used_bytes, most_bytes=settings.broker.log_bytes)
    dispatcher = Dispatcher(Shared(settings, routing, store, now=now, space=space, gate=providers.gate))
    writer = Writer(
        store,
        dispatcher.notify,
        now=now,
        known=lambda: list(dispatcher.routing.routes),
        tight=lambda: space.tight,
    )
    ingress = Ingress(routing, writer, space, now=now, largest=settings.limits.body_bytes, gate=providers.gate)

    def update(changed: Routing) -> None:
        ingress.routing = changed
        dispatcher.update(changed)

    operations = Operations(store, dispatcher, writer, files, auditor(settings))
    app = BrokerApp(
        settings,
        ingress=ingress,
        writer=writer,
        space=space,
        dispatcher=dispatcher,
        triggers=TriggersApi(files, writer, routing=lambda: dispatcher.routing, update=update, now=now),
        operations=operations,
    )
    writer.start()
    dispatcher.start(writer)
    watching = asyncio.create_task(watch(files, update))
    log.info("broker.ready", port=settings.broker.port, count=len(routing.routes))
    try:
        await servers.serve_all([(servers.server(app), endpoint)])
    finally:
        watching.cancel()
        await dispatcher.stop()
        await writer.stop()
        operations.close()


async def watch(files: WiringFiles, update: Callable[[Routing], None]) -> None:
    """Put changed files into force."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if changed := files.changed():
                update(changed)
        except Exception as error:  # noqa: BLE001 - the old wiring stays in force, the next look may be better
            log.error("wiring.unreadable", **logging.error_fields(error))


def run(settings: Settings) -> None:
    if not settings.broker.database or not settings.workload.key:
        raise SettingsError("VOICEASSIST_BROKER__DATABASE and VOICEASSIST_WORKLOAD__KEY must be set.")
    if len(settings.kek) != 64:
        raise SettingsError("VOICEASSIST_KEK must be 64 hex digits.")
    database = Path(settings.broker.database)
    files = wiring_files(settings)
    # On a machine of its own the broker is nobody else's business; in a container its port must be reachable.
    address = "127.0.0.1" if settings.data_dir else "0.0.0.0"  # noqa: S104
    with only_one(database), servers.listen(address, settings.broker.port) as endpoint:
        store, routing = open_store(settings, database, files)
        try:
            uvloop.run(serve(settings, files, routing, store, endpoint))
        finally:
            store.close()


def main() -> int:
    try:
        settings = load_settings()
        logging.configure("broker", settings.telemetry.log_level)
        if settings.telemetry.otlp_endpoint:
            tracing.start_exporter(settings.telemetry.otlp_endpoint, "broker")
        run(settings)
    except SettingsError as error:
        return told(error)
    except sqlite3.Error as error:  # damaged where only the start reads
        return told(unusable(error))
    return 0


def told(error: SettingsError) -> int:
    print(f"error: {error.detail}", file=sys.stderr)  # noqa: T201 - for whoever started us
    return 1


if __name__ == "__main__":
    sys.exit(main())
