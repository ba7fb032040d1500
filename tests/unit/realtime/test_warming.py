"""Which rooms are woken when somebody is about to speak."""

import asyncio

import pytest

from realtime import warming
from realtime.warming import AGAIN_SECONDS, Warmer
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
