"""The Knative runtime contract, room by room, with the launcher of the images and the means of Linux instead of a
container engine: a read-only root with one writable temporary folder, some user nobody knows, no privileges, no
terminal, a network of its own.
"""

import ctypes
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from voiceassist.core.identity import service

from .running import IDLE, Running, fresh, heard, spawn, wired, workload_of

WIRING = wired()
ROOMS = [pytest.param(room, id=room.name) for room in WIRING.rooms.values()]
CLONE_NEWNET = 0x40000000  # setns(2)
SLOW_SECONDS = 1.0

# Every mount becomes read-only for this process, then one folder is writable. The interpreter and this checkout may lie
# in a folder that only root may enter, so the unknown user may read and search everywhere (CAP_DAC_READ_SEARCH), and
# nothing else: a file that the room would want to write is still not writable.
CONFINED = """
set -eu
mount --make-rprivate /
awk '{print $2}' /proc/self/mounts | while read -r place; do mount -o remount,bind,ro "$place" 2>/dev/null || true; done
mount -t tmpfs -o mode=1777,size=64m tmpfs "$SCRATCH"
if touch "$BESIDE/written" 2>/dev/null; then echo 'the root can be written'; exit 70; fi
ip link set lo up
may='-all,+dac_read_search'
exec setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --no-new-privs --inh-caps="$may" \
    --ambient-caps="$may" --bounding-set="$may" "$@"
"""
# A room whose readiness takes its time, for a request that is in flight when the process is told to end.
SLOW = f"""
import asyncio
from voiceassist.runtime import door

async def slowly(self):
    await asyncio.sleep({SLOW_SECONDS})
    return True, {{}}

door.Room.readiness = slowly
"""


def why_not():
    """The reason why this machine cannot do it, or nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "namespaces and another user need root on Linux"
    if missing := [name for name in ("unshare", "setpriv", "ip", "awk") if shutil.which(name) is None]:
        return f"this machine has no {missing[0]}"
    tried = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True)
    return "" if tried.returncode == 0 else "this machine does not allow namespaces"


REASON = why_not()
pytestmark = [pytest.mark.skipif(bool(REASON), reason=REASON), pytest.mark.req("P3.12")]


class Confined(Running):
    """A room that has only its own network, where requests have to go in."""

    def request(self, method, path, **options):
        return self.inside(lambda: super(Confined, self).request(method, path, **options))

    def inside(self, work):
        """Do `work` in the network of the room, in a thread that enters it and ends there."""

        def enter():
            libc = ctypes.CDLL(None, use_errno=True)
            with Path(f"/proc/{self.process.pid}/ns/net").open() as network:
                if libc.setns(network.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return work()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(enter).result()


@pytest.fixture
def confined(stack_env, tmp_path):
    """Start a room as a revision's container is started, on a port of chance."""
    running = []

    def start(room, *, user=65532, code=""):
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        port = random.randint(10_000, 60_000)
        # A pod has no data directory; the rest is what its settings and secrets hold.
        environ = {name: value for name, value in stack_env.items() if name != "VOICEASSIST_DATA_DIR"}
        environ |= {
            "PORT": str(port), "FUNCTION_TARGET": room.target, "FUNCTION_SOURCE": str(room.source),
            "K_SERVICE": room.name, "K_REVISION": f"{room.name}-00001", "K_CONFIGURATION": room.name,
            "TMPDIR": str(scratch), "SCRATCH": str(scratch), "BESIDE": str(tmp_path), "USER_ID": str(user),
            "VOICEASSIST_BROKER_URL": "",
        }  # fmt: skip
        program = [sys.executable, "-m", "voiceassist.runtime.serve"]
        if code:
            program = [sys.executable, "-c", f"{code}\nfrom voiceassist.runtime import serve\nserve.main()"]
        command = ["unshare", "--mount", "--net", "sh", "-c", CONFINED, "sh", *program]
        process, log = spawn(command, environ, tmp_path / room.name)
        running.append(process)
        made = Confined(f"http://127.0.0.1:{port}", log, process, workload_of(environ), room.name)
        return made.wait_until_it_answers()

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def listening(pid):
    """Address and port of what listens in the network of a process (proc(5): little-endian hexadecimal)."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()][1:]
    local = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {(socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16)) for address, port in local}


@pytest.mark.parametrize("user", [65532, 1_234_567_890])
@pytest.mark.parametrize("room", ROOMS)
def test_it_serves_as_anybody_from_a_root_it_cannot_write(confined, room, user):
    running = confined(room, user=user)
    process = running.process.pid
    assert listening(process) == {("0.0.0.0", int(running.url.rpartition(":")[2]))}
    status = status_of(process)
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(user)}
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == 1 << 2  # CAP_DAC_READ_SEARCH
    assert Path(f"/proc/{process}/fd/0").readlink() == Path(os.devnull)
    assert Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[4] == "0"  # tty_nr: no terminal
    assert running.request("GET", "/health").json() == {"status": "alive"}
    assert running.request("POST", "/", content=b"").status_code == 401
    if room.routes:
        assert running.request("GET", "/openapi.json").json()["paths"]
    for event in heard(WIRING, room.name):
        # Engines are in another network, or behind socket files of another user: not now, please again.
        assert running.deliver(fresh(event)).status_code == (204 if room.name in IDLE else 503)
    assert running.stop() == 0
    assert '"level": "error"' not in running.log.read_text()


@pytest.mark.parametrize("room", ROOMS)
def test_told_to_end_it_finishes_what_runs_and_takes_no_more(confined, room):
    running = confined(room, code=SLOW)

    def slow_one():
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.get(f"{running.url}/ready", headers=running.bearer(service("probe"), issuer="gateway"))

    with ThreadPoolExecutor(1) as pool:
        in_flight = pool.submit(running.inside, slow_one)
        time.sleep(SLOW_SECONDS / 3)
        running.process.terminate()
        time.sleep(SLOW_SECONDS / 3)
        with pytest.raises(httpx.ConnectError):
            running.request("GET", "/health")
        answer = in_flight.result()
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "dependencies": {}})
    assert running.process.wait(20) == 0
