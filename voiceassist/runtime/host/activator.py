"""Scale to zero on one machine: a room's instances start with its requests, grow with them and go when idle.

What Knative's activator does in a cluster: requests are held while the room has no free place, the least loaded
instance gets the next one, at most `containerConcurrency` run in each, `timeoutSeconds` ends a request. How many
instances there should be is decided in scaling.py. A crash costs the requests in flight there (503) and nobody else's.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.types import Receive, Scope, Send

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.host.background import kept_running
from voiceassist.runtime.host.forward import Body, forward
from voiceassist.runtime.host.instances import DRAIN_SECONDS, Instance, not_started
from voiceassist.runtime.host.rooms import target
from voiceassist.runtime.host.scaling import Autoscaler, Scale
from voiceassist.runtime.host.wire import NotReachedError, Wire
from voiceassist.runtime.wiring import Room, Wiring

log = logging.get_logger(__name__)

START_SECONDS = 30.0
HOST_STOP_SECONDS = 2.0  # the host has drained its own requests by then
WAITING_LIMIT = 1000
LOOK_SECONDS = 0.5
AGAIN_SECONDS = 5.0  # after a crash or a failed start, unless somebody waits


class Activator:
    """The runner of `--isolated`. `idle_after` says after how many idle seconds a room gives up an instance."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        idle_after: Callable[[Room], float],
        most_instances: int = 1,
        wire: Wire | None = None,
    ) -> None:
        self._wire = wire or Wire()
        self._clock: asyncio.Task[None] | None = None
        self.rooms = {
            room.name: Instances(
                room,
                scale=Scale.of(room, most_instances=most_instances, idle_seconds=idle_after(room)),
                wire=self._wire,
            )
            for room in wiring.rooms.values()
        }

    async def start(self) -> None:
        for room in self.rooms.values():
            if room.scale.least > 0:
                with suppress(UnavailableError):  # the first request tries again and tells the caller
                    await room.ready()
        self._clock = asyncio.create_task(kept_running("scaling", self._looking))

    async def stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        await asyncio.gather(*(room.stop(HOST_STOP_SECONDS) for room in self.rooms.values()))
        self._wire.close()

    async def serve(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        await self.rooms[room.name].serve(scope, receive, send)

    def states(self) -> dict[str, str]:
        return {name: room.state for name, room in self.rooms.items()}

    async def _looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for room in self.rooms.values():
                room.adjust()


class Instances:
    """The instances of one room, and the requests that wait for a place in one."""

    def __init__(self, room: Room, *, scale: Scale, wire: Wire) -> None:
        self.room = room
        self.scale = scale
        self._wire = wire
        self._scaler = Autoscaler(scale)
        self._ready: list[Instance] = []
        self._starting: set[asyncio.Task[Instance]] = set()
        self._leaving: set[Instance] = set()  # get no more requests and end after their last one
        self._ending: set[asyncio.Task[None]] = set()
        self._waiting: deque[asyncio.Future[Instance]] = deque()
        self._again_at = 0.0
        self._closed = False
        self._count = metrics.INSTANCES.labels(room.name)
        self._held = metrics.HELD_REQUESTS.labels(room.name)

    @property
    def state(self) -> str:
        return "running" if self._ready else "starting" if self._starting else "idle"

    @property
    def pids(self) -> list[int]:
        return [instance.process.pid for instance in self._ready if instance.alive]

    @property
    def pid(self) -> int | None:
        """Of the oldest instance."""
        return next(iter(self.pids), None)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(scope, receive)
        try:
            await self._exchange(scope, body, send)
        except NotReachedError:
            # It died before it got anything of the request, which another instance may answer as well.
            await self._exchange(scope, body, send)

    async def _exchange(self, scope: Scope, body: Body, send: Send) -> None:
        async with self._place() as instance:
            seconds = self.room.timeout_seconds
            try:
                await forward(self._wire, instance.url, scope, body, send, seconds=seconds, path=target(scope))
            except UnavailableError:
                await instance.notice_death()
                raise

    async def ready(self) -> None:
        """Have the least instances, or one, and wait until they accept connections."""
        for _ in range(max(self.scale.least, 1) - len(self._ready) - len(self._starting)):
            self._start()
        await asyncio.gather(*self._starting, return_exceptions=True)
        if not self._ready:
            raise not_started()

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Let all instances finish their requests and end them, by force after `seconds`. None is started any more."""
        self._closed = True
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        instances = [*self._ready, *self._leaving]
        self._ready.clear()
        self._leaving.clear()
        self._refuse_waiting()
        await asyncio.gather(*self._ending, *(instance.stop(seconds) for instance in instances))
        self._count.set(0)

    def adjust(self) -> None:
        """Start or give up what the autoscaler says: after every arrival, every end, and by the clock."""
        if self._closed:
            return
        now = time.monotonic()
        change = self._scaler.change(now, len(self._ready) + len(self._starting))
        if change > 0 and (self._waiting or now >= self._again_at):
            for _ in range(change):
                self._start()
        elif change < 0 and self._ready:
            self._give_up(min(reversed(self._ready), key=lambda instance: instance.requests))

    # --- places ---

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[Instance]:
        if self._closed:
            raise not_started()
        if len(self._waiting) >= WAITING_LIMIT:
            raise busy()
        self._scaler.arrived(time.monotonic())
        try:
            instance = await self._taken()
            try:
                yield instance
            finally:
                self._give_back(instance)
        finally:
            self._scaler.left(time.monotonic())

    async def _taken(self) -> Instance:
        """A place in the least loaded instance, in the order of arrival."""
        instance = self._free()
        if instance is not None:
            instance.requests += 1
            self.adjust()
            return instance
        turn: asyncio.Future[Instance] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._held.set(len(self._waiting))
        self.adjust()
        try:
            async with asyncio.timeout(max(START_SECONDS, self.room.timeout_seconds)):
                return await turn
        except (TimeoutError, asyncio.CancelledError) as ended:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give_back(turn.result())  # it was handed out just then
            raise busy() if isinstance(ended, TimeoutError) else ended from None
        finally:
            with suppress(ValueError):
                self._waiting.remove(turn)
            self._held.set(len(self._waiting))

    def _free(self) -> Instance | None:
        """Only while nobody waits: a place that becomes free goes to whoever waits longest."""
        least = min(self._ready, key=lambda instance: instance.requests, default=None)
        if least is None or (self.scale.places and least.requests >= self.scale.places):
            return None
        return least

    def _hand_out(self) -> None:
        while self._waiting and (instance := self._free()):
            turn = self._waiting.popleft()
            if not turn.done():
                instance.requests += 1
                turn.set_result(instance)

    def _give_back(self, instance: Instance) -> None:
        instance.requests -= 1
        if instance in self._leaving:
            self._end_if_done(instance)
        else:
            self._hand_out()

    # --- processes ---

    def _start(self) -> None:
        task = asyncio.create_task(Instance.start(self.room, seconds=START_SECONDS))
        self._starting.add(task)
        task.add_done_callback(self._started)

    def _started(self, task: "asyncio.Task[Instance]") -> None:
        self._starting.discard(task)
        if task.cancelled():
            return
        if task.exception() is not None:
            log.error("room.not_started", room=self.room.name)
            self._again_at = time.monotonic() + AGAIN_SECONDS
            if not self._ready and not self._starting:
                self._refuse_waiting()
            return
        instance = task.result()
        self._ready.append(instance)
        self._count.set(len(self._ready))
        instance.ended.add_done_callback(lambda _: self._ended(instance))
        self._hand_out()

    def _ended(self, instance: Instance) -> None:
        """Nobody asked it to: its requests get a 503, the others another instance."""
        if instance in self._ready:
            self._ready.remove(instance)
            self._count.set(len(self._ready))
            metrics.CRASHES.labels(self.room.name).inc()
            self._again_at = time.monotonic() + AGAIN_SECONDS
            self.adjust()

    def _give_up(self, instance: Instance) -> None:
        self._ready.remove(instance)
        self._count.set(len(self._ready))
        self._leaving.add(instance)
        self._end_if_done(instance)

    def _end_if_done(self, instance: Instance) -> None:
        if instance.requests == 0:
            self._leaving.discard(instance)
            log.info("room.idle_stop", room=self.room.name, pid=instance.process.pid, count=len(self._ready))
            task = asyncio.create_task(instance.stop())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _refuse_waiting(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(not_started())


def busy() -> UnavailableError:
    return UnavailableError("The room has too many requests waiting.", code="ROOM_BUSY", retry_after=1)
