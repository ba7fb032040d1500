"""`voiceassist check`: the wiring fits together, and every room starts alone.

In-process hosting hides mistakes of sys.path and of the framework's registry, so each room is started
with the plain `functions-framework` command, as Knative's image would.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from events import catalog
from realtime.dialogue import phrases
from voiceassist.core.errors import SettingsError
from voiceassist.runtime import wiring
from voiceassist.runtime.host import pingsources
from voiceassist.runtime.settings import inherited

START_SECONDS = 20.0


@click.command(help="Check that wiring, catalogue and rooms fit together and that each room starts alone.")
@click.option("--wiring", "directory", type=click.Path(path_type=Path, file_okay=False, exists=True), default=None)
@click.option("--start/--no-start", default=True, help="Also start each room with functions-framework.")
def command(directory: Path | None, *, start: bool) -> None:
    try:
        found = wiring.load(directory)
    except SettingsError as error:
        raise click.ClickException(error.detail) from None
    faults = [*room_faults(found), *event_faults(found), *phrases.read(found.rooms.values())[1]]
    if start and not faults:
        faults += [fault for room in found.rooms.values() if (fault := start_alone(room))]
    for fault in faults:
        click.echo(f"fault: {fault}", err=True)
    if faults:
        raise SystemExit(1)
    click.echo(f"{len(found.rooms)} rooms, {len(found.triggers)} triggers, {len(found.routes)} routes: all fit")


def room_faults(found: wiring.Wiring) -> Iterator[str]:
    """Rooms and Services match one to one, and a target bears its room's name."""
    folders = {path.parent.name for path in (wiring.ROOT / "functions").glob("*/main.py")}
    for name in sorted(folders - found.rooms.keys()):
        yield f"functions/{name} has no Service under knative/rooms"
    for room in found.rooms.values():
        if room.name not in folders:
            yield f"the Service {room.name} has no folder under functions"
        elif room.target != room.name or room.source != wiring.ROOT / "functions" / room.name / "main.py":
            yield f"the Service {room.name} does not serve functions/{room.name}/main.py"


def event_faults(found: wiring.Wiring) -> Iterator[str]:
    """Every type said or heard is in the catalogue, every listener exists, every schedule can be read."""
    for room in found.rooms.values():
        for event_type in room.says:
            if event_type not in catalog.EVENT_TYPES:
                yield f"{room.name} says {event_type}, which the catalogue does not know"
    for trigger in found.triggers:
        name = trigger["metadata"]["name"]
        event_type = trigger["spec"].get("filter", {}).get("attributes", {}).get("type")
        if event_type and event_type not in catalog.EVENT_TYPES:
            yield f"the Trigger {name} hears {event_type}, which the catalogue does not know"
        reference = trigger["spec"]["subscriber"].get("ref", {})
        if reference.get("kind") == "Service" and reference.get("name") not in found.rooms:
            yield f"the Trigger {name} leads to {reference.get('name')}, which is no room"
    for ping_source in found.ping_sources:
        try:
            pingsources.read(ping_source, "http://broker/voiceassist/default")
        except SettingsError as fault:
            yield fault.detail


def start_alone(room: wiring.Room) -> str | None:
    """Start the room under the console script; the sentence of its fault, or None."""
    program = shutil.which("functions-framework", path=str(Path(sys.executable).parent))
    if program is None:
        return "the command functions-framework is not installed"
    port = free_port()
    process = subprocess.Popen(
        [program, "--target", room.target, "--source", str(room.source), "--port", str(port), "--host", "127.0.0.1"],
        env=inherited(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return None if answers(process, port) else f"the room {room.name} does not start with functions-framework"
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether GET /health gives 200 before the time is up."""
    import httpx

    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2.0, trust_env=False).status_code == 200:
                return True
        except httpx.TransportError:
            time.sleep(0.05)
    return False
