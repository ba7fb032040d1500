"""`python -m events.broker`: the local Broker. SIGTERM lets deliveries end and exits 0."""

import contextlib
import fcntl
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvloop

from events.broker import routes
from events.broker.dispatcher import Dispatcher
from events.broker.ingress import Ingress
from events.broker.routes import Routing
from events.broker.store import Store
from events.broker.writer import Writer
from voiceassist.adapters.crypto import tenant_key
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import logging, tracing, wiring
from voiceassist.runtime.host import servers
from voiceassist.runtime.settings import Settings, load_settings

log = logging.get_logger(__name__)


def routing_of(settings: Settings) -> Routing:
    directory = Path(settings.broker.wiring_dir) if settings.broker.wiring_dir else None
    declared = wiring.load(directory)
    return routes.build(declared.brokers, declared.triggers, settings.room)


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


async def serve(settings: Settings, routing: Routing, store: Store, endpoint: socket.socket) -> None:
    dispatcher = Dispatcher(settings, routing, store)
    writer = Writer(store, dispatcher.notify)
    ingress = Ingress(settings, routing, store, writer)
    writer.start()
    dispatcher.start(writer)
    log.info("broker.ready", port=settings.broker.port, count=len(routing.routes))
    try:
        await servers.serve_all([(servers.server(ingress), endpoint)])
    finally:
        await dispatcher.stop()
        await writer.stop()


def run(settings: Settings) -> None:
    if not settings.broker.database or not settings.internal_secret:
        raise SettingsError("VOICEASSIST_BROKER__DATABASE and VOICEASSIST_INTERNAL_SECRET must be set.")
    if len(settings.kek) != 64:
        raise SettingsError("VOICEASSIST_KEK must be 64 hex digits.")
    database = Path(settings.broker.database)
    routing = routing_of(settings)
    sinks = {route.dead_letter.broker for route in routing.routes.values() if route.dead_letter}
    # On a machine of its own the broker is nobody else's business; in a container its port must be reachable.
    address = "127.0.0.1" if settings.data_dir else "0.0.0.0"  # noqa: S104
    with only_one(database), servers.listen(address, settings.broker.port) as endpoint:
        key = tenant_key(settings.kek, DEFAULT_TENANT, "events")
        store = Store(database, key, kept_longer=frozenset(str(broker) for broker in sinks if broker))
        try:
            uvloop.run(serve(settings, routing, store, endpoint))
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
        print(f"error: {error.detail}", file=sys.stderr)  # noqa: T201 - for whoever started us
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
