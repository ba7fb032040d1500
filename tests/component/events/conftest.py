"""A broker as its own process, and a subscriber that answers as it is told."""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
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
from voiceassist.runtime import tokens

SECRET = "an internal secret of forty characters.."
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


def broker_object(name):
    return {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": {"name": name}}


def event(number, *, type="test.thing.done.v1", data=b"{}", key=None, **attributes):  # noqa: A002
    extensions = attributes.pop("extensions", {}) | ({"partitionkey": key} if key else {})
    return CloudEvent(
        id=str(number),
        source="/tests",
        type=type,
        data=data,
        datacontenttype="application/json",
        extensions=extensions,
        **attributes,
    )


class Subscriber:
    """Records what it receives at /<room>. `script[id]`: answers to come, each a status, "hang" or a triple."""

    def __init__(self) -> None:
        self.received = []
        self.arrived = asyncio.Condition()
        self.script = defaultdict(list)
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
        entry = Heard(scope["path"].strip("/"), heard, headers, time.monotonic())
        self.received.append(entry)
        async with self.arrived:
            self.arrived.notify_all()
        script = self.script[heard.id]
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
    def __init__(self, room, event, headers, at):
        self.room, self.event, self.headers, self.at = room, event, headers, at


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

    def wire(self, *triggers, brokers=("default", "dead-letters")) -> None:
        objects = [*map(broker_object, brokers), *triggers]
        (self.folder / "knative" / "wiring.yaml").write_text(yaml.safe_dump_all(objects))

    def environment(self, **changes) -> dict[str, str]:
        own = {
            "VOICEASSIST_DATA_DIR": str(self.folder),
            "VOICEASSIST_BROKER__PORT": str(self.port),
            "VOICEASSIST_BROKER__DATABASE": str(self.database),
            "VOICEASSIST_BROKER__WIRING_DIR": str(self.folder / "knative"),
            "VOICEASSIST_ROOM_URL": f"http://127.0.0.1:{self.subscriber_port}/{{room}}",
            "VOICEASSIST_INTERNAL_SECRET": SECRET,
            "VOICEASSIST_KEK": KEK,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
        return kept | own | changes

    def spawn(self, **changes) -> subprocess.Popen:
        with (self.folder / "broker.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "events.broker"], env=self.environment(**changes), stdout=output, stderr=output
            )

    async def start(self) -> None:
        self.process = self.spawn()
        async with asyncio.timeout(20):
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
        signed = tokens.mint(principal or service("tests"), issuer="tests", secret=SECRET)
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
