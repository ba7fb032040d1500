"""The broker process from outside, beside what Knative asks of it (test_requirements.py): who may speak, whom it
trusts, how it starts and stops, and what is readable on disk."""

import asyncio
import json

from events.catalog import DocumentUploaded
from events.envelope import encode_batch, encode_binary, encode_structured
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id

from .conftest import event, free_port, trigger

NAME = "Zebulon Quackenbush"


# --- ingress ---


async def test_who_may_publish_and_how_much(broker):
    await broker.start()
    headers, body = encode_binary(event(1))
    url = f"{broker.url}/voiceassist/default"
    assert (await broker.client.post(url, headers=headers, content=body)).status_code == 401
    person = Principal(subject="u", tenant_id=DEFAULT_TENANT, role="admin", user_id=new_id())
    answer = await broker.client.post(url, headers=broker.token(person) | headers, content=body)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await broker.post(headers, b"x" * 1_048_577)).status_code == 413

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


async def test_what_an_integrator_writes_is_looked_through_before_it_is_on_disk(broker):
    await broker.start()
    person = Principal(
        subject="u", tenant_id=DEFAULT_TENANT, role="user", user_id=new_id(), scopes=frozenset({"events:publish"})
    )
    url = f"{broker.url}/voiceassist/default"

    async def said(data, **attributes):
        one = event(1, type="org.example.seen", source="/his", data=json.dumps(data).encode(), **attributes)
        headers, body = encode_binary(one)
        return await broker.client.post(url, headers=broker.token(person) | headers, content=body, timeout=30)

    answer = await said({"visit": {"text": f"Mrs. {NAME} was seen", "mrn": 4418273}})
    assert answer.status_code == 403
    assert answer.json()["code"] == "PHI_BLOCKED"
    assert {one["pointer"] for one in answer.json()["errors"]} == {"/data/visit/text", "/data/visit/mrn"}
    assert NAME not in answer.text
    assert "4418273" not in answer.text
    assert NAME not in (broker.folder / "broker.log").read_text()
    assert broker.query("select count(*) from events") == [(0,)]
    assert (await said({"ward": "7b", "beds": 12})).status_code == 202


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
    assert "must be set" in await sentence(broker, VOICEASSIST_WORKLOAD__KEY="")
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
