"""A voice session ends with the sign-in, key or person it came by (SPEC N49): the real service, the real store."""

import asyncio
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from functions.auth import cutoff
from realtime.watch import SIGNED_OUT
from voiceassist.adapters import redis
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id
from voiceassist.runtime import revocation
from voiceassist.runtime import sessions as browser_sessions
from voiceassist.runtime.credentials import ClientSecrets
from voiceassist.runtime.revocation import Revocations

GENEROUS = 20.0  # the figure is measured by `voiceassist bench auth`


@pytest.fixture
async def store(settings):
    made = redis.connect(settings.redis.url)
    yield made
    await made.aclose()
    redis.connect.cache_clear()


@pytest.fixture
def signed_in(settings, store):
    """A person with a browser session, and the sessions it stands in."""

    async def make(idle=900):
        limits = {"idle_seconds": idle, "absolute_seconds": 43_200}
        sessions = browser_sessions.Sessions(store, **limits)
        user_id = str(new_id())
        about = {"tenant_id": str(DEFAULT_TENANT), "role": "user", "profile": "", "name": "", "email": ""}
        _, session = await sessions.open(user_id=user_id, **about)
        return sessions, session.principal()

    return make


async def closed(client):
    with pytest.raises(ConnectionClosed) as over:
        await asyncio.wait_for(client.until("never"), GENEROUS)
    return over.value.rcvd.code


@pytest.mark.req("N49")
async def test_a_session_that_is_ended_closes_its_socket_and_no_other(dial, service, store, signed_in):
    sessions, one = await signed_in()
    _, other = await signed_in()
    async with dial(token=service.token(one)) as first, dial(token=service.token(other)) as second:
        await first.next()
        await second.next()
        assert await cutoff.one(sessions, store, one.subject, one.session_id)
        assert await closed(first) == SIGNED_OUT
        await second.update(output_modalities=["text"])
        await second.write("hello")
        await second.until("response.done")


@pytest.mark.req("N49")
async def test_a_lost_message_costs_a_second_and_no_more(dial, service, signed_in):
    """The record is gone and nobody said so: the poll is the truth."""
    sessions, one = await signed_in()
    async with dial(token=service.token(one)) as client:
        await client.next()
        assert await sessions.end(one.subject, one.session_id)
        assert await closed(client) == SIGNED_OUT


@pytest.mark.parametrize("name", [revocation.key("k1"), revocation.application("a1")])
async def test_a_revoked_key_or_grant_closes_its_socket(dial, service, store, name):
    user_id = new_id()
    keyed = Principal(str(user_id), DEFAULT_TENANT, "user", user_id=user_id, session_id=name)
    async with dial(token=service.token(keyed)) as client:
        await client.next()
        await Revocations(store).revoke(name)
        assert await closed(client) == SIGNED_OUT


async def test_a_person_who_is_disabled_is_out_on_every_way(dial, service, store, signed_in):
    sessions, one = await signed_in()
    keyed = Principal(one.subject, DEFAULT_TENANT, "user", user_id=one.user_id, session_id=revocation.key("k2"))
    async with dial(token=service.token(one)) as browser, dial(token=service.token(keyed)) as key:
        await browser.next()
        await key.next()
        await cutoff.everything(sessions, store, one.subject)
        assert await closed(browser) == SIGNED_OUT
        assert await closed(key) == SIGNED_OUT
    status = 429
    while status == 429:  # until both closed sessions have given up their places
        with pytest.raises(InvalidStatus) as refused:
            async with dial(token=service.token(one)):
                pass
        status = refused.value.response.status_code
    assert status == 401


async def test_who_comes_back_after_that_moment_comes_in(dial, service, store):
    user_id = new_id()
    somebody = Principal(str(user_id), DEFAULT_TENANT, "user", user_id=user_id)
    await Revocations(store).revoke(revocation.person(str(user_id)))
    async with dial(token=service.token(somebody)) as client:
        await client.next()


@pytest.mark.req("N41")
async def test_an_idle_sign_in_ends_its_voice_session_and_speaking_keeps_it(dial, service, store, signed_in):
    _, one = await signed_in(idle=900)
    key = f"va:session:{one.session_id}"
    async with dial(token=service.token(one)) as client:
        await client.next()
        await store.expire(key, 60)
        await client.append(bytes(48_000))  # a second of silence is no activity
        await asyncio.sleep(0.5)
        assert await store.ttl(key) <= 60
        await client.update(output_modalities=["text"])
        await client.write("hello")
        await client.until("response.done")
        until = time.monotonic() + GENEROUS
        while await store.ttl(key) <= 60 and time.monotonic() < until:
            await asyncio.sleep(0.05)
        assert await store.ttl(key) > 60
        await store.pexpire(key, 1)  # as if nobody had spoken for a quarter of an hour
        assert await closed(client) == SIGNED_OUT


async def test_a_client_secret_ends_with_the_session_it_was_made_in(dial, service, store, signed_in):
    sessions, one = await signed_in()
    secret = await ClientSecrets(store).issue(one, b"{}")
    record = await ClientSecrets(store).read(secret)
    assert record.principal().session_id == one.session_id
    await sessions.end(one.subject, one.session_id)
    headers = {"authorization": f"Bearer {service.token(record.principal())}", "x-client-secret": secret}
    with pytest.raises(InvalidStatus) as refused:
        async with dial(headers=headers):
            pass
    assert refused.value.response.status_code == 401
