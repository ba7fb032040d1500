"""All feeds, and what they share: connections, the reader thread, identity, memory."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from events.broker.client import Client
from events.broker.feed import Feed
from events.broker.jobs import Fresh, Parcel
from events.broker.routes import Routing
from events.broker.space import Space
from events.broker.store import Store
from events.broker.writer import Writer
from voiceassist.core.identity import service
from voiceassist.runtime import tokens
from voiceassist.runtime.settings import Settings

# The supervisor gives 5; what is cut off is delivered again after the next start.
STOP_SECONDS = 4.0
TOKEN_SECONDS = 30.0
MOST_BYTES = 67_108_864  # events in memory, counted once for each delivery

T = TypeVar("T")


class Dispatcher:
    """Starts, feeds and stops a Feed for every route."""

    def __init__(
        self, settings: Settings, routing: Routing, store: Store, *, now: Callable[[], int], space: Space
    ) -> None:
        self.routing = routing
        self.store = store
        self.now = now
        self.client = Client(settings.ca_file)
        self.stopping = False
        self._space = space
        self._secret = settings.internal_secret
        self._token = ("", 0.0)
        self._bytes = 0
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="event-reader")
        self._writer: Writer | None = None
        self._feeds: dict[str, Feed] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, writer: Writer) -> None:
        self._writer = writer
        self.update(self.routing)

    def update(self, routing: Routing) -> None:
        """Take over changed wiring: deliveries under way end as they began, the next ones follow the new Triggers."""
        assert self._writer  # noqa: S101 - start() comes first
        self.routing = routing
        for name in self._feeds.keys() - routing.routes.keys():
            self._tasks.pop(name).cancel()
            del self._feeds[name]
        for name, route in routing.routes.items():
            if name in self._feeds:
                self._feeds[name].replace(route)
                continue
            feed = self._feeds[name] = Feed(self, route, self._writer)
            self._tasks[name] = asyncio.create_task(feed.run(), name=name)

    def notify(self, fresh: Fresh) -> None:
        """The writer has stored something."""
        for name, deliveries in fresh.ready.items():
            if feed := self._feeds.get(name):
                feed.offer(deliveries)
        for name in fresh.look:
            if feed := self._feeds.get(name):
                feed.look()

    async def stop(self) -> None:
        """Take nothing new and let deliveries under way end."""
        self.stopping = True
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        under_way = [task for feed in self._feeds.values() for task in feed.under_way]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self.client.close()
        self._reader.shutdown()

    async def read(self, query: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, query)

    def room_for(self, parcel: Parcel) -> bool:
        return self._bytes + parcel.size <= MOST_BYTES

    def hold(self, size: int) -> None:
        self._bytes += size

    def release(self, size: int) -> None:
        self._bytes -= size

    def has_space(self) -> bool:
        return self._space.full is None

    def identity(self) -> str:
        token, until = self._token
        if time.monotonic() >= until:
            token = tokens.mint(service("broker"), issuer="broker", secret=self._secret)
            self._token = (token, time.monotonic() + TOKEN_SECONDS)
        return token
