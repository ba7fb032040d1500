"""Scale to zero on one machine: a process per room, started by its first request and stopped when idle.

What Knative's activator and autoscaler do in a cluster, for max scale 1: requests are held while the
room starts, at most `containerConcurrency` run at once, `timeoutSeconds` ends a request, and after the
idle window plus the scale-down delay the process is drained. A crashed room answers 503 and is started
again by the next request. Rooms with a minimum scale are started with the host and stay.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.host.forward import client, forward
from voiceassist.runtime.host.rooms import target
from voiceassist.runtime.settings import inherited
from voiceassist.runtime.wiring import ROOT, Room, Wiring

if TYPE_CHECKING:
    import httpx

log = logging.get_logger(__name__)

START_SECONDS = 30.0
DRAIN_SECONDS = 27.0  # the launcher gives its requests 25
HOST_STOP_SECONDS = 2.0  # the host has drained its own requests by then
WAITING_LIMIT = 1000
POLL_SECONDS = 0.005


class Activator:
    """The runner of `--isolated`. `idle_after` says after how many idle seconds a room is stopped."""

    def __init__(self, wiring: Wiring, *, idle_after: Callable[[Room], float]) -> None:
        self._http = client()
        self.rooms = {
            room.name: RoomProcess(room, idle_seconds=idle_after(room), http=self._http)
            for room in wiring.rooms.values()
        }

    async def start(self) -> None:
        for process in self.rooms.values():
            if process.room.min_scale > 0:
                with suppress(UnavailableError):  # the first request tries again and tells the caller
                    await process.ready()

    async def stop(self) -> None:
        await asyncio.gather(*(process.stop(HOST_STOP_SECONDS) for process in self.rooms.values()))
        await self._http.aclose()

    async def serve(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        await self.rooms[room.name].serve(scope, receive, send)

    def states(self) -> dict[str, str]:
        return {name: process.state for name, process in self.rooms.items()}


class RoomProcess:
    """One room's process through its lives."""

    def __init__(self, room: Room, *, idle_seconds: float, http: "httpx.AsyncClient") -> None:
        self.room = room
        self._idle_seconds = idle_seconds
        self._http = http
        self._child: Child | None = None
        self._changing = asyncio.Lock()
        self._slots = asyncio.Semaphore(room.concurrency or WAITING_LIMIT)
        self._present = 0  # requests running or held
        self._idle: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None

    @property
    def state(self) -> str:
        if self._changing.locked():
            return "changing"
        return "running" if self._child and self._child.alive else "idle"

    @property
    def pid(self) -> int | None:
        return self._child.process.pid if self._child and self._child.alive else None

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._admitted():
            child = await self.ready()
            try:
                await forward(
                    self._http, child.url + target(scope), scope, receive, send, seconds=self.room.timeout_seconds
                )
            except UnavailableError:
                await child.notice_death()
                raise

    async def ready(self) -> "Child":
        """The running process; starts one and waits until it accepts connections."""
        async with self._changing:
            if self._child is None or not self._child.alive:
                self._child = await Child.start(self.room)
            return self._child

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Drain the process and end it, by force after `seconds`."""
        self._cancel_idle()
        async with self._changing:
            child, self._child = self._child, None
            if child is not None:
                await child.stop(seconds)

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        if self._present >= WAITING_LIMIT:
            raise UnavailableError("The room has too many requests waiting.", code="ROOM_BUSY", retry_after=1)
        self._cancel_idle()
        self._present += 1
        try:
            async with self._slots:
                yield
        finally:
            self._present -= 1
            if self._present == 0 and self.room.min_scale == 0:
                self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def _end_idle(self) -> None:
        self._stopping = asyncio.create_task(self._stop_if_idle())

    async def _stop_if_idle(self) -> None:
        if self._present == 0:
            log.info("room.idle_stop", room=self.room.name)
            await self.stop()

    def _cancel_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


class Child:
    """A launcher process that accepts connections at `url`."""

    def __init__(self, room: Room, process: asyncio.subprocess.Process, port: int) -> None:
        self.room = room
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._watch = asyncio.create_task(self._watched())
        self._stopped = False

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    @classmethod
    async def start(cls, room: Room) -> "Child":
        began = time.perf_counter()
        port = free_port()
        own = {
            "FUNCTION_TARGET": room.target,
            "FUNCTION_SOURCE": str(room.source),
            "PORT": str(port),
            # The framework puts the room's own folder on the path: our packages must be found before it.
            "PYTHONPATH": str(ROOT),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voiceassist.runtime.serve"),
            env=inherited() | own,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the host, which drains its rooms
            preexec_fn=tied_to_parent(),
        )
        child = cls(room, process, port)
        try:
            await child._accepts()
        except BaseException:
            await child.stop(seconds=0)
            raise
        seconds = time.perf_counter() - began
        metrics.COLD_START.labels(room.name).observe(seconds)
        log.info("room.started", room=room.name, pid=process.pid, duration_ms=round(seconds * 1000))
        return child

    async def _accepts(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.alive and time.monotonic() < deadline:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()
                return
            await asyncio.sleep(POLL_SECONDS)
        raise UnavailableError("The room did not start.", code="ROOM_UNAVAILABLE", retry_after=1)

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        self._stopped = True
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._watch), seconds)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self._watch

    async def notice_death(self) -> None:
        """After a broken connection: give the system a moment to report a crash, so the next request respawns."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._watch), 0.5)

    async def _watched(self) -> None:
        code = await self.process.wait()
        if not self._stopped:
            log.error("room.crashed", room=self.room.name, status=code)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


PR_SET_PDEATHSIG = 1


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
