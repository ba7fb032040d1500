"""Voice sessions a core carries as a bridge, beside Pipecat: `python tests/bench/bridge.py [--vad] [--hold 10]`: JSON.

The same client sends a frame of 20 ms per session in real time; the same scripted service (peers/speech_service.py)
sends back the same seconds of sound, in the same pieces. What is counted is CPU of the bridging process alone, over a
window in which both are in full swing. Both are to give out all the sound of the run (`equal_sound`, to 5 %), else
there is no ratio, and it is told who fell short: Pipecat paces what it sends and falls behind where one core does not
suffice for it or others want the cores, which makes it look cheaper than it is. Few sessions give the figure then
(`--sessions 5`). The ratio is that of CPU a second of sound that came out. Ours is the whole realtime service with its
audit in PostgreSQL, metrics, the gate, and words that are read before they are answered; the service reads them, since
a policy lets everything out (`ears` theirs), and nothing is kept. Pipecat has its own environment in .make/bench-voice,
and its sessions are protobuf.

Without `--vad` ours is told when a turn is over, and Pipecat leaves that to the service. With it both listen: a spoken
question and a silence, again and again, Silero on both sides; Pipecat gets it at 16 kHz, which its Silero needs.

`added_ms`: how much older sound is where a bridge stands between, beside sessions of the same run without one; down,
each piece of an answer; up, the last frame of a turn until the service has it, which nothing of ours reaches earlier.
"""

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import uvloop
from common.bridging import Direct, Load, Ours, Pipecat, at_the_service, frames, spread
from common.product import machine

from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports, is_taken
from voiceassist.runtime.engines.stack import Stack, open_stack
from voiceassist.runtime.settings import PREFIX, parse

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).with_name("peers")
PIPECAT = ROOT / ".make/bench-voice"
UNEQUAL = 0.05  # of the sound of a run may be missing
ANSWER_SHARE, ANSWER_SHARE_HEARD = 0.8, 0.3  # of a turn: a spoken answer is over before the next question begins
GOALS = {
    "sessions_per_core": 200, "ratio": 3.0, "ratio_vad": 5.0, "kib_per_session": 200, "memory_ratio": 0.5,
    "added_ms_p99": 5,
}  # fmt: skip
Figures = dict[str, object]


def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Who is measured


@contextlib.contextmanager
def child(command: list[str], environment: dict[str, str], health: str = "") -> Iterator[psutil.Process]:
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 90
            while health and not _healthy(health):
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"error: {command[1]} did not start")
                time.sleep(0.2)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def _healthy(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, trust_env=False).status_code == 200
    return False


@contextlib.contextmanager
def stores() -> Iterator[Stack]:
    base = next(base for base in range(23_000, 29_000, 20) if not any(map(is_taken, Ports(base).needed())))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    folder = Path(tempfile.mkdtemp(prefix="va-", dir="/tmp"))
    stack = open_stack(Layout(folder), port_base=base, environ=clean, report=lambda _line: None)
    try:
        stack.start_stores()
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


def ours(service_url: str, load: argparse.Namespace) -> Figures:
    with stores() as stack:
        own = port()
        policy = stack.layout.data / "bench-policy.json"
        policy.write_text(json.dumps({"version": "bench-1", "baa": True, "sinks": {"cloud_llm": {"*": "allow"}}}))
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(PREFIX)
        } | stack.settings_environment | {
            "VOICEASSIST_REALTIME__PORT": str(own),
            "VOICEASSIST_ROOM_URL": "http://127.0.0.1:9/{room}",
            "VOICEASSIST_VOICE__ENGINE": "openai",
            "VOICEASSIST_VOICE__MAX_SESSIONS": "1000",
            "VOICEASSIST_BRIDGE__URL": service_url,
            "VOICEASSIST_BRIDGE__API_KEY": "none",
            "VOICEASSIST_BRIDGE__EARS": "theirs",
            "VOICEASSIST_MODELS__REMOTE_POLICY": "scan",
            "VOICEASSIST_EGRESS__ALLOW_PRIVATE": "true",
            "VOICEASSIST_EGRESS__POLICY_FILE": str(policy),
            "VOICEASSIST_MEMORY__KEEP_DAYS": "0",
            "VOICEASSIST_TELEMETRY__LOG_LEVEL": "warning",
        }  # fmt: skip
        settings = parse({name: value for name, value in environment.items() if name.startswith(PREFIX)})
        command = [sys.executable, "-m", "realtime"]
        with child(command, environment, f"http://127.0.0.1:{own}/health") as process:
            sound = frames(load.turn, 24_000, spoken=load.vad)
            url = f"ws://127.0.0.1:{own}/v1/realtime"
            client = Ours(url, sound, hears=load.vad, settings=settings)
            if load.hold:
                return uvloop.run(Load(client, load.sessions, load.turn).hold(process, load.hold))
            beside = None if load.vad else Direct(f"{service_url}?direct", sound)
            return uvloop.run(_with_delays(Load(client, load.sessions, load.turn, beside), process, load, service_url))


