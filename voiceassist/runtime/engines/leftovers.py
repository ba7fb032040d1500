"""Find and end what an earlier supervisor of this data directory left running."""

import signal

from voiceassist.runtime.engines import processes, state
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.processes import Record

# SIGTERM to a postmaster waits for its clients; SIGINT is its fast shutdown.
POLITE = {"postgres": signal.SIGINT}
SUPERVISOR_SECONDS = 15.0


def sweep(layout: Layout) -> list[str]:
    """End recorded children that still live; returns their names. Only call while no supervisor lives."""
    current = state.read(layout)
    if current is None:
        return []
    ended = [
        name
        for name, entry in current.processes.items()
        if entry.record and processes.end_record(entry.record, polite=POLITE.get(name, signal.SIGTERM))
    ]
    layout.state.unlink(missing_ok=True)
    return ended


def stop_supervisor(record: Record) -> bool:
    """Ask a supervisor to stop and wait; True if it lived. Killed when it does not obey."""
    return processes.end_record(record, grace=SUPERVISOR_SECONDS)
