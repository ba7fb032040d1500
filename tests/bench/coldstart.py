"""Cold start of every room, spawn to first 2xx over loopback, beside the bare frameworks in the same run.

    python tests/bench/coldstart.py [--rounds 15] [--room calculators]

Prints JSON. Rooms start as the isolated host and the images start them (voiceassist.runtime.serve); the
comparisons are a trivial FastAPI app behind the `functions-framework` command, an event-only target behind
it, and FastAPI on uvicorn. The kinds take turns in every round, so a busy moment hits all of them alike.
CPU and memory are those of the whole process tree at its first answer.

Then, unless one room is asked for: what a caller of a room that does not run waits for, through the gateway of
`up --isolated` on an open connection; and the memory of the shared host when it has come to rest.
"""

import argparse
import compileall
import json
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from common.product import machine, product, settle

from voiceassist.cli import status
from voiceassist.runtime import wiring, workloads
from voiceassist.runtime.engines import secrets, state
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import inherited

GOAL_MS = {"http": 600, "event": 350}  # SPEC N52, on an idle 2-core box
GOAL_MIB = {"room": 90, "host": 250}
GATEWAY = {  # a call of a person's key to a room that no voice session and no schedule keeps awake
    "calculators": ("GET", "/api/v1/calculators", b""),
    "notifications": ("GET", "/api/v1/notifications", b""),
    "phi": ("POST", "/api/v1/phi/detect", b'{"text": "SSN 123-45-6789"}'),
}
GONE_AT_ONCE = {"VOICEASSIST_HOST__IDLE_SECONDS": "0.5", "VOICEASSIST_HOST__SCALE_DOWN_DELAY_SECONDS": "0"}
START_SECONDS = 60

BARE_FASTAPI = """
import fastapi
from pydantic import BaseModel

app = fastapi.FastAPI()


class Item(BaseModel):
    name: str


@app.get("/health")
async def health() -> Item:
    return Item(name="x")
"""
BEHIND_FRAMEWORK = (
    BARE_FASTAPI
    + """
import functions_framework.aio


@functions_framework.aio.http
async def bare(request):
    return app
"""
)
EVENT_ONLY = """
import functions_framework.aio
from starlette.responses import Response


@functions_framework.aio.http
async def bare(request):
    return Response()
"""


@dataclass(frozen=True)
class Kind:
    """Something to start: its command, the environment it adds, and the goal it has."""

    name: str
    command: list[str]
    environ: dict[str, str]
    folder: Path
    goal: str = ""


@dataclass(frozen=True)
class Start:
    wall_ms: float
    cpu_ms: float
    memory_mib: float


def kinds(folder: Path, only: str | None) -> Iterator[Kind]:
    launcher = [sys.executable, "-m", "voiceassist.runtime.serve"]
    for room in wiring.load().rooms.values():
        if only in (None, room.name):
            environ = {"FUNCTION_TARGET": room.target, "FUNCTION_SOURCE": str(room.source)}
            yield Kind(f"room {room.name}", launcher, environ, folder, "http" if room.routes else "event")
    framework = str(Path(sys.executable).with_name("functions-framework"))
    for name, code in (
        ("functions-framework, FastAPI behind", BEHIND_FRAMEWORK),
        ("functions-framework, event only", EVENT_ONLY),
    ):
        source = folder / f"{'fastapi' if 'FastAPI' in name else 'event'}_target" / "main.py"
        source.parent.mkdir()
        source.write_text(code)
        environ = {"FUNCTION_TARGET": "bare", "FUNCTION_SOURCE": str(source)}
        yield Kind(f"bare {name}", [framework], environ, folder)
    (folder / "bare_app.py").write_text(BARE_FASTAPI)
    uvicorn = [sys.executable, "-m", "uvicorn", "bare_app:app", "--port", "{port}", "--log-level", "critical"]
    yield Kind("bare FastAPI on uvicorn", uvicorn, {}, folder)


def start(kind: Kind) -> Start:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home = tempfile.mkdtemp(dir=kind.folder)  # gunicorn's control socket; rooms must not share one
    environ = (
        inherited()
        | kind.environ
        | {
            "PORT": str(port),
            "HOME": home,
            "XDG_RUNTIME_DIR": home,
            "PYTHONPATH": str(wiring.ROOT),
            "VOICEASSIST_DATA_DIR": str(kind.folder),
            "VOICEASSIST_WORKLOAD__KEYS": workloads.derived("s" * 32).keys,
        }
    )
    command = [part.format(port=port) for part in kind.command]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environ, cwd=kind.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_answer(port, process)
        wall = (time.perf_counter() - began) * 1000
        tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        cpu = sum(sum(each.cpu_times()[:2]) for each in tree) * 1000
        memory = sum(each.memory_full_info().pss for each in tree) / 2**20
        return Start(wall, cpu, memory)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_answer(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=START_SECONDS) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.get("/health").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.003)
            else:
                return
    raise SystemExit(f"no answer from {process.args!r} (exit {process.poll()})")


