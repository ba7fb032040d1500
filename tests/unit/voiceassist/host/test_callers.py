"""Keys that nobody remembers: asked about once, however many calls come with them."""

import asyncio

import msgspec
import pytest

from voiceassist.core.errors import RateLimitedError, UnauthenticatedError, UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime.host.callers import Callers
from voiceassist.runtime.sessions import ApiKey
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Wiring

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
    settings = Settings(internal_secret="s" * 40)
    wiring = Wiring({"auth": "the auth room"})
    return Callers(settings=settings, redis=Redis(), wiring=wiring, runner=rooms, limiter=limiter)


async def many(callers, count=50):
    calls = [asyncio.create_task(callers.by_key(KEY, "192.0.2.1")) for _ in range(count)]
    await asyncio.sleep(0.01)
    return calls


async def test_the_first_call_asks_and_the_others_wait_for_it(callers, rooms, limiter):
    calls = await many(callers)
    rooms.open.set()
    found = await asyncio.gather(*calls)
    assert {one.principal.subject for one in found} == {USER}
    assert (rooms.asked, limiter.counted) == (1, 1)
    await callers.by_key(KEY, "192.0.2.1")
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
    assert (await second).principal.subject == USER
    assert rooms.asked == 1
