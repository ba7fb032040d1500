"""Rooms as they run: under the framework's own command, by the launcher of the images, and in the two kinds of host."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from events import catalog
from events.broker import filters
from events.envelope import CloudEvent, encode_structured
from voiceassist.core import ids
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import tokens, wiring
from voiceassist.runtime.settings import Workload
from voiceassist.runtime.wiring import Room, Wiring

START_SECONDS = 60
PING = "dev.knative.sources.ping"


def wired() -> Wiring:
    return wiring.load()


# Has nothing to do: it follows directories, and none is set here. tests/component/functions/users shows it with one.
IDLE = frozenset({"users"})


def heard(found: Wiring, room: str) -> list[CloudEvent]:
    """An event of the catalogue for everything that the room's Triggers let through; the id is replaced when sent."""
    ticks = [item["spec"].get("ceOverrides", {}).get("extensions", {}) for item in found.ping_sources]
    offered = [(name, {}) for name in catalog.EVENT_TYPES if name != PING] + [(PING, tick) for tick in ticks]
    triggers = [one for one in found.triggers if one["spec"]["subscriber"].get("ref", {}).get("name") == room]
    wanted = [filters.of_trigger(trigger["spec"]) for trigger in triggers]
    return [
        example(name, extensions)
        for name, extensions in offered
        if any(matches(example(name, extensions).attributes()) for matches in wanted)
    ]


def example(event_type: str, extensions: Mapping[str, str]) -> CloudEvent:
    payload = catalog.EVENT_TYPES[event_type].example
    whose = {
        name: str(getattr(payload, field))
        for name, field in (("tenantid", "tenant_id"), ("ownerid", "owner_id"))
        if hasattr(payload, field)
    }
    return CloudEvent(
        id=str(ids.new_id()),
        source="/voiceassist/test",
        type=event_type,
        datacontenttype="application/json",
        data=msgspec.json.encode(payload),
        extensions={"partitionkey": "k", **whose, **extensions},
    )


def fresh(event: CloudEvent) -> CloudEvent:
    return msgspec.structs.replace(event, id=str(ids.new_id()))


@dataclass
class Running:
    """Where a room answers, and what its process writes."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes]"
    workload: Workload
    room: str = ""

    def bearer(self, principal: Principal | None = None, *, issuer: str = "broker") -> dict[str, str]:
        who = principal or service("broker")
        token = tokens.mint(who, issuer=issuer, audience=self.room, workload=self.workload)
        return {"authorization": f"Bearer {token}"}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.request(method, self.url + path, **options)

    def deliver(self, event: CloudEvent) -> httpx.Response:
        headers, body = encode_structured(event)
        return self.request("POST", "/", headers=headers | self.bearer(), content=body)

    def wait_until_it_answers(self) -> "Running":
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if self.request("GET", "/health").status_code == 200:
                    return self
            time.sleep(0.02)
        raise AssertionError(f"it did not start: {self.log.read_text()[-2000:]}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def workload_of(environ: Mapping[str, str]) -> Workload:
    return Workload(key=environ["VOICEASSIST_WORKLOAD__KEY"], keys=environ["VOICEASSIST_WORKLOAD__KEYS"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def spawn(command: list[str], environ: dict[str, str], folder: Path) -> tuple["subprocess.Popen[bytes]", Path]:
    """A process with a folder of its own as home; without a terminal, its input at its end."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "output.log"
    own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": os.environ["PATH"]}
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=environ | own,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return process, log


def framework(room: Room, environ: dict[str, str], folder: Path) -> Running:
    """The room as `functions-framework` starts it."""
    port = free_port()
    program = str(Path(sys.executable).with_name("functions-framework"))
    command = [program, "--source", str(room.source), "--target", room.target, "--host", "127.0.0.1"]
    process, log = spawn([*command, "--port", str(port)], environ, folder)
    return Running(f"http://127.0.0.1:{port}", log, process, workload_of(environ), room.name)


def launcher(room: Room, environ: dict[str, str], folder: Path, code: str = "") -> Running:
    """The room as an image and the isolated host start it; `code` runs in the process before."""
    port = free_port()
    own = {"FUNCTION_TARGET": room.target, "FUNCTION_SOURCE": str(room.source), "PORT": str(port)}
    command = [sys.executable, "-c", f"{code}\nfrom voiceassist.runtime import serve\nserve.main()"]
    if not code:
        command = [sys.executable, "-m", "voiceassist.runtime.serve"]
    process, log = spawn(command, environ | own, folder)
    return Running(f"http://127.0.0.1:{port}", log, process, workload_of(environ), room.name)


def host(environ: dict[str, str], folder: Path, *options: str) -> Running:
    """A whole host; its rooms answer below `url`."""
    public, internal = free_port(), free_port()
    own = {
        "VOICEASSIST_BASE_URL": f"https://localhost:{public}",
        "VOICEASSIST_OIDC__ISSUER": f"https://localhost:{public}/issuer",
        "VOICEASSIST_HOST__PORT": str(public),
        "VOICEASSIST_HOST__ROOMS_PORT": str(internal),
    }
    command = [sys.executable, "-m", "voiceassist.runtime.host", *options]
    process, log = spawn(command, environ | own, folder)
    return Running(f"http://127.0.0.1:{internal}", log, process, workload_of(environ))


class Hosts:
    """Every way a room can run, each process started once and stopped at the end."""

    KINDS = ("functions-framework", "launcher", "shared host", "isolated host")

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self._environ, self._folder = environ, folder
        self._running: dict[str, Running] = {}

    def room(self, kind: str, room: Room) -> Running:
        if kind == "functions-framework":
            return self._once(f"{kind} {room.name}", lambda folder: framework(room, self._environ, folder))
        if kind == "launcher":
            return self._once(f"{kind} {room.name}", lambda folder: launcher(room, self._environ, folder))
        options = ("--isolated",) if kind == "isolated host" else ()
        whole = self._once(kind, lambda folder: host(self._environ, folder, *options), path=f"/{room.name}")
        return Running(f"{whole.url}/{room.name}", whole.log, whole.process, whole.workload, room.name)

    def _once(self, name: str, start: Callable[[Path], Running], path: str = "") -> Running:
        if name not in self._running:
            self._running[name] = made = start(self._folder / name.replace(" ", "-"))
            Running(made.url + path, made.log, made.process, made.workload).wait_until_it_answers()
        return self._running[name]

    def stop(self) -> Iterator[tuple[str, int, str]]:
        """Name, exit status and output of each."""
        for name, running in self._running.items():
            status = running.stop() if running.process.poll() is None else running.process.returncode
            yield name, status, running.log.read_text()
