"""One instance of a room: a launcher process on a free port of this machine, from its start to its end."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import logging, metrics, workloads
from voiceassist.runtime.settings import inherited, load_settings
from voiceassist.runtime.wiring import ROOT, Room

log = logging.get_logger(__name__)

DRAIN_SECONDS = 27.0  # the launcher gives its requests 25
POLL_SECONDS = 0.005
PR_SET_PDEATHSIG = 1


class Instance:
    """A process that accepts connections at `url`; `requests` are those it works on now."""

    def __init__(self, room: Room, process: asyncio.subprocess.Process, port: int) -> None:
        self.room = room
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.requests = 0
        self.ended = asyncio.create_task(self._watched())
        self._port = port
        self._stopped = False

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    @classmethod
    async def start(cls, room: Room, *, seconds: float) -> "Instance":
        """A process that is ready within `seconds`; UnavailableError when it is not, and then none is left."""
        began = time.perf_counter()
        port = free_port()
        own = {
            "FUNCTION_TARGET": room.target,
            "FUNCTION_SOURCE": str(room.source),
            "PORT": str(port),
            # The framework puts the room's own folder on the path: our packages must be found before it.
            "PYTHONPATH": str(ROOT),
            # It is one room, and can speak as no other.
            "VOICEASSIST_WORKLOAD__KEY": workloads.only(load_settings().workload, room.name),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "voiceassist.runtime.serve"),
                env=inherited() | own,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the host, which drains its rooms
                preexec_fn=tied_to_parent(),
            )
        except OSError:  # no memory or no process left on this machine
            raise not_started() from None
        instance = cls(room, process, port)
        try:
            await instance._accepts(seconds)
        except BaseException:
            await instance.stop(seconds=0)
            raise
        took = time.perf_counter() - began
        metrics.COLD_START.labels(room.name).observe(took)
        log.info("room.started", room=room.name, pid=process.pid, duration_ms=round(took * 1000))
        return instance

    async def _accepts(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()
                return
            await asyncio.sleep(POLL_SECONDS)
        raise not_started()

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Let it finish its requests and end it, by force after `seconds`."""
        self._stopped = True
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self.ended), seconds)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.ended

    async def notice_death(self) -> None:
        """After a broken connection: give the system a moment to report a crash, so the next request respawns."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.ended), 0.5)

    async def _watched(self) -> None:
        code = await self.process.wait()
        if not self._stopped:
            log.error("room.crashed", room=self.room.name, pid=self.process.pid, status=code)


def not_started() -> UnavailableError:
    return UnavailableError("The room did not start.", code="ROOM_UNAVAILABLE", retry_after=1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tied_to_parent() -> Callable[[], None] | None:
    """What the child does before exec, so that a host that is killed leaves no room behind (prctl(2), Linux)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: the child may only make calls
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
