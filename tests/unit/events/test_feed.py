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


async def test_what_was_marked_while_the_log_was_read_is_not_made_again():
    event = CloudEvent(id="1", source="/s", type="t")
    first, second = (Claimed(seq, 0, Parcel(event, None, 255)) for seq in (1, 2))
    attempt = SimpleNamespace(release=lambda: None)

    async def read(query):
        rows = query()
        # The read saw both waiting; the loop went on meanwhile, and the first one ended.
        feed._take(first)
        feed._ready.clear()
        feed._marked(Marked(), first, Finish(1, DONE, 1, 204, 0), attempt)
        return rows

    shared = SimpleNamespace(
        now=lambda: 0,
        read=read,
        store=SimpleNamespace(claim=lambda *_args, **_options: [first, second]),
        claimable=lambda _busy, most: most,
        hold=lambda _size: None,
        release=lambda _size: None,
        stopping=True,
    )
    route = Route("ns/t", BrokerName("ns", "b"), lambda _event: True, Sink(url="http://room/"), Delivery())
    feed = Feed(shared, route, SimpleNamespace())
    await feed._round()
    assert [delivery.seq for delivery in feed._ready] == [2]
