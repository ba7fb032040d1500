"""Keys that nobody remembers: asked about once, however many calls come with them."""

import asyncio
from uuid import UUID

import msgspec
import pytest
from joserfc.jwk import ECKey
from redis.exceptions import ConnectionError as RedisConnectionError

from voiceassist.core.errors import RateLimitedError, UnauthenticatedError, UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import access_tokens, workloads
from voiceassist.runtime.credentials import ApiKey
from voiceassist.runtime.host.callers import Callers, Shown, shown_in
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Wiring

WORKLOAD = workloads.derived("s" * 40)
KEY = "va_" + "k" * 40
USER = "01900000-0000-7000-8000-0000000000aa"
KNOWN = ApiKey(active=True, user_id=USER, tenant_id=str(DEFAULT_TENANT), role="user", scopes=("phi:scan",))


class Redis:
    """Remembers nothing."""

    async def get(self, _name):
        return None


class Limiter:
    """Counts, and refuses when told to."""

    def __init__(self):
        self.counted = 0
        self.full = False

    def address(self, *_about):
        return "limit"

    async def admit(self, _limits, *, fail_open):
        assert fail_open
        self.counted += 1
        if self.full:
            raise RateLimitedError("Please wait.", retry_after=1)


class Rooms:
    """The auth room: answers when it is let."""

    def __init__(self):
        self.asked = 0
        self.open = asyncio.Event()
        self.answer = (200, KNOWN)

    async def serve(self, room, _scope, receive, send):
        assert room == "the auth room"
        await receive()
        self.asked += 1
        await self.open.wait()
        status, answer = self.answer
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})


@pytest.fixture
def rooms():
    return Rooms()


@pytest.fixture
def limiter():
    return Limiter()


@pytest.fixture
def callers(rooms, limiter):
    settings = Settings(workload=WORKLOAD)
    wiring = Wiring({"auth": "the auth room"})
    return Callers(settings=settings, redis=Redis(), wiring=wiring, runner=rooms, limiter=limiter)


async def many(callers, count=50):
    calls = [asyncio.create_task(callers.key_of(KEY, "192.0.2.1")) for _ in range(count)]
    await asyncio.sleep(0.01)
    return calls


async def test_the_first_call_asks_and_the_others_wait_for_it(callers, rooms, limiter):
    calls = await many(callers)
    rooms.open.set()
    found = await asyncio.gather(*calls)
    assert {one.principal().subject for one in found} == {USER}
    assert (rooms.asked, limiter.counted) == (1, 1)
    await callers.key_of(KEY, "192.0.2.1")
    assert rooms.asked == 2, "afterwards it is the store that remembers, nobody else"


async def test_a_refused_key_is_refused_to_all(callers, rooms):
    rooms.answer = (200, ApiKey(active=False))
    calls = await many(callers)
    rooms.open.set()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(one) for one in found} == {UnauthenticatedError}
    assert rooms.asked == 1


@pytest.mark.parametrize(("full", "status", "error"), [(True, 200, RateLimitedError), (False, 503, UnavailableError)])
async def test_what_keeps_the_first_call_from_asking_is_told_to_all(callers, rooms, limiter, full, status, error):
    limiter.full = full
    rooms.answer = (status, KNOWN)
    rooms.open.set()
    found = await asyncio.gather(*await many(callers), return_exceptions=True)
    assert {type(one) for one in found} == {error}


async def test_who_leaves_does_not_take_the_answer_along(callers, rooms):
    first, second = await many(callers, 2)
    first.cancel()
    await asyncio.sleep(0)
    rooms.open.set()
    assert (await second).principal().subject == USER
    assert rooms.asked == 1


# Access tokens


class Signers(Rooms):
    """The auth room that tells its keys."""

    async def serve(self, room, scope, receive, send):
        self.asked += 1
        await receive()
        keys = {"keys": [PAIR.as_dict(private=False)]}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": msgspec.json.encode(keys)})


class Store(Redis):
    """Nothing was revoked, or (`away`) nobody can say."""

    def __init__(self, *, away=False):
        self.away = away
        self.seen = set()

    def pipeline(self, **_options):
        if self.away:
            raise RedisConnectionError
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_error):
        return None

    def mget(self, _names):
        return None

    exists = mget

    async def execute(self):
        return [[None, None], 0]

    async def set(self, name, *_about, **_options):
        first = name not in self.seen
        self.seen.add(name)
        return first or None


PAIR = ECKey.generate_key("P-256", parameters={"kid": "k1"})
WHO = Principal(USER, DEFAULT_TENANT, "user", user_id=UUID(USER), scopes=frozenset({"calc:run"}), session_id="key-1")
NOW = 1_800_000_000


def shown(audience, *, jkt="", scheme="bearer", proof=""):
    claims = access_tokens.claims_of(
        WHO,
        issuer=Settings().base_url,
        audience=audience,
        client="1",
        jti="j",
        now=NOW,
        auth_time=NOW,
        amr=("swk",),
        jkt=jkt,
    )
    token = access_tokens.sign(claims, PAIR, "k1")
    return Shown(scheme, token, proof, "GET", "/api/v1/calculators", "192.0.2.1")


def with_store(store, signers=None):
    settings = Settings(workload=WORKLOAD)
    wiring = Wiring({"auth": "the auth room"})
    runner = signers or Signers()
    return Callers(settings=settings, redis=store, wiring=wiring, runner=runner, limiter=Limiter(), now=lambda: NOW)


async def test_a_token_is_known_by_keys_that_are_asked_for_once():
    signers = Signers()
    callers = with_store(Store(), signers)
    for _ in range(3):
        caller = await callers.by_credential(shown("calculators"), "calculators")
        assert caller.principal == WHO
        assert caller.by == "token"
    assert signers.asked == 1


@pytest.mark.req("P2.7")
@pytest.mark.parametrize("purpose", ["calculators", "events", "subscriptions"])
async def test_without_the_store_a_token_passes_where_no_patients_data_is(purpose):
    caller = await with_store(Store(away=True)).by_credential(shown(purpose), purpose)
    assert caller.principal == WHO


@pytest.mark.req("P2.7")
@pytest.mark.parametrize(
    "purpose", ["documents", "retrieval", "phi", "realtime", "notifications", "event_log", "own-room"]
)
async def test_without_the_store_no_token_passes_near_patients_data(purpose):
    with pytest.raises(UnavailableError):
        await with_store(Store(away=True)).by_credential(shown(purpose), purpose)


async def test_a_scheme_that_is_none_of_ours_is_refused():
    with pytest.raises(UnauthenticatedError):
        await with_store(Store()).by_credential(shown("calculators", scheme="basic"), "calculators")


def test_two_proofs_are_none():
    headers = [(b"authorization", b"DPoP x"), (b"dpop", b"a"), (b"dpop", b"b")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    assert shown_in(scope).proof == ""
    assert shown_in({**scope, "headers": []}) is None
