"""Which rooms are woken when somebody is about to speak."""

import asyncio
import contextlib

import pytest

from realtime import warming
from realtime.warming import AGAIN_SECONDS, KEEP_SECONDS, Warmer
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime.settings import Settings

SETTINGS = Settings(room_url="http://rooms/{room}")


@pytest.fixture
def asked(monkeypatch):
    """The requests that were sent; the room `broken` does not answer."""
    sent = []

    async def call(method, url, **_options):
        sent.append(f"{method} {url}")
        if "/broken/" in url:
            raise UnavailableError

    monkeypatch.setattr(warming.http, "call", call)
    return sent


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_rooms_are_asked_something_real_and_functions_for_their_health(asked):
    Warmer(SETTINGS, ["broken", "oncall"]).wake(service("x"))
    await settled()
    assert sorted(asked) == [
        "GET http://rooms/broken/health",
        "GET http://rooms/calculators/api/v1/calculators",
        "GET http://rooms/oncall/health",
        "POST http://rooms/retrieval/api/v1/search",
    ]


async def test_they_are_not_asked_again_before_a_minute_is_over(asked):
    now = [0.0]
    warmer = Warmer(SETTINGS, clock=lambda: now[0])
    for moment in (0.0, AGAIN_SECONDS - 1, AGAIN_SECONDS):
        now[0] = moment
        warmer.wake(service("x"))
        await settled()
    assert len(asked) == 4


class Clock:
    """Time that passes while somebody sleeps, until it is told to end."""

    def __init__(self, until):
        self.seconds, self.until = 0.0, until

    def __call__(self):
        return self.seconds

    async def sleep(self, seconds):
        self.seconds += seconds
        await settled()
        if self.seconds > self.until:
            raise asyncio.CancelledError


async def kept(warmer):
    with contextlib.suppress(asyncio.CancelledError):
        await warmer.keep(service("x"))


async def test_while_a_session_lives_no_room_goes_to_sleep(asked):
    clock = Clock(until=4 * KEEP_SECONDS + 1)
    await kept(Warmer(SETTINGS, ["oncall"], clock=clock, sleep=clock.sleep))
    assert KEEP_SECONDS < 60  # a room that nobody asks is stopped after that long
    for room in ("calculators", "retrieval", "oncall"):
        assert asked.count(f"GET http://rooms/{room}/health") == 4 + (room == "oncall")
    assert asked.count("POST http://rooms/retrieval/api/v1/search") == 1


async def test_sessions_side_by_side_share_the_asking(asked):
    now = Clock(until=2 * KEEP_SECONDS + 1)
    warmer = Warmer(SETTINGS, clock=now, sleep=now.sleep)
    first = asyncio.create_task(kept(warmer))
    await settled()
    warmer.wake(service("x"))
    await first
    assert asked.count("GET http://rooms/retrieval/health") == 2
    assert asked.count("POST http://rooms/retrieval/api/v1/search") == 1
