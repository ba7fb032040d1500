"""Durable events per second through the broker, end to end, beside a Redis stream that does the same durable job.

    python tests/bench/broker.py [--seconds 6] [--rounds 3]

Every event counted was on disk before its 202 and delivered to every Trigger's subscriber. Broker, subscriber and load
share the machine's cores; the load is `wrk` where it is installed, else an asyncio client (which costs as much as half
a core). Broker and peer take turns; the median of the rounds is printed. The peer has neither filters, retries, dead
letters, encryption nor order.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import yaml

from events.envelope import CloudEvent, encode_binary
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.engines import binaries
from voiceassist.runtime.posting import Client, NoAnswerError

WORKLOAD = workloads.derived("s" * 40)
CONNECTIONS = 64
EVENT_BYTES = 900
GOALS = {1: 6000, 3: 3000}
ACK_P99_MS = 60
PEERS = Path(__file__).with_name("peers")
BROKER_PATH = "/voiceassist/default"


def port() -> int:
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


# --- load ---


def event_headers(number: str) -> tuple[dict[str, str], bytes]:
    event = CloudEvent(id=number, source="/bench", type="bench.thing.done.v1", data=b"x" * EVENT_BYTES)
    headers, body = encode_binary(event)
    token = tokens.mint(service("operator"), issuer="operator", audience="broker", workload=WORKLOAD)
    return headers | {"authorization": f"Bearer {token}"}, body


def with_wrk(url: str, seconds: float) -> tuple[int, float, float]:
    """Acknowledged events, and the p50 and p99 of the acknowledgement in ms."""
    headers, body = event_headers("1")
    fixed = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in headers.items() if name != "ce-id")
    script = f"""
wrk.method = "POST"
wrk.body = "{body.decode()}"
{fixed}
local number = 0
request = function()
  number = number + 1
  wrk.headers["ce-id"] = "e" .. number
  return wrk.format()
