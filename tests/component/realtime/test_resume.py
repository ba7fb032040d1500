"""A client that was lost comes back: to this process or another one, alive or killed, once, and to nobody else's."""

import asyncio
import contextlib
import signal
import time

from websockets.exceptions import ConnectionClosed

from voiceassist.adapters import redis as store

from .test_keeping import EXTENDED, SAVED, asked, kept, member  # noqa: F401 - fixtures

WRITTEN = {"output_modalities": ["text"], "audio": {"input": {"turn_detection": None}}}
QUESTION = "How do I treat atrial fibrillation?"


async def begun(client, **session):
    """A session that can be come back to; returns what it was offered."""
    await client.send("session.update", session={"type": "realtime", **(session or WRITTEN), **EXTENDED})
    return await client.until("voiceassist.session.resumable")


async def back(client, offer, after=0, had=()):
    """Come back with what was offered; returns `voiceassist.session.resumed`. `had`: items that the client has."""
    client.oracle.items.extend(had)
    await client.send("voiceassist.session.resume", token=offer["token"], after=after)
    return await client.until("voiceassist.session.resumed")


async def refused(client, token, event_id="mine"):
    await client.send("voiceassist.session.resume", token=token, event_id=event_id)
    return (await client.until("error"))["error"]


async def severed(client):
    """As a network does that goes away: no closing handshake."""
    client.socket.transport.abort()
    with contextlib.suppress(Exception):
        await client.socket.wait_closed()


async def ended(client):
    """The code with which the service closes."""
    try:
        while True:
            await client.next()
    except ConnectionClosed as closed:
        return closed.rcvd.code


def words(client):
    return [event["item"]["content"][0].get("text") for event in client.of("conversation.item.added")]


async def test_a_lost_client_gets_what_it_missed_and_goes_on(dial, service, member):  # noqa: F811
    token = service.token(member)
    async with dial(token=token) as first:
        offer = await begun(first)
        await asked(first, QUESTION)
        seen = first.of(SAVED)[0]["seq"]
        answer = first.answer
        await severed(first)
    async with dial(token=token) as second:
        started = time.perf_counter()
        told = await back(second, offer, after=seen, had=first.oracle.items[:1])
        assert time.perf_counter() - started < 2
        assert words(second) == [answer], "what was seen before is not sent again"
        assert second.of("voiceassist.citation.list")[0]["citations"][0]["title"] == "Atrial fibrillation"
        assert told["conversation_id"] == offer["conversation_id"]
        again = await second.until("voiceassist.session.resumable")
        assert (again["conversation_id"], again["token"] != offer["token"]) == (offer["conversation_id"], True)
        await asked(second, QUESTION)
        assert [event["seq"] for event in second.of(SAVED)] == [3, 4]
        assert second.of("session.updated")[0]["session"]["output_modalities"] == ["text"], "its settings came along"


async def test_an_open_question_of_ours_is_still_open_after_it(dial, service, member):  # noqa: F811
    token = service.token(member)
    async with dial(token=token) as first:
        offer = await begun(first)
        await asked(first, "What is the eGFR?")
        assert first.of("voiceassist.clarify.ask")[0]["slot"] == "creatinine"
        await severed(first)
    async with dial(token=token) as second:
        await back(second, offer)
        await asked(second, "0.9")
        assert second.answer.startswith("CHA2DS2-VASc: 3 points."), "the reply went to the calculator that had asked"


async def test_another_process_goes_on_with_what_one_still_holds(new_service, dial, member):  # noqa: F811
    one, two = new_service(), new_service()
    async with dial(service=one, token=one.token(member)) as first:
        offer = await begun(first)
        await asked(first, QUESTION)
        async with dial(service=two, token=two.token(member)) as second:
            await back(second, offer)
            assert words(second) == [QUESTION, first.answer]
            assert await ended(first) == 4409
            await asked(second, QUESTION)


async def test_a_killed_process_costs_nothing_that_was_told_as_saved(new_service, dial, member):  # noqa: F811
    one, two = new_service(), new_service()
    async with dial(service=one, token=one.token(member)) as first:
        offer = await begun(first)
        await asked(first, "What is the eGFR?")
        await asyncio.sleep(1.5)  # what is open is written once a second
        one.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(one.process.wait, 10)
    async with dial(service=two, token=two.token(member)) as second:
        await back(second, offer)
        assert words(second) == ["What is the eGFR?", first.answer]
        await asked(second, "0.9")
        assert second.answer.startswith("CHA2DS2-VASc")


