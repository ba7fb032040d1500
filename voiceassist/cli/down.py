"""`voiceassist down`: stop a running installation, or what a killed one left."""

import click

from voiceassist.cli.options import data_option
from voiceassist.runtime.engines import leftovers, preparation, state
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout


@click.command()
@data_option
def command(layout: Layout) -> None:
    """Stop a running installation; also ends processes that a killed supervisor left behind."""
    for line in stop(layout) or [f"nothing runs in {layout.data}"]:
        click.echo(line)


def stop(layout: Layout) -> list[str]:
    """End supervisor and children; returns what was done, line by line."""
    if not layout.data.exists():
        return []
    preparation.refuse_foreign(layout)
    done = []
    current = state.read(layout)
    if current and leftovers.stop_supervisor(current.supervisor):
        done.append(f"stopped {current.url}")
    lock = preparation.take_lock(layout)
    if lock is None:
        raise EngineError(f"A process that is not recorded in {layout.state} holds {layout.lock}: end it by hand.")
    try:
        done += [f"ended {name}, left over from a supervisor that was killed" for name in leftovers.sweep(layout)]
    finally:
        lock.release()
    return done
