"""Scale to zero with real processes: start on demand, hold, limit, stop when idle, crash, drain."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import httpx
import psutil
import pytest

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import metrics
from voiceassist.runtime.host.activator import Activator
from voiceassist.runtime.host.instances import free_port
from voiceassist.runtime.host.rooms import RoomsDoor
from voiceassist.runtime.wiring import Room, Wiring

ROOM = """
import asyncio, os, threading
import functions_framework.aio
from starlette.responses import JSONResponse, StreamingResponse

state = {"now": 0, "most": 0}


@functions_framework.aio.http
async def echo(request):
    path = request.url.path
    if path == "/crash":
        os._exit(9)
    if path == "/leave":
        threading.Timer(0.05, os._exit, (9,)).start()
    state["now"] += 1
    state["most"] = max(state["most"], state["now"])
    try:
        if path == "/slow":
            await asyncio.sleep(float(request.query_params["seconds"]))
        if path == "/cookie":
            answer = JSONResponse({})
            answer.set_cookie("va_session", "mine")
            return answer
        if path == "/headers":
            return JSONResponse(dict(request.headers))
        if path == "/size":
            return JSONResponse({"size": sum([len(part) async for part in request.stream()])})
        if path == "/endless":
            async def forever():
                while True:
                    yield b"x" * 1024
                    await asyncio.sleep(0.01)
            return StreamingResponse(forever())
        return JSONResponse({"pid": os.getpid(), "most": state["most"], "now": state["now"], "path": path})
    finally:
        state["now"] -= 1
"""


def room(folder: Path, code: str = ROOM, **changes) -> Room:
    source = folder / "main.py"
    source.write_text(textwrap.dedent(code))
    fields = {
        "name": "echo",
        "target": "echo",
        "source": source,
        "concurrency": 2,
        "timeout_seconds": 5,
        "min_scale": 0,
        "max_scale": 1,
        "scale_down_delay_seconds": 0,
        "routes": (),
        "needs": (),
        "says": (),
        "warm_for_voice": False,
    }
    return Room(**(fields | changes))


class Rig:
    """An activator for one room behind the rooms' door, called over ASGI."""

    def __init__(self, declared: Room, idle_seconds: float, most_instances: int) -> None:
        wiring = Wiring({declared.name: declared})
        self.activator = Activator(wiring, idle_after=lambda _room: idle_seconds, most_instances=most_instances)
        self.process = self.activator.rooms[declared.name]
        door = RoomsDoor(wiring, self.activator)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://host/echo", timeout=30)

    async def stopped(self, seconds: float = 10) -> bool:
        deadline = time.monotonic() + seconds
        while self.process.pid is not None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return self.process.pid is None


@pytest.fixture
async def rig(tmp_path, stack_env, monkeypatch):
    for name, value in stack_env.items():
        monkeypatch.setenv(name, value)
    rigs: list[Rig] = []

    async def make(*, idle_seconds: float = 60, most_instances: int = 1, code: str = ROOM, **changes) -> Rig:
        made = Rig(room(tmp_path, code, **changes), idle_seconds, most_instances)
        rigs.append(made)
        await made.activator.start()
        return made

    yield make
    for each in rigs:
        await each.http.aclose()
        await each.activator.stop()
        assert each.process.pid is None


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


async def test_no_process_before_the_first_request_and_one_after_it(rig):
    before = children()
    here = await rig()
    assert here.process.pid is None
    assert here.activator.states() == {"echo": "idle"}
    assert children() == before
    answer = (await here.http.get("/hello")).json()
    assert answer["path"] == "/hello"
    assert answer["pid"] == here.process.pid
    assert here.activator.states() == {"echo": "running"}
    assert (await here.http.get("/")).json()["pid"] == answer["pid"]


async def test_requests_are_held_while_the_room_starts(rig):
    here = await rig(concurrency=50)
    answers = await asyncio.gather(*(here.http.get(f"/{number}") for number in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["pid"] for answer in answers}) == 1


