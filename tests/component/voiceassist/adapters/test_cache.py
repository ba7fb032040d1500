"""One contract for every cache, and what happens when the shared one is away."""

import asyncio
import socket
from uuid import uuid4

import pytest

from voiceassist.adapters import caching
from voiceassist.adapters import redis as adapter
from voiceassist.adapters.caching import MOST, REST_SECONDS, MemoryCache, ValkeyCache
from voiceassist.ports.caching import LARGEST

pytestmark = [pytest.mark.req("P10.5"), pytest.mark.req("P5.7")]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Busy machines are slower than an answer may wait."""
    monkeypatch.setattr(caching, "WAIT_SECONDS", 20.0)


@pytest.fixture
async def valkey(settings):
    store = adapter.connect(settings.redis.url)
    yield store
    await store.aclose()
    adapter.connect.cache_clear()


@pytest.fixture(params=["memory", "valkey"])
def cache(request, valkey):
    return MemoryCache() if request.param == "memory" else ValkeyCache(valkey, f"test-{uuid4()}")


class TestContract:
    async def test_what_was_put_is_found_and_the_first_name_counts(self, cache):
        assert await cache.first(["a"]) is None
        await cache.put("a", b"1", seconds=60)
        await cache.put("b", b"\x00\xff", seconds=60)
        assert await cache.first(["a"]) == ("a", b"1")
        assert await cache.first(["none", "b", "a"]) == ("b", b"\x00\xff")
        assert await cache.first([]) is None

    async def test_a_later_value_takes_the_place_of_an_earlier_one(self, cache):
        await cache.put("a", b"1", seconds=60)
        await cache.put("a", b"2", seconds=60)
        assert await cache.first(["a"]) == ("a", b"2")

    async def test_what_is_too_large_is_not_kept(self, cache):
        await cache.put("a", b"x" * LARGEST, seconds=60)
        await cache.put("b", b"x" * (LARGEST + 1), seconds=60)
        assert await cache.first(["b", "a"]) == ("a", b"x" * LARGEST)

    async def test_many_at_once(self, cache):
        await asyncio.gather(*(cache.put(str(number), b"%d" % number, seconds=60) for number in range(50)))
        found = await asyncio.gather(*(cache.first([str(number)]) for number in range(50)))
        assert found == [(str(number), b"%d" % number) for number in range(50)]


async def test_a_value_lives_as_long_as_was_said(valkey):
    now = [0.0]
    memory = MemoryCache(clock=lambda: now[0])
    await memory.put("a", b"1", seconds=60)
    now[0] = 59.9
    assert await memory.first(["a"])
    now[0] = 60.0
    assert await memory.first(["a"]) is None
    space = f"test-{uuid4()}"
    await ValkeyCache(valkey, space).put("a", b"1", seconds=60)
    assert 0 < await valkey.ttl(f"va:cache:{space}:a") <= 60


async def test_the_one_not_asked_for_longest_goes_first_from_memory():
    memory = MemoryCache()
    for number in range(MOST):
        await memory.put(str(number), b"x", seconds=60)
    assert await memory.first(["0"])
    await memory.put("new", b"x", seconds=60)
    assert await memory.first(["0"])
    assert await memory.first(["1"]) is None


async def test_spaces_do_not_meet(valkey):
    one, other = ValkeyCache(valkey, f"one-{uuid4()}"), ValkeyCache(valkey, f"other-{uuid4()}")
    await one.put("a", b"1", seconds=60)
    assert await other.first(["a"]) is None


async def test_a_store_that_is_away_holds_nothing_fails_nobody_and_is_left_alone():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        store = adapter.connect(f"redis://u:p@127.0.0.1:{taken.getsockname()[1]}/0")
        now = [0.0]
        cache = ValkeyCache(store, "test", clock=lambda: now[0])
        await cache.put("a", b"1", seconds=60)
        assert cache._rests
        assert await cache.first(["a"]) is None
        now[0] = REST_SECONDS
        assert not cache._rests
        assert await cache.first(["a"]) is None
        assert cache._rests
    adapter.connect.cache_clear()


async def test_a_store_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(caching, "WAIT_SECONDS", 0.25)
    heard = []

    async def hang(reader, writer):
        heard.append(await reader.read(1))
        await asyncio.sleep(30)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    store = adapter.connect(f"redis://u:p@127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    cache = ValkeyCache(store, "test")
    assert await asyncio.wait_for(cache.first(["a"]), 10) is None
    assert heard
    assert cache._rests
    server.close()
    adapter.connect.cache_clear()
