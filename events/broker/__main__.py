"""`python -m events.broker`: the local Broker. Loopback only; SIGTERM lets deliveries end and exits 0."""

import asyncio
import contextlib
import fcntl
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn
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
from voiceassist.runtime.settings import Settings, load_settings

log = logging.get_logger(__name__)

ADDRESS = "127.0.0.1"


class Server(uvicorn.Server):
    """uvicorn re-raises the signal after draining (exit 143); a clean stop is exit 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        self.should_exit = True


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


def listening(port: int) -> socket.socket:
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        endpoint.bind((ADDRESS, port))
    except OSError:
        endpoint.close()
        raise SettingsError(f"Port {port} is taken; set VOICEASSIST_BROKER__PORT to a free one.") from None
    return endpoint


async def serve(settings: Settings, routing: Routing, store: Store, endpoint: socket.socket) -> None:
    dispatcher = Dispatcher(settings, routing, store)
    writer = Writer(store, dispatcher.notify)
    config = uvicorn.Config(
        Ingress(settings, routing, store, writer),
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=10,
    )
    writer.start()
    dispatcher.start(writer)
    log.info("broker.ready", port=settings.broker.port, count=len(routing.routes))
    try:
        await Server(config).serve(sockets=[endpoint])
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
    with only_one(database), listening(settings.broker.port) as endpoint:
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
            tracing.exporter_started(settings.telemetry.otlp_endpoint, "broker")
        run(settings)
    except SettingsError as error:
        print(f"error: {error.detail}", file=sys.stderr)  # noqa: T201 - for whoever started us
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
