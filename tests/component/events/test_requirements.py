"""The 23 requirements of a Knative broker, a test each, against the broker as a process.

The list is drawn from the Knative Eventing data plane and control plane contracts (Event delivery, Broker and Trigger
lifecycle, Routing, Delivery) and from the conformance features of knative/eventing (broker, trigger, delivery). Where
the brokers of Knative differ we do as the Kafka broker does, which production runs; those choices stand at the end,
as `test_as_kafka_...`.
"""

import asyncio
import base64
import json
import random
import tempfile
import zlib
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import yaml

from events.broker.feed import PARALLEL
from events.broker.retry import Delivery, of_spec
from events.catalog import EVENT_TYPES, DocumentUploaded
from events.envelope import STRUCTURED, encode_batch, encode_binary, encode_structured, json_event
from voiceassist.core.identity import Principal

from .conftest import NOTHING, Broker, Peer, at, broker_object, event, free_port, listening, trigger
from .test_live_wiring import TRIGGERS, apply, trigger_named, until

DEAD_SINK = {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "deadsink"}}
DEAD, DONE = 2, 1


def keeper():
    """A Trigger on the dead-letter Broker, so that a test sees what arrives there."""
    return trigger("keeper", room="deadsink", broker="dead-letters", dead_letter=False)


def heard_by(subscriber, *rooms):
    return {room: [entry.id for entry in subscriber.events(room)] for room in rooms}


# --- ingress ---


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("application/json", b'{"a": [1, 2.50] }'),
        ("application/xml", b"<a/>"),
        ("application/x-thrift", b"\x82\x21\x00\xff"),
        ("text/plain; charset=latin-1", b"\xe4"),
        ("application/json", b"not json at all"),
        (None, b"no type"),
        (None, None),
    ],
)
async def test_requirement_01_ingress_takes_any_data_content_type(broker, subscriber, content_type, data):
    await broker.start()
    first, second, third = (
        event(name, data=data, datacontenttype=content_type, specversion=version)
        for name, version in (("binary", "1.0"), ("structured", "1.0"), ("old", "0.3"))
    )
    await broker.say(first)
    assert (await broker.post(*encode_structured(second))).status_code == 202
    assert (await broker.post(*encode_binary(third))).status_code == 202
    assert (await broker.post(*encode_batch([event("b1"), event("b2")]))).status_code == 202
    heard = {entry.id: entry for entry in await subscriber.wait_for(5)}
    assert [heard[name] for name in ("binary", "structured", "old")] == [first, second, third]
    assert {"b1", "b2"} <= heard.keys()


async def test_requirement_02_other_methods_are_405_and_options_tells_what_is_taken(broker):
    await broker.start()
    url = f"{broker.url}/voiceassist/default"
    options = await broker.client.options(url)
    assert (options.status_code, options.content) == (200, b"")
    assert options.headers["allow"] == "POST, OPTIONS"
    assert (options.headers["webhook-allowed-origin"], options.headers["webhook-allowed-rate"]) == ("*", "*")
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"):
        answer = await broker.client.request(method, url)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


async def test_requirement_03_an_accepted_event_is_202_with_an_empty_body(broker):
    await broker.start()
    for headers, body in (encode_binary(event(1)), encode_structured(event(2)), encode_batch([event(3), event(4)])):
        answer = await broker.post(headers, body)
        assert (answer.status_code, answer.content, answer.headers["content-length"]) == (202, b"", "0")
    assert broker.query("select count(*) from events") == [(4,)]


