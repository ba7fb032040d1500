"""Two listeners in one process: the public gateway and the rooms' internal door."""

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from voiceassist.core.errors import SettingsError

DRAIN_SECONDS = 3  # the supervisor gives the host 5
SOCKET_BYTES = 16 * 1_048_576


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: str
    key: str


class Server(uvicorn.Server):
    """uvicorn without its signal handling: `serve_all` stops both listeners together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: ASGIApp, *, tls: Tls | None = None) -> Server:
    return Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="websockets-sansio",  # reads its next message only when the last one was taken
            ws_max_size=SOCKET_BYTES,
            # Audio hardly shrinks, and a few compressed kilobytes could unfold to gigabytes in our queue.
            ws_per_message_deflate=False,
            lifespan="off",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            timeout_keep_alive=30,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
            ssl_context_factory=modern if tls else None,
        )
    )


def modern(_config: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def listen(address: str, port: int) -> socket.socket:
    """A bound socket, or one sentence about why not."""
    try:
        return socket.create_server((address, port), backlog=1024)
    except OSError:
        raise SettingsError(
            f"Port {port} cannot be used: it is taken or not allowed. Stop the other program or choose another port."
        ) from None


async def serve_all(servers: list[tuple[Server, socket.socket]]) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for each, _ in servers:
            each.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(*(each.serve(sockets=[bound]) for each, bound in servers))
