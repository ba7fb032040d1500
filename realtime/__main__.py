"""`python -m realtime`: load the models, then serve until SIGTERM."""

import asyncio

import uvicorn

from realtime.engines.local import LocalEngine, declared
from realtime.main import Service
from voiceassist.runtime import logging, providers, tracing
from voiceassist.runtime.serve import Server
from voiceassist.runtime.settings import load_settings

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


def main() -> None:
    settings = load_settings()
    logging.configure("realtime", settings.telemetry.log_level)
    if settings.telemetry.otlp_endpoint:
        tracing.start_exporter(settings.telemetry.otlp_endpoint, "realtime")
    book = declared(settings)
    engine = LocalEngine.load(settings, book)
    service = Service(settings, engine, providers.redis(), functions=[skill.room for skill in book.skills])
    config = uvicorn.Config(
        service.build(),
        # Loopback on a machine of its own; in a container the port must be reachable.
        host="127.0.0.1" if settings.data_dir else "0.0.0.0",  # noqa: S104
        port=settings.realtime.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE,
        ws_ping_interval=15.0,
        ws_ping_timeout=30.0,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=2,
    )
    Draining(config, service).run()
    engine.close()


if __name__ == "__main__":
    main()
