"""The broker process from outside: what it takes, whom it tells, and what it never forgets."""

import asyncio
import base64
import json
import random
from itertools import pairwise

import httpx
import pytest

from events.catalog import EVENT_TYPES, DocumentUploaded
from events.envelope import encode_batch, encode_binary, encode_structured, json_event
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id

from .conftest import event, free_port, trigger

NAME = "Zebulon Quackenbush"
DEAD_SINK = {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "deadsink"}}


def keeper():
    """A Trigger on the dead-letter Broker, so that a test sees what arrives there."""
    return trigger("keeper", room="deadsink", broker="dead-letters", dead_letter=False)


# --- ingress ---


async def test_ingress_rules(broker):
    await broker.start()
    headers, body = encode_binary(event(1))
    url = f"{broker.url}/voiceassist/default"
    options = await broker.client.options(url)
    assert options.status_code == 200
    assert options.headers["allow"] == "POST, OPTIONS"
    assert (options.headers["webhook-allowed-origin"], options.headers["webhook-allowed-rate"]) == ("*", "*")
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = await broker.client.request(method, url)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    expected = {"/": 404, "/one": 400, "/a/b/c": 400, "/voiceassist/none": 404, "/elsewhere/default": 404}
    for path, status in expected.items():
        assert (await broker.post(headers, body, path)).status_code == status
    assert (await broker.client.post(url, headers=headers, content=body)).status_code == 401
    person = Principal(subject="u", tenant_id=DEFAULT_TENANT, role="admin", user_id=new_id())
    answer = await broker.client.post(url, headers=broker.token(person) | headers, content=body)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    for name in ("specversion", "id", "source", "type"):
        without = {key: value for key, value in headers.items() if key != f"ce-{name}"}
        answer = await broker.post(without, body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{name}")
    large = await broker.post(headers, b"x" * 1_048_577)
    assert large.status_code == 413

    async def unannounced():
        for _ in range(20):
            yield b"x" * 65_536

    assert (await broker.post(headers, unannounced())).status_code == 413
    assert broker.query("select count(*) from events") == [(0,)]


async def test_a_payload_that_breaks_its_schema_is_refused_with_a_pointer_and_no_echo(broker):
    await broker.start()
    data = json.dumps({"document_id": NAME}).encode()
    for headers, body in (
        encode_binary(event(1, type=DocumentUploaded.TYPE, data=data)),
        encode_structured(event(1, type=DocumentUploaded.TYPE, data=data)),
    ):
        answer = await broker.post(headers, body)
        assert answer.status_code == 400
        assert answer.json()["code"] == "INVALID_PAYLOAD"
        assert NAME not in answer.text
    headers, body = encode_batch([event(1), event(2, type=DocumentUploaded.TYPE, data=data)])
    answer = await broker.post(headers, body)
    assert answer.json()["errors"][0]["pointer"].startswith("/1/")
    assert NAME not in (broker.folder / "broker.log").read_text()
    assert broker.query("select count(*) from events") == [(0,)]


@pytest.mark.parametrize("data", [b"", b"\xff\x00\r\n", b'{"a": [1, 2.50] }', bytes(range(256)) * 4000])
async def test_attributes_and_bytes_arrive_as_they_came(broker, subscriber, data):
    await broker.start()
    said = event(
        "ü 1",
        data=data or None,
        subject='Ünïcode "x" 5%',
        time="2026-06-30T23:59:60.123456789+02:00",
        dataschema="urn:x:y",
        extensions={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "custom": "v"},
    )
    await broker.say(said)
    (heard,) = await subscriber.wait_for(1)
    assert heard == said
    headers = subscriber.received[0].headers
    assert headers["prefer"] == "reply"
    assert headers["traceparent"].split("-")[1] == "a" * 32
    assert headers["traceparent"].split("-")[2] != "b" * 16


async def test_structured_batched_and_old_events_enter(broker, subscriber):
    await broker.start()
    typed = EVENT_TYPES[DocumentUploaded.TYPE].example
    first = json_event(typed, id="a", source="/rooms/documents", type=DocumentUploaded.TYPE)
    assert (await broker.post(*encode_structured(first))).status_code == 202
    assert (await broker.post(*encode_batch([event("b"), event("c")]))).status_code == 202
    assert (
        await broker.post({"ce-specversion": "0.3", "ce-id": "d", "ce-source": "/", "ce-type": "t"}, b"")
    ).is_success
    heard = {entry.id: entry for entry in await subscriber.wait_for(4)}
    assert heard["a"] == first
    assert heard["d"].specversion == "0.3"


async def test_our_rooms_are_shown_our_identity_and_strangers_are_not(broker, subscriber):
    stranger = trigger("stranger")
    stranger["spec"]["subscriber"] = {"uri": f"http://127.0.0.1:{subscriber.port}/stranger"}
    broker.wire(trigger("ours"), stranger)
    await broker.start()
    await broker.say(event(1))
    await subscriber.wait_for(1)
    await subscriber.wait_for(1, room="stranger")
    shown = {entry.room: "authorization" in entry.headers for entry in subscriber.received}
    assert shown == {"room": True, "stranger": False}


async def test_each_trigger_that_matches_gets_one_delivery(broker, subscriber):
    broker.wire(trigger("one", room="a"), trigger("two", room="a"), trigger("three", room="b", type_prefix="other."))
    await broker.start()
    await broker.say(event(1), event(2, type="other.thing.done.v1"))
    await subscriber.wait_for(4, room="a")
    await subscriber.wait_for(1, room="b")
    await broker.settled()
    assert sorted(entry.id for entry in subscriber.events("a")) == ["1", "1", "2", "2"]
    assert [entry.id for entry in subscriber.events("b")] == ["2"]


async def test_a_cesql_filter_means_the_same_in_either_mode(broker, subscriber):
    """In binary mode every attribute is a text, in structured mode it has its type."""
    picky = trigger("picky")
    picky["spec"]["filters"] = [{"cesql": "type LIKE 'test.%' AND sequence > 3 AND urgent = TRUE"}]
    broker.wire(picky)
    await broker.start()
    for encode, name in ((encode_binary, "binary"), (encode_structured, "structured")):
        for sequence, urgent in ((4, True), (3, True), (4, False)):
            said = event(f"{name}-{sequence}-{urgent}", extensions={"sequence": sequence, "urgent": urgent})
            assert (await broker.post(*encode(said))).status_code == 202
        assert (await broker.post(*encode(event(name)))).status_code == 202
    await subscriber.wait_for(2)
    await broker.settled()
    assert sorted(entry.id for entry in subscriber.events("room")) == ["binary-4-True", "structured-4-True"]


async def test_the_loop_guard_counts_and_stays_inside(broker, subscriber):
    await broker.start()
    await broker.say(event(1, extensions={"knativebrokerttl": 7}))
    (heard,) = await subscriber.wait_for(1)
    assert heard.extensions == {}
    assert broker.query("select ttl from events") == [(6,)]
    for ttl in (0, 1, "x", -3):
        answer = await broker.post(*encode_binary(event(2, extensions={"knativebrokerttl": ttl})))
        assert (answer.status_code, answer.json()["code"]) == (400, "TTL_EXCEEDED")


async def test_health_ready_and_metrics_are_open_and_count(broker, subscriber):
    await broker.start()
    await broker.say(event(1))
    await subscriber.wait_for(1)
    await broker.settled()
    assert (await broker.client.get(f"{broker.url}/health")).json() == {"status": "alive"}
    text = (await broker.client.get(f"{broker.url}/metrics")).text
    assert 'voiceassist_events_accepted_total{type="other"} 1.0' in text
    assert 'voiceassist_events_delivered_total{code="204",trigger="voiceassist/all"} 1.0' in text


# --- delivery ---


async def test_transient_failures_are_retried_with_growing_pauses(broker, subscriber):
    await broker.start()
    subscriber.script["1"] = [503, 429, 404]
    await broker.say(event(1))
    await subscriber.wait_for(4)
    await broker.settled()
    pauses = [after.at - before.at for before, after in pairwise(subscriber.received)]
    assert all(pause >= wanted for pause, wanted in zip(pauses, (0.05, 0.10, 0.15), strict=True))
    assert broker.query("select state, attempts, code from deliveries") == [(1, 4, 204)]


@pytest.mark.parametrize("status", [400, 401, 403, 410, 413, 415, 422, 302])
async def test_permanent_failures_go_to_the_dead_letters_at_once(broker, subscriber, status):
    broker.wire(trigger("all"), keeper())
    await broker.start()
    problem = b'{"code":"X"}' * 200
    subscriber.script["1"] = [(status, problem, {"location": "/elsewhere"})]
    await broker.say(event(1, data=b'{"kept": 1 }', key="k"))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert len(subscriber.events()) == 1
    assert letter.data == b'{"kept": 1 }'
    assert letter.extensions == {
        "partitionkey": "k",
        "knativeerrordest": f"http://127.0.0.1:{subscriber.port}/room/",
        "knativeerrorcode": str(status),
        "knativeerrordata": base64.b64encode(problem[:1024]).decode(),
    }


async def test_exhausted_events_are_dead_lettered_with_their_last_answer(broker, subscriber):
    broker.wire(trigger("all", retry=2), keeper())
    await broker.start()
    subscriber.script["1"] = [500, 503, 500]
    await broker.say(event(1))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert len(subscriber.events()) == 3
    assert letter.extensions["knativeerrorcode"] == "500"


async def test_a_subscriber_nobody_answers_at_is_dead_lettered_without_a_code(broker, subscriber):
    gone = trigger("gone", retry=1)
    gone["spec"]["subscriber"] = {"uri": f"http://127.0.0.1:{free_port()}/"}
    broker.wire(gone, keeper())
    await broker.start()
    await broker.say(event(1))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert set(letter.extensions) == {"knativeerrordest"}


async def test_dead_letters_can_go_to_a_room(broker, subscriber):
    broker.wire(trigger("all", retry=0, deadLetterSink=DEAD_SINK))
    await broker.start()
    subscriber.script["1"] = [422, 503]
    await broker.say(event(1))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert letter.extensions["knativeerrorcode"] == "422"


async def test_a_subscriber_that_hangs_is_cut_off_and_asked_again(broker, subscriber):
    broker.wire(trigger("all", timeout="PT0.3S"))
    await broker.start()
    subscriber.script["1"] = ["hang"]
    await broker.say(event(1), event(2))
    heard = await subscriber.wait_for(3)
    assert sorted(entry.id for entry in heard) == ["1", "1", "2"]
    await broker.settled()


async def test_a_body_that_is_no_event_is_a_failed_delivery(broker, subscriber):
    broker.wire(trigger("all"), keeper())
    await broker.start()
    subscriber.script["1"] = [(200, b"<html>thank you</html>", {})]
    await broker.say(event(1))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert letter.extensions["knativeerrorcode"] == "200"
    assert len(subscriber.events()) == 1


async def test_a_reply_enters_the_same_broker_once_and_counts_down(broker, subscriber):
    broker.wire(trigger("asked", type_prefix="test."), trigger("replies", room="b", type_prefix="reply."))
    await broker.start()
    headers, body = encode_binary(event("answer", type="reply.given.v1", data=b'{"r":1}'))
    subscriber.script["1"] = [(200, body, headers)]
    subscriber.script["2"] = [(202, body, headers)]
    await broker.say(event(1))
    (reply,) = await subscriber.wait_for(1, room="b")
    assert (reply.id, reply.data) == ("answer", b'{"r":1}')
    assert broker.query("select ttl from events where id = 'answer'") == [(254,)]
    await broker.say(event(2))  # 202 with something like an event must not be routed
    await broker.settled()
    assert len(subscriber.events("b")) == 1


async def test_retry_after_is_obeyed_where_the_trigger_says_so(broker, subscriber):
    broker.wire(trigger("all", retryAfterMax="PT0.6S", backoffDelay="PT0.01S"))
    await broker.start()
    subscriber.script["1"] = [(503, b"", {"retry-after": "5"})]
    await broker.say(event(1))
    await subscriber.wait_for(2)
    first, second = subscriber.received
    assert 0.6 <= second.at - first.at < 5


async def test_order_is_kept_per_key_and_a_failing_key_holds_up_no_other(broker, subscriber):
    broker.wire(trigger("all", ordered=True, retry=5, backoffDelay="PT0.02S"))
    await broker.start()
    dice = random.Random(20)
    said = [event(f"{key}-{number:03}", key=key) for number in range(40) for key in "abcd"]
    for entry in said:
        if dice.random() < 0.1:
            subscriber.script[entry.id] = [503]
    subscriber.script["d-000"] = [503, 503, 503, 503]
    await broker.post(*encode_batch(said))
    async with asyncio.timeout(30):
        while len(done := [entry.id for entry in subscriber.events()]) < 160 or len(set(done)) < 160:
            await asyncio.sleep(0.02)
    await broker.settled()
    for key in "abcd":
        firsts = list(dict.fromkeys(entry.id for entry in subscriber.events() if entry.id.startswith(key)))
        assert firsts == sorted(firsts)
        for before, after in pairwise(firsts):  # the next one only after the last attempt of the one before
            attempts = [entry.at for entry in subscriber.received if entry.event.id == before]
            assert attempts[-1] < next(entry.at for entry in subscriber.received if entry.event.id == after)
    last_of_d = [entry.at for entry in subscriber.received if entry.event.id == "d-000"][-1]
    assert any(entry.at < last_of_d for entry in subscriber.received if entry.event.id == "a-001")


# --- durability ---


async def test_what_waits_is_delivered_after_a_restart(broker, subscriber):
    broker.wire(trigger("all", retry=8, backoffDelay="PT1S"))
    await broker.start()
    subscriber.script["1"] = [503]
    await broker.say(event(1))
    await subscriber.wait_for(1)
    async with asyncio.timeout(10):
        while broker.query("select attempts from deliveries") != [(1,)]:
            await asyncio.sleep(0.02)
    broker.kill()
    await broker.start()
    heard = await subscriber.wait_for(2)
    assert [entry.id for entry in heard] == ["1", "1"]


async def test_kill_9_under_load_loses_nothing_that_was_acknowledged(broker, subscriber):
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    broker.wire(trigger("all", retry=8, backoffDelay="PT0.05S"))
    acknowledged = set()

    async def publish(worker, round_number, stop):
        number = 0
        while not stop.is_set():
            number += 1
            entry = event(f"{round_number}-{worker}-{number}")
            try:
                if (await broker.post(*encode_binary(entry))).status_code == 202:
                    acknowledged.add(entry.id)
            except httpx.TransportError:
                return

    for round_number in range(4):
        await broker.start()
        stop = asyncio.Event()
        workers = [asyncio.create_task(publish(worker, round_number, stop)) for worker in range(8)]
        await asyncio.sleep(dice.uniform(0.2, 0.6))
        broker.kill()
        stop.set()
        await asyncio.gather(*workers)
    await broker.start()
    await broker.settled(within=30)
    assert len(acknowledged) > 100, f"seed {seed}"
    missing = acknowledged - {entry.id for entry in subscriber.events()}
    assert not missing, f"seed {seed}: {len(missing)} of {len(acknowledged)} lost"
    assert broker.query("pragma integrity_check") == [("ok",)]


async def test_sigterm_lets_deliveries_end_and_exits_0(broker, subscriber):
    await broker.start()
    await broker.say(*(event(number) for number in range(50)))
    assert await broker.terminate() == 0
    done, waiting = broker.query("select sum(state = 1), sum(state = 0) from deliveries")[0]
    assert done == len({entry.id for entry in subscriber.events()})
    assert done + waiting == 50


async def test_nothing_of_an_event_is_readable_on_disk(broker, subscriber):
    await broker.start()
    await broker.say(event(1, data=json.dumps({"x": NAME}).encode(), subject="secret-subject"))
    await subscriber.wait_for(1)
    await broker.settled()
    on_disk = b"".join(path.read_bytes() for path in broker.database.parent.iterdir())
    assert NAME.encode() not in on_disk
    assert b"secret-subject" not in on_disk


# --- start ---


async def sentence(broker, **changes) -> str:
    process = broker.spawn(**changes)
    assert await asyncio.to_thread(process.wait, 20) == 1
    text = (broker.folder / "broker.log").read_text()
    assert "Traceback" not in text
    return text.strip().splitlines()[-1]


async def test_each_reason_not_to_start_is_one_sentence(broker):
    await broker.start()
    other = {"VOICEASSIST_BROKER__PORT": str(free_port())}
    assert "Another broker is running" in await sentence(broker, **other)
    elsewhere = {"VOICEASSIST_BROKER__DATABASE": str(broker.folder / "second" / "events.db")}
    assert f"Port {broker.port} cannot be used" in await sentence(broker, **elsewhere)
    assert await broker.terminate() == 0
    assert "another key" in await sentence(broker, VOICEASSIST_KEK="6b" * 32)
    assert "64 hex digits" in await sentence(broker, VOICEASSIST_KEK="short")
    assert "must be set" in await sentence(broker, VOICEASSIST_INTERNAL_SECRET="")
    bad = trigger("bad")
    bad["spec"]["delivery"]["retry"] = "three"
    broker.wire(bad)
    assert "The Trigger bad is not usable" in await sentence(broker)
    (broker.folder / "knative" / "wiring.yaml").write_text("{")
    assert "not valid YAML" in await sentence(broker)
    broker.wire(trigger("all"))
    broker.database.write_bytes(b"not a database" * 1000)
    for name in ("-wal", "-shm"):
        broker.database.with_name(broker.database.name + name).unlink(missing_ok=True)
    assert "damaged" in await sentence(broker)


async def test_triggers_of_several_brokers_do_not_mix(broker, subscriber):
    broker.wire(
        trigger("one", room="a"),
        trigger("two", room="b", broker="second"),
        brokers=("default", "second", "dead-letters"),
    )
    await broker.start()
    await broker.say(event(1), path="/voiceassist/second")
    await broker.say(event(2))
    assert [entry.id for entry in await subscriber.wait_for(1, room="b")] == ["1"]
    assert [entry.id for entry in await subscriber.wait_for(1, room="a")] == ["2"]
