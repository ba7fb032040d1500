"""`voiceassist up`: the supervisor of the whole product."""

import click

from voiceassist.cli.options import data_option
from voiceassist.runtime.engines.environment import Mode
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import DEFAULT_BASE
from voiceassist.runtime.engines.probes import examine
from voiceassist.runtime.engines.stack import Stack, open_stack
from voiceassist.runtime.engines.supervisor import StopRequested, signals
from voiceassist.runtime.settings import inherited, parse

CONTENT = "voiceassist.cli.initialise"


@click.command()
@data_option
@click.option("--isolated", is_flag=True, help="Each room in its own process, started by its first request.")
@click.option(
    "--port-base",
    type=click.IntRange(1024, 55_527),
    default=DEFAULT_BASE,
    show_default=True,
    help="The page's port; eight more follow it, and SeaweedFS adds four 10,000 higher.",
)
@click.option("--tls/--no-tls", default=True, help="Serve the page by https with the local CA. [default: tls]")
def command(layout: Layout, *, isolated: bool, port_base: int, tls: bool) -> None:
    """Start everything and stay in the foreground until Ctrl-C.

    The engines are real ones out of packages (PostgreSQL with pgvector, Valkey, Qdrant's engine, SeaweedFS).
    Each is replaced by one of your own when its address is set, for example VOICEASSIST_POSTGRES__DSN.
    """
    first = not layout.secrets.exists()
    mode = Mode(tls=tls, isolated=isolated)
    stack = open_stack(layout, port_base=port_base, environ=inherited(), report=click.echo, mode=mode)
    with signals(stack.supervisor):
        try:
            run(stack, first=first)
        except StopRequested:
            click.echo("stopped before it was ready")
        finally:
            stack.stop()


def run(stack: Stack, *, first: bool) -> None:
    click.echo(f"starting in {stack.layout.data}" + (" for the first time" if first else ""))
    refuse_sick_external(stack)
    if first:
        click.echo("the first start prepares the database and the library")
    stack.start_stores(CONTENT)
    stack.start_services()
    announce(stack, first=first)
    stack.supervisor.watch()
    click.echo("stopping")


def refuse_sick_external(stack: Stack) -> None:
    """An engine that we do not start must answer before anything is built on it."""
    settings = parse(stack.settings_environment)
    for name in stack.external:
        finding = examine(name, settings, external=True)
        if not finding.ok:
            raise EngineError(f"The external {finding.name} at {finding.address}: {finding.wrong}; {finding.mend}.")
        click.echo(f"{finding.name}: external, {finding.version}, at {finding.address}")


def announce(stack: Stack, *, first: bool) -> None:
    """Where things are; the last line is what scripts wait for."""
    layout, url = stack.layout, stack.supervisor.base.url
    socket = url.replace("http", "ws", 1)
    click.echo(f"page      {url}")
    click.echo(f"API       {url}/api/v1")
    click.echo(f"realtime  {socket}/v1/realtime")
    if stack.mode.tls:
        click.echo(f"trust     {layout.ca} (import it once, or your browser warns)")
    if layout.seed_users.exists():
        how = "created now" if first else "created on the first start"
        click.echo(f"users     seeded ones in {layout.seed_users} ({how}); `voiceassist users` shows them with a code")
    click.echo(f"logs      {layout.logs}")
    click.echo(f"ready: {url}")


if __name__ == "__main__":
    command()
