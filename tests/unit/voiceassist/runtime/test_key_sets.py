"""Keys of somebody else: remembered for five minutes, asked for again when one is unknown, and never in a flood."""

import asyncio

import pytest
from joserfc.jwk import ECKey

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime.key_sets import KEYS_SECONDS, REFETCH_SECONDS, RemoteKeys


def listed(*kids):
    keys = (ECKey.generate_key("P-256", parameters={"kid": kid}) for kid in kids)
    return {"keys": [key.as_dict(private=False) for key in keys]}


class Issuer:
    def __init__(self):
        self.document = listed("a")
        self.asked = 0
        self.now = 1000.0

    async def fetch(self):
        self.asked += 1
        await asyncio.sleep(0)
        if self.document is None:
            raise UnavailableError("away")
        return self.document


@pytest.fixture
def issuer():
    return Issuer()


@pytest.fixture
def keys(issuer):
    return RemoteKeys(issuer.fetch, clock=lambda: issuer.now)


async def test_a_known_key_is_asked_for_every_five_minutes(issuer, keys):
    await keys.holding("a")
    issuer.now += KEYS_SECONDS - 1
    await keys.holding("a")
    assert issuer.asked == 1
    issuer.now += 1
    await keys.holding("a")
    assert issuer.asked == 2


async def test_a_new_key_is_found_when_it_is_used(issuer, keys):
    await keys.holding("a")
    issuer.document = listed("a", "b")
    issuer.now += REFETCH_SECONDS
    assert {key.kid for key in (await keys.holding("b")).keys} == {"a", "b"}


@pytest.mark.req("N45")
async def test_a_flood_of_unknown_ids_asks_once_in_thirty_seconds(issuer, keys):
    await asyncio.gather(*(keys.holding(f"random-{number}") for number in range(200)))
    assert issuer.asked == 1
    issuer.now += REFETCH_SECONDS - 1
    await asyncio.gather(*(keys.holding(f"other-{number}") for number in range(200)))
    assert issuer.asked == 1
    issuer.now += 1
    await asyncio.gather(*(keys.holding(f"third-{number}") for number in range(200)))
    assert issuer.asked == 2


async def test_an_issuer_that_is_away_is_asked_again(issuer, keys):
    issuer.document = None
    with pytest.raises(UnavailableError):
        await keys.holding("a")
    issuer.document = listed("a")
    assert await keys.holding("a")
