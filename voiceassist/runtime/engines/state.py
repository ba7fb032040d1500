"""What runs: written by the supervisor after every start of a child, read by `status`, `down` and the next `up`."""

import msgspec

from voiceassist.core.files import write_whole
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.processes import Record


class ProcessState(msgspec.Struct, frozen=True):
    """`phase` is starting, ready, waiting (before a restart) or stopped."""

    record: Record | None = None
    phase: str = "stopped"
    restarts: int = 0


class State(msgspec.Struct, frozen=True):
    """The running stack: who supervises it, at which ports, with which processes."""

    supervisor: Record
    port_base: int
    url: str
    tls: bool = True
    isolated: bool = False
    ready: bool = False
    external: tuple[str, ...] = ()
    processes: dict[str, ProcessState] = {}


def write(layout: Layout, state: State) -> None:
    write_whole(layout.state, msgspec.json.format(msgspec.json.encode(state)))


def read(layout: Layout) -> State | None:
    """The last state, or None when there is none or a crash of the disk left it unreadable."""
    try:
        return msgspec.json.decode(layout.state.read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError):
        return None
