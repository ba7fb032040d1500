"""What the house asks of its Redis-protocol server: durable sessions, no eviction, messages under its own prefix."""

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from voiceassist.runtime.settings import Settings

pytestmark = pytest.mark.req("P1.2")


def test_what_is_written_goes_to_the_append_only_file_and_nothing_is_evicted(settings: Settings) -> None:
    with Redis.from_url(settings.redis.url) as client:
        assert client.info("persistence")["aof_enabled"] == 1
        memory = client.info("memory")
        assert memory["maxmemory_policy"] == "noeviction"
        assert memory["maxmemory"] > 0


def test_a_key_may_end_by_itself(settings: Settings) -> None:
    with Redis.from_url(settings.redis.url) as client:
        client.set("va:duties", "1", px=60_000)
        assert 0 < client.pttl("va:duties") <= 60_000
        client.delete("va:duties")


def test_messages_are_published_and_heard_under_our_prefix_only(settings: Settings) -> None:
    with Redis.from_url(settings.redis.url) as client, client.pubsub() as listener:
        listener.subscribe("va:news")
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        assert client.publish("va:news", "hello") == 1
        assert listener.get_message(timeout=5)["data"] == b"hello"
        with pytest.raises(NoPermissionError):
            client.publish("other", "hello")
