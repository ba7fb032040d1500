"""`python -m realtime`: load the models, then serve until SIGTERM."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import uvicorn

from realtime.casebook import Casebook
from realtime.engines.chosen import loaded
from realtime.engines.local import declared
from realtime.handover import Handovers
from realtime.keeping import Keeper
from realtime.main import Service
from realtime.thrift import save_memory
from realtime.wire import Protocol
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging, providers, tracing
from voiceassist.runtime.serve import Server
from voiceassist.runtime.settings import Settings, load_settings

MAX_MESSAGE = 262_144  # SPEC P4.8
# The supervisor and Kubernetes wait longer than this; nobody who asks now should lose the end of an answer.
DRAIN_SECONDS = 4.0


class Draining(Server):
    """A signal first lets the running answers end."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._drain: asyncio.Task[None] | None = None

    def stop(self) -> None:
        if self._drain is None:
            self._drain = asyncio.get_running_loop().create_task(self._service.drain(DRAIN_SECONDS))
            self._drain.add_done_callback(lambda _: super(Draining, self).stop())
        else:
            super().stop()  # asked twice: at once


def keeper_of(settings: Settings) -> Callable[[Principal, UUID], Keeper] | None:
    """What stores conversations; None where none is to be kept."""
    days = settings.memory.keep_days
    if days == 0:
        return None
    return lambda owner, conversation_id: Keeper(
        providers.database(), providers.keyring(), owner, conversation_id, days=days
    )


def casebook_of(settings: Settings) -> Callable[[Principal], Casebook]:
    """What reads the cases of a person."""
    days, auditor = settings.memory.keep_days, providers.auditor("realtime")
    return lambda owner: Casebook(providers.database(), providers.keyring(), owner, auditor=auditor, days=days)


def handovers_of(settings: Settings) -> Handovers | None:
    """What lets clients come back to their session; not where nothing of it is kept."""
    if settings.memory.keep_days == 0:
        return None
    return Handovers(providers.redis(), providers.database(), providers.keyring())


def main() -> None:
    save_memory()
    settings = load_settings()
    logging.configure("realtime", settings.telemetry.log_level)
    if settings.telemetry.otlp_endpoint:
        tracing.start_exporter(settings.telemetry.otlp_endpoint, "realtime")
    book = declared(settings)
    local, engine = loaded(settings, book)
    functions = [skill.room for skill in book.skills]
    service = Service(
        settings,
        engine,
        providers.redis(),
        auditor=providers.auditor("realtime"),
        functions=functions,
        keeper=keeper_of(settings),
        handovers=handovers_of(settings),
        casebook=casebook_of(settings),
    )
    config = uvicorn.Config(
        service.build(),
        # Loopback on a machine of its own; in a container the port must be reachable.
        host="127.0.0.1" if settings.data_dir else "0.0.0.0",  # noqa: S104
        port=settings.realtime.port,
        loop="uvloop",
        http="httptools",
        ws=Protocol,
        ws_max_size=MAX_MESSAGE,
        ws_ping_interval=settings.realtime.heartbeat_seconds,
        ws_ping_timeout=2 * settings.realtime.heartbeat_seconds,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=2,
    )
    Draining(config, service).run()
    local.close()


if __name__ == "__main__":
    main()
