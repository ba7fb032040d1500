"""A warm call through gateway and room at 200 requests a second, in the shared host and with a process per room.

    python tests/bench/warmcall.py [--rate 200] [--seconds 20] [--rounds 3]

An authenticated API key computes a calculator over TLS: identity, limits, room, the event about it in PostgreSQL, and
back. Beside it the same load on a bare FastAPI app behind a plain httpx reverse proxy (peers/proxied.py). Client and
servers share the machine's cores; the three take turns, and the round with the median p99 is printed.
"""

import argparse
import asyncio
import contextlib
import json
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from common import openloop
from common.product import machine, product, settle, used

from voiceassist.runtime.engines import secrets, state
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.host.instances import free_port

GOAL_P99_MS = 15
PEER = Path(__file__).with_name("peers") / "proxied.py"
PATH = "/api/v1/calculators/map/compute"
BODY = json.dumps({"inputs": {"systolic": 120, "diastolic": 80}}).encode()
SETTINGS = {"VOICEASSIST_LIMITS__USER_PER_MINUTE": "1000000", "VOICEASSIST_LIMITS__ADDRESS_PER_MINUTE": "1000000"}
WARM_SECONDS = 3.0


@dataclass(frozen=True)
class Target:
    """`processes` are charged for the requests."""

    name: str
    port: int
    key: str
    tls: ssl.SSLContext
    processes: list[psutil.Process]
    layout: Layout


def measured(target: Target, rate: float, seconds: float) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {target.key}", "content_type": "application/json"}
    wire = openloop.request("POST", PATH, f"localhost:{target.port}", BODY, **headers)
    asyncio.run(openloop.run(target.port, wire, rate=rate, seconds=WARM_SECONDS, tls=target.tls))
    before = used(target.processes)
    result = asyncio.run(openloop.run(target.port, wire, rate=rate, seconds=seconds, tls=target.tls))
    spent = used(target.processes) - before
    return result.figures() | {"cpu_ms_per_request": round(spent * 1000 / len(result.times), 2)}


@contextlib.contextmanager
def ours(*options: str) -> Iterator[Target]:
    with product(*options, **SETTINGS) as layout:
        yield target_of(layout, options[0] if options else "shared host")


def target_of(layout: Layout, name: str) -> Target:
    running = state.read(layout)
    assert running is not None
    tls = ssl.create_default_context(cafile=str(layout.ca))
    supervisor = psutil.Process(running.supervisor.pid)
    return Target(name, running.port_base, secrets.read(layout).cli_api_key, tls, [supervisor], layout)


@contextlib.contextmanager
def peer(layout: Layout) -> Iterator[Target]:
    """Behind the same certificate."""
    ports = free_port(), free_port()
    proxy = (str(ports[1]), f"http://127.0.0.1:{ports[0]}", str(layout.certificate), str(layout.certificate_key))
    commands = [("app", str(ports[0])), ("proxy", *proxy)]
    started = [subprocess.Popen([sys.executable, str(PEER), *command]) for command in commands]
    try:
        for each in ports:
            wait_for(each)
        tls = ssl.create_default_context(cafile=str(layout.ca))
        yield Target("peer", ports[1], "none", tls, [psutil.Process(each.pid) for each in started], layout)
    finally:
        for each in started:
            each.terminate()
            each.wait(10)


def wait_for(port: int) -> None:
    import socket

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("the peer did not start")


def middle(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    chosen = statistics.median_low([one["p99_ms"] for one in rounds])
    return next(one for one in rounds if one["p99_ms"] == chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    where = machine()
    found: dict[str, list[dict[str, Any]]] = {}
    with ours() as shared, ours("--isolated") as isolated, peer(shared.layout) as bare:
        settle(shared.processes + isolated.processes)
        for _ in range(options.rounds):
            for target in (shared, isolated, bare):
                found.setdefault(target.name, []).append(measured(target, options.rate, options.seconds))
    figures = {name: middle(rounds) for name, rounds in found.items()}
    for name in ("shared host", "--isolated"):
        figures[name] |= {
            "goal_p99_ms": GOAL_P99_MS,
            "reached": figures[name]["p99_ms"] <= GOAL_P99_MS and figures[name]["not_200"] == 0,
            "p99_to_peer": round(figures[name]["p99_ms"] / figures["peer"]["p99_ms"], 2),
            "cpu_to_peer": round(figures[name]["cpu_ms_per_request"] / figures["peer"]["cpu_ms_per_request"], 2),
        }
    load = {"rate": options.rate, "seconds": options.seconds, "rounds": options.rounds}
    print(json.dumps({"bench": "warmcall", "machine": where, "load": load} | figures, indent=2))


if __name__ == "__main__":
    main()
