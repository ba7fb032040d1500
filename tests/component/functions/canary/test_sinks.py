"""Each sink shows a patient that was written there after the mark, and nothing where nobody was."""

import json
from random import SystemRandom

import httpx
import msgspec
import pytest
from sqlalchemy import text

from events.catalog import CanarySearched, Ping
from events.envelope import CloudEvent
from functions.canary import sinks, stores
from functions.canary.domain import patient
from functions.canary.domain.traces import Search
from functions.canary.main import HOURLY, room
from functions.canary.sinks import UnseenError
from functions.canary.stores import StoreError
from voiceassist.core import clock, ids
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.runtime import http, providers

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def one():
    return patient.made(SystemRandom())


@pytest.fixture
def search(one):
    return Search(one)


@pytest.fixture
async def client(monkeypatch):
    async with httpx.AsyncClient(trust_env=False) as client:
        monkeypatch.setattr(http, "client", lambda: client)
        yield client


@pytest.fixture
def peers(request):
    """A peer that answers as it is told; the name `sinks` is the module's here."""
    return request.getfixturevalue("sinks")


def with_canary(settings, **canary):
    return msgspec.structs.replace(settings, canary=msgspec.structs.replace(settings.canary, **canary))


@pytest.fixture
def machine(settings, tmp_path):
    """The settings with a data directory of the test's own: a log and the broker's file."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/host.log").write_text("before\n")
    (tmp_path / "events.db").write_bytes(b"\0" * 64)
    broker = msgspec.structs.replace(settings.broker, database=str(tmp_path / "events.db"))
    return msgspec.structs.replace(settings, data_dir=str(tmp_path), broker=broker)


async def test_rows_keys_objects_files_and_points_show_the_patient(machine, one, search, database, tmp_path):
    before = await sinks.mark(machine, clock.now())
    watched = ("database", "sessions", "objects", "knowledge", "events", "logs")

    async def looked():
        return {name: bool(await sinks.SINKS[name](machine, search, before)) for name in watched}

    assert await looked() == dict.fromkeys(watched, False)

    notice = ids.new_id()
    async with database.transaction(service("test")) as connection:
        await connection.execute(text("update tenants set name = :name where id = :id"),
                                 {"name": one.identifiers[0].value, "id": DEFAULT_TENANT})  # fmt: skip
    await providers.redis().set(f"va:test:{notice}", one.note)
    providers.objects().put(f"test/{notice}", one.note.encode())
    await providers.knowledge().create("canary_test", 4)
    point = {"id": str(notice), "vector": {"dense": [1, 0, 0, 0]}, "payload": {"text": one.note}}
    await providers.knowledge().call("PUT", "/collections/canary_test/points", {"points": [point]}, wait="true")
    (tmp_path / "events.db").write_bytes(one.speech.encode())
    with (tmp_path / "logs/host.log").open("a") as log:
        log.write(one.note)
    try:
        assert await looked() == dict.fromkeys(watched, True)
    finally:
        async with database.transaction(service("test")) as connection:
            await connection.execute(text("update tenants set name = 'Default organisation' where id = :id"),
                                     {"id": DEFAULT_TENANT})  # fmt: skip
        await providers.redis().delete(f"va:test:{notice}")
        providers.objects().delete(f"test/{notice}")
        await providers.knowledge().call("DELETE", "/collections/canary_test")


async def test_what_was_written_before_is_not_read_again(machine, one, search, tmp_path):
    (tmp_path / "logs/host.log").write_text(one.note)
    before = await sinks.mark(machine, clock.now())
    assert await sinks.logs(machine, search, before) == []
    (tmp_path / "logs/host.log").write_text("begun anew")
    assert await sinks.logs(machine, search, before) == []
    (tmp_path / "logs/host.log").write_text(one.identifiers[7].value)
    assert await sinks.logs(machine, search, before), "a file that is shorter is read from its beginning"


async def test_sinks_that_stand_elsewhere_are_not_seen(machine, search, tmp_path):
    before = await sinks.mark(machine, clock.now())
    bare = msgspec.structs.replace(machine, data_dir="")
    exported = msgspec.structs.replace(
        bare, telemetry=msgspec.structs.replace(bare.telemetry, otlp_endpoint="http://collector.test")
    )
    for look, settings in ((sinks.logs, bare), (sinks.events, bare), (sinks.traces, exported)):
        with pytest.raises(UnseenError):
            await look(settings, search, before)
    with pytest.raises(sinks.AbsentError):
        await sinks.traces(bare, search, before)
    with pytest.raises(UnseenError):
        await sinks.database(bare, search, sinks.Mark(clock.now()))


def loki(*lines):
    """As Loki answers `query_range`: nanoseconds and lines, by stream."""
    values = [[str(1_700_000_000_000_000_000 + number), line] for number, line in enumerate(lines)]
    result = [{"stream": {"app": "gateway"}, "values": values}] if values else []
    return 200, {}, json.dumps({"status": "success", "data": {"resultType": "streams", "result": result}}).encode()


async def test_a_log_store_is_read_page_by_page(machine, one, search, peers, client, monkeypatch):
    monkeypatch.setattr(stores, "PAGE", 2)
    with peers.Sink(host="127.0.0.1") as peer:
        settings, before = with_canary(machine, logs_url=peer.url), await sinks.mark(machine, clock.now())
        peer.script.extend([loki("a", "b"), loki(one.note)])
        assert await sinks.logs(settings, search, before)
        assert one.identifiers[0].value.split()[0] not in str([got.path for got in peer.received])
        assert "direction=forward" in peer.received[0].path
        for answer in ((500, {}, b""), (200, {}, b"<html>"), (200, {}, b'{"data": 1}')):
            peer.script.append(answer)
            with pytest.raises(StoreError):
                await sinks.logs(settings, search, before)


async def test_a_trace_store_is_asked_for_every_service(machine, one, search, peers, client, monkeypatch):
    with peers.Sink(host="127.0.0.1") as peer:
        settings = with_canary(machine, traces_url=peer.url)
        settings = msgspec.structs.replace(
            settings, telemetry=msgspec.structs.replace(settings.telemetry, otlp_endpoint="http://collector.test")
        )
        before = await sinks.mark(machine, clock.now())
        services, empty = (200, {}, b'{"data": ["gateway", "realtime"]}'), (200, {}, b'{"data": []}')
        told = 200, {}, json.dumps({"data": [{"spans": [{"operationName": one.note}]}]}).encode()
        peer.script.extend([services, empty, empty])
        assert await sinks.traces(settings, search, before) == []
        peer.script.extend([services, empty, told])
        assert await sinks.traces(settings, search, before)
        monkeypatch.setattr(stores, "PAGE", 1)
        peer.script.extend([services, told])
        with pytest.raises(StoreError):  # as many as were asked for: there may be more
            await sinks.traces(settings, search, before)


async def test_metrics_that_cannot_be_read_are_not_seen(machine, one, search, peers, client):
    settings = msgspec.structs.replace(
        machine,
        broker=msgspec.structs.replace(machine.broker, operations_url=""),
        realtime=msgspec.structs.replace(machine.realtime, url=""),
    )
    with peers.Sink(host="127.0.0.1") as peer:
        settings, before = with_canary(settings, url=peer.url), sinks.Mark(clock.now())
        peer.script.extend([(200, {}, b"voiceassist_up 1"), (200, {}, one.note.encode()), 503])
        assert await sinks.metrics(settings, search, before) == []
        assert await sinks.metrics(settings, search, before)
        with pytest.raises(UnseenError):
            await sinks.metrics(settings, search, before)


async def test_a_tick_is_a_run_and_one_event(deliver, database, monkeypatch):
    """Without a key nobody is told anything, so nothing is clean."""
    monkeypatch.setattr("functions.canary.service.SINK_SECONDS", 20)
    settings = with_canary(room.settings, key="")
    monkeypatch.setattr("voiceassist.runtime.door.load_settings", lambda: settings)

    def tick(schedule):
        return CloudEvent(id=str(ids.new_id()), source="/ping", type=Ping.TYPE, data=b"{}",
                          datacontenttype="application/json", extensions={"schedule": schedule})  # fmt: skip

    assert await deliver(room, tick("nightly")) == 422
    event = tick(HOURLY)
    assert await deliver(room, event) == await deliver(room, event) == 204
    async with database.transaction(service("test")) as connection:
        rows = await connection.execute(text("select event from outbox where room = 'canary'"))
        (said,) = [json.loads(bytes(row[0])) for row in rows]
    assert said["type"] == CanarySearched.TYPE
    told = said["data"]
    assert (told["requests"], told["voice"], told["leaks"]) == (0, False, 0)
    assert "clean" not in told.values()
    assert told["database"] == "unknown"