async def test_no_more_than_the_allowed_requests_run_at_once(rig):
    here = await rig(concurrency=2)
    await here.http.get("/")
    answers = await asyncio.gather(*(here.http.get("/slow?seconds=0.1") for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert (await here.http.get("/")).json()["most"] == 2


async def test_an_idle_room_is_stopped_and_started_again(rig):
    here = await rig(idle_seconds=0.3)
    first = (await here.http.get("/")).json()["pid"]
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [psutil.Process(first)], 10)
    assert gone
    second = (await here.http.get("/")).json()["pid"]
    assert second != first


async def test_a_busy_room_is_not_idle(rig):
    here = await rig(idle_seconds=0.2)
    first = (await here.http.get("/")).json()["pid"]
    answer = await here.http.get("/slow?seconds=0.8")
    assert answer.json()["pid"] == first


async def test_a_room_with_a_minimum_scale_starts_with_the_host_and_stays(rig):
    here = await rig(idle_seconds=0.05, min_scale=1)
    pid = here.process.pid
    assert pid is not None
    await here.http.get("/")
    await asyncio.sleep(0.3)
    assert here.process.pid == pid


async def test_a_crash_is_a_503_and_the_next_request_starts_anew(rig):
    here = await rig()
    first = (await here.http.get("/")).json()["pid"]
    crashed = await here.http.get("/crash")
    assert crashed.status_code == 503
    assert crashed.json()["code"] == "ROOM_UNAVAILABLE"
    again = await here.http.get("/")
    assert again.status_code == 200
    assert again.json()["pid"] != first


async def test_a_room_killed_between_requests_is_started_again(rig):
    here = await rig()
    first = (await here.http.get("/")).json()["pid"]
    os.kill(first, signal.SIGKILL)
    assert await here.stopped()
    assert (await here.http.get("/")).json()["pid"] != first


async def test_a_room_that_cannot_start_is_a_503_and_leaves_no_process(rig):
    here = await rig(code="raise RuntimeError('never')")
    before = children()
    answer = await here.http.get("/")
    assert answer.status_code == 503
    assert answer.json()["code"] == "ROOM_UNAVAILABLE"
    assert answer.headers["retry-after"] == "1"
    assert children() == before


async def test_a_room_that_takes_too_long_is_a_504(rig):
    here = await rig(timeout_seconds=1)
    answer = await here.http.get("/slow?seconds=4")
    assert answer.status_code == 504
    assert answer.json()["code"] == "ROOM_TIMEOUT"


async def test_bodies_stream_through(rig):
    here = await rig()

    async def parts():
        for _ in range(64):
            yield b"x" * 65_536

    assert (await here.http.post("/size", content=parts())).json() == {"size": 64 * 65_536}
    assert (await here.http.post("/size", content=b"")).json() == {"size": 0}


async def test_one_callers_cookie_never_goes_with_anothers_request(rig):
    here = await rig()
    mine = await here.http.get("/cookie")
    assert mine.headers["set-cookie"].startswith("va_session=mine")
    here.http.cookies.clear()
    told = (await here.http.get("/headers", headers={"x-mine": "1"})).json()
    assert "cookie" not in told
    assert told["x-mine"] == "1"
    async with httpx.AsyncClient(transport=here.http._transport, base_url="http://host/echo") as bare:
        bare.headers.clear()
        assert not {"user-agent", "accept", "accept-encoding"} & (await bare.get("/headers")).json().keys()


async def test_a_client_that_leaves_frees_its_place(rig):
    here = await rig(concurrency=1)
    room = here.process.room
    left = asyncio.Event()
    chunks = 0

    async def receive():
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        nonlocal chunks
        chunks += message["type"] == "http.response.body"
        if chunks == 3:
            left.set()

    scope = {"type": "http", "method": "GET", "path": "/endless", "query_string": b"", "headers": []}
    await asyncio.wait_for(here.activator.serve(room, scope, receive, send), 10)
    assert (await asyncio.wait_for(here.http.get("/"), 10)).status_code == 200


async def test_stopping_lets_the_request_in_flight_end(rig):
    here = await rig()
    await here.http.get("/")
    running = asyncio.create_task(here.http.get("/slow?seconds=0.5"))
    await asyncio.sleep(0.2)
    await here.process.stop()
    assert (await running).status_code == 200
    assert here.process.pid is None


async def test_too_many_waiting_requests_are_turned_away(rig, monkeypatch):
    monkeypatch.setattr("voiceassist.runtime.host.activator.WAITING_LIMIT", 2)
    here = await rig(concurrency=1)
    answers = await asyncio.gather(*(here.http.get("/slow?seconds=0.2") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 503} == {"ROOM_BUSY"}


async def test_a_killed_parent_leaves_no_room_behind(tmp_path, stack_env):
    if sys.platform != "linux":
        pytest.skip("the parent-death signal is Linux's")
    declared = room(tmp_path)
    script = f"""
import asyncio
from pathlib import Path
from voiceassist.runtime import logging
from voiceassist.runtime.host.activator import Activator
from voiceassist.runtime.wiring import Room, Wiring
logging.configure("test")
room = Room("echo", "echo", Path({str(declared.source)!r}), 1, 5, 0, 1, 0, (), (), (), False)
async def main():
    process = Activator(Wiring({{"echo": room}}), idle_after=lambda r: 60).rooms["echo"]
    await process.ready()
    print(process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=stack_env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], 10)
    assert gone


def test_the_isolated_host_serves_the_same_api(start_host, key, problem):
    host = start_host("--isolated", HOST__IDLE_SECONDS="1")
    own = psutil.Process(host.process.pid)
    with host.client(headers=key) as client:
        started = client.get("/ready").json()["rooms"]
        assert started["calculators"] == "idle"
        assert started["auth"] == "running"  # its minimum scale is not zero
        assert client.get("/api/v1/calculators").status_code == 200
        assert client.get("/ready").json()["rooms"]["calculators"] == "running"
        rooms = own.children(recursive=True)
        assert len(rooms) >= 2
        problem(client.get("/api/v1/calculators/unknown"), 404, "NOT_FOUND")
    assert host.stop() == 0
    _, alive = psutil.wait_procs(rooms, 5)
    assert not alive


async def test_starting_gives_up_after_its_time(rig, monkeypatch):
    monkeypatch.setattr("voiceassist.runtime.host.activator.START_SECONDS", 0.2)
    here = await rig(code="import time; time.sleep(30)")
    with pytest.raises(UnavailableError):
        await here.process.ready()
    assert here.process.pid is None


async def pids_of(here, count: int, path: str = "/slow?seconds=0.3") -> set[int]:
    answers = await asyncio.gather(*(here.http.get(path) for _ in range(count)))
    assert {answer.status_code for answer in answers} == {200}
    return {answer.json()["pid"] for answer in answers}


async def until(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return condition()


def gauge(metric) -> float:
    return metric.labels("echo")._value.get()


async def test_two_hundred_requests_at_once_grow_the_room_and_none_fails(rig):
    here = await rig(most_instances=3, concurrency=20, max_scale=0, idle_seconds=0.5)
    before = metrics.COLD_START.labels("echo")._sum.get()
    calls = asyncio.create_task(pids_of(here, 200, "/slow?seconds=0.4"))
    assert await until(lambda: gauge(metrics.HELD_REQUESTS) > 100)
    pids = await calls
    assert len(pids) == len(here.process.pids) == gauge(metrics.INSTANCES) == 3
    assert gauge(metrics.HELD_REQUESTS) == 0
    assert metrics.COLD_START.labels("echo")._sum.get() > before
    most = [(await here.http.get("/")).json()["most"] for _ in range(3)]
    assert max(most) <= 20
    assert await here.stopped()
    assert gauge(metrics.INSTANCES) == 0
    assert await until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


async def test_max_scale_holds_whatever_the_machine_allows(rig):
    here = await rig(most_instances=8, concurrency=1, max_scale=2)
    assert len(await pids_of(here, 8, "/slow?seconds=0.1")) == 2


async def test_the_least_loaded_instance_gets_the_next_request(rig):
    here = await rig(most_instances=2, concurrency=3, max_scale=0)
    while len(here.process.pids) < 2:  # on a busy machine the first one has done all the work before the other starts
        await pids_of(here, 6)
    slow = [asyncio.create_task(here.http.get("/slow?seconds=0.5")) for _ in range(2)]
    await asyncio.sleep(0.2)
    assert len({(await each).json()["pid"] for each in slow}) == 2


async def test_a_room_shrinks_one_by_one_and_keeps_its_least(rig):
    here = await rig(most_instances=3, concurrency=1, max_scale=0, min_scale=1, idle_seconds=0.6)
    oldest = here.process.pid
    counts: list[int] = []
    while len(here.process.pids) < 3:  # on a busy machine the first one has done the work of three before they start
        await pids_of(here, 3)
    assert await until(lambda: counts.append(len(here.process.pids)) or counts[-1] == 1)
    assert sorted(set(counts), reverse=True) == [3, 2, 1]
    await asyncio.sleep(1.2)
    assert here.process.pids == [oldest]


async def test_an_instance_that_is_given_up_ends_its_requests_first(rig):
    here = await rig(most_instances=2, concurrency=1, max_scale=0, idle_seconds=0.3)
    assert len(await pids_of(here, 2)) == 2
    running = [asyncio.create_task(here.http.get("/slow?seconds=2")) for _ in range(2)]
    await asyncio.sleep(0.2)
    here.process._give_up(here.process._ready[1])
    answers = await asyncio.gather(*running)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await here.stopped()


async def test_a_kill_in_a_burst_costs_its_own_requests_only(rig):
    here = await rig(most_instances=2, concurrency=4, max_scale=0)
    await pids_of(here, 8)
    killed = here.process.pids[0]
    calls = [asyncio.create_task(here.http.get("/slow?seconds=0.2")) for _ in range(40)]
    await asyncio.sleep(0.3)  # in its second round: four in each, the others wait
    os.kill(killed, signal.SIGKILL)
    answers = await asyncio.gather(*calls)
    failed = [answer for answer in answers if answer.status_code != 200]
    assert 1 <= len(failed) <= 4
    assert {(answer.status_code, answer.json()["code"]) for answer in failed} == {(503, "ROOM_UNAVAILABLE")}
    assert await until(lambda: len(here.process.pids) == 2 and killed not in here.process.pids)
    assert len(await pids_of(here, 8)) == 2


async def test_a_crashed_instance_of_a_least_is_replaced_without_a_request(rig, monkeypatch):
    monkeypatch.setattr("voiceassist.runtime.host.activator.AGAIN_SECONDS", 0.2)
    here = await rig(min_scale=1)
    first = here.process.pid
    before = metrics.CRASHES.labels("echo")._value.get()
    os.kill(first, signal.SIGKILL)
    assert await until(lambda: here.process.pid not in {None, first})
    assert metrics.CRASHES.labels("echo")._value.get() == before + 1


async def test_a_request_that_reached_nobody_is_asked_again_elsewhere(rig):
    here = await rig()
    await here.http.get("/")
    instance = here.process._ready[0]
    instance.url = f"http://127.0.0.1:{free_port()}"  # as if it had died just now
    asyncio.get_running_loop().call_later(0.1, instance.process.kill)
    answer = await here.http.get("/")
    assert answer.status_code == 200
    assert answer.json()["pid"] != instance.process.pid


async def test_who_waits_too_long_is_told_so(rig, monkeypatch):
    here = await rig(concurrency=1, timeout_seconds=1)
    await here.http.get("/")
    monkeypatch.setattr("voiceassist.runtime.host.activator.START_SECONDS", 0.1)
    here.process._ready[0].requests = 1  # a place that nobody gives back
    answer = await here.http.get("/")
    assert (answer.status_code, answer.json()["code"]) == (503, "ROOM_BUSY")
    here.process._give_back(here.process._ready[0])
    assert (await here.http.get("/")).status_code == 200


async def test_a_stopped_room_starts_no_process(rig):
    here = await rig()
    await here.http.get("/")
    await here.process.stop()
    assert (await here.http.get("/")).json()["code"] == "ROOM_UNAVAILABLE"
    assert here.process.pid is None
