"""Counting guesses in the real store."""

import asyncio

import pytest

from functions.auth.pending import CHALLENGE_SECONDS, LONGEST_WAIT_SECONDS, TRIES, WAIT_SECONDS, Pending
from voiceassist.core import ids
from voiceassist.core.errors import RateLimitedError


@pytest.fixture(autouse=True)
async def nothing_counted(redis):
    for kind in ("tries", "wait"):
        for key in [key async for key in redis.scan_iter(f"va:{kind}:*")]:
            await redis.delete(key)


async def waits(redis):
    return [await redis.ttl(key) async for key in redis.scan_iter("va:wait:*")]


async def test_a_wait_and_a_count_always_have_an_end(redis):
    pending, user = Pending(redis), str(ids.new_id())
    for _ in range(TRIES):
        await pending.count_try(user)
    with pytest.raises(RateLimitedError) as caught:
        await pending.count_try(user)
    assert 0 < caught.value.retry_after <= WAIT_SECONDS
    (key,) = [key async for key in redis.scan_iter("va:tries:*")]
    assert 0 < await redis.ttl(key) <= 86_400


async def test_no_challenge_outlives_the_first_wait():
    assert WAIT_SECONDS >= CHALLENGE_SECONDS


async def test_waits_double_to_an_hour(redis):
    pending, user, seen = Pending(redis), str(ids.new_id()), []
    for _ in range(6):
        for _ in range(TRIES):
            await pending.count_try(user)
        seen += await waits(redis)
        for key in [key async for key in redis.scan_iter("va:wait:*")]:
            await redis.delete(key)
    expected = [300, 600, 1200, 2400, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS]
    assert all(want - 2 <= got <= want for want, got in zip(expected, seen, strict=True))


async def test_parallel_guesses_cannot_share_a_try(redis):
    pending, user = Pending(redis), str(ids.new_id())
    answers = await asyncio.gather(*(pending.count_try(user) for _ in range(20)), return_exceptions=True)
    assert sum(answer is None for answer in answers) == TRIES


async def test_a_right_proof_begins_the_count_anew(redis):
    pending, user = Pending(redis), str(ids.new_id())
    for _ in range(TRIES):
        await pending.count_try(user)
    await pending.proven(user)
    await pending.count_try(user)
    assert await waits(redis) == []