async def _with_delays(load: Load, process: psutil.Process, told: argparse.Namespace, service_url: str) -> Figures:
    figures = await load.run(process, told.seconds)
    if load.beside is None:
        return figures
    up = await at_the_service(service_url)
    for way, bridged, direct in (("up", up["bridge"], up["direct"]), ("down", load.client.ages, load.beside.ages)):
        with_it, without = spread(bridged), spread(direct)
        added = {name: round(with_it[name] - without[name], 1) for name in ("p50", "p99")}
        figures[f"{way}_ms"] = {"bridge": with_it, "direct": without, "added": added}
    return figures


def pipecat(service_url: str, load: argparse.Namespace) -> Figures | str:
    """Figures, or why there are none."""
    python = PIPECAT / "bin/python"
    if not (PIPECAT / "installed").exists():
        venv.create(PIPECAT, clear=True, with_pip=True)
        locked = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements/bench-voice.txt")]
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *locked]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return "not measured: requirements/bench-voice.txt could not be installed"
        (PIPECAT / "installed").touch()
    own = port()
    rate = 16_000 if load.vad else 24_000
    heard = ["--vad"] if load.vad else []
    command = [str(python), str(PEERS / "pipecat_bridge.py"), str(own), service_url, *heard]
    with child(command, dict(os.environ), f"http://127.0.0.1:{own}/health") as process:
        client = Pipecat(f"ws://127.0.0.1:{own}/ws", frames(load.turn, rate, spoken=load.vad), rate=rate)
        return uvloop.run(Load(client, load.sessions, load.turn).run(process, load.seconds))


def compared(mine: Figures, peer: Figures | str, sound: float) -> Figures:
    """Of unequal work there is no ratio. `sound`: seconds of it that a session is sent in a second."""
    if isinstance(peer, str):
        return {}
    both = {"ours": mine, "pipecat": peer}
    gave = {name: float(str(one["sound_out_s_per_session_s"])) for name, one in both.items()}
    short = {name: seconds for name, seconds in gave.items() if seconds < (1 - UNEQUAL) * sound}
    if short:
        return {"equal_sound": False, "no_ratio": f"of {sound} s of sound a second came out: {short}"}
    cpu, memory = (
        [float(str(one[name])) for one in both.values()] for name in ("cpu_ms_per_sound_s", "kib_per_session")
    )
    ratios = {"ratio": round(cpu[1] / cpu[0], 2), "memory_ratio": round(memory[0] / max(memory[1], 0.1), 2)}
    return {"equal_sound": True, **ratios}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=24.0, help="a multiple of a turn's")
    parser.add_argument("--turn", type=float, default=6.0, help="seconds of a turn")
    parser.add_argument("--vad", action="store_true", help="both sides hear when a turn is over")
    parser.add_argument("--hold", type=float, default=0.0, metavar="MINUTES", help="ours alone, its memory over time")
    load = parser.parse_args()
    own = port()
    share = ANSWER_SHARE_HEARD if load.vad else ANSWER_SHARE
    answer = load.turn * share
    command = [sys.executable, str(PEERS / "speech_service.py"), str(own), str(load.turn), str(answer)]
    with child(command, dict(os.environ)):
        time.sleep(1.0)
        url = f"ws://127.0.0.1:{own}/v1/realtime"
        mine = ours(url, load)
        figures: Figures = {"ours": mine}
        if not load.hold:
            peer = pipecat(url, load)
            figures |= {"pipecat 1.14.0": peer, **compared(mine, peer, share)}
    told = {name: getattr(load, name) for name in ("sessions", "seconds", "turn", "vad", "hold")}
    print(json.dumps({"bench": "bridge", **told, **figures, "goals": GOALS, "machine": machine()}, indent=2))


if __name__ == "__main__":
    main()
