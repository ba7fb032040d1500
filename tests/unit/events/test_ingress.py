"""The ingress when it must say no: overload, a full disk, a log that cannot be written, a caller that goes away."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest

from events.broker import ingress as module
from events.broker import routes
from events.broker import space as disk_space
from events.broker.app import BrokerApp
from events.broker.ingress import Ingress
from events.broker.jobs import StoreError
from events.broker.space import Space
from events.envelope import CloudEvent, encode_binary
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
HEADERS, BODY = encode_binary(CloudEvent(id="1", source="/s", type="t", data=b"{}"))


class Writer:
    """Answers when the test says so."""

    alive = True

    def __init__(self):
        self.jobs = []
        self.answers = []

    def submit(self, job):
        self.jobs.append(job)
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]


@pytest.fixture
def writer():
    return Writer()


@pytest.fixture
def disk(monkeypatch):
    state = SimpleNamespace(free=10**12, used=0)
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _path: state)
    return state


@pytest.fixture
async def app(writer, disk, tmp_path):
    settings = Settings(workload=WORKLOAD)
    routing = routes.build([{"metadata": {"name": "default"}}], [], lambda _ref: "http://room")
    space = Space(str(tmp_path), lambda: disk.used, most_bytes=10**9)
    ingress = Ingress(routing, writer, space, now=lambda: 1, largest=settings.limits.body_bytes, gate=lambda: None)
    return BrokerApp(
        settings, ingress=ingress, writer=writer, space=space, dispatcher=None, triggers=None, operations=None
    )


@pytest.fixture
async def client(app):
    token = tokens.mint(service("operator"), issuer="operator", audience="broker", workload=WORKLOAD)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://b", headers=headers) as made:
        yield made


def post(client, content=BODY):
    return asyncio.create_task(client.post("/voiceassist/default", headers=HEADERS, content=content))


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_202_comes_only_after_the_event_is_on_disk(client, writer):
    task = post(client)
    await until(lambda: writer.jobs)
    assert not task.done()
    writer.answers[0].set_result(None)
    assert (await task).status_code == 202


async def test_too_many_waiting_events_are_sent_away_until_there_is_room(client, writer, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    waiting = [post(client), post(client)]
    await until(lambda: len(writer.jobs) == 2)
    refused = await post(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    for answer in writer.answers:
        answer.set_result(None)
    assert [(await task).status_code for task in waiting] == [202, 202]
    last = post(client)
    await until(lambda: len(writer.jobs) == 3)
    writer.answers[-1].set_result(None)
    assert (await last).status_code == 202


async def test_memory_is_bounded_too(client, writer, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING_BYTES", 1000)
    first = post(client, b"x" * 900)
    await until(lambda: writer.jobs)
    assert (await post(client, b"x" * 200)).status_code == 429
    writer.answers[0].set_result(None)
    assert (await first).status_code == 202


async def test_a_log_that_cannot_be_written_is_503(client, writer):
    task = post(client)
    await until(lambda: writer.jobs)
    writer.answers[0].set_exception(StoreError("no", retry_after=1))
    answer = await task
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_nearly_full_disk_is_503_before_anything_is_read(client, app, writer, disk):
    disk.free = 1000
    answer = await post(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert writer.jobs == []
    assert (await client.get("/ready")).status_code == 503
    disk.free = 10**12
    app._space.forget()
    task = post(client)
    await until(lambda: writer.jobs)
    writer.answers[0].set_result(None)
    assert (await task).status_code == 202


async def test_a_log_that_has_used_up_its_share_sends_publishers_away(client, app, writer, disk):
    disk.used = 10**9 + 1
    answer = await post(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert writer.jobs == []


async def test_an_unforeseen_fault_tells_nothing(client, writer, monkeypatch, caplog):
    monkeypatch.setattr(module, "entry_for", lambda *_args, **_options: 1 / 0)
    answer = await post(client)
    assert answer.status_code == 500
    assert "division" not in answer.text + caplog.text


async def test_a_caller_that_goes_away_leaves_no_reservation(app, writer):
    token = tokens.mint(service("operator"), issuer="operator", audience="broker", workload=WORKLOAD)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/voiceassist/default",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }

    async def receive():
        return {"type": "http.disconnect"}

    async def send(_message):
        return None

    await app(scope, receive, send)
    assert (app._ingress._waiting, app._ingress._reserved, writer.jobs) == (0, 0, [])


async def test_a_body_that_does_not_come_gives_its_room_back(app, client, writer, monkeypatch):
    """And a request of which nothing has come is set nothing aside for."""
    monkeypatch.setattr(module, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(module, "MOST_WAITING_BYTES", 1000)
    token = tokens.mint(service("operator"), issuer="operator", audience="broker", workload=WORKLOAD)
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-length", b"1000")]
    scope = {"type": "http", "method": "POST", "path": "/voiceassist/default", "headers": headers}
    told, silent, begun = [], asyncio.Event(), [{"type": "http.request", "body": b"x", "more_body": True}]

    async def nothing():
        silent.set()
        await asyncio.sleep(3600)

    async def a_start():
        return begun.pop() if begun else await nothing()

    async def send(message):
        told.append(message.get("status"))

    quiet = asyncio.create_task(app(scope, nothing, send))
    await silent.wait()
    assert app._ingress._reserved == 0
    slow = asyncio.create_task(app(scope, a_start, send))
    await until(lambda: app._ingress._reserved == 1000)
    assert (await post(client)).status_code == 429
    await slow
    assert (told[0], app._ingress._reserved) == (503, 0)
    last = post(client)
    await until(lambda: writer.jobs)
    writer.answers[0].set_result(None)
    assert (await last).status_code == 202
    quiet.cancel()


async def test_websockets_are_not_spoken(app):
    await app({"type": "websocket"}, None, None)
