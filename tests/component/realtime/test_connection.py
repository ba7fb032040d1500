"""The socket's edges: who may come in, what is refused, who is cut off, and how the service goes away."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from voiceassist.adapters import redis
from voiceassist.runtime.credentials import ClientSecrets
from voiceassist.runtime.sessions import digest

EXTENDED = {"voiceassist": {"extensions": True}}


async def refused(dial, **options):
    with pytest.raises(InvalidStatus) as answer:
        async with dial(**options):
            pass
    response = answer.value.response
    return response.status_code, json.loads(response.body)


async def active(service, sessions):
    """The service learns a moment later than the client that a socket was closed."""
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(100):
            if f"voiceassist_voice_active_sessions {sessions}.0" in (await http.get(f"{service.url}/metrics")).text:
                return
            await asyncio.sleep(0.05)
    pytest.fail("a session was not closed")


async def quiet(service):
    await active(service, 0)


@pytest.mark.req("P4.8")
@pytest.mark.parametrize("headers", [{"x": "y"}, {"authorization": "Bearer no-token"}, {"authorization": "Basic x"}])
async def test_nobody_comes_in_without_the_gateways_token(dial, headers):
    status, problem = await refused(dial, headers=headers)
    assert (status, problem["code"]) == (401, "UNAUTHENTICATED")


async def test_an_expired_token_is_refused(dial, service):
    old = service.token(now=datetime.now(UTC) - timedelta(minutes=5))
    assert (await refused(dial, token=old))[0] == 401


async def test_a_service_is_not_a_speaker(dial, service):
    from voiceassist.core.identity import service as part

    status, problem = await refused(dial, token=service.token(part("broker")))
    assert (status, problem["code"]) == (403, "FORBIDDEN")


@pytest.mark.req("P4.8")
async def test_a_user_has_two_sessions_and_no_third(dial, service):
    token = service.token(service.principal())
    async with dial(token=token) as first, dial(token=token) as second:
        await first.next()
        await second.next()
        status, problem = await refused(dial, token=token)
        assert (status, problem["code"]) == (429, "RATE_LIMITED")
    await quiet(service)
    async with dial(token=token) as again:
        await again.next()


async def test_a_full_house_says_when_to_try_again(dial, new_service, service):
    small = new_service(VOICEASSIST_VOICE__MAX_SESSIONS="1")
    async with dial(service=small, token=service.token()) as first:
        await first.next()
        with pytest.raises(InvalidStatus) as answer:
            async with dial(service=small, token=service.token()):
                pass
        assert answer.value.response.status_code == 503
        assert answer.value.response.headers["retry-after"] == "5"


@pytest.mark.parametrize(("offered", "chosen"), [(None, None), (["realtime"], "realtime"), (["other"], None)])
async def test_only_the_known_subprotocol_is_answered(dial, offered, chosen):
    async with dial(subprotocols=offered) as client:
        assert client.socket.subprotocol == chosen


# Messages


async def test_a_wrong_message_is_answered_and_the_session_goes_on(dial):
    async with dial() as client:
        await client.next()
        await client.update(output_modalities=["text"])
        for message, code in (
            ("{", "invalid_json"),
            ("[" * 50_000, "invalid_json"),
            (b"\x00\x01", "invalid_json"),
            ('{"type":"florbundian","event_id":"e1"}', "invalid_value"),
            ('{"type":"input_audio_buffer.append","audio":"%"}', "invalid_audio"),
        ):
            await client.socket.send(message)
            assert (await client.next())["error"]["code"] == code
        await client.write("hello")
        await client.until("response.done")


@pytest.mark.req("P4.8")
async def test_a_message_over_the_limit_ends_the_connection(dial):
    async with dial() as client:
        await client.next()
        await client.append(bytes(190_000))  # 254 KB on the wire
        await client.append(bytes(200_000))
        with pytest.raises(ConnectionClosed) as closed:
            await client.until("never")
        assert closed.value.rcvd.code == 1009


async def test_a_client_that_vanishes_in_the_middle_of_an_answer_leaves_nothing_behind(dial, service):
    service.rooms.delay = 0.5
    principal = service.principal()
    async with dial(token=service.token(principal)) as client:
        await client.update(**EXTENDED)
        await client.write("How do I treat atrial fibrillation?")
        await client.until("response.created")
        client.socket.transport.abort()
    service.rooms.delay = 0.0
    await quiet(service)
    async with dial() as other:
        await other.update(output_modalities=["text"])
        await other.write("hello")
        await other.until("response.done")


@pytest.mark.req("P4.8")
async def test_a_client_that_answers_no_ping_is_gone_and_one_that_is_only_silent_is_not(dial, new_service):
    service = new_service(VOICEASSIST_REALTIME__HEARTBEAT_SECONDS="0.3")
    async with dial(service=service, token=service.token()) as silent:
        await silent.next()
        async with dial(service=service, token=service.token()) as frozen:
            await frozen.next()
            frozen.socket.transport.pause_reading()  # as a laptop whose lid was closed
            await active(service, 1)
        await asyncio.sleep(1.5)
        await silent.update(output_modalities=["text"])
        await active(service, 1)
    await active(service, 0)


# Client secrets


async def minted(service, principal, body=None, **options):
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(
            f"{service.url}/v1/realtime/client_secrets",
            headers={"authorization": f"Bearer {service.token(principal)}"},
            **({"json": body} if body is not None else options),
        )


@pytest.mark.req("P4.5")
async def test_a_client_secret_opens_one_session_with_its_settings(dial, service):
    principal = service.principal()
    session = {"type": "realtime", "instructions": "short", "audio": {"input": {"turn_detection": None}}}
    answer = (await minted(service, principal, {"session": session})).json()
    assert answer["value"].startswith("ek_")
    assert answer["session"]["audio"]["input"]["turn_detection"] is None
    now = datetime.now(UTC).timestamp()
    assert now + 50 < answer["expires_at"] <= now + 61
    headers = {"authorization": f"Bearer {service.token(principal)}", "x-client-secret": answer["value"]}
    async with dial(headers=headers) as client:
        created = await client.next()
        assert created["session"]["instructions"] == "short"
    status, problem = await refused(dial, headers=headers)
    assert (status, problem["code"]) == (401, "UNAUTHENTICATED")


async def test_a_refused_session_does_not_spend_its_secret(dial, service):
    principal = service.principal()
    token = service.token(principal)
    value = (await minted(service, principal, {})).json()["value"]
    headers = {"authorization": f"Bearer {token}", "x-client-secret": value}
    async with dial(token=token) as first, dial(token=token) as second:
        await first.next()
        await second.next()
        assert (await refused(dial, headers=headers))[0] == 429
    await quiet(service)
    async with dial(headers=headers) as client:
        await client.next()


async def test_a_secret_opens_no_session_of_another_user(dial, service):
    value = (await minted(service, service.principal(), {})).json()["value"]
    other = service.token(service.principal())
    status, problem = await refused(dial, headers={"authorization": f"Bearer {other}", "x-client-secret": value})
    assert (status, problem["code"]) == (401, "UNAUTHENTICATED")


async def test_a_secret_is_kept_as_its_digest_for_a_minute(service):
    principal = service.principal()
    value = (await minted(service, principal, {})).json()["value"]
    store = redis.connect(service.settings.redis.url)
    assert 0 < await store.ttl(f"va:ek:{digest(value)}") <= 60
    record = await ClientSecrets(store).read(value)
    assert record.principal() == principal
    assert value.encode() not in await store.get(f"va:ek:{digest(value)}")
    await store.aclose()


@pytest.mark.parametrize("body", [{"content": b"{"}, {"json": []}, {"json": {"session": 3}}])
async def test_a_wrong_body_is_a_problem_document(service, body):
    answer = await minted(service, service.principal(), **body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_wrong_settings_and_large_bodies_are_refused(service):
    wrong = {"session": {"type": "realtime", "output_modalities": ["secret words"]}}
    answer = await minted(service, service.principal(), wrong)
    assert (answer.status_code, "secret words" in answer.text) == (400, False)
    assert (await minted(service, service.principal(), content=b" " * 70_000)).status_code == 413


async def test_what_is_known_of_a_patient_is_not_kept_with_a_secret(service):
    session = {"type": "realtime", "voiceassist": {"known": ["Zelda Quackenbush"]}}
    answer = await minted(service, service.principal(), {"session": session})
    assert (answer.status_code, "Zelda" in answer.text) == (400, False)


async def test_without_a_token_no_secret(service):
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{service.url}/v1/realtime/client_secrets", json={})
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


async def test_health_readiness_and_metrics_are_open(service):
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as http:
        assert (await http.get("/health")).json() == {"status": "alive"}
        ready = (await http.get("/ready")).json()
        assert ready == {"status": "ready", "dependencies": {"speech": "healthy", "redis": "healthy"}}
        assert "voiceassist_voice_to_voice_seconds" in (await http.get("/metrics")).text
        assert (await http.get("/nothing")).status_code == 404


async def test_readiness_fails_without_the_session_store(new_service):
    service = new_service(VOICEASSIST_REDIS__URL="unix:///nowhere.sock")
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as http:
        answer = await http.get("/ready")
        assert (answer.status_code, answer.json()["dependencies"]["redis"]) == (503, "down")
        secret = await minted(service, service.principal(), {})
        assert (secret.status_code, secret.json()["code"]) == (503, "SESSION_STORE_UNAVAILABLE")


# Going away


@pytest.mark.req("P4.8")
async def test_a_running_answer_ends_before_the_service_does(dial, new_service):
    service = new_service()
    service.rooms.delay = 0.7
    try:
        async with (
            dial(service=service, token=service.token()) as busy,
            dial(service=service, token=service.token()) as idle,
        ):
            await idle.next()
            await busy.update(output_modalities=["text"], **EXTENDED)
            await busy.write("How do I treat atrial fibrillation?")
            await busy.until("response.created")
            service.process.terminate()
            await busy.until("voiceassist.session.move")
            done = await busy.until("response.done")
            assert done["response"]["status"] == "completed"
            for client in (busy, idle):
                with pytest.raises(ConnectionClosed) as closed:
                    await client.until("never")
                assert closed.value.rcvd.code == 1001
        assert await asyncio.to_thread(service.process.wait, 10) == 0
    finally:
        service.rooms.delay = 0.0


@pytest.mark.req("P4.6")
async def test_a_model_that_is_not_the_published_one_leaves_a_written_service(dial, new_service, tmp_path):
    (tmp_path / "silero").mkdir()
    (tmp_path / "silero/silero_vad.onnx").write_bytes(b"not the model")
    service = new_service(VOICEASSIST_VOICE__MODEL_DIR=str(tmp_path))
    async with dial(service=service, token=service.token()) as client:
        created = await client.next()
        assert created["session"]["output_modalities"] == ["text"]
        await client.send("input_audio_buffer.append", audio=base64.b64encode(bytes(4800)).decode())
        assert (await client.next())["error"]["code"] == "speech_unavailable"
        await client.write("hello")
        await client.until("response.done")
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as http:
        assert (await http.get("/ready")).json()["dependencies"]["speech"] == "degraded"
