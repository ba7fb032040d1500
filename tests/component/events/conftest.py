"""A broker as its own process, and a subscriber that answers as it is told."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx
import pytest
import uvicorn
import yaml

from events.envelope import CloudEvent, decode, encode_binary
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads

WORKLOAD = workloads.derived("s" * 40)
KEK = "5a" * 32


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def trigger(name, *, room="room", type_prefix="", ordered=False, dead_letter=True, broker="default", **delivery):
    """A Trigger as it would stand in knative/."""
    spec = {
        "broker": broker,
        "subscriber": {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": room}},
        "delivery": {"retry": 3, "backoffPolicy": "linear", "backoffDelay": "PT0.05S", "timeout": "PT5S"} | delivery,
    }
    if type_prefix:
        spec["filters"] = [{"prefix": {"type": type_prefix}}]
    if dead_letter:
        spec["delivery"].setdefault("deadLetterSink", {"ref": {"kind": "Broker", "name": "dead-letters"}})
    notes = {"kafka.eventing.knative.dev/delivery.order": "ordered"} if ordered else {}
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": name, "annotations": notes},
        "spec": spec,
    }


def broker_object(name, **delivery):
    spec = {"spec": {"delivery": delivery}} if delivery else {}
    return {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": {"name": name}} | spec


def at(uri, item):
    """The Trigger with a subscriber that is none of our rooms."""
    return item | {"spec": item["spec"] | {"subscriber": {"uri": uri}}}


def event(number, *, type="test.thing.done.v1", data=b"{}", key=None, **attributes):  # noqa: A002
    extensions = attributes.pop("extensions", {}) | ({"partitionkey": key} if key else {})
    own = {"source": "/tests", "datacontenttype": "application/json"} | attributes
    return CloudEvent(id=str(number), type=type, data=data, extensions=extensions, **own)


class Subscriber:
    """Records what it receives at /<room>. `script[id]`, or of one room `script["<room>/<id>"]`: answers to come, each
    a status, "hang" or a triple of status, body and headers."""

    def __init__(self) -> None:
        self.received = []
        self.arrived = asyncio.Condition()
        self.script = defaultdict(list)
        self.gates = {}  # by id: an asyncio.Event before which nothing is answered
        self.port = free_port()
        self.under_way = defaultdict(int)

    def events(self, room="room"):
        return [entry.event for entry in self.received if entry.room == room]

    async def __call__(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        heard = decode(headers, body, legacy=True)
        entry = Heard(scope, heard, headers, time.monotonic())
        self.received.append(entry)
        async with self.arrived:
            self.arrived.notify_all()
        if gate := self.gates.get(heard.id):
            await gate.wait()
        script = self.script.get(f"{entry.room}/{heard.id}") or self.script[heard.id]
        answer = script.pop(0) if script else 204
        if answer == "hang":
            await asyncio.sleep(3600)
        status, content, extra = answer if isinstance(answer, tuple) else (answer, b"", {})
        raw = [(b"content-length", str(len(content)).encode())] + [(k.encode(), v.encode()) for k, v in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw if status != 204 else []})
        await send({"type": "http.response.body", "body": content})

    async def wait_for(self, count, *, room="room", within=15.0):
        """Until `count` deliveries have reached the room."""
        async with asyncio.timeout(within), self.arrived:
            await self.arrived.wait_for(lambda: len(self.events(room)) >= count)
        return self.events(room)


class Heard:
    def __init__(self, scope, event, headers, at):
        self.room, self.method, self.http_version = scope["path"].strip("/"), scope["method"], scope["http_version"]
        self.event, self.headers, self.at = event, headers, at


NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"


class Peer:
    """A subscriber that speaks TCP for itself. `answers[id]`: bytes, None (the connection is reset) or a coroutine
    function of (reader, writer); anything else is answered with `otherwise`."""

    def __init__(self) -> None:
        self.port = 0
        self.answers = {}
        self.otherwise = NOTHING
        self.heard = []
        self.connections = 0

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}/{path}"

    def times(self, event_id):
        return self.heard.count(event_id)

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
                await reader.readexactly(int(headers["content-length"]))
                self.heard.append(headers["ce-id"])
                await self._answer(self.answers.get(headers["ce-id"], self.otherwise), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, answer, reader, writer):
        if answer is None:
            writer.transport.abort()
        elif isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await answer(reader, writer)


@contextlib.asynccontextmanager
async def listening(peer):
    async def talk(reader, writer):
        tasks.add(asyncio.current_task())
        with contextlib.suppress(asyncio.CancelledError):
            await peer(reader, writer)

    tasks = set()
    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=2048)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def peer():
    async with listening(Peer()) as made:
        yield made


HEAD, FRAME = 32, 24 + 4096  # of a WAL: its header; a frame's header and page


class WalIndex:
    """What the shared index of the WAL says (sqlite.org/walformat.html): which WAL it is, how many frames are
    committed, and how many a checkpoint has begun to write into the database."""

    def __init__(self, path):
        head = path.with_name(path.name + "-shm").read_bytes()[:136]
        self.salt = head[32:40]
        (self.frames,) = struct.unpack_from("=I", head, 16)
        (self.folded,) = struct.unpack_from("=I", head, 128)


def torn(dice, wal, frames):
    """The WAL with a tear at a random place, or garbage behind its end; beside it how many whole frames are left."""
    place = dice.randrange(len(wal)) if wal else 0
    kind = dice.choice(["cut", "flip", "zero", "garbage"])
    if kind == "cut":
        wal = wal[:place]
    elif kind == "flip" and wal:
        wal[place] ^= 1 << dice.randrange(8)
    elif kind == "zero":
        wal[place : place + 512] = bytes(len(wal[place : place + 512]))
    else:
        place = HEAD + frames * FRAME
        wal = wal[:place] + dice.randbytes(dice.randint(1, 9000))
    return wal, max(0, (place - HEAD) // FRAME)


class QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


async def serving(app, port):
    config = uvicorn.Config(app, port=port, log_config=None, lifespan="off", access_log=False, http="httptools")
    server = QuietServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    return server, task


@pytest.fixture
async def subscriber():
    app = Subscriber()
    server, task = await serving(app, app.port)
    yield app
    server.should_exit = server.force_exit = True
    await task


class Broker:
    """The process, its folder and a client."""

    def __init__(self, folder: Path, subscriber_port: int) -> None:
        self.folder = folder
        self.subscriber_port = subscriber_port
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.client = httpx.AsyncClient(trust_env=False, timeout=20.0)
        (folder / "knative").mkdir()
        self.wire(trigger("all"))

    @property
    def database(self) -> Path:
        return self.folder / "log" / "events.db"

    def wire(self, *triggers, brokers=("default", "dead-letters"), file="wiring.yaml") -> None:
        objects = [*(broker_object(each) if isinstance(each, str) else each for each in brokers), *triggers]
        whole = yaml.dump_all(objects, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
        (self.folder / "knative" / file).write_text(whole)

    def environment(self, **changes) -> dict[str, str]:
        own = {
            "VOICEASSIST_DATA_DIR": str(self.folder),
            "VOICEASSIST_BROKER__PORT": str(self.port),
            "VOICEASSIST_BROKER__DATABASE": str(self.database),
            "VOICEASSIST_BROKER__WIRING_DIR": str(self.folder / "knative"),
            "VOICEASSIST_ROOM_URL": f"http://127.0.0.1:{self.subscriber_port}/{{room}}",
            "VOICEASSIST_WORKLOAD__KEY": WORKLOAD.key,
            "VOICEASSIST_WORKLOAD__KEYS": WORKLOAD.keys,
            "VOICEASSIST_KEK": KEK,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
        return kept | own | changes

    def spawn(self, **changes) -> subprocess.Popen:
        with (self.folder / "broker.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "events.broker"], env=self.environment(**changes), stdout=output, stderr=output
            )

    async def start(self, within=20.0, files=None, **changes) -> None:
        """`files`: how many the process may open."""
        self.process = self.spawn(**changes)
        if files:
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (files, files))
        async with asyncio.timeout(within):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await self.client.get(f"{self.url}/ready")).status_code == 200:
                        return
                assert self.process.poll() is None, (self.folder / "broker.log").read_text()
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    async def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 30)

    def token(self, principal=None) -> dict[str, str]:
        signed = tokens.mint(principal or service("operator"), issuer="operator", audience="broker", workload=WORKLOAD)
        return {"authorization": f"Bearer {signed}"}

    async def post(self, headers, body, path="/voiceassist/default", **options):
        return await self.client.post(self.url + path, headers=self.token() | dict(headers), content=body, **options)

    async def say(self, *events, path="/voiceassist/default", headers=None):
        for entry in events:
            own, body = encode_binary(entry)
            answer = await self.post(own | (headers or {}), body, path)
            assert (answer.status_code, answer.content) == (202, b""), answer.text

    def query(self, sql, *arguments):
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql, arguments).fetchall()

    async def settled(self, within=15.0) -> None:
        """Until no delivery waits."""
        async with asyncio.timeout(within):
            while self.query("select 1 from deliveries where state = 0 limit 1"):
                await asyncio.sleep(0.02)

    async def settled_but(self, count) -> None:
        async with asyncio.timeout(15):
            while self.query("select count(*) from deliveries where state = 0") != [(count,)]:
                await asyncio.sleep(0.02)

    def change(self, sql, *arguments) -> None:
        """Only while the process is down."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(sql, arguments)

    def ended(self, event_id):
        """(state, attempts, code) of each delivery of an event, once none of them waits any more."""
        found = self.query(
            "select state, attempts, code from deliveries where event in (select seq from events where id = ?)"
            " and (select broker from events where seq = event) = 'voiceassist/default' order by seq",
            str(event_id),
        )
        return found if all(state not in {0, 3} for state, _, _ in found) else []

    async def outcome(self, event_id, within=15.0):
        async with asyncio.timeout(within):
            while not (found := self.ended(event_id)):
                await asyncio.sleep(0.02)
        return found

    def letters(self):
        """The ids of what has come to the dead-letter Broker."""
        return [row[0] for row in self.query("select id from events where broker = 'voiceassist/dead-letters'")]

    async def told(self, path="", **query):
        """What the operations say."""
        answer = await self.client.get(f"{self.url}/api/v1/events{path}", params=query, headers=self.token())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def memory(self) -> int:
        """Bytes the process holds now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @contextlib.contextmanager
    def full_disk(self):
        """No file of the process may grow, and its own are at their end: what a full disk does to a log."""
        largest = max(path.stat().st_size for path in self.database.parent.iterdir())
        before = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (min(largest, 4096), before[1]))
        try:
            yield
        finally:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, before)

    async def close(self) -> None:
        await self.client.aclose()
        if self.process and self.process.poll() is None:
            self.kill()


@pytest.fixture
async def broker(subscriber):
    with tempfile.TemporaryDirectory() as folder:
        process = Broker(Path(folder), subscriber.port)
        yield process
        await process.close()
