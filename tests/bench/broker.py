"""Durable events per second through the broker, end to end: `python tests/bench/broker.py [seconds]` prints JSON.

The broker and a subscriber (raw ASGI, answers 204) are processes of their own; the load is 64 kept connections in
this one, so on a small box all three share the cores. Every event counted was on disk before its 202 and delivered.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import yaml

from events.broker.client import Client
from events.envelope import CloudEvent, encode_binary
from voiceassist.core.identity import service
from voiceassist.runtime import tokens

SECRET = "a bench secret of forty characters......"
CONNECTIONS = 64
EVENT_BYTES = 900
SUBSCRIBER = """
import sys, uvicorn
async def app(scope, receive, send):
    while (await receive()).get("more_body"): pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", access_log=False, lifespan="off", loop="uvloop")
"""


def port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wiring(triggers: int) -> str:
    """`triggers` of ten filters each, all of which match."""
    objects = [{"kind": "Broker", "metadata": {"name": "default"}}]
    for number in range(triggers):
        tests = [{"exact": {"type": "bench.thing.done.v1"}}, {"suffix": {"source": "bench"}}]
        tests += [{"not": {"prefix": {"type": f"other{n}."}}} for n in range(8)]
        spec = {
            "broker": "default",
            "filters": [{"all": tests}],
            "subscriber": {"ref": {"kind": "Service", "name": f"room{number}"}},
        }
        objects.append({"kind": "Trigger", "metadata": {"name": f"t{number}"}, "spec": spec})
    return yaml.safe_dump_all(objects)


async def until_ready(client: Client, url: str) -> None:
    for _ in range(1000):
        try:
            if (await client.post(url, {}, b"", limit=1.0)).status:
                return
        except Exception:  # noqa: BLE001 - not there yet
            await asyncio.sleep(0.02)
    raise SystemExit("the broker did not start")


async def publish(url: str, seconds: float) -> tuple[list[float], float]:
    """Acknowledgement times in seconds, and the duration."""
    client = Client()
    token = tokens.mint(service("bench"), issuer="bench", secret=SECRET)
    identity = {"authorization": f"Bearer {token}"}
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def worker(name: int) -> None:
        number = 0
        while time.perf_counter() < end:
            number += 1
            event = CloudEvent(
                id=f"{name}-{number}", source="/bench", type="bench.thing.done.v1", data=b"x" * EVENT_BYTES
            )
            headers, body = encode_binary(event)
            started = time.perf_counter()
            answer = await client.post(url, headers | identity, body, limit=30.0)
            if answer.status != 202:
                raise SystemExit(f"refused with {answer.status}")
            times.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(worker(name) for name in range(CONNECTIONS)))
    client.close()
    return times, time.perf_counter() - started


def waiting(database: Path) -> int:
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute("select count(*) from deliveries where state = 0").fetchone()[0]


async def measure(triggers: int, seconds: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wiring.yaml").write_text(wiring(triggers))
        broker_port, room_port = port(), port()
        settings = {
            "VOICEASSIST_DATA_DIR": name,
            "VOICEASSIST_BROKER__PORT": str(broker_port),
            "VOICEASSIST_BROKER__DATABASE": str(folder / "events.db"),
            "VOICEASSIST_BROKER__WIRING_DIR": name,
            "VOICEASSIST_ROOM_URL": f"http://127.0.0.1:{room_port}/{{room}}",
            "VOICEASSIST_INTERNAL_SECRET": SECRET,
            "VOICEASSIST_KEK": "5a" * 32,
        }
        room = subprocess.Popen([sys.executable, "-c", SUBSCRIBER, str(room_port)])
        broker = subprocess.Popen([sys.executable, "-m", "events.broker"], env=os.environ | settings)
        try:
            url = f"http://127.0.0.1:{broker_port}/voiceassist/default"
            await until_ready(Client(), url)
            cpu = psutil.Process(broker.pid)
            before = sum(cpu.cpu_times()[:2])
            times, spent = await publish(url, seconds)
            started = time.perf_counter()
            while waiting(folder / "events.db"):
                await asyncio.sleep(0.02)
            drained = spent + time.perf_counter() - started
            used = sum(cpu.cpu_times()[:2]) - before
        finally:
            broker.terminate()
            broker.wait(30)
            room.terminate()
            room.wait(30)
    times.sort()
    return {
        "triggers": triggers,
        "filters_per_trigger": 10,
        "acked_per_s": round(len(times) / spent),
        "stored_and_delivered_per_s": round(len(times) / drained),
        "ack_ms": {
            "p50": round(times[len(times) // 2] * 1000, 1),
            "p99": round(times[len(times) * 99 // 100] * 1000, 1),
        },
        "broker_cpu_s": round(used, 2),
        "deliveries_per_broker_cpu_s": round(len(times) * triggers / used),
        "events": len(times),
    }


async def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    results = [await measure(triggers, seconds) for triggers in (1, 3)]
    load = os.getloadavg()[0]
    print(json.dumps({"bench": "broker", "load_1min": load, "connections": CONNECTIONS, "results": results}, indent=2))


asyncio.run(main())
