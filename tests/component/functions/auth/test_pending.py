"""Counting guesses in the real store."""

import pytest

from functions.auth.pending import TRIES, TRIES_SECONDS, Challenge, Pending
from voiceassist.adapters.redis import connect
from voiceassist.core import ids
from voiceassist.core.errors import RateLimitedError


@pytest.fixture
async def redis(settings):
    made = connect(settings.redis.url)
    yield made
    await made.aclose()
    connect.cache_clear()


def challenge():
    return Challenge(str(ids.new_id()), str(ids.new_id()), "user", "", "", "", "client")


@pytest.fixture(autouse=True)
async def nothing_counted(redis):
    for key in [key async for key in redis.scan_iter("va:tries:*")]:
        await redis.delete(key)


async def test_a_count_always_has_an_end(redis):
    pending, record = Pending(redis), challenge()
    for _ in range(TRIES):
        await pending.count_try(record)
    with pytest.raises(RateLimitedError) as caught:
        await pending.count_try(record)
    assert 0 < caught.value.retry_after <= TRIES_SECONDS
    (key,) = [key async for key in redis.scan_iter("va:tries:*")]
    assert 0 < await redis.ttl(key) <= TRIES_SECONDS


async def test_a_count_that_lost_its_end_gets_one_again(redis):
    """As a crash between two commands would leave it: without an end the user could never sign in again."""
    pending, record = Pending(redis), challenge()
    await pending.count_try(record)
    (key,) = [key async for key in redis.scan_iter("va:tries:*")]
    await redis.persist(key)
    await pending.count_try(record)
    assert 0 < await redis.ttl(key) <= TRIES_SECONDS
