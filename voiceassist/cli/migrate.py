"""`voiceassist migrate`: move the schema of a running installation."""

import getpass

import click

from voiceassist.cli.options import data_option
from voiceassist.core.identity import service
from voiceassist.migrations import downgrade, head, reached, upgrade
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.migrate import record
from voiceassist.runtime.settings import inherited


@click.command()
@data_option
@click.option("--revision", default="head", show_default=True, help="The revision to reach.")
@click.option("--downgrade", "down", is_flag=True, help="Go back to --revision: this deletes data.")
@click.option("--yes", is_flag=True, help="Do not ask before going back.")
def command(layout: Layout, *, revision: str, down: bool, yes: bool) -> None:
    """Move the database schema to a revision. `voiceassist up` does this by itself on every start."""
    settings = running_settings(layout, inherited())
    dsn = settings.postgres.owner_dsn
    who, before = service(f"operator {getpass.getuser()}"), reached(dsn)
    if not down:
        upgrade(dsn, revision)
        record(settings, who, before, reached(dsn))
        click.echo(f"schema at {head() if revision == 'head' else revision}")
        return
    if revision == "head":
        raise click.UsageError("--downgrade needs --revision, for example base")
    if not yes and not click.confirm(f"Go back to {revision} and lose what came after it?", default=False):
        raise SystemExit(1)
    downgrade(dsn, revision)
    record(settings, who, before, reached(dsn))
    click.echo(f"schema at {revision}")
