"""The shared pool of the Redis protocol under more commands than it has connections."""

import asyncio

import pytest

from voiceassist.adapters import redis
from voiceassist.core.errors import UnavailableError


async def test_hundreds_of_commands_at_once_share_the_connections(settings):
    store = redis.connect(settings.redis.url)
    await asyncio.gather(*(store.set(f"va:test:{number}", str(number), ex=10) for number in range(300)))
    found = await asyncio.gather(*(store.get(f"va:test:{number}") for number in range(300)))
    assert [int(value) for value in found] == list(range(300))
    pool = store.connection_pool
    assert len(pool._available_connections) + len(pool._in_use_connections) <= redis.CONNECTIONS
    await store.aclose()
    redis.connect.cache_clear()


def test_without_an_address_there_is_no_store():
    with pytest.raises(UnavailableError):
        redis.connect("")
