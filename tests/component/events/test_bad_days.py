"""Bad input and failure, against the broker as a process: a tear in its log, a full disk, a clock that jumps, and
subscribers, publishers and Triggers that mean harm. Always the same promise: bounded, reported, nothing acknowledged
is lost, and other Triggers go on."""

import asyncio
import json
import os
import random
import subprocess
import time
from collections import Counter

import httpx
import pytest

from events.broker.clock import Clock
from events.envelope import BATCHED, STRUCTURED, encode_batch, encode_binary
from voiceassist.runtime.posting import LARGEST_ANSWER

from .conftest import NOTHING, WalIndex, at, event, torn, trigger
from .test_live_wiring import TRIGGERS, apply

DONE, DEAD = 1, 2
MIB = 1_048_576


async def until(condition, within=15.0):
    async with asyncio.timeout(within):
        while not (found := condition()):
            await asyncio.sleep(0.02)
        return found


# --- the log ---


async def test_a_tear_in_the_log_after_a_kill_loses_nothing_that_stood_before_it(broker, subscriber):
    """Kill under load, tear the WAL behind what a checkpoint has folded in, start again; see also test_store.py."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    promised = {}

    async def publish(worker, round_number):
        number = 0
        while True:
            said = event(f"{round_number}-{worker}-{number}", data=dice.randbytes(dice.choice([9, 900, 9000])))
            try:
                answer = await broker.post(*encode_binary(said))
            except httpx.TransportError:
                return
            assert answer.status_code == 202
            promised[said.id] = WalIndex(broker.database)
            number += 1

    for round_number in range(6):
        await broker.start()
        workers = [asyncio.create_task(publish(worker, round_number)) for worker in range(4)]
        await asyncio.sleep(dice.uniform(0.2, 0.8))
        broker.kill()
        await asyncio.gather(*workers)
        end, path = WalIndex(broker.database), broker.database.with_name("events.db-wal")
        while True:
            wal, whole = torn(dice, bytearray(path.read_bytes()), end.frames)
            if whole >= end.folded:
                break
        path.write_bytes(wal)
        if dice.random() < 0.5:  # a power cut leaves anything there
            broker.database.with_name("events.db-shm").write_bytes(dice.randbytes(32_768))
        promised = {name: at for name, at in promised.items() if at.salt != end.salt or at.frames <= whole}
    await broker.start()
    await broker.settled(within=60)
    found = {name for (name,) in broker.query("select id from events")}
    assert len(promised) > 20, f"seed {seed}"
    assert promised.keys() <= found, f"seed {seed}: {len(promised.keys() - found)} lost"
    assert promised.keys() <= {entry.id for entry in subscriber.events()}, f"seed {seed}"
    assert broker.query("pragma integrity_check") == [("ok",)]


async def test_a_full_disk_refuses_publishers_repeats_no_delivery_and_passes(broker, subscriber):
    await broker.start()
    subscriber.script["slow"] = [503]
    await broker.say(event("before"), event("slow"))
    await broker.outcome("before")
    marks = [event(f"mark-{number}") for number in range(20)]
    gate = asyncio.Event()
    subscriber.gates |= {entry.id: gate for entry in marks}
    await broker.say(*marks)
    await subscriber.wait_for(1 + 2 + 20)
    with broker.full_disk():
        gate.set()  # they are answered now, and nothing can be written about it
        for number in range(10):
            answer = await broker.post(*encode_binary(event(f"refused-{number}")))
            assert (answer.status_code, answer.json()["code"]) == (503, "EVENT_STORE_UNAVAILABLE")
            assert int(answer.headers["retry-after"]) > 0
        refused = await apply(broker, trigger("hook"))
        assert refused.status_code == 503
        await asyncio.sleep(2.5)
        assert (await broker.client.get(f"{broker.url}/health")).status_code == 200
    await broker.say(event("after"))
    for name in ("before", "slow", "after", *(entry.id for entry in marks)):
        ((state, _, _),) = await broker.outcome(name)
        assert state == DONE
    heard = Counter(entry.id for entry in subscriber.events())
    assert heard == Counter({"before": 1, "slow": 2, "after": 1} | {entry.id: 1 for entry in marks})
    assert broker.query("pragma integrity_check") == [("ok",)]
    assert await broker.terminate() == 0


@pytest.fixture
def small_disk(broker):
    """The log on a file system of 384 MiB."""
    folder = broker.database.parent
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=384m", "events", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no permission to mount a small file system; the other test of a full disk has run")
    yield folder
    if broker.process.poll() is None:
        broker.kill()
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_disk_that_runs_full_is_noticed_before_and_room_is_made(broker, peer, small_disk):
    broker.wire(at(peer.url(), trigger("all", timeout="PT600S")))
    await broker.start()
    gate = asyncio.Event()

    async def wait(_reader, writer):
        await gate.wait()
        writer.write(NOTHING)

    acknowledged = 0
    async with asyncio.timeout(60):
        while True:
            peer.answers[str(acknowledged)] = wait
            answer = await broker.post(*encode_binary(event(acknowledged, data=os.urandom(MIB - 1000))))
            if answer.status_code != 202:
                break
            acknowledged += 1
            await asyncio.sleep(0.05)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert (await broker.client.get(f"{broker.url}/ready")).status_code == 503
    assert acknowledged > 20
    gate.set()
    await until(lambda: len(set(peer.heard)) == acknowledged, within=60)
    async with asyncio.timeout(60):
        while (await broker.post(*encode_binary(event("again")))).status_code != 202:
            await asyncio.sleep(0.2)
    await broker.settled()
    assert "events.dropped_early" in (broker.folder / "broker.log").read_text()


async def test_a_log_that_has_used_up_its_share_goes_on_delivering_and_lets_publishers_in_again(broker, subscriber):
    broker.wire(trigger("all", timeout="PT60S"))
    await broker.start(VOICEASSIST_BROKER__LOG_BYTES=str(2 * MIB))
    gate = asyncio.Event()
    acknowledged = []
    async with asyncio.timeout(60):
        while True:
            said = event(len(acknowledged), data=os.urandom(100_000))
            subscriber.gates[said.id] = gate
            answer = await broker.post(*encode_binary(said))
            if answer.status_code != 202:
                break
            acknowledged.append(said.id)
            await asyncio.sleep(0.05)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "RATE_LIMITED", "30")
    gate.set()
    async with asyncio.timeout(30):
        while (await broker.post(*encode_binary(event("again")))).status_code != 202:
            await asyncio.sleep(0.2)
    await broker.settled()
    assert Counter(entry.id for entry in subscriber.events()) == Counter([*acknowledged, "again"])


# --- the clock ---


class Hands:
    """A wall clock that is set while a steady one runs on."""

    def __init__(self):
        self.wall, self.steady = 1_800_000_000.0, 50.0

    def pass_by(self, seconds, *, jump=0.0):
        self.wall += seconds + jump
        self.steady += seconds


def test_the_brokers_time_goes_on_evenly_whatever_the_machines_clock_does():
    hands = Hands()
    now = Clock(lambda: hands.wall, lambda: hands.steady)
    assert now() == 1_800_000_000_000
    for jump in (-86_400.0, 86_400.0 * 365, -1.0, 0.0):
        before = now()
        hands.pass_by(1.5, jump=jump)
        assert now() - before == 1500
    again = Clock(lambda: hands.wall, lambda: hands.steady)
    assert again() == int(hands.wall * 1000)


@pytest.mark.parametrize("days", [-400, 400])
async def test_a_clock_that_was_set_between_two_starts_loses_and_delays_nothing(broker, subscriber, days):
    """As the log looks then: every time in it lies that far off."""
    broker.wire(trigger("all", retry=5, backoffDelay="PT0.5S"), trigger("idle", room="idle"))
    await broker.start()
    subscriber.script["room/waits"] = [503]
    subscriber.script["room/dead"] = [422]
    await broker.say(event("waits"), event("dead"))
    await until(lambda: broker.query("select 1 from attempts") and "dead" in broker.letters())
    await broker.settled_but(1)
    broker.kill()
    off = days * 86_400_000
    broker.change("update events set accepted = accepted + ?", off)
    broker.change("update deliveries set due = due + ? where due > 0", off)
    await broker.start()
    heard = await subscriber.wait_for(3, within=10)
    assert Counter(entry.id for entry in heard) == {"waits": 2, "dead": 1}
    await broker.settled()
    # By a clock that is right now, a dead letter of 400 days ago has had its time; one of the future has not.
    kept = {item["event"]["id"] for item in (await broker.told("/dead-letters"))["items"]}
    assert kept == ({"dead"} if days > 0 else set())


# --- subscribers ---


async def hangs(reader, _writer):
    await reader.read()


async def drips(_reader, writer):
    for byte in b"HTTP/1.1 204 No Content\r\n" + b"x-slow: 1\r\n" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def without_end(writer, start, more):
    writer.write(start)
    while not writer.is_closing():
        writer.write(more)
        await writer.drain()


async def headers_without_end(_reader, writer):
    await without_end(writer, b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"y" * 8000 + b"\r\n")


async def body_without_end(_reader, writer):
    await without_end(
        writer, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"2000\r\n" + b"y" * 8192 + b"\r\n"
    )


async def half_closed(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
    writer.write_eof()
    await reader.read()


async def reads_no_more(_reader, writer):
    writer.transport.pause_reading()
    await asyncio.sleep(3600)


def answered(status, body=b"", **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


def digests(length):
    """JSON of about `length` bytes that a machine made: texts of others are looked through, which is not meant here."""
    return json.dumps([f"{7:064x}"[:-4] + "beef"] * (length // 68)).encode()


CE = {"ce_specversion": "1.0", "ce_id": "r", "ce_source": "/r", "ce_type": "t"}
# What a subscriber does, whether it is asked again, and the status told (None: no answer).
MISDEEDS = {
    "hangs": (hangs, True, None),
    "drips": (drips, True, None),
    "headers-without-end": (headers_without_end, True, None),
    "body-without-end": (body_without_end, True, None),
    "half-closed": (half_closed, True, None),
    "reads-no-more": (reads_no_more, True, None),
    "not-http": (b"SSH-2.0-OpenSSH_9.9\r\n" * 10, True, None),
    "html": (answered(200, b"<html>Welcome</html>", content_type="text/html"), False, 200),
    "html-error": (answered(502, b"<html>Bad gateway</html>", content_type="text/html"), True, 502),
    "redirect": (answered(307, location="http://127.0.0.1:1/elsewhere"), False, 307),
    "redirect-to-itself": (answered(301, location="/"), False, 301),
    "broken-event": (answered(200, b"{}", **CE | {"ce_type": ""}), False, 200),
    "broken-structure": (answered(200, b'{"specversion":', content_type=STRUCTURED), False, 200),
    "deep-structure": (answered(200, b"[" * 500_000, content_type=STRUCTURED), False, 200),
    "broken-encoding": (answered(200, b"x", **CE | {"ce_subject": "%ff%"}), False, 200),
    "too-large": (answered(200, b"x" * (LARGEST_ANSWER + 1), **CE), True, None),
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_what_a_subscriber_does_costs_its_own_deliveries_and_no_others(broker, subscriber, peer, misdeed):
    answer, again, status = MISDEEDS[misdeed]
    quick = {"retry": 1, "backoffDelay": "PT0.01S", "timeout": "PT0.5S"}
    broker.wire(at(peer.url(), trigger("bad", type_prefix="test.", **quick)), trigger("good", room="good"))
    await broker.start()
    await broker.say(event("warm-up", type="other"))
    before = broker.memory()
    names = [f"bad-{number}" for number in range(64)]
    peer.answers |= dict.fromkeys(names, answer)
    data = b"x" * (400_000 if misdeed == "reads-no-more" else 10)
    await broker.say(*(event(name, data=data) for name in names[:4]))
    await broker.post(*encode_batch([event(name) for name in names[4:]]))
    await broker.say(*(event(f"good-{number}", type="other") for number in range(50)))
    await subscriber.wait_for(1 + 64 + 50, room="good")
    for name in names:
        bad, good = await broker.outcome(name, within=60)
        assert bad == (DEAD, 2 if again else 1, status)
        assert good == (DONE, 1, 204)
    assert sorted(broker.letters()) == sorted(names)
    assert broker.memory() - before < 100 * MIB
    # Our own, and nothing of what was said.
    log = (broker.folder / "broker.log").read_text()
    assert "feed.failed" not in log
    assert "Traceback" not in log


async def test_others_are_delivered_while_20_subscribers_hang_and_one_fails(broker, subscriber, peer):
    """Measured in deliveries done, not in time: all of the healthy ones before the first of the others is over."""
    hanging = [at(peer.url(), trigger(f"hang-{number}", timeout="PT60S")) for number in range(20)]
    failing = trigger("failing", room="failing", retry=1000, backoffPolicy="linear", backoffDelay="PT0.01S")
    broker.wire(*hanging, failing, trigger("good", room="good"), trigger("ordered", room="ordered", ordered=True))
    await broker.start()
    said = [event(number, key=str(number % 8)) for number in range(1000)]
    peer.answers |= {entry.id: hangs for entry in said}
    for entry in said:
        subscriber.script[f"failing/{entry.id}"] = [503] * 10_000
    for start in range(0, 1000, 250):
        assert (await broker.post(*encode_batch(said[start : start + 250]))).status_code == 202
    await subscriber.wait_for(1000, room="good", within=60)
    await subscriber.wait_for(1000, room="ordered", within=60)
    assert broker.query("select count(*) from deliveries where state <> 0 and route glob '*/hang-*'") == [(0,)]
    assert len(subscriber.events("good")) == len(subscriber.events("ordered")) == 1000
    items = {item["trigger"]: item for item in (await broker.told("/triggers"))["items"]}
    assert {items[f"voiceassist/hang-{number}"]["waiting"] for number in range(20)} == {1000}


# --- replies and loops ---


async def test_a_subscriber_that_answers_each_delivery_with_a_large_reply_ends_by_the_loop_guard(broker, peer):
    broker.wire(at(peer.url(), trigger("loop", retry=9)))  # while the engine loads nobody can look at replies
    await broker.start()
    reply = answered(200, digests(MIB - 100), **CE)
    peer.answers |= {"r": reply} | {str(number): reply for number in range(20)}
    before = broker.memory()
    most = 0
    ttl = 8
    await broker.say(*(event(number, extensions={"knativebrokerttl": ttl + 1}) for number in range(20)))
    async with asyncio.timeout(60):
        while broker.query("select 1 from deliveries where state = 0 limit 1"):
            most = max(most, broker.memory() - before)
            await asyncio.sleep(0.05)
    ttls = Counter(broker.query("select ttl from events where broker = 'voiceassist/default'"))
    assert ttls == {(left,): 20 for left in range(1, ttl + 1)}
    dead = broker.query("select count(*) from deliveries where state = 2")
    assert dead == [(20,)]  # those whose reply had no way to go
    assert most < 300 * MIB


async def test_replies_that_multiply_end_where_the_log_does_and_others_are_delivered(broker, subscriber, peer):
    """Three Triggers that each reply to all three: the loop guard bounds the length of a chain, the log its width."""
    quick = {"type_prefix": "t", "retry": 0, "dead_letter": False}  # a letter is written even when the log is full
    loops = [at(peer.url(), trigger(f"loop-{number}", **quick)) for number in range(3)]
    broker.wire(*loops, trigger("good", room="good", broker="ward"), brokers=("default", "ward", "dead-letters"))
    await broker.start(VOICEASSIST_BROKER__LOG_BYTES=str(12 * MIB))
    peer.otherwise = answered(200, digests(2000), **CE)
    before = broker.memory()
    most = 0
    await broker.say(event("first", type="t"))
    sent = 0
    async with asyncio.timeout(60):
        while (answer := await broker.post(*encode_binary(event(sent, type="w")), "/voiceassist/ward")).is_success:
            sent += 1
            most = max(most, broker.memory() - before)
            await asyncio.sleep(0.02)
    assert answer.status_code == 429
    heard = await subscriber.wait_for(sent, room="good")
    assert sorted(int(entry.id) for entry in heard) == list(range(sent))
    assert most < 100 * MIB
    await asyncio.sleep(2)
    assert sum(path.stat().st_size for path in broker.database.parent.glob("*.db")) < 24 * MIB


async def test_triggers_that_answer_each_other_and_dead_letters_of_dead_letters_come_to_an_end(broker, subscriber):
    """The dead-letter Broker has a Trigger whose own dead letters go to it again."""
    again = trigger("again", room="again", broker="dead-letters", retry=0)
    broker.wire(trigger("one", type_prefix="one", retry=0), trigger("two", room="b", type_prefix="two", retry=0), again)
    await broker.start()
    for room, name, kind in (("room", "ping", "two"), ("b", "pong", "one")):
        headers, body = encode_binary(event("pong" if name == "ping" else "ping", type=kind))
        subscriber.script[f"{room}/{name}"] = [(200, body, headers)] * 1000
    for name in ("ping", "pong"):
        subscriber.script[f"again/{name}"] = [422] * 1000
    await broker.say(event("ping", type="one", extensions={"knativebrokerttl": 31}))
    await broker.settled(within=60)
    assert len(subscriber.events()) + len(subscriber.events("b")) == 30
    assert len(subscriber.events("again")) == 0  # the last one had no way to go, not even to the dead letters
    subscriber.script["room/ping"] = [422]
    await broker.say(event("ping", type="one", extensions={"knativebrokerttl": 31}))
    await broker.settled(within=60)
    assert len(subscriber.events("again")) == 29
    assert len((await broker.told("/dead-letters"))["items"]) > 0


# --- publishers ---

PATHS = {
    "POST": ("/voiceassist/default", "/", "/x", "/a/b/c", "/%ff%00", "/api/v1/events/replay", "/api/v1/nothing"),
    "PATCH": (f"{TRIGGERS}/fuzz", f"{TRIGGERS}/%00", TRIGGERS, "/apis/x"),
    "PUT": ("/voiceassist/default", f"{TRIGGERS}/fuzz"),
    "DELETE": (f"{TRIGGERS}/fuzz", "/api/v1/events"),
    "GET": ("/health", "/ready", "/metrics", "/api/v1/events?id=%00%ff", f"{TRIGGERS}/fuzz"),
    "OPTIONS": ("/voiceassist/default", "/%ff"),
}
TYPES = (
    "",
    "application/json",
    "application/xml",
    STRUCTURED,
    BATCHED,
    "application/apply-patch+yaml",
    "application/cloudevents+json; charset=\xff",
)


def bodies(dice):
    yield "random", dice.randbytes(MIB)
    yield "zeros", bytes(MIB)
    yield "deep array", b"[" * (MIB - 1)
    yield "deep object", b'{"a":' * (MIB // 5)
    yield "long number", b"1" * MIB
    yield "long text", b'"' + b"\xf0\x9f\x98\x80" * (MIB // 4 - 1) + b'"'
    yield "sexagesimal", b"a: " + b"1:" * 30_000 + b"1"
    yield "a bomb of aliases", bomb()
    yield "wide object", b"{" + b",".join(b'"%d":1' % number for number in range(60_000)) + b"}"
    yield "surrogate", b'{"specversion":"1.0","id":"\\ud800","source":"/","type":"t"}'
    yield (
        "no values",
        b'{"apiVersion":"eventing.knative.dev/v1","kind":"Trigger","metadata":{"name":"fuzz"},"spec":{"x":.nan}}',
    )
    yield "a date for a key", b"? 2001-01-01\n: 1\n? [1, 2]\n: 3\n"


def bomb():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    return "\n".join(lines).encode()


async def test_a_mebibyte_of_anything_at_every_path_is_refused_in_our_own_words(broker):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    broker.wire()
    await broker.start()
    await broker.say(event("warm-up"))
    before = broker.memory()
    statuses = Counter()
    requests = [(method, path) for method, paths in PATHS.items() for path in paths]
    for name, body in bodies(dice):
        for method, path in requests:
            kind = dice.choice(TYPES)
            headers = broker.token() | ({"content-type": kind.encode("latin-1")} if kind else {})
            answer = await broker.client.request(method, broker.url + path, headers=headers, content=body)
            statuses[answer.status_code] += 1
            place = f"seed {seed}: {name} at {method} {path} as {kind}: {answer.status_code}"
            assert answer.status_code < 500 or answer.status_code == 503, place
            if answer.status_code >= 400 and method != "HEAD":
                problem = answer.json()
                told = problem.get("detail", problem.get("message", ""))
                assert len(told) < 200, place
                assert body[:40] not in answer.content, place
    assert statuses[400] > 50
    assert broker.memory() - before < 150 * MIB
    log = (broker.folder / "broker.log").read_text()
    assert "ingress.failed" not in log
    assert "Traceback" not in log
    await broker.say(event("still there"))


async def test_every_type_of_content_meets_random_bytes_at_the_ingress(broker):
    """Each alone, and as a binary event, where any bytes are right."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    broker.wire()
    await broker.start()
    for kind in TYPES:
        body = dice.randbytes(MIB)
        headers = {"content-type": kind.encode("latin-1")} if kind else {}
        assert (await broker.post(headers, body)).status_code == 400, f"seed {seed}: {kind}"
        ce = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
        expected = 400 if kind.startswith("application/cloudevents") else 202
        assert (await broker.post(headers | ce, body)).status_code == expected, f"seed {seed}: {kind}"


