"""The voice socket through the real gateway to a real peer."""

import asyncio
import os
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from voiceassist.adapters.redis import connect as redis_connect
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import tokens
from voiceassist.runtime.credentials import ClientSecrets

MANY = 400  # messages of a quarter of a MiB: 100 MiB in all
FEW = 128  # what queues and socket buffers on the way may hold, with room to spare
NOISE = os.urandom(262_144)


@asynccontextmanager
async def peer(port, handler):
    """The realtime service of this test."""
    async with serve(handler, "127.0.0.1", port, max_size=None, compression=None):
        yield


@pytest.fixture
def dial(host):
    def open_socket(*, headers=None, subprotocols=None, origin=None, path="/v1/realtime?model=voiceassist"):
        url = host.url.replace("https", "wss") + path
        return connect(
            url, ssl=host.tls, additional_headers=headers, subprotocols=subprotocols, origin=origin, max_size=None
        )

    return open_socket


@pytest.fixture
async def secrets(settings):
    redis = redis_connect(settings.redis.url)
    yield ClientSecrets(redis)
    await redis.aclose()
    redis_connect.cache_clear()


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def test_a_key_opens_the_socket_and_messages_go_both_ways(dial, host, voice_port, key):
    seen = {}

    async def handler(socket):
        seen["path"] = socket.request.path
        seen["headers"] = socket.request.headers
        await echo(socket)

    async with peer(voice_port, handler), dial(headers=key) as socket:
        await socket.send('{"type":"x"}')
        assert await socket.recv() == '{"type":"x"}'
        await socket.send(b"\x00\x01")
        assert await socket.recv() == b"\x00\x01"
    assert seen["path"] == "/v1/realtime?model=voiceassist"
    token = seen["headers"]["authorization"].removeprefix("Bearer ")
    principal = tokens.verify(token, audience="realtime", workload=host.settings.workload)
    assert principal.role == "user"
    assert principal.user_id
    assert "cookie" not in seen["headers"]


async def test_a_browser_brings_its_secret_as_a_subprotocol_which_is_not_echoed(dial, host, voice_port, secrets):
    principal = Principal("u", DEFAULT_TENANT, "user", user_id=DEFAULT_TENANT, profile="clinician")
    secret = await secrets.issue(principal, b"{}")
    seen = {}

    async def handler(socket):
        seen["headers"] = socket.request.headers
        await echo(socket)

    offered = ["realtime", f"openai-insecure-api-key.{secret}"]
    async with peer(voice_port, handler), dial(subprotocols=offered, origin=host.url) as socket:
        assert socket.subprotocol == "realtime"
        await socket.send("x")
        assert await socket.recv() == "x"
    assert seen["headers"]["x-client-secret"] == secret
    assert secret not in seen["headers"]["authorization"]
    token = seen["headers"]["authorization"].removeprefix("Bearer ")
    assert tokens.verify(token, audience="realtime", workload=host.settings.workload).profile == "clinician"


async def test_a_secret_works_as_bearer_too(dial, voice_port, secrets):
    secret = await secrets.issue(Principal("u", DEFAULT_TENANT, "user", user_id=DEFAULT_TENANT), b"{}")
    async with peer(voice_port, echo), dial(headers={"authorization": f"Bearer {secret}"}) as socket:
        await socket.send("x")
        assert await socket.recv() == "x"


async def refused(dialling, status):
    with pytest.raises(InvalidStatus) as answer:
        await dialling
    assert answer.value.response.status_code == status
    assert answer.value.response.headers["content-type"] == "application/problem+json"
    return answer.value.response.body.decode()


@pytest.mark.parametrize("token", ["va_unknown", "ek_unknown", "x", "ek_" + "x" * 5000])
async def test_wrong_credentials_are_refused_at_the_handshake(dial, token):
    assert token not in await refused(dial(headers={"authorization": f"Bearer {token}"}), 401)


async def test_nobody_comes_in_without_credentials_or_by_cookie_alone(dial, clinician):
    await refused(dial(), 401)
    session = clinician.http.cookies.get("__Host-va_session")
    await refused(dial(headers={"cookie": f"__Host-va_session={session}"}), 401)


