"""Sessions in the real store: idle end, absolute end, revocation, nothing readable in a dump."""

import pytest

from voiceassist.adapters.redis import connect
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime.sessions import ApiKey, ClientSecrets, KeyCache, Sessions, session_id

PERSON = {
    "user_id": str(DEFAULT_TENANT),
    "tenant_id": str(DEFAULT_TENANT),
    "role": "user",
    "profile": "clinician",
    "name": "N",
    "email": "e@hospital.example",
}


class Clock:
    seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
async def redis(settings):
    made = connect(settings.redis.url)
    yield made
    await made.aclose()
    connect.cache_clear()


async def test_a_client_secret_is_worth_no_more_than_the_key_it_was_made_with(redis):
    secrets = ClientSecrets(redis)
    user = DEFAULT_TENANT
    keyed = Principal(str(user), DEFAULT_TENANT, "user", user_id=user, scopes=frozenset({"voice:talk"}))
    value = await secrets.issue(keyed, b"{}")
    assert (await secrets.read(value)).principal().scopes == {"voice:talk"}
    assert (await secrets.take(value)).principal().scopes == {"voice:talk"}
    assert await secrets.take(value) is None


@pytest.mark.req("N41")
async def test_a_session_ends_when_idle_and_when_it_is_old(redis):
    clock = Clock()
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200, now=clock)
    value, session = await sessions.open(**PERSON)
    key = [key async for key in redis.scan_iter("va:session:*") if await redis.ttl(key) > 895]
    assert key
    assert await sessions.read(value) == session
    clock.seconds += 43_199
    assert await sessions.read(value) == session
    clock.seconds += 1
    assert await sessions.read(value) is None
    clock.seconds -= 1
    assert await sessions.read(value) is None  # it is gone, not only refused


async def test_reading_begins_the_idle_time_anew(redis):
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200)
    value, _ = await sessions.open(**PERSON)
    other = Sessions(redis, idle_seconds=50, absolute_seconds=43_200)
    await other.read(value)
    ttls = [await redis.ttl(key) async for key in redis.scan_iter("va:session:*")]
    assert any(45 <= ttl <= 50 for ttl in ttls)
    await sessions.close(value)


async def test_an_ended_session_is_ended_for_all(redis):
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200)
    value, session = await sessions.open(**PERSON)
    await sessions.close(value)
    assert await sessions.read(value) is None
    assert await sessions.read("") is None
    assert session.csrf not in value


async def test_the_store_holds_no_value_that_opens_anything(redis):
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200)
    value, _ = await sessions.open(**PERSON)
    secret = await ClientSecrets(redis).issue(Principal("u", DEFAULT_TENANT, "user", user_id=DEFAULT_TENANT), b"{}")
    await KeyCache(redis).write("va_key", ApiKey(active=False))
    for key in [key async for key in redis.scan_iter("va:*")]:
        for open_sesame in (value, secret, "va_key"):
            assert open_sesame.encode() not in key
    assert value not in session_id(value)
    assert (await KeyCache(redis).read("va_key")).active is False
    assert 0 < await redis.ttl(next(iter([key async for key in redis.scan_iter("va:ek:*")]))) <= 60


@pytest.mark.req("P2.7")
async def test_a_store_that_is_away_refuses(tmp_path):
    sessions = Sessions(connect(f"unix://{tmp_path}/nobody.sock"), idle_seconds=1, absolute_seconds=1)
    with pytest.raises(UnavailableError) as refused:
        await sessions.read("x")
    assert refused.value.code == "SESSION_STORE_UNAVAILABLE"
