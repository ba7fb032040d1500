"""A feed between memory and log: what is stale in an answer of the log is not delivered a second time."""

from types import SimpleNamespace

from events.broker.feed import Feed
from events.broker.jobs import Claimed, Finish, Parcel
from events.broker.retry import Delivery
from events.broker.routes import BrokerName, Route, Sink
from events.broker.schema import DONE
from events.envelope import CloudEvent


class Marked:
    """A job of the writer that is on disk."""

    def cancelled(self):
        return False

    def exception(self):
        return None


def feed_of(read, rows) -> Feed:
    shared = SimpleNamespace(
        now=lambda: 0,
        read=read,
        store=SimpleNamespace(claim=lambda *_args, **_options: rows),
        claimable=lambda _busy, most: most,
        room_for=lambda _parcel: True,
        hold=lambda _size: None,
        release=lambda _size: None,
        stopping=True,
    )
    route = Route("ns/t", BrokerName("ns", "b"), lambda _event: True, Sink(url="http://room/"), Delivery())
    return Feed(shared, route, SimpleNamespace())


def two() -> list[Claimed]:
    event = CloudEvent(id="1", source="/s", type="t")
    return [Claimed(seq, 0, Parcel(event, None, 255)) for seq in (1, 2)]


async def test_what_was_marked_while_the_log_was_read_is_not_made_again():
    first, second = two()
    attempt = SimpleNamespace(release=lambda: None)

    async def read(query):
        rows = query()
        # The read saw both waiting; the loop went on meanwhile, and the first one ended.
        feed._take(first)
        feed._ready.clear()
        feed._marked(Marked(), first, Finish(1, DONE, 1, 204, 0), attempt)
        return rows

    feed = feed_of(read, [first, second])
    await feed._round()
    assert [delivery.seq for delivery in feed._ready] == [2]


async def test_what_the_log_gave_before_the_writer_told_of_it_is_not_made_twice():
    """A retry falls due: the log is read just after a commit, and before the loop hears what was committed."""
    first, second = two()

    async def read(query):
        return query()

    feed = feed_of(read, [first])
    feed._behind = False
    await feed._round()
    feed.offer([first, second])
    assert [delivery.seq for delivery in feed._ready] == [1, 2]