async def test_what_is_not_http_at_all_ends_its_own_connection(broker, subscriber):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    await broker.start()

    async def babble():
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        try:
            writer.write(dice.randbytes(dice.randint(1, 70_000)))
            await writer.drain()
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:
            pass
        finally:
            writer.close()

    await asyncio.gather(*(babble() for _ in range(50)))
    # And requests that begin well: half a head, half a body, a body that drips.
    head = b"POST /voiceassist/default HTTP/1.1\r\nhost: b\r\n" + b"".join(
        f"{name}: {value}\r\n".encode() for name, value in broker.token().items()
    )
    open_ones = []
    for start in (head, head + b"content-length: 1000\r\n\r\nabc", head + b"transfer-encoding: chunked\r\n\r\n5\r\nab"):
        _, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(start)
        open_ones.append(writer)
    await broker.say(event("still there"))
    await subscriber.wait_for(1)
    for writer in open_ones:
        writer.close()
    assert "Traceback" not in (broker.folder / "broker.log").read_text()


# --- thousands of Triggers ---


def one_of_many(number, room="many"):
    made = trigger(f"t{number}", room=room, timeout="PT30S")
    made["spec"]["filter"] = {"attributes": {"type": f"many.t{number}.v1"}}
    return made


async def test_thousands_of_triggers(broker, subscriber, peer):
    """5,000 in a file and 2,000 over the API: the start, one more Trigger, an event for one of them while 20
    subscribers hang, and one for all."""
    hanging = [at(peer.url(), trigger(f"hang-{number}", type_prefix="hang.", timeout="PT60S")) for number in range(20)]
    many = [one_of_many(number) for number in range(5000)]
    for each in many:
        each["spec"]["filters"] = [
            {
                "any": [
                    {"exact": {"type": each["spec"]["filter"]["attributes"]["type"]}},
                    {"exact": {"type": "everyone.v1"}},
                ]
            }
        ]
    broker.wire(*many, *hanging)
    began = time.monotonic()
    await broker.start(within=60)
    print(f"started with 5,020 Triggers in {time.monotonic() - began:.1f} s, {broker.memory() // MIB} MiB")

    began = time.monotonic()
    gate = asyncio.Semaphore(32)

    async def add(number):
        async with gate:
            assert (await apply(broker, one_of_many(number, room="late"))).status_code == 201

    await asyncio.gather(*(add(number) for number in range(5000, 7000)))
    print(f"2,000 Triggers over the API in {time.monotonic() - began:.1f} s")

    said = [event(f"hang-{number}", type="hang.v1") for number in range(100)]
    peer.answers |= {entry.id: hangs for entry in said}
    await broker.post(*encode_batch(said))
    await broker.say(event("one", type="many.t4321.v1"), event("two", type="many.t6543.v1"))
    assert [entry.id for entry in await subscriber.wait_for(1, room="many")] == ["one"]
    assert [entry.id for entry in await subscriber.wait_for(1, room="late")] == ["two"]

    began = time.monotonic()
    await broker.say(event("everyone", type="everyone.v1"))
    await subscriber.wait_for(5001, room="many", within=60)
    print(f"one event to 5,000 Triggers in {time.monotonic() - began:.1f} s, {broker.memory() // MIB} MiB")
    assert await until(lambda: broker.query("select count(*) from deliveries where state = 1") == [(5002,)])
    assert broker.query("select count(*) from attempts") == [(0,)]

    broker.kill()
    began = time.monotonic()
    await broker.start(within=60)
    print(f"started with 7,020 Triggers in {time.monotonic() - began:.1f} s")
    await broker.say(event("three", type="many.t6999.v1"))
    await subscriber.wait_for(2, room="late")


@pytest.mark.parametrize("files", [256, 1024])
async def test_one_event_for_more_triggers_than_there_are_files(broker, subscriber, files):
    """A process may open so many files, and each delivery needs one: they wait for each other, and nobody fails."""
    broker.wire(*(trigger(f"t{number}", room="many", timeout="PT60S") for number in range(1500)))
    await broker.start(within=60, files=files)
    await broker.say(event("everyone"))
    await subscriber.wait_for(1500, room="many", within=60)
    await broker.settled(within=30)
    assert broker.query("select count(*) from attempts") == [(0,)]
