"""`voiceassist reset`: wipe an installation, after a question."""

import shutil

import click

from voiceassist.cli.options import data_option
from voiceassist.runtime.engines import leftovers, preparation
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout


@click.command()
@data_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(layout: Layout, *, yes: bool) -> None:
    """Delete all data of an installation: database, files, users, keys and certificates. There is no way back."""
    if not (layout.secrets.exists() or layout.postgres.exists() or layout.lock.exists()):
        click.echo(f"{layout.data} holds no installation: nothing to do")
        return
    preparation.refuse_foreign(layout)
    lock = preparation.take_lock(layout)
    if lock is None:
        raise EngineError(f"The installation in {layout.data} runs: stop it first with `voiceassist down`.")
    try:
        if not yes and not click.confirm(f"Delete everything in {layout.data}, for good?", default=False):
            click.echo("nothing was deleted")
            raise SystemExit(1)
        leftovers.sweep(layout)
        wipe(layout)
    finally:
        lock.release()
    click.echo(f"deleted the installation in {layout.data}")


def wipe(layout: Layout) -> None:
    """Only what an installation puts there: somebody may have named a folder with other things in it."""
    folders = [
        layout.postgres, layout.valkey, layout.vectord, layout.s3, layout.broker, layout.issuer, layout.tls,
        layout.models, layout.runtime, layout.run, layout.logs, layout.data / ".pg.part",
    ]  # fmt: skip
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
    # The secrets go last: an interrupted reset must still be recognised as an installation.
    for file in (layout.seed_users, layout.state, layout.kek, layout.secrets, layout.lock):
        file.unlink(missing_ok=True)
    if not any(layout.data.iterdir()):
        layout.data.rmdir()