def report(kind: Kind, starts: list[Start]) -> dict[str, object]:
    walls = sorted(start.wall_ms for start in starts)
    p95 = walls[min(len(walls) - 1, round(0.95 * (len(walls) - 1)))]
    figures: dict[str, object] = {
        "wall_ms_p50": round(statistics.median(walls)),
        "wall_ms_p95": round(p95),
        "cpu_ms_p50": round(statistics.median(start.cpu_ms for start in starts)),
        "pss_mib": round(statistics.median(start.memory_mib for start in starts), 1),
    }
    if kind.goal:
        figures |= {"goal_ms": GOAL_MS[kind.goal], "reached": p95 <= GOAL_MS[kind.goal]}
        figures |= {"goal_mib": GOAL_MIB["room"], "small_enough": figures["pss_mib"] <= GOAL_MIB["room"]}
    return figures


def through_the_gateway(rounds: int) -> dict[str, object]:
    with product("--isolated", **GONE_AT_ONCE) as layout:
        running = state.read(layout)
        assert running is not None
        supervisor = psutil.Process(running.supervisor.pid)
        settle([supervisor])
        key = secrets.read(layout).cli_api_key
        context = ssl.create_default_context(cafile=str(layout.ca))
        waits: dict[str, list[float]] = {name: [] for name in GATEWAY}
        with httpx.Client(base_url=running.url, verify=context, trust_env=False, timeout=30) as client:
            headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
            for turn in range(rounds + 1):
                for name, (method, path, body) in GATEWAY.items():
                    wait_until_gone(layout, name)
                    client.get("/health")  # the connection is open; the wait is the room's
                    began = time.perf_counter()
                    client.request(method, path, content=body, headers=headers).raise_for_status()
                    if turn:  # once unmeasured: the first call of a key also opens the auth room's database
                        waits[name].append((time.perf_counter() - began) * 1000)
    return {name: caller_waits(found) for name, found in waits.items()}


def wait_until_gone(layout: Layout, room: str) -> None:
    deadline = time.monotonic() + 60
    while status.collect(layout)["rooms"][room]["instances"] and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(0.3)  # what ended must have given its processor back


def caller_waits(waits: list[float]) -> dict[str, object]:
    ordered = sorted(waits)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    figures = {"wait_ms_p50": round(statistics.median(ordered)), "wait_ms_p95": round(p95)}
    return figures | {"goal_ms": GOAL_MS["http"], "reached": p95 <= GOAL_MS["http"]}


def shared_host() -> dict[str, object]:
    """All rooms in one process: after its start, its first library and a call to each of some rooms."""
    with product() as layout:
        running = state.read(layout)
        assert running is not None
        settle([psutil.Process(running.supervisor.pid)])
        key, context = secrets.read(layout).cli_api_key, ssl.create_default_context(cafile=str(layout.ca))
        with httpx.Client(base_url=running.url, verify=context, trust_env=False, timeout=30) as client:
            headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
            for method, path, body in GATEWAY.values():
                client.request(method, path, content=body, headers=headers).raise_for_status()
        record = running.processes["host"].record
        assert record is not None
        memory = psutil.Process(record.pid).memory_full_info()
        return {
            "pss_mib": round(memory.pss / 2**20, 1),
            "rss_mib": round(memory.rss / 2**20, 1),
            "goal_mib": GOAL_MIB["host"],
            "small_enough": memory.pss / 2**20 <= GOAL_MIB["host"],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--room", default=None)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="va-coldstart-"))
    where = machine()
    # As in the images; the unmeasured start leaves no bytecode where PYTHONDONTWRITEBYTECODE is set.
    for package in ("voiceassist", "functions", "realtime", "events"):
        compileall.compile_dir(Path(__file__).resolve().parents[2] / package, quiet=2)
    try:
        chosen = list(kinds(folder, options.room))
        starts: dict[str, list[Start]] = {kind.name: [] for kind in chosen}
        for kind in chosen:
            start(kind)  # once unmeasured: page cache
        for _ in range(options.rounds):
            for kind in chosen:
                starts[kind.name].append(start(kind))
        figures = {kind.name: report(kind, starts[kind.name]) for kind in chosen}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.room is None:
        figures |= {"through the gateway": through_the_gateway(options.rounds), "shared host": shared_host()}
    print(json.dumps({"bench": "coldstart", "rounds": options.rounds, "machine": where} | figures, indent=2))


if __name__ == "__main__":
    main()