end
done = function(summary, latency)
  io.write(string.format("counted %d %d %d %d\\n", summary.requests, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
"""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{int(seconds)}s", "-s", file.name, url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"counted (\d+) (\d+) (\d+) (\d+)", output)
    assert found
    requests, refused, p50, p99 = map(int, found.groups())
    if refused:
        raise SystemExit(f"{refused} of {requests} events were refused")
    return requests, p50 / 1000, p99 / 1000


async def with_client(url: str, seconds: float) -> tuple[int, float, float]:
    client = Client()
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def worker(name: int) -> None:
        number = 0
        while time.perf_counter() < end:
            number += 1
            headers, body = event_headers(f"{name}-{number}")
            started = time.perf_counter()
            answer = await client.post(url, headers, body, limit=30.0)
            if answer.status != 202:
                raise SystemExit(f"refused with {answer.status}")
            times.append(time.perf_counter() - started)

    await asyncio.gather(*(worker(name) for name in range(CONNECTIONS)))
    client.close()
    times.sort()
    return len(times), times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000


def load(url: str, seconds: float) -> tuple[int, float, float]:
    return with_wrk(url, seconds) if shutil.which("wrk") else asyncio.run(with_client(url, seconds))


# --- who is measured ---


@contextlib.contextmanager
def process(*command: str, **environ: str) -> "Iterator[subprocess.Popen[bytes]]":
    own = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
    started = subprocess.Popen(command, env=own | environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            started.kill()


async def until_ready(url: str) -> None:
    client = Client()
    for _ in range(1000):
        with contextlib.suppress(NoAnswerError):
            if (await client.post(url, {}, b"", limit=1.0)).status:
                client.close()
                return
        await asyncio.sleep(0.02)
    raise SystemExit("it did not start")


@contextlib.contextmanager
def broker(folder: Path, triggers: int, subscriber: int) -> "Iterator[tuple[list[int], str, object]]":
    (folder / "wiring.yaml").write_text(wiring(triggers))
    database, own = folder / "events.db", port()
    settings = {
        "VOICEASSIST_DATA_DIR": str(folder),
        "VOICEASSIST_BROKER__PORT": str(own),
        "VOICEASSIST_BROKER__DATABASE": str(database),
        "VOICEASSIST_BROKER__WIRING_DIR": str(folder),
        "VOICEASSIST_ROOM_URL": f"http://127.0.0.1:{subscriber}/{{room}}",
        "VOICEASSIST_WORKLOAD__KEY": WORKLOAD.key,
        "VOICEASSIST_WORKLOAD__KEYS": WORKLOAD.keys,
        "VOICEASSIST_KEK": "5a" * 32,
    }

    def left() -> int:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            return int(connection.execute("select count(*) from deliveries where state in (0, 3)").fetchone()[0])

    with process(sys.executable, "-m", "events.broker", **settings) as running:
        yield [running.pid], f"http://127.0.0.1:{own}{BROKER_PATH}", left
        with contextlib.closing(sqlite3.connect(database)) as connection:
            undelivered = connection.execute("select count(*) from deliveries where state != 1").fetchone()[0]
            if undelivered:
                raise SystemExit(f"{undelivered} deliveries did not succeed")


@contextlib.contextmanager
def redis_streams(folder: Path, triggers: int, subscriber: int) -> "Iterator[tuple[list[int], str, object]]":
    server, own = binaries.valkey(folder / "runtime"), port()
    path = folder / "valkey.sock"
    options = f"--port 0 --unixsocket {path} --dir {folder} --appendonly yes --appendfsync always --save ''".split()
    options[-1] = ""
    targets = [f"http://127.0.0.1:{subscriber}/room{number}" for number in range(triggers)]
    with process(str(server), *options) as store:
        while not path.exists():
            time.sleep(0.02)
        with process(sys.executable, str(PEERS / "redis_streams.py"), str(own), str(path), *targets) as peer:
            url = f"http://127.0.0.1:{own}/"

            def left() -> int:
                with urllib.request.urlopen(url) as answer:
                    return int(answer.read())

            yield [store.pid, peer.pid], url, left


def measure(kind, triggers: int, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        subscriber = port()
        with (
            process(sys.executable, str(PEERS / "subscriber.py"), str(subscriber)),
            kind(Path(name), triggers, subscriber) as (pids, url, left),
        ):
            asyncio.run(until_ready(url))
            time.sleep(0.3)
            watched = [psutil.Process(pid) for pid in pids]
            before = sum(sum(each.cpu_times()[:2]) for each in watched)
            started = time.perf_counter()
            acknowledged, p50, p99 = load(url, seconds)
            while left():
                time.sleep(0.01)
            spent = time.perf_counter() - started
            used = sum(sum(each.cpu_times()[:2]) for each in watched) - before
    return {
        "events_per_s": acknowledged / spent,
        "ack_p50_ms": p50,
        "ack_p99_ms": p99,
        "deliveries_per_cpu_s": acknowledged * triggers / used,
    }


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in rounds), 1) for name in rounds[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-peer", action="store_true")
    options = parser.parse_args()
    machine = {
        "cpus": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "load_1min_before": round(os.getloadavg()[0], 2),
    }
    results = []
    for triggers, goal in GOALS.items():
        ours, peers = [], []
        for _ in range(options.rounds):
            ours.append(measure(broker, triggers, options.seconds))
            if not options.without_peer:
                peers.append(measure(redis_streams, triggers, options.seconds))
        figure = medians(ours)
        result = {"triggers": triggers, "filters_per_trigger": 10, "goal_events_per_s": goal} | figure
        result["reached"] = figure["events_per_s"] >= goal and figure["ack_p99_ms"] <= ACK_P99_MS
        if peers:
            result["peer"] = {"name": "Redis stream, appendfsync always"} | medians(peers)
            result["ratio"] = round(figure["events_per_s"] / result["peer"]["events_per_s"], 2)
        results.append(result)
    generator = "wrk" if shutil.which("wrk") else "asyncio client"
    print(
        json.dumps(
            {
                "bench": "broker",
                "machine": machine,
                "load": generator,
                "connections": CONNECTIONS,
                "event_bytes": EVENT_BYTES,
                "results": results,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
