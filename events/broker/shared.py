"""What all feeds share: the log's reader thread, connections, identity, the memory for events, the routing."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from events.broker.jobs import Parcel
from events.broker.lines import Lines, affordable
from events.broker.routes import Routing
from events.broker.space import Space
from events.broker.store import Store
from voiceassist.core.identity import service
from voiceassist.runtime import tokens
from voiceassist.runtime.posting import Client
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.workloads import BROKER

if TYPE_CHECKING:
    from voiceassist.runtime.egress import Gate

TOKEN_SECONDS = 30.0
# Events in memory, counted once for each delivery; as much again for feeds that have none.
MOST_BYTES = 67_108_864

T = TypeVar("T")


class Shared:
    """`now` is Unix milliseconds; `stopping` tells feeds to begin nothing new."""

    def __init__(
        self,
        settings: Settings,
        routing: Routing,
        store: Store,
        *,
        now: Callable[[], int],
        space: Space,
        gate: Callable[[], "Gate"],
    ) -> None:
        self.gate = gate
        self.routing = routing
        self.store = store
        self.now = now
        self.lines = Lines(affordable())
        self.client = Client(settings.ca_file, most_open=self.lines.most)
        self.stopping = False
        self._space = space
        self._workload = settings.workload
        self._tokens: dict[str, tuple[str, float]] = {}
        self._bytes = 0
        self._without: set[asyncio.Event] = set()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="event-reader")

    async def read(self, query: Callable[[], T]) -> T:
        """Ask the log in the reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, query)

    def close(self) -> None:
        self.client.close()
        self._reader.shutdown()

    def room_for(self, parcel: Parcel) -> bool:
        return self._bytes + parcel.size <= MOST_BYTES

    def claimable(self, held: int, most: int) -> int:
        """How many deliveries a feed that holds some may take from the log into memory: `most`, one, or none."""
        if self._bytes < MOST_BYTES:
            return most
        return 1 if not held and self._bytes < 2 * MOST_BYTES else 0

    def hold(self, size: int) -> None:
        self._bytes += size

    def release(self, size: int) -> None:
        self._bytes -= size
        if self._without and self._bytes < MOST_BYTES:
            for wake in self._without:
                wake.set()
            self._without.clear()

    def wake_with_room(self, wake: asyncio.Event) -> None:
        self._without.add(wake)

    def has_space(self) -> bool:
        """Whether the log takes another event."""
        return self._space.full is None

    def identity(self, room: str) -> str:
        """The bearer token that shows one of our rooms who delivers."""
        token, until = self._tokens.get(room, ("", 0.0))
        if time.monotonic() >= until:
            token = tokens.mint(service(BROKER), issuer=BROKER, audience=room, workload=self._workload)
            self._tokens[room] = (token, time.monotonic() + TOKEN_SECONDS)
        return token
