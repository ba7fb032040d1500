"""`python -m realtime`: load the models, then serve until SIGTERM."""

import uvicorn

from realtime.engines.local import LocalEngine
from realtime.main import Service
from voiceassist.runtime import logging, providers, tracing
from voiceassist.runtime.serve import Server
from voiceassist.runtime.settings import load_settings

MAX_MESSAGE = 262_144  # SPEC P4.8
DRAIN_SECONDS = 3


def main() -> None:
    settings = load_settings()
    logging.configure("realtime", settings.telemetry.log_level)
    if settings.telemetry.otlp_endpoint:
        tracing.exporter_started(settings.telemetry.otlp_endpoint, "realtime")
    engine = LocalEngine.load(settings)
    config = uvicorn.Config(
        Service(settings, engine, providers.redis()).build(),
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
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    Server(config).run()
    engine.close()


if __name__ == "__main__":
    main()
