"""Serve one room: the launcher of images and of the isolated local host.

    FUNCTION_TARGET=calculators FUNCTION_SOURCE=functions/calculators/main.py PORT=8080 \
        python -m voiceassist.runtime.serve

Knative runtime contract: listens on $PORT, drains on SIGTERM and exits 0. A room that cannot be
imported must not stay up and answer 500, so `lifespan="on"` is not enough: the app is built first.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from voiceassist.core.errors import SettingsError
from voiceassist.runtime import logging
from voiceassist.runtime.settings import function_target, knative_port, load_settings


class Server(uvicorn.Server):
    """uvicorn re-raises the signal after draining (exit 143); the contract asks for 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        self.should_exit = True


def main() -> int:
    try:
        serve()
    except SettingsError as error:
        print(error.detail, file=sys.stderr)  # noqa: T201 - the one sentence for whoever started us
        return 2
    return 0


def serve() -> None:
    import functions_framework.aio  # brings Flask along, which the voice service, a `Server` too, does not need

    target, source = function_target()
    app: ASGIApp = functions_framework.aio.create_asgi_app(target, source)  # type: ignore[no-untyped-call]
    logging.configure(target, load_settings().telemetry.log_level)
    # The isolated host keeps rooms on loopback; in a pod the port must be reachable from the sidecar.
    address = "127.0.0.1" if load_settings().data_dir else "0.0.0.0"  # noqa: S104
    config = uvicorn.Config(
        app,
        host=address,
        port=knative_port(),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=25,
    )
    Server(config).run()


if __name__ == "__main__":
    sys.exit(main())
