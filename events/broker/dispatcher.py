"""All feeds: started with their Triggers, changed with them, ended with the broker."""

import asyncio

from events.broker.feed import Feed
from events.broker.jobs import Fresh
from events.broker.routes import Routing
from events.broker.shared import Shared
from events.broker.writer import Writer

# The supervisor gives 5; what is cut off is delivered again after the next start.
STOP_SECONDS = 4.0


class Dispatcher:
    """Starts, feeds and stops a Feed for every route."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._writer: Writer | None = None
        self._feeds: dict[str, Feed] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def routing(self) -> Routing:
        return self.shared.routing

    def start(self, writer: Writer) -> None:
        self._writer = writer
        self.update(self.shared.routing)

    def update(self, routing: Routing) -> None:
        """Take over changed wiring: deliveries under way end as they began, the next ones follow the new Triggers."""
        assert self._writer  # noqa: S101 - start() comes first
        self.shared.routing = routing
        for name in self._feeds.keys() - routing.routes.keys():
            self._tasks.pop(name).cancel()
            self._feeds.pop(name).retire()
        for name, route in routing.routes.items():
            if name in self._feeds:
                self._feeds[name].replace(route)
                continue
            feed = self._feeds[name] = Feed(self.shared, route, self._writer)
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
        self.shared.stopping = True
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        under_way = [task for feed in self._feeds.values() for task in feed.under_way]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self.shared.close()