async def test_words_that_were_being_said_become_a_turn_and_are_answered(dial, service, member, say):  # noqa: F811
    token = service.token(member)
    detection = {"type": "server_vad", "silence_duration_ms": 3_000}
    async with dial(token=token) as first:
        offer = await begun(first, audio={"input": {"turn_detection": detection}})
        pcm = say("How do I treat atrial fibrillation?")
        for start in range(0, len(pcm), 9_600):
            await first.append(pcm[start : start + 9_600])
        await first.until("input_audio_buffer.speech_started")
        await asyncio.sleep(0.5)
        await severed(first)
    async with dial(token=token) as second:
        await back(second, offer)
        await second.until("response.done")
    (item,) = [event["item"] for event in second.of("conversation.item.added") if event["item"]["role"] == "user"]
    assert "fibrillation" in item["content"][0]["transcript"].lower()
    assert "nticoagulation" in second.answer


async def test_an_answer_of_which_nothing_was_heard_is_given_again(dial, service, member):  # noqa: F811
    token = service.token(member)
    async with dial(token=token) as first:
        offer = await begun(first)
        service.rooms.delay = 1.0
        await first.write(QUESTION)
        await first.until("response.created")
        await severed(first)
    service.rooms.delay = 0.0
    async with dial(token=token) as second:
        await back(second, offer)
        done = await second.until("response.done")
        assert done["response"]["status"] == "completed"
        assert "nticoagulation" in second.answer


async def test_a_token_opens_once_and_for_its_own_user_alone(dial, service, member):  # noqa: F811
    token = service.token(member)
    async with dial(token=token) as first:
        offer = await begun(first)
        await asked(first, QUESTION)
    async with dial() as other:
        error = await refused(other, offer["token"])
        assert (error["code"], error["event_id"], error["param"]) == ("session_not_resumable", "mine", "token")
    async with dial(token=token) as own:
        assert (await refused(own, offer["token"]))["code"] == "session_not_resumable", "it was used up by the other"
        assert (await refused(own, "vr_nothing"))["code"] == "session_not_resumable"
        await begun(own)
        await asked(own, QUESTION)  # it is a session all the same
        assert (await refused(own, "vr_nothing"))["code"] == "session_not_resumable", "one that has begun"


async def test_a_page_that_was_reloaded_goes_on_by_the_conversation_and_no_other_tab_takes_it(dial, service, member):  # noqa: F811
    token = service.token(member)

    async def by_conversation(client, offer):
        await client.send("voiceassist.session.resume", conversation_id=offer["conversation_id"])
        while True:
            event = await client.next()
            if event["type"] in {"error", "voiceassist.session.resumed"}:
                return event

    async with dial(token=token) as first:
        offer = await begun(first)
        await asked(first, QUESTION)
        async with dial(token=token) as tab:
            assert (await by_conversation(tab, offer))["error"]["code"] == "session_not_resumable", "it is in use"
    async with dial() as other:
        assert (await by_conversation(other, offer))["error"]["code"] == "session_not_resumable"
    async with dial(token=token) as second:
        assert (await by_conversation(second, offer))["type"] == "voiceassist.session.resumed"
        assert words(second) == [QUESTION, first.answer]


async def test_what_is_handed_over_is_sealed_and_ends(dial, service, member, settings):  # noqa: F811
    token = service.token(member)
    known = {"voiceassist": {"extensions": True, "known": ["Zelda Quackenbush"]}}
    valkey = store.connect(settings.redis.url)
    of_other_sessions = {key async for key in valkey.scan_iter(match="va:voice-*", count=1000)}
    async with dial(token=token) as client:
        await client.send("session.update", session={"type": "realtime", **WRITTEN, **known})
        await client.until("voiceassist.session.resumable")
        await asked(client, "What is the eGFR of Zelda Quackenbush?")
        await asyncio.sleep(1.5)
        found = {}
        async for key in valkey.scan_iter(match="va:voice-*", count=1000):
            if key not in of_other_sessions:
                found[key.decode()] = (await valkey.get(key), await valkey.ttl(key))
    await valkey.aclose()
    store.connect.cache_clear()
    kinds = {key.split(":")[1]: value for key, value in found.items()}
    assert {"voice-token", "voice-state", "voice-context"} <= set(kinds)
    assert 0 < kinds["voice-state"][1] <= 300 >= kinds["voice-token"][1] > 0
    assert 1_700 < kinds["voice-context"][1] <= 1_800
    assert not any(b"Quackenbush" in value or b"eGFR" in value for value, _ in found.values())


async def test_a_service_that_stops_hands_its_sessions_over(new_service, dial, member):  # noqa: F811
    one, two = new_service(), new_service()
    async with dial(service=one, token=one.token(member)) as first:
        offer = await begun(first)
        await asked(first, QUESTION)
        one.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(one.process.wait, 15)
    async with dial(service=two, token=two.token(member)) as second:
        await back(second, offer)
        assert words(second) == [QUESTION, first.answer]