async def test_other_sites_are_refused(dial, key):
    await refused(dial(headers=key, origin="https://evil.example"), 403)


async def test_a_service_that_is_away_is_a_503(dial, key):
    assert "REALTIME_UNAVAILABLE" in await refused(dial(headers=key), 503)


async def test_the_services_own_refusal_reaches_the_caller(dial, voice_port, key):
    def busy(socket, _request):
        answer = socket.respond(429, '{"code":"RATE_LIMITED"}')
        answer.headers["Retry-After"] = "5"
        del answer.headers["Content-Type"]
        answer.headers["Content-Type"] = "application/problem+json"
        return answer

    async with serve(echo, "127.0.0.1", voice_port, process_request=busy):
        with pytest.raises(InvalidStatus) as refusal:
            await dial(headers=key)
    assert refusal.value.response.status_code == 429
    assert refusal.value.response.headers["retry-after"] == "5"
    assert refusal.value.response.body == b'{"code":"RATE_LIMITED"}'


async def test_another_path_is_no_socket(dial, key):
    with pytest.raises(InvalidStatus):
        await dial(headers=key, path="/v1/other")


@pytest.mark.parametrize("code", [1000, 1008, 1011, 4001])
async def test_the_service_says_why_it_closes(dial, voice_port, key, code):
    async def handler(socket):
        await socket.close(code)

    async with peer(voice_port, handler), dial(headers=key) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
        assert closed.value.rcvd.code == code


async def test_the_caller_says_why_it_closes(dial, voice_port, key):
    told = asyncio.get_running_loop().create_future()

    async def handler(socket):
        await socket.wait_closed()
        told.set_result(socket.close_code)

    async with peer(voice_port, handler):
        async with dial(headers=key) as socket:
            await socket.close(4002)
        assert await asyncio.wait_for(told, 10) == 4002


async def test_a_caller_that_vanishes_ends_the_session_behind(dial, voice_port, key):
    told = asyncio.get_running_loop().create_future()

    async def handler(socket):
        await socket.wait_closed()
        told.set_result(socket.close_code)

    async with peer(voice_port, handler):
        socket = await dial(headers=key)
        socket.transport.abort()
        assert await asyncio.wait_for(told, 10) == 1001


async def test_a_service_that_dies_closes_the_callers_socket(dial, voice_port, key):
    async def handler(socket):
        socket.transport.abort()

    async with peer(voice_port, handler), dial(headers=key) as socket:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 10)


async def test_a_slow_service_slows_the_caller_instead_of_filling_memory(dial, voice_port, key):
    go = asyncio.Event()
    received = 0

    async def handler(socket):
        nonlocal received
        await asyncio.wait_for(go.wait(), 60)
        async for message in socket:
            received += len(message)

    poured = 0

    async def pour(socket):
        nonlocal poured
        for _ in range(MANY):
            await socket.send(NOISE)
            poured += 1

    async with peer(voice_port, handler), dial(headers=key) as socket:
        pouring = asyncio.create_task(pour(socket))
        done, _ = await asyncio.wait({pouring}, timeout=2)
        assert not done
        assert poured < FEW
        go.set()
        await asyncio.wait_for(pouring, 60)
    assert received > 0


async def test_the_gateway_does_not_unfold_compressed_messages(dial, voice_port, key):
    async with peer(voice_port, echo), dial(headers=key) as socket:
        assert "sec-websocket-extensions" not in socket.response.headers


async def test_a_slow_caller_slows_the_service(dial, voice_port, key):
    sent = 0
    stuck = asyncio.Event()

    async def handler(socket):
        nonlocal sent
        try:
            for _ in range(MANY):
                await asyncio.wait_for(socket.send(NOISE), 2)
                sent += 1
        except TimeoutError:
            stuck.set()

    async with peer(voice_port, handler), dial(headers=key):
        await asyncio.wait_for(stuck.wait(), 60)
        assert sent < FEW
