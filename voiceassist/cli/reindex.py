"""`voiceassist reindex`: bring the vectors of uploaded documents to the configured model."""

import asyncio
import json

import click

from voiceassist.cli.options import data_option, json_option
from voiceassist.runtime import encryption, logging
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Settings, inherited


@click.command()
@data_option
@json_option
def command(layout: Layout, *, as_json: bool) -> None:
    """Embed uploaded documents again for the configured model, while they are searched.

    Searches keep to the old model until all passages of a tenant have their new vector. Stopped, it goes on the next
    time where it was. The room ingestion does the same once an hour.
    """
    logging.configure("cli", "error")
    model_id, tenants, left = asyncio.run(_run(running_settings(layout, inherited())))
    if as_json:
        click.echo(json.dumps({"model": model_id, "tenants": tenants, "left": left}))
    else:
        click.echo(f"{model_id} serves {tenants - left} of {tenants} tenants")
    if left:
        raise click.ClickException(
            "Some tenants keep their model: documents were written meanwhile (run it again) or must not leave."
        )


async def _run(settings: Settings) -> tuple[str, int, int]:
    from functions.ingestion import reembedding
    from voiceassist.adapters.postgres import Database
    from voiceassist.runtime.providers import embedder_named

    embedder = embedder_named(settings.models.embedder, settings)
    tenants = 0

    def told(done: int, all_: int, _serves: bool) -> None:
        nonlocal tenants
        tenants = all_
        if all_ > 1:
            click.echo(f"\r{done}/{all_}", nl=done == all_, err=True)

    database = Database(settings.postgres.dsn, pool_size=2)
    keyring = encryption.keyring_of(settings, database, lambda: encryption.kms_of(settings))
    try:
        left = await reembedding.run(database, keyring, embedder, told=told)
    finally:
        await database.close()
    return embedder.model_id, tenants, left
