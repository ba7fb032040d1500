"""Limits by the real store: sliding, per subject, closed or open when the store is away."""

import pytest
from redis import Redis

from voiceassist.adapters.redis import connect
from voiceassist.core.errors import RateLimitedError
from voiceassist.runtime.host.limits import Limit, Limiter
from voiceassist.runtime.settings import Limits

MINUTE_START = 1_800_000_000.0  # a multiple of 60: the windows of the test begin here


class Clock:
    def __init__(self):
        self.seconds = MINUTE_START

    def __call__(self):
        return self.seconds


@pytest.fixture
async def limiter(settings):
    redis = connect(settings.redis.url)
    keys = [key async for key in redis.scan_iter("va:limit:test-*")]
    if keys:
        await redis.delete(*keys)
    clock = Clock()
    limiter = Limiter(redis, Limits(), now=clock)
    limiter.clock = clock
    yield limiter
    await redis.aclose()
    connect.cache_clear()


async def admitted(limiter, count, *limits):
    passed = 0
    for _ in range(count):
        try:
            await limiter.admit(limits, fail_open=False)
            passed += 1
        except RateLimitedError:
            pass
    return passed


@pytest.mark.req("P3.4")
async def test_the_limit_is_exact_in_the_first_window(limiter):
    assert await admitted(limiter, 70, Limit("test-a", "x", 60)) == 60
    assert await admitted(limiter, 1, Limit("test-a", "y", 60)) == 1


async def test_the_window_slides(limiter):
    limit = Limit("test-b", "x", 60)
    assert await admitted(limiter, 60, limit) == 60
    limiter.clock.seconds += 60  # the next window begins; the last one still overlaps wholly
    assert await admitted(limiter, 1, limit) == 0
    limiter.clock.seconds += 30  # half of it overlaps
    assert await admitted(limiter, 60, limit) == 30
    limiter.clock.seconds += 120
    assert await admitted(limiter, 61, limit) == 60


async def test_waiting_as_long_as_told_is_enough(limiter):
    limit = Limit("test-c", "x", 5)
    limiter.clock.seconds += 13
    await admitted(limiter, 5, limit)
    for _ in range(3):
        with pytest.raises(RateLimitedError) as refused:
            await limiter.admit([limit], fail_open=False)
        limiter.clock.seconds += refused.value.retry_after
        await limiter.admit([limit], fail_open=False)


async def test_a_refused_request_costs_nothing(limiter):
    small, large = Limit("test-d", "x", 2), Limit("test-e", "x", 100)
    assert await admitted(limiter, 50, small, large) == 2
    assert await admitted(limiter, 100, large) == 98


@pytest.mark.req("N44")
async def test_questions_have_limits_of_their_own(limiter):
    assert [limit.count for limit in limiter.user("u", "/api/v1/answers")] == [300, 20, 100, 1000]
    assert [limit.count for limit in limiter.user("u", "/api/v1/documents")] == [300]


@pytest.mark.req("P2.12")
async def test_the_token_endpoint_has_a_limit_of_its_own(limiter):
    assert limiter.login("token", "192.0.2.9").count == 20
    assert limiter.login("code", "192.0.2.9").count == 10
    assert limiter.login("logout", "192.0.2.9").count == 300  # a provider tells of everybody from one address


@pytest.mark.req("P2.12")
def test_the_gateway_answers_429_with_the_time_to_wait(start_host, settings, problem, key):
    host = start_host(LIMITS__ADDRESS_PER_MINUTE="5", LIMITS__LOGIN_PER_MINUTE="3", LIMITS__USER_PER_MINUTE="7")
    with Redis.from_url(settings.redis.url) as store:  # what other tests have counted
        for counted in store.scan_iter("va:limit:*"):
            store.delete(counted)
    with host.client() as client:
        statuses = [client.get("/api/v1/documents").status_code for _ in range(12)]
        assert statuses.count(401) <= 5
        assert statuses[-1] == 429
        refused = client.get("/api/v1/documents")
        problem(refused, 429, "RATE_LIMITED")
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        logins = [client.get("/api/v1/auth/login").status_code for _ in range(6)]
        assert logins.count(302) <= 3
        assert logins[-1] == 429
        passwords = [client.post("/issuer/login", data={"username": "x"}).status_code for _ in range(6)]
        assert passwords.count(400) <= 3
        assert passwords[-1] == 429
        codes = [client.post("/api/v1/auth/mfa/verify", json={"code": "123456"}).status_code for _ in range(6)]
        assert codes[-1] == 429
        # A user has a limit of his own, whatever others did from the same address; files are free.
        calls = [client.get("/api/v1/calculators", headers=key).status_code for _ in range(12)]
        assert calls[0] == 200
        assert calls[-1] == 429
        assert client.get("/voice/").status_code in {200, 503}
        assert client.get("/health").status_code == 200


@pytest.mark.req("P3.4")
def test_without_the_store_signing_in_closes_and_reading_stays_open(start_host, problem, key, tmp_path):
    host = start_host(REDIS__URL=f"unix://{tmp_path}/nobody.sock")
    with host.client() as client:
        problem(client.get("/api/v1/auth/login"), 503, "LIMITS_UNAVAILABLE")
        cookie = {"cookie": f"__Host-va_session={'0' * 32}.x"}
        problem(client.get("/api/v1/auth/me", headers=cookie), 503, "SESSION_STORE_UNAVAILABLE")
        problem(client.get("/api/v1/documents"), 401, "UNAUTHENTICATED")
        assert client.get("/api/v1/calculators", headers=key).status_code == 200
        problem(
            client.post("/api/v1/calculators/interpret", headers=key, json={"text": "x"}), 503, "LIMITS_UNAVAILABLE"
        )
        assert client.get("/ready").json()["dependencies"]["redis"] == "down"
