"""Sessions in the real store: idle end, absolute end, revocation, nothing readable in a dump."""

import asyncio

import pytest

from voiceassist.adapters.redis import connect
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime.credentials import ApiKey, ClientSecrets, KeyCache, Tickets
from voiceassist.runtime.sessions import Sessions, session_id

PERSON = {
    "user_id": str(DEFAULT_TENANT),
    "tenant_id": str(DEFAULT_TENANT),
    "role": "user",
    "profile": "clinician",
    "name": "N",
    "email": "e@hospital.example",
}


SOMEBODY = Principal(str(DEFAULT_TENANT), DEFAULT_TENANT, "user", user_id=DEFAULT_TENANT, session_id="s" * 32)


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
    assert await redis.ttl(f"va:session:{session.id}") > 895
    assert await sessions.read(value) == session
    clock.seconds += 43_199
    assert await sessions.read(value) == session
    clock.seconds += 1
    assert await sessions.read(value) is None
    clock.seconds -= 1
    assert await sessions.read(value) is None  # it is gone, not only refused


async def test_reading_begins_the_idle_time_anew(redis):
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200)
    value, session = await sessions.open(**PERSON)
    other = Sessions(redis, idle_seconds=50, absolute_seconds=43_200)
    await other.read(value)
    assert 45 <= await redis.ttl(f"va:session:{session.id}") <= 50
    assert await sessions.touch(session.id)
    assert await redis.ttl(f"va:session:{session.id}") > 895
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
    ticket = await Tickets(redis).issue(SOMEBODY, origin="https://a", purpose="voice")
    for key in [key async for key in redis.scan_iter("va:*")]:
        kept = (await redis.get(key) if await redis.type(key) == b"string" else None) or b""
        for open_sesame in (value, value.partition(".")[2], secret, ticket, "va_key"):
            assert open_sesame.encode() not in key + kept
    assert value not in session_id(value)
    assert (await KeyCache(redis).read("va_key")).active is False
    assert 0 < await redis.ttl(next(iter([key async for key in redis.scan_iter("va:ek:*")]))) <= 60


@pytest.mark.req("P2.7")
async def test_a_store_that_is_away_refuses(tmp_path):
    sessions = Sessions(connect(f"unix://{tmp_path}/nobody.sock"), idle_seconds=1, absolute_seconds=1)
    with pytest.raises(UnavailableError) as refused:
        await sessions.read("0" * 32 + ".x")
    assert refused.value.code == "SESSION_STORE_UNAVAILABLE"


async def test_nobody_prolongs_a_session_without_its_secret(redis):
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200)
    value, session = await sessions.open(**PERSON)
    await redis.expire(f"va:session:{session.id}", 100)
    for wrong in (session.id, session.id + ".", session.id + ".x", value[:-1], value + "x", "*." + value, "." + value):
        assert await sessions.read(wrong) is None
        assert await sessions.renew(wrong) is None
        assert await sessions.close(wrong) is None
    assert await redis.ttl(f"va:session:{session.id}") <= 100
    assert await sessions.read(value) == session


async def test_a_renewed_session_is_the_same_under_another_secret_and_keeps_its_end(redis):
    clock = Clock()
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200, now=clock)
    value, session = await sessions.open(**PERSON)
    clock.seconds += 43_000
    renewed_value, renewed = await sessions.renew(value, mfa_at=clock())
    assert renewed.id == session.id
    assert renewed.csrf != session.csrf
    assert await sessions.read(value) is None
    assert await sessions.read(renewed_value) == renewed
    assert await redis.ttl(f"va:session:{session.id}") <= 200
    clock.seconds += 200
    assert await sessions.read(renewed_value) is None
    assert await sessions.renew(renewed_value) is None


async def test_a_person_sees_the_living_sessions_and_when_each_was_used(redis):
    clock = Clock()
    sessions = Sessions(redis, idle_seconds=900, absolute_seconds=43_200, now=clock)
    somebody = PERSON | {"user_id": "01900000-0000-7000-8000-0000000000b1"}
    values = []
    for device in ("Firefox on Linux", "Chrome on Windows", "Safari on iPhone"):
        value, _ = await sessions.open(**somebody, device=device)
        values.append(value)
        clock.seconds += 10
    await sessions.close(values[1])
    found = await sessions.of_user(somebody["user_id"])
    assert [session.device for session, _ in found] == ["Safari on iPhone", "Firefox on Linux"]
    assert all(abs(used - clock()) < 2 for _, used in found)
    assert await sessions.end("01900000-0000-7000-8000-0000000000b2", found[0][0].id) is False
    assert await sessions.end(somebody["user_id"], found[0][0].id) is True
    assert [session.device for session, _ in await sessions.of_user(somebody["user_id"])] == ["Firefox on Linux"]


async def test_a_ticket_works_once_at_its_own_site(redis):
    tickets = Tickets(redis)
    value = await tickets.issue(SOMEBODY, origin="https://a", purpose="voice")
    assert 0 < await redis.ttl(next(iter([key async for key in redis.scan_iter("va:ticket:*")]))) <= 30
    taken = await tickets.take(value, origin="https://a", purpose="voice")
    assert taken.principal() == SOMEBODY
    assert await tickets.take(value, origin="https://a", purpose="voice") is None


@pytest.mark.parametrize("use", [{"origin": "https://b"}, {"origin": ""}, {"purpose": "dashboard"}])
async def test_a_ticket_shown_elsewhere_is_used_up(redis, use):
    tickets = Tickets(redis)
    value = await tickets.issue(SOMEBODY, origin="https://a", purpose="voice")
    assert await tickets.take(value, **{"origin": "https://a", "purpose": "voice"} | use) is None
    assert await tickets.take(value, origin="https://a", purpose="voice") is None


async def test_of_many_with_one_ticket_one_gets_in(redis):
    tickets = Tickets(redis)
    value = await tickets.issue(SOMEBODY, origin="https://a", purpose="voice")
    taken = await asyncio.gather(*(tickets.take(value, origin="https://a", purpose="voice") for _ in range(20)))
    assert sum(ticket is not None for ticket in taken) == 1