async def test_requirement_04_what_is_no_event_is_400(broker):
    await broker.start()
    headers, body = encode_binary(event(1))
    whole = json.loads(encode_structured(event(1))[1])
    for name in ("specversion", "id", "source", "type"):
        in_headers = {key: value for key, value in headers.items() if key != f"ce-{name}"}
        in_body = json.dumps({key: value for key, value in whole.items() if key != name}).encode()
        for answer in (
            await broker.post(in_headers, body),
            await broker.post({"content-type": STRUCTURED}, in_body),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{name}")
    for wrong_headers, wrong_body in (
        (headers | {"ce-specversion": "9000.1"}, body),
        (headers | {"ce-time": "yesterday"}, body),
        ({"content-type": STRUCTURED}, b"{"),
        ({"content-type": STRUCTURED}, json.dumps(whole | {"specversion": "2.0"}).encode()),
        ({"content-type": "application/json"}, b"{}"),
    ):
        assert (await broker.post(wrong_headers, wrong_body)).status_code == 400
    assert broker.query("select count(*) from events") == [(0,)]


async def test_requirement_05_an_address_is_right_wrong_or_unknown_and_what_is_not_stored_is_503(broker):
    await broker.start()
    headers, body = encode_binary(event(1))
    expected = {"/": 404, "/one": 400, "/a/b/c": 400, "/voiceassist/none": 404, "/elsewhere/default": 404}
    for path, status in expected.items():
        assert (await broker.post(headers, body, path)).status_code == status
    with broker.full_disk():
        answer = await broker.post(headers, body)
        assert (answer.status_code, answer.json()["code"]) == (503, "EVENT_STORE_UNAVAILABLE")
        assert int(answer.headers["retry-after"]) > 0
    assert (await broker.post(headers, body)).status_code == 202
    assert broker.query("select count(*) from events") == [(1,)]


async def test_requirement_06_what_was_acknowledged_is_stored_whenever_the_process_is_killed(broker, subscriber):
    """Under load, at random instants; beside it, order per key is kept across the kills."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    broker.wire(
        trigger("all", retry=8, backoffDelay="PT0.05S"),
        trigger("ordered", room="ordered", ordered=True, retry=8, backoffDelay="PT0.02S"),
    )
    acknowledged = set()

    async def publish(worker, round_number, stop):
        """Each worker is a key and says its events one after the other."""
        number = 0
        while not stop.is_set():
            entry = event(f"{worker}-{round_number}-{number:05}", key=str(worker))
            if dice.random() < 0.05:
                subscriber.script[entry.id] = [503]
            try:
                if (await broker.post(*encode_binary(entry))).status_code == 202:
                    acknowledged.add(entry.id)
            except httpx.TransportError:
                return
            number += 1

    for round_number in range(5):
        await broker.start()
        stop = asyncio.Event()
        workers = [asyncio.create_task(publish(worker, round_number, stop)) for worker in range(8)]
        await asyncio.sleep(dice.uniform(0.1, 0.6))
        while len(acknowledged) < 25 * (round_number + 1):  # a busy machine does less in that time
            await asyncio.sleep(0.02)
        broker.kill()
        stop.set()
        await asyncio.gather(*workers)
    await broker.start()
    await broker.settled(within=60)
    assert len(acknowledged) > 100
    for room in ("room", "ordered"):
        missing = acknowledged - {entry.id for entry in subscriber.events(room)}
        assert not missing, f"seed {seed}: {len(missing)} of {len(acknowledged)} lost"
    for worker in range(8):
        firsts = list(dict.fromkeys(e.id for e in subscriber.events("ordered") if e.id.startswith(f"{worker}-")))
        assert firsts == sorted(firsts), f"seed {seed}: key {worker} out of order"
    assert broker.query("pragma integrity_check") == [("ok",)]


@pytest.mark.parametrize("data", [b"", b"\xff\x00\r\n", b'{"a": [1, 2.50] }', bytes(range(256)) * 4096])
async def test_requirement_07_attributes_and_bytes_arrive_as_they_came(broker, subscriber, data):
    """Any event at all: test_any_event.py."""
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


async def test_requirement_08_duplicates_are_taken_and_delivered(broker, subscriber):
    await broker.start()
    await broker.say(event(1), event(1))
    assert [entry.id for entry in await subscriber.wait_for(2)] == ["1", "1"]


# --- routing ---


async def test_requirement_09_each_trigger_that_matches_gets_one_delivery(broker, subscriber):
    broker.wire(trigger("one", room="a"), trigger("two", room="a"), trigger("three", room="b", type_prefix="other."))
    await broker.start()
    await broker.say(event(1), event(2, type="other.thing.done.v1"))
    await subscriber.wait_for(4, room="a")
    await subscriber.wait_for(1, room="b")
    await broker.settled()
    assert sorted(entry.id for entry in subscriber.events("a")) == ["1", "1", "2", "2"]
    assert [entry.id for entry in subscriber.events("b")] == ["2"]


def filtered(name, **spec):
    made = trigger(name, room=name)
    return made | {"spec": made["spec"] | spec}


async def hearing(broker, subscriber, wanted):
    """Wire a Trigger for each filter, say one event, and see who has heard it."""
    broker.wire(*(filtered(name, **spec) for name, (spec, _) in wanted.items()), trigger("all"))
    await broker.start()
    await broker.say(event(1, type="a.b.v1", subject="doc/7", extensions={"n": 3, "ok": True, "empty": ""}))
    await broker.settled()
    heard = {name for name in wanted if subscriber.events(name)}
    assert heard == {name for name, (_, expected) in wanted.items() if expected}


async def test_requirement_10_filter_attributes_are_exact_and_all_must_match(broker, subscriber):
    cases = {
        "exact": ({"type": "a.b.v1"}, True),
        "other-case": ({"type": "A.B.V1"}, False),
        "prefix-only": ({"type": "a.b"}, False),
        "both": ({"type": "a.b.v1", "source": "/tests"}, True),
        "one-of-two": ({"type": "a.b.v1", "source": "/other"}, False),
        "extension": ({"n": "3"}, True),
        "present": ({"subject": ""}, True),
        "absent": ({"missing": ""}, False),
        "present-but-empty": ({"empty": ""}, False),
        "absent-value": ({"missing": "x"}, False),
    }
    wanted = {name: ({"filter": {"attributes": each}}, expected) for name, (each, expected) in cases.items()}
    await hearing(broker, subscriber, wanted | {"no-filter": ({}, True), "empty-filter": ({"filter": {}}, True)})


async def test_requirement_11_filters_speak_every_dialect_and_override_filter(broker, subscriber):
    yes, no = {"exact": {"type": "a.b.v1"}}, {"exact": {"type": "z"}}
    cases = {
        "exact": ([yes], True),
        "exact-two": ([{"exact": {"type": "a.b.v1", "subject": "doc/7"}}], True),
        "exact-one-of-two": ([{"exact": {"type": "a.b.v1", "subject": "doc/8"}}], False),
        "prefix": ([{"prefix": {"type": "a.b", "subject": "doc/"}}], True),
        "prefix-not": ([{"prefix": {"type": "a.c"}}], False),
        "suffix": ([{"suffix": {"type": ".v1"}}], True),
        "suffix-absent": ([{"suffix": {"missing": "x"}}], False),
        "array-is-and": ([yes, no], False),
        "every": ([{"all": [yes, {"prefix": {"type": "a"}}]}], True),
        "every-not": ([{"all": [yes, no]}], False),
        "any": ([{"any": [no, yes]}], True),
        "any-not": ([{"any": [no, no]}], False),
        "not": ([{"not": no}], True),
        "not-absent": ([{"not": {"exact": {"missing": "x"}}}], True),
        "nested": ([{"all": [{"any": [no, {"not": no}]}, {"not": {"all": [yes, no]}}]}], True),
        "cesql": ([{"cesql": "type LIKE 'a.%' AND n = 3 AND ok"}], True),
        "cesql-not": ([{"cesql": "n > 3"}], False),
        "cesql-error": ([{"cesql": "1 / missing = 0"}], False),
    }
    wanted = {name: ({"filters": each}, expected) for name, (each, expected) in cases.items()}
    wanted["overriding"] = ({"filters": [yes], "filter": {"attributes": {"type": "z"}}}, True)
    wanted["falls-back"] = ({"filters": [], "filter": {"attributes": {"type": "z"}}}, False)
    await hearing(broker, subscriber, wanted)


async def test_requirement_11_a_filter_that_names_no_dialect_or_two_is_refused(broker):
    await broker.start()
    for wrong in (
        {},
        {"exact": {"type": "a"}, "prefix": {"type": "a"}},
        {"regex": {"type": "a"}},
        {"exact": {}},
        {"prefix": {"type": ""}},
        {"suffix": {"": "x"}},
        {"cesql": "type ="},
        {"all": [{"exact": {}}]},
    ):
        refused = await apply(broker, filtered("wrong", filters=[wrong]))
        assert (refused.status_code, refused.json()["reason"]) == (422, "Invalid"), wrong


async def status_of(broker, name):
    answer = await broker.client.get(f"{broker.url}{TRIGGERS}/{name}", headers=broker.token())
    assert answer.status_code == 200
    return answer.json()["status"]


async def test_requirement_12_changes_take_effect_and_the_status_tells_where_events_go(broker, subscriber):
    """Filter and subscriber; a Broker or subscriber that is not there; addresses put together from ref and uri."""
    service = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "spec": {}}
    services = [service | {"metadata": {"name": name}} for name in ("room", "all")]
    (broker.folder / "knative" / "services.yaml").write_text(yaml.safe_dump_all(services))
    joined = trigger("joined")
    joined["spec"]["subscriber"]["uri"] = "hooks/../in?x=1"
    broker.wire(
        trigger("all"),
        joined,
        trigger("late", broker="ward"),
        trigger("lost", room="nowhere"),
        trigger("own-sink", deadLetterSink={"uri": "http://sink.local/x"}),
        brokers=("default", "dead-letters"),
    )
    await broker.start()
    room = f"http://127.0.0.1:{subscriber.port}/room"
    assert await status_of(broker, "all") == {
        "conditions": [{"type": "Ready", "status": "True"}],
        "subscriberUri": f"{room}/",
        "deadLetterSinkUri": "/voiceassist/dead-letters",
    }
    assert (await status_of(broker, "joined"))["subscriberUri"] == f"{room}/in?x=1"
    assert (await status_of(broker, "own-sink"))["deadLetterSinkUri"] == "http://sink.local/x"
    for name, reason in (("late", "BrokerNotFound"), ("lost", "SubscriberNotFound")):
        status = await status_of(broker, name)
        assert status["conditions"][0] | {"message": ""} == {
            "type": "Ready",
            "status": "False",
            "reason": reason,
            "message": "",
        }
        assert "subscriberUri" not in status

    broker.wire(
        filtered("all", filter={"attributes": {"type": "wanted.v1"}}),
        trigger("late", broker="ward"),
        brokers=("default", "dead-letters", "ward"),
    )

    async def late_is_ready():
        return (await trigger_named(broker, "late"))["ready"]

    await until(late_is_ready)
    await broker.say(event(1), event(2, type="wanted.v1"))
    await broker.say(event(3), path="/voiceassist/ward")
    await subscriber.wait_for(1, room="all")
    await subscriber.wait_for(1)
    assert heard_by(subscriber, "all", "room") == {"all": ["2"], "room": ["3"]}


async def test_requirement_12_broker_of_a_trigger_and_class_and_config_of_a_broker_are_immutable(broker, subscriber):
    fixed = broker_object("default")
    fixed["metadata"]["annotations"] = {"eventing.knative.dev/broker.class": "Kafka"}
    fixed["spec"] = {"config": {"name": "kafka-broker-config"}}
    broker.wire(trigger("all"), brokers=(fixed, "dead-letters"))
    await broker.start()

    async def fault():
        return (await broker.told("/triggers"))["wiring_faults"].get("wiring.yaml", "")

    async def faultless():
        return not await fault()

    moved = trigger("all", broker="dead-letters")
    other_class = fixed | {"metadata": {"name": "default", "annotations": {}}}
    other_config = fixed | {"spec": {"config": {"name": "another"}}}
    for triggers, default in (([moved], fixed), ([trigger("all")], other_class), ([trigger("all")], other_config)):
        broker.wire(*triggers, brokers=(default, "dead-letters"))
        assert "immutable" in await until(fault)
        broker.wire(trigger("all"), brokers=(fixed, "dead-letters"))
        await until(faultless)
    await broker.say(event(1))
    await subscriber.wait_for(1)


# --- delivery ---


async def test_requirement_13_deliveries_are_posts_over_http_1_1_that_prefer_a_reply(broker, subscriber):
    await broker.start()
    await broker.say(event(1))
    await subscriber.wait_for(1)
    (entry,) = subscriber.received
    assert (entry.method, entry.http_version, entry.headers["prefer"]) == ("POST", "1.1", "reply")
    assert entry.headers["ce-specversion"] == "1.0"


REPLY = (
    b"HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\nce-id: r\r\nce-source: /r\r\nce-type: unheard\r\n"
    b"content-length: 2\r\n\r\n{}"
)


def bare(status, extra=""):
    length = "" if status < 200 or status == 204 else "content-length: 0\r\n"
    return f"HTTP/1.1 {status} Told\r\n{length}{extra}\r\n".encode()


# What the subscriber answers, whether it is asked again, and whether the delivery is complete then.
TABLE = [
    *((f"{status}", bare(status), False, False) for status in (100, 102, 103, 199)),
    *((f"{status}", bare(status), False, True) for status in (200, 201, 202, 203, 204, 205, 206, 207, 299)),
    ("200-reply", REPLY, False, True),
    *((f"{status}", bare(status, "location: /elsewhere\r\n"), False, False) for status in (300, 301, 302, 303, 307)),
    *((f"{status}", bare(status), False, False) for status in (304, 308, 399, 400, 401, 403)),
    *((f"{status}", bare(status), True, False) for status in (404, 408, 409, 429)),
    *((f"{status}", bare(status), False, False) for status in (402, 405, 406, 410, 412, 413, 415, 418, 422, 451, 499)),
    *((f"{status}", bare(status), True, False) for status in (500, 501, 502, 503, 504, 505, 507, 599)),
    ("reset", None, True, False),
    ("refused", None, True, False),
    ("timeout", lambda _reader, _writer: asyncio.sleep(3600), True, False),
    ("tls", None, True, False),
]


@pytest.fixture(scope="module")
async def table():
    """One broker for all cells: an event's type says which Trigger, its id which answer."""

    async def no_tls(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listening(Peer()) as peer, await asyncio.start_server(no_tls, "127.0.0.1", 0) as plain:
        with tempfile.TemporaryDirectory() as folder:
            broker = Broker(Path(folder), peer.port)
            quick = {"retry": 1, "backoffDelay": "PT0.01S"}
            broker.wire(
                trigger("answers", type_prefix="answers", **quick),
                trigger("timeout", type_prefix="timeout", timeout="PT0.2S", **quick),
                at(f"http://127.0.0.1:{free_port()}/", trigger("refused", type_prefix="refused", **quick)),
                at(
                    f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/",
                    trigger("tls", type_prefix="tls", **quick),
                ),
            )
            await broker.start()
            yield broker, peer
            await broker.close()


@pytest.mark.parametrize(("cell", "answer", "retried", "complete"), TABLE, ids=[row[0] for row in TABLE])
async def test_requirement_14_the_status_table(table, cell, answer, retried, complete):
    broker, peer = table
    peer.answers[cell] = answer
    await broker.say(event(cell, type=cell if cell in {"refused", "timeout", "tls"} else "answers"))
    ((state, attempts, code),) = await broker.outcome(cell)
    assert (state, attempts) == (DONE if complete else DEAD, 2 if retried else 1)
    assert code == (int(cell[:3]) if cell[:3].isdigit() else None)
    assert broker.letters().count(cell) == (0 if complete else 1)
    if cell == "reset":  # a kept connection that ends in silence may have been closed before: that is no attempt yet
        assert peer.times(cell) >= attempts
    elif cell not in {"refused", "tls"}:
        assert peer.times(cell) == attempts  # and nothing was asked at /elsewhere


@pytest.mark.parametrize(("policy", "pauses"), [("linear", (0.05, 0.10, 0.15)), ("exponential", (0.10, 0.20, 0.40))])
async def test_requirement_15_retries_as_often_as_told_with_linear_or_exponential_pauses(
    broker, subscriber, policy, pauses
):
    broker.wire(trigger("all", retry=3, backoffPolicy=policy, backoffDelay="PT0.05S"), keeper())
    await broker.start()
    subscriber.script["1"] = [503, 429, 404]
    subscriber.script["2"] = [500, 500, 500, 500]
    await broker.say(event(1), event(2))
    assert await broker.outcome(1) == [(DONE, 4, 204)]
    assert await broker.outcome(2) == [(DEAD, 4, 500)]
    for name in ("1", "2"):
        times = [entry.at for entry in subscriber.received if entry.event.id == name and entry.room == "room"]
        waited = [after - before for before, after in pairwise(times)]
        assert all(wait >= wanted for wait, wanted in zip(waited, pauses, strict=True))


async def test_requirement_16_a_broker_retries_unasked_and_never_presses_a_subscriber(broker, subscriber):
    """Without any `delivery` there are retries; and however much waits, so much is under way and no more."""
    bare_trigger = trigger("all")
    del bare_trigger["spec"]["delivery"]
    broker.wire(bare_trigger)
    await broker.start()
    subscriber.script["1"] = [503]
    await broker.say(event(1))
    await subscriber.wait_for(2)
    for number in range(100, 100 + 2 * PARALLEL):
        subscriber.script[str(number)] = ["hang"]
    await broker.post(*encode_batch([event(number) for number in range(100, 100 + 2 * PARALLEL)]))
    await subscriber.wait_for(2 + PARALLEL)
    await asyncio.sleep(0.3)
    assert len(subscriber.received) == 2 + PARALLEL


async def test_requirement_17_the_delivery_of_a_trigger_replaces_that_of_its_broker(broker, subscriber):
    to_broker = {"ref": {"kind": "Broker", "name": "broker-letters"}}
    to_own = {"ref": {"kind": "Broker", "name": "own-letters"}}
    quick = {"backoffPolicy": "linear", "backoffDelay": "PT0.01S"}
    both = broker_object("both", retry=3, deadLetterSink=to_broker, **quick)
    none = broker_object("no-retry", retry=0, deadLetterSink=to_broker, **quick)

    def plain(name, of, **delivery):
        made = trigger(name, broker=of, room=name)
        made["spec"]["delivery"] = delivery
        return made

    broker.wire(
        plain("inherits", "both"),
        plain("own-retry", "no-retry", retry=3, **quick),
        plain("own-both", "both", retry=1, deadLetterSink=to_own, **quick),
        trigger("of-broker", room="of-broker", broker="broker-letters", dead_letter=False),
        trigger("of-own", room="of-own", broker="own-letters", dead_letter=False),
        brokers=(both, none, "broker-letters", "own-letters", "dead-letters"),
    )
    await broker.start()
    for room in ("inherits", "own-retry", "own-both"):
        subscriber.script[f"{room}/three"] = [503] * 3
        subscriber.script[f"{room}/four"] = [503] * 4
    for name in ("three", "four"):
        await broker.say(event(name), path="/voiceassist/both")
        await broker.say(event(name), path="/voiceassist/no-retry")
    await subscriber.wait_for(8, room="inherits")
    await subscriber.wait_for(8, room="own-retry")
    await subscriber.wait_for(1, room="of-broker")
    await subscriber.wait_for(2, room="of-own")
    await broker.settled()
    # With a delivery of its own, own-retry has no dead-letter sink at all.
    assert heard_by(subscriber, "of-broker") == {"of-broker": ["four"]}
    assert sorted(entry.id for entry in subscriber.events("of-own")) == ["four", "three"]
    assert len(subscriber.events("own-both")) == 4


@pytest.mark.parametrize("sink", ["broker", "room"])
@pytest.mark.parametrize("status", [422, 302])
async def test_requirement_18_a_dead_letter_is_the_event_and_three_attributes(broker, subscriber, status, sink):
    broker.wire(trigger("all", **({"deadLetterSink": DEAD_SINK} if sink == "room" else {})), keeper())
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


async def test_requirement_18_the_last_answer_is_told_or_that_there_was_none(broker, subscriber):
    gone = at(f"http://127.0.0.1:{free_port()}/", trigger("gone", type_prefix="gone", retry=1))
    broker.wire(trigger("all", type_prefix="test", retry=2), gone, keeper())
    await broker.start()
    subscriber.script["1"] = [500, 503, 500]
    await broker.say(event(1))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert (len(subscriber.events()), letter.extensions["knativeerrorcode"]) == (3, "500")
    await broker.say(event(2, type="gone"))
    _, letter = await subscriber.wait_for(2, room="deadsink")
    assert set(letter.extensions) == {"knativeerrordest"}


async def test_requirement_19_a_reply_enters_the_same_broker_and_202_is_never_one(broker, subscriber):
    broker.wire(
        trigger("asked", type_prefix="test."),
        trigger("replies", room="b", type_prefix="reply."),
        trigger("both", room="c"),
    )
    await broker.start()
    headers, body = encode_binary(event("answer", type="reply.given.v1", data=b'{"r":1}'))
    subscriber.script["1"] = [(200, body, headers)]
    await broker.say(event(1))
    (reply,) = await subscriber.wait_for(1, room="b")
    assert (reply.id, reply.data) == ("answer", b'{"r":1}')
    await subscriber.wait_for(2, room="c")
    subscriber.script["2"] = [(202, body, headers)] * 2
    await broker.say(event(2))
    await broker.settled()
    assert len(subscriber.events("b")) == 1
    structured, whole = encode_structured(event("again", type="reply.given.v1"))
    subscriber.script["3"] = [(200, whole, structured)]
    await broker.say(event(3))
    assert (await subscriber.wait_for(2, room="b"))[1].id == "again"


async def test_requirement_19_a_reply_is_routed_to_the_trigger_it_came_from_too(broker, subscriber):
    await broker.start()
    headers, body = encode_binary(event("answer", type="test.reply.v1"))
    subscriber.script["1"] = [(200, body, headers)]
    await broker.say(event(1))
    assert [entry.id for entry in await subscriber.wait_for(2)] == ["1", "answer"]


async def test_requirement_19_a_body_that_is_no_event_fails_the_delivery(broker, subscriber):
    broker.wire(trigger("all"), keeper())
    await broker.start()
    typed = json_event(EVENT_TYPES[DocumentUploaded.TYPE].example, id="x", source="/r", type=DocumentUploaded.TYPE)
    broken = encode_binary(event("x", type=DocumentUploaded.TYPE, data=b'{"document_id": 7}'))
    answers = {
        "html": (200, b"<html>thank you</html>", {"content-type": "text/html"}),
        "half": (200, b"{}", {"ce-specversion": "1.0", "ce-id": "1"}),
        "not-json": (200, b"{", {"content-type": STRUCTURED}),
        "batch": (200, *reversed(encode_batch([typed]))),
        "broken-payload": (200, broken[1], broken[0]),
        "created": (201, b"created", {}),
    }
    for name, answer in answers.items():
        subscriber.script[name] = [answer]
    await broker.say(*(event(name) for name in answers))
    await subscriber.wait_for(len(answers), room="deadsink")
    for name in answers:
        ((state, attempts, _),) = await broker.outcome(name)
        assert (state, attempts) == (DEAD, 1), name
    assert sorted(broker.letters()) == sorted(answers)
    assert broker.query("select count(*) from events") == [(2 * len(answers),)]


async def test_requirement_19_a_reply_that_is_not_stored_fails_the_delivery_which_is_tried_again(broker, peer):
    """The log's share of the disk is used up by what still waits, so there is no room for the reply."""
    broker.wire(
        at(peer.url(), trigger("all", retry=100, backoffPolicy="linear", backoffDelay="PT0.1S", timeout="PT60S"))
    )
    await broker.start(VOICEASSIST_BROKER__LOG_BYTES="1000000")
    full, relieved = asyncio.Event(), asyncio.Event()

    async def reply(_reader, writer):
        await full.wait()
        headers, body = encode_binary(event("answer", type="reply.given.v1"))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 200 OK\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body)

    async def hold(_reader, writer):
        await relieved.wait()
        writer.write(NOTHING)

    def answers():
        return broker.query("select count(*) from events where id = 'answer'")[0][0]

    peer.answers |= {"1": reply, "large": hold}
    await broker.say(event(1), event("large", data=b"x" * 600_000), event("large", data=b"x" * 600_000))
    async with asyncio.timeout(10):
        while (await broker.post(*encode_binary(event("more")))).status_code != 429:
            await asyncio.sleep(0.1)
    full.set()
    async with asyncio.timeout(10):
        while not broker.query("select 1 from attempts where code = 200"):
            await asyncio.sleep(0.02)
    assert answers() == 0
    relieved.set()
    assert (await broker.outcome(1, within=30))[0][0] == DONE
    assert answers() == 1


async def test_requirement_20_the_loop_guard_counts_and_stays_inside(broker, subscriber):
    await broker.start()
    await broker.say(event(1, extensions={"knativebrokerttl": 7}))
    (heard,) = await subscriber.wait_for(1)
    assert heard.extensions == {}
    assert broker.query("select ttl from events") == [(6,)]
    for ttl in (0, 1, "x", -3):
        answer = await broker.post(*encode_binary(event(2, extensions={"knativebrokerttl": ttl})))
        assert (answer.status_code, answer.json()["code"]) == (400, "TTL_EXCEEDED")
    headers, body = encode_binary(event("answer", extensions={"knativebrokerttl": 255}))
    subscriber.script["3"] = [(200, body, headers)]
    await broker.say(event(3))
    await subscriber.wait_for(3)
    assert broker.query("select ttl from events where id in ('3', 'answer') order by seq") == [(255,), (254,)]


async def test_requirement_21_the_trace_goes_on(broker, subscriber):
    await broker.start()
    subscriber.script["1"] = [503]
    trace = {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "tracestate": "vendor=1"}
    await broker.say(event(1, extensions=trace))
    await broker.say(event(2), headers={"traceparent": "00-" + "c" * 32 + "-" + "d" * 16 + "-01"})
    await subscriber.wait_for(3)
    for entry in subscriber.received:
        _, trace_id, span, _ = entry.headers["traceparent"].split("-")
        assert trace_id == ("a" if entry.event.id == "1" else "c") * 32
        assert span not in {"b" * 16, "d" * 16}
        if entry.event.id == "1":
            assert entry.event.extensions == trace
    assert len({entry.headers["traceparent"] for entry in subscriber.received}) == 3


async def test_requirement_22_metrics_tell_what_came_in_went_out_and_died(broker, subscriber):
    await broker.start()
    subscriber.script["2"] = [503]
    subscriber.script["3"] = [422]
    subscriber.script["4"] = ["hang"]
    await broker.say(*(event(number) for number in (1, 2, 3, 4)))
    assert (await broker.post({"content-type": "text/plain"}, b"")).status_code == 400
    await subscriber.wait_for(5)
    for number in (1, 2, 3):
        await broker.outcome(number)
    text = (await broker.client.get(f"{broker.url}/metrics")).text
    assert 'voiceassist_events_accepted_total{type="other"} 4.0' in text
    assert 'voiceassist_events_rejected_total{code="INVALID_EVENT"} 1.0' in text
    delivered = 'voiceassist_events_delivered_total{code="%s",trigger="voiceassist/all"} %s'
    for code, count in (("204", 2.0), ("503", 1.0), ("422", 1.0)):
        assert delivered % (code, count) in text
    assert 'voiceassist_events_dead_total{trigger="voiceassist/all"} 1.0' in text
    assert 'voiceassist_event_attempts_count{trigger="voiceassist/all"} 1.0' in text
    assert 'voiceassist_event_attempts_sum{trigger="voiceassist/all"} 2.0' in text
    assert 'voiceassist_events_waiting{trigger="voiceassist/all"} 1.0' in text


async def test_requirement_23_an_attempt_has_its_timeout(broker, subscriber):
    broker.wire(trigger("all", timeout="PT0.3S"))
    await broker.start()
    subscriber.script["1"] = ["hang"]
    await broker.say(event(1), event(2))
    heard = await subscriber.wait_for(3)
    assert sorted(entry.id for entry in heard) == ["1", "1", "2"]
    assert await broker.outcome(1) == [(DONE, 2, 204)]


@pytest.mark.parametrize("status", [429, 503])
async def test_requirement_23_retry_after_is_obeyed_where_the_trigger_says_so(broker, subscriber, status):
    quick = {"backoffDelay": "PT0.01S"}
    broker.wire(
        trigger("obeys", room="obeys", retryAfterMax="PT0.6S", **quick), trigger("ignores", room="ignores", **quick)
    )
    await broker.start()
    subscriber.script["1"] = [(status, b"", {"retry-after": "5"})] * 2
    subscriber.script["2"] = [(500, b"", {"retry-after": "5"})] * 2
    await broker.say(event(1), event(2))
    await subscriber.wait_for(4, room="obeys")
    await subscriber.wait_for(4, room="ignores")

    def pause(room, name):
        first, second = [one.at for one in subscriber.received if (one.room, one.event.id) == (room, name)]
        return second - first

    assert 0.6 <= pause("obeys", "1") < 5
    assert max(pause("ignores", "1"), pause("obeys", "2")) < 0.6


# --- where the brokers of Knative differ: as Kafka does ---


def test_as_kafka_pauses_count_attempts_from_one():
    linear, exponential = Delivery(exponential=False, delay=0.5), Delivery(delay=0.5)
    assert [linear.wait(number) for number in (1, 2, 3)] == [0.5, 1.0, 1.5]
    assert [exponential.wait(number) for number in (1, 2, 3)] == [1.0, 2.0, 4.0]


def test_as_kafka_an_attempt_without_a_timeout_has_ten_minutes():
    assert of_spec({"retry": 1}).timeout == of_spec(None).timeout == 600


async def test_as_kafka_a_body_that_is_no_event_is_not_tried_again_and_told_without_code(broker, subscriber):
    broker.wire(trigger("all"), keeper())
    await broker.start()
    subscriber.script["1"] = [(200, b"<html>thank you</html>", {})]
    await broker.say(event(1))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert set(letter.extensions) == {"knativeerrordest"}
    assert len(subscriber.events()) == 1


async def test_as_kafka_the_quoted_answer_is_cut_before_it_is_encoded(broker, subscriber):
    broker.wire(trigger("all"), keeper())
    await broker.start()
    subscriber.script["1"] = [(422, bytes(range(256)) * 8, {})]
    await broker.say(event(1))
    (letter,) = await subscriber.wait_for(1, room="deadsink")
    assert len(letter.extensions["knativeerrordata"]) == 1368
    assert base64.b64decode(letter.extensions["knativeerrordata"]) == bytes(range(256)) * 4


async def test_as_kafka_kne_headers_become_attributes_of_the_dead_letter(broker, subscriber):
    """Only those of our own rooms, and none that the event has or that would break it."""
    stranger = at(f"http://127.0.0.1:{subscriber.port}/stranger", trigger("stranger", type_prefix="other."))
    broker.wire(trigger("all", type_prefix="test."), stranger, keeper())
    await broker.start()
    notes = {"KNE-Reason": "closed", "kne-partitionkey": "x", "kne-id": "x", "kne-data": "x", "kne-bad_name": "x"}
    subscriber.script["1"] = [(422, b"", notes)]
    subscriber.script["2"] = [(422, b"", notes)]
    await broker.say(event(1, key="k"), event(2, type="other.v1"))
    letters = {entry.id: entry for entry in await subscriber.wait_for(2, room="deadsink")}
    names = {"knativeerrordest", "knativeerrorcode", "knativeerrordata"}
    assert letters["1"].extensions.keys() == names | {"partitionkey", "reason"}
    assert (letters["1"].extensions["reason"], letters["1"].extensions["partitionkey"]) == ("closed", "k")
    assert letters["2"].extensions.keys() == names


async def test_as_kafka_without_a_dead_letter_sink_or_with_a_failing_one_delivery_ends(broker, subscriber):
    """There the event is lost; here it stays in the log as dead, and can be sent again."""
    broker.wire(
        trigger("none", room="none", dead_letter=False),
        trigger("failing", room="failing", retry=1, backoffDelay="PT0.01S", deadLetterSink=DEAD_SINK),
    )
    await broker.start()
    subscriber.script["1"] = [422] * 100
    await broker.say(event(1))
    await subscriber.wait_for(1, room="deadsink")
    await broker.settled()
    assert len(subscriber.received) == 3
    dead = (await broker.told("/dead-letters"))["items"]
    assert sorted(item["trigger"] for item in dead) == [
        "voiceassist/failing",
        "voiceassist/failing/dead-letter",
        "voiceassist/none",
    ]


def test_as_kafka_a_delivery_may_name_timeout_and_retry_after_max():
    """The schema of the CRD does not list them, its brokers read them."""
    read = of_spec({"retry": 1, "timeout": "PT2S", "retryAfterMax": "PT9S", "format": "json"})
    assert (read.timeout, read.retry_after_max) == (2.0, 9.0)


# --- order ---


async def test_order_is_kept_per_key_and_a_failing_key_holds_up_no_other(broker, subscriber):
    """16 keys, 5 % failures: no event is delivered before, or while, one of its key that came earlier is."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    broker.wire(trigger("all", ordered=True, retry=8, backoffDelay="PT0.01S"))
    await broker.start()
    keys = [f"k{number:02}" for number in range(16)]
    said = [event(f"{key}-{number:04}", key=key) for number in range(200) for key in keys]
    for entry in said:
        if dice.random() < 0.05:
            subscriber.script[entry.id] = [dice.choice([404, 429, 500, 503])] * dice.randint(1, 2)
    subscriber.script["k15-0000"] = [503] * 6
    for start in range(0, len(said), 400):
        assert (await broker.post(*encode_batch(said[start : start + 400]))).status_code == 202
    await broker.settled(within=120)
    assert_in_order(subscriber, said, lambda entry: entry.extensions["partitionkey"])
    held_until = [entry.at for entry in subscriber.received if entry.event.id == "k15-0000"][-1]
    assert any(entry.at < held_until for entry in subscriber.received if entry.event.id == "k00-0001")


def assert_in_order(subscriber, said, lane):
    """Within a lane each event's attempts lie after the last attempt of the one before."""
    attempts = {}
    for entry in subscriber.received:
        attempts.setdefault(entry.event.id, []).append(entry.at)
    assert attempts.keys() == {entry.id for entry in said}
    lanes = {}
    for entry in said:
        lanes.setdefault(lane(entry), []).append(entry.id)
    inversions = [
        (before, after)
        for names in lanes.values()
        for before, after in pairwise(names)
        if attempts[before][-1] > attempts[after][0]
    ]
    assert inversions == []


async def test_as_kafka_order_is_kept_per_partition_and_a_failing_event_holds_up_its_partition(broker, subscriber):
    broker.wire(trigger("all", ordered=True, retry=8, backoffDelay="PT0.02S"))
    await broker.start(VOICEASSIST_BROKER__PARTITIONS="10")

    def partition(key):
        return zlib.crc32(key.encode()) % 10

    keys = [str(UUID(int=number)) for number in range(40)]
    failing = keys[0]
    neighbour = next(key for key in keys[1:] if partition(key) == partition(failing))
    elsewhere = next(key for key in keys if partition(key) != partition(failing))
    subscriber.script[f"{failing}-00"] = [503] * 5
    said = [event(f"{key}-{number:02}", key=key) for number in range(10) for key in keys]
    assert (await broker.post(*encode_batch(said))).status_code == 202
    await broker.settled(within=60)
    assert_in_order(subscriber, said, lambda entry: partition(entry.extensions["partitionkey"]))
    times = {
        name: [one.at for one in subscriber.received if one.event.id == name]
        for name in (f"{failing}-00", f"{neighbour}-00", f"{elsewhere}-00")
    }
    assert len(times[f"{failing}-00"]) == 6
    assert times[f"{elsewhere}-00"][0] < times[f"{failing}-00"][-1] < times[f"{neighbour}-00"][0]


# --- replies of sinks outside the installation ---


async def test_a_sink_outside_replies_with_nothing_in_our_name(broker, subscriber):
    """What it may not publish it may not reply with; and it replies about nobody but whom the event was about."""
    outside = at(f"http://127.0.0.1:{subscriber.port}/outside", trigger("outside", type_prefix="test."))
    broker.wire(outside, trigger("replies", room="replies", type_prefix="com.example."), trigger("room", room="all"))
    await broker.start()

    def reply(**attributes):
        headers, body = encode_binary(event("reply", **attributes))
        return 200, body, headers

    tenant = str(Principal(subject="x", tenant_id=UUID(int=5), role="user").tenant_id)
    forged = {"tenantid": "another", "ownerid": "another", "mine": "1"}
    typed = EVENT_TYPES[DocumentUploaded.TYPE].example
    ours = encode_binary(json_event(typed, id="reply", source="/their", type=DocumentUploaded.TYPE))
    answers = {
        "ours": (200, ours[1], ours[0]),
        "ping": reply(type="dev.knative.sources.ping"),
        "theirs": reply(type="com.example.done.v1", extensions=forged),
    }
    for name, answer in answers.items():
        subscriber.script[f"outside/{name}"] = [answer]
        await broker.say(event(name, extensions={"tenantid": tenant}))
    (heard,) = await subscriber.wait_for(1, room="replies")
    await broker.settled()
    assert heard.extensions == {"tenantid": tenant, "mine": "1"}
    assert broker.query("select count(*) from events where id = 'reply'") == [(1,)]
    states = {name: (await broker.outcome(name))[0][0] for name in answers}  # of the Trigger `outside`
    assert states == {"ours": DEAD, "ping": DEAD, "theirs": DONE}
