"""The publisher: a broker that refuses, dawdles or is away, other publishers beside it, killed at the worst moments."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from uuid import UUID

import pytest

from events.catalog import DocumentIndexed, read
from events.envelope import decode
from functions.notifications import listeners
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import outbox, publisher

STRUCTURED = [("content-type", "application/cloudevents+json")]
SEED = 20_261_124


async def let_leases_run_out(execute):
    await execute("update outbox set held_until = now() where held_until is not null")


# --- the broker's answers ---


@pytest.mark.parametrize("status", [429, 503])
async def test_a_broker_that_is_busy_loses_nothing(database, broker, say, status):
    said = await say()
    broker.refuse.append((said, status))
    assert await publisher.publish(database) == 0
    broker.refuse.clear()
    assert await publisher.publish(database) == 1
    assert broker.ids == [said]


async def test_a_broker_that_is_away_loses_nothing_and_gets_it_when_it_is_back(database, broker, new_broker, say):
    said = [await say("one key") for _ in range(3)]
    port = broker.server_port
    broker.stop()
    assert await publisher.publish(database) == 0
    back = new_broker(port)
    assert await publisher.publish(database) == 3
    assert back.ids == said


@pytest.mark.parametrize("status", sorted(publisher.REFUSED_FOR_GOOD))
async def test_an_event_refused_for_good_is_kept_and_holds_up_nobody(database, broker, say, states, status):
    bad, good, after = await say("a"), await say("b"), await say("a")
    broker.refuse.append((bad, status))
    assert await publisher.publish(database) == 2
    assert await states() == {UUID(bad): (False, status), UUID(good): (True, None), UUID(after): (True, None)}


async def test_a_poisonous_event_holds_its_own_key_and_no_other(database, broker, say, execute):
    """A broker that fails on one event: it is tried again later, in front of what follows it."""
    poison, follower = await say("a"), await say("a")
    others = [await say() for _ in range(5)]
    broker.refuse.append((poison, 500))
    assert await publisher.publish(database) == 5
    assert sorted(broker.ids) == sorted(others)
    assert await publisher.publish(database) == 0  # not at once again: it is held
    broker.refuse.clear()
    await let_leases_run_out(execute)
    assert await publisher.publish(database) == 2
    assert broker.ids[-2:] == [poison, follower]


# --- leases ---


async def test_no_transaction_is_open_while_the_broker_thinks(database, broker, say, execute):
    await say()
    asked, answer = threading.Event(), threading.Event()

    def think(_event):
        asked.set()
        answer.wait(10)

    broker.before = think
    sending = asyncio.create_task(publisher.publish(database))
    assert await asyncio.to_thread(asked.wait, 10)
    open_ones = await execute(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and xact_start is not null and backend_type = 'client backend'"
    )
    answer.set()
    assert await sending == 1
    assert open_ones[0][0] == 0


async def test_what_is_on_lease_is_left_alone_until_the_lease_ends(database, broker, say, execute):
    said = await say()
    await publisher._turn(database, publisher.Outcome(), limit=10)  # and its holder dies here
    assert await publisher.publish(database) == 0
    await let_leases_run_out(execute)
    assert await publisher.publish(database) == 1
    assert broker.ids == [said]


async def test_a_lease_from_before_the_clock_went_back_is_not_waited_for(database, broker, say, execute):
    said = await say()
    await execute("update outbox set held_until = now() + interval '1 hour'")
    assert await publisher.publish(database) == 1
    assert broker.ids == [said]


async def test_nothing_is_begun_when_the_lease_is_about_to_end(database, broker, say, monkeypatch):
    """As after a long pause of the process: another publisher may have the rows by now."""
    said = await say()
    monkeypatch.setattr(publisher, "SENDING_SECONDS", 0.0)
    sending = asyncio.create_task(publisher.publish(database, turns=2))
    assert await sending == 0
    assert broker.got == []
    monkeypatch.undo()
    rows = await publisher._turn(database, publisher.Outcome(), limit=10)
    assert [str(row.id) for row in rows] == [said]  # given back, so free at once


async def test_a_room_does_not_wait_for_a_broker_that_hangs(database, broker, say, states):
    said = await say()
    answer = threading.Event()
    broker.before = lambda _event: answer.wait(20)
    began = time.monotonic()
    await outbox.nudge(database)
    assert time.monotonic() - began < publisher.ANSWER_SECONDS
    answer.set()
    assert await states() == {UUID(said): (False, None)}


# --- order ---


async def test_several_publishers_keep_the_order_of_every_key(settings, database, broker, say, execute, monkeypatch):
    """Four publishers at once and a broker that dawdles: the events of a key arrive as they were committed."""
    monkeypatch.setattr(publisher, "BATCH", 2)  # so that nobody has every key, and nobody the same ones for long
    chance = random.Random(SEED)
    keys = [f"key {number}" for number in range(6)]
    said = {key: [] for key in keys}
    for _ in range(15):
        for key in chance.sample(keys, len(keys)):
            said[key].append(await say(key))
    broker.before = lambda _event: time.sleep(chance.random() * 0.01)

    async def work(pool):
        sent = 0
        while await execute("select 1 from outbox where published_at is null"):
            sent += await publisher.publish(pool, turns=1)
        await pool.close()
        return sent

    sent = await asyncio.gather(*(work(Database(settings.postgres.dsn, pool_size=1)) for _ in range(4)))
    assert sum(sent) == 90
    assert sorted(sent)[1] > 0  # three or more did share the work
    arrived = [json.loads(body) for body in broker.got]
    assert {key: [event["id"] for event in arrived if event["partitionkey"] == key] for key in keys} == said


async def test_what_is_said_while_its_key_is_being_sent_follows_at_once(database, broker, say):
    first = await say("a")
    later = []
    loop = asyncio.get_running_loop()

    def say_more(event):
        if event["id"] == first:
            later.append(asyncio.run_coroutine_threadsafe(say("a"), loop).result(10))

    broker.before = say_more
    assert await publisher.publish(database) == 2
    assert broker.ids == [first, *later]


# --- killed ---

CHILD = """
import asyncio, sys
from events.catalog import DocumentIndexed
from voiceassist.core import ids
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.runtime import outbox, providers, publisher
from uuid import UUID

