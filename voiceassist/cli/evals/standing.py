"""The voice service alone: `python -m voiceassist.cli.evals.standing PORT` until SIGTERM.

Socket, session, ears, turn-taking, dialogue and voice are the product's, and so are the calculators and the starter
library (house.py); there is no gateway, no sign-in, no record and nothing else that would have to run.
"""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import click
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from realtime.connection import Connection
from realtime.dialogue.rooms import Rooms
from realtime.engines.local import LocalEngine, Models, known_drugs
from realtime.main import identifier
from realtime.protocol.settings import fresh
from realtime.session import Session
from realtime.thrift import save_memory
from voiceassist.cli.evals.house import House
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import terminology
from voiceassist.runtime.engines.ports import is_taken

PORTS = range(29_100, 29_900)


def free_port() -> int:
    return next(port for port in PORTS if not is_taken(port))


@contextlib.contextmanager
def service(command: list[str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address and the process of a service that `command` starts when a port is added to it."""
    port = free_port()
    with subprocess.Popen([sys.executable, *command, str(port)], stdout=subprocess.PIPE, text=True) as process:
        try:
            while not is_taken(port):
                if process.poll() is not None:
                    raise click.ClickException("The voice service did not start.")
                time.sleep(0.05)
            yield f"ws://127.0.0.1:{port}", process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def serve(rooms: Rooms, port: int) -> None:
    save_memory()
    engine = LocalEngine(Models.load(None, 2), rooms=lambda _: rooms, concepts=terminology.load(), drugs=known_drugs())
    uvicorn.run(
        _app(engine), host="127.0.0.1", port=port, loop="uvloop", ws="websockets-sansio",
        ws_per_message_deflate=False, lifespan="off", log_level="error",
    )  # fmt: skip


def _app(engine: LocalEngine) -> Starlette:
    async def realtime(socket: WebSocket) -> None:
        await socket.accept()
        settings = fresh(session_id=identifier("sess"), model="", expires_at=int(time.time()) + 3600, update=None)
        session = Session(settings, clock=time.monotonic, new_id=identifier)
        speaker = Principal("speaker", DEFAULT_TENANT, "user")
        await Connection(socket, session, engine.open(speaker), _unrecorded).run()

    return Starlette(routes=[WebSocketRoute("/v1/realtime", realtime)])


async def _unrecorded(_action: str, _item: str) -> None:
    """The record of what was heard and answered belongs to the whole product."""


if __name__ == "__main__":
    serve(House(), int(sys.argv[1]))