publisher.LEASE_SECONDS, publisher.ANSWER_SECONDS, publisher.SENDING_SECONDS = 1.5, 0.5, 0.5
owner, keys = UUID(sys.argv[1]), sys.argv[2].split(",")

async def say(key):
    payload = DocumentIndexed(document_id=ids.new_id(), tenant_id=DEFAULT_TENANT, owner_id=owner, chunks=1, pages=1)
    event = outbox.event_of("ingestion", payload.TYPE, payload, subject="x", key=key)
    async with providers.database().transaction(service("test")) as connection:
        await outbox.add(connection, "ingestion", event)
    print(event.id, flush=True)

async def main():
    for round in range(int(sys.argv[3])):
        for key in keys:
            await say(key)
        {then}
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def child(stack_env, broker):
    """A process that commits events and then does `then`; `child(owner, keys, rounds, then)`."""
    running = []

    def start(owner, keys, rounds, then="pass"):
        environ = stack_env | {"VOICEASSIST_BROKER_URL": broker.url}
        code = textwrap.dedent(CHILD).replace("{then}", then)
        command = [sys.executable, "-c", code, str(owner), ",".join(keys), str(rounds)]
        running.append(subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait(10)
        process.stdout.close()


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)


@pytest.fixture
async def owner(execute):
    identifier = ids.new_id()
    await execute(
        "insert into users (id, tenant_id, iss, sub, role) values (:id, :tenant, 'https://issuer.test', :sub, 'user')",
        id=identifier, tenant=DEFAULT_TENANT, sub=str(identifier),
    )  # fmt: skip
    return identifier


@pytest.fixture
def hear(database, execute, monkeypatch):
    """The consumer: what the notifications room does with an event that arrives; returns its notifications."""
    monkeypatch.setattr(listeners.providers, "database", lambda: database)

    async def hear(bodies, owner):
        for body in bodies:
            event = decode(STRUCTURED, body.encode())
            await listeners.tell(event, listeners.of_indexed(read(DocumentIndexed, event.data)))
        rows = await execute("select document_id from notifications where owner_id = :owner", owner=owner)
        return [row[0] for row in rows]

    return hear


async def test_killed_between_commit_and_publishing(database, broker, child, owner, hear):
    process = child(owner, ["k"], 1)
    said = process.stdout.readline().strip()
    kill(process)
    assert broker.got == []
    assert await publisher.publish(database) == 1
    assert broker.ids == [said]
    assert len(await hear(broker.got, owner)) == 1


async def test_killed_between_publishing_and_the_mark(database, broker, child, owner, hear, execute):
    """The broker has the event and nobody wrote that down: it is sent again, and has one effect."""
    reached, answer = threading.Event(), threading.Event()

    def hold(_event):
        reached.set()
        answer.wait(20)

    broker.before = hold
    process = child(owner, ["k"], 1, "await outbox.nudge(providers.database())")
    said = process.stdout.readline().strip()
    assert await asyncio.to_thread(reached.wait, 20)
    kill(process)
    broker.before = lambda _event: None
    answer.set()
    await let_leases_run_out(execute)
    assert await publisher.publish(database) == 1
    assert broker.ids == [said, said]
    assert len(await hear(broker.got, owner)) == 1


async def test_killed_at_any_moment_nothing_is_lost_and_keys_stay_in_order(
    database, broker, child, owner, hear, execute
):
    """Five rounds of kill -9 at random instants (the seed is printed), each in the middle of the next one's sending."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    keys, committed = ["a", "b", "c"], []
    broker.before = lambda _event: time.sleep(chance.random() * 0.02)
    for _ in range(5):
        process = child(owner, keys, 1000, "await outbox.nudge(providers.database())")
        committed.append(process.stdout.readline().strip())
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        kill(process)
        committed += process.stdout.read().split()
    while await publisher.publish(database) or await execute("select 1 from outbox where published_at is null"):
        await asyncio.sleep(0.2)
    assert set(committed) <= set(broker.ids)
    stored = await execute("select cast(id as text), key from outbox order by position")
    times = Counter(broker.ids)
    assert set(times) == {row[0] for row in stored}
    for key in keys:
        first_times = list(dict.fromkeys(json.loads(body)["id"] for body in broker.got if f'"{key}"' in body))
        assert first_times == [row[0] for row in stored if row[1] == key]
    notes = await hear(broker.got, owner)
    assert len(notes) == len(set(notes)) == len(stored)
    print(f"{len(stored)} events, {sum(times.values()) - len(times)} sent twice")
