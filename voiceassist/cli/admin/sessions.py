"""`voiceassist admin sessions`."""

import json
from datetime import UTC, datetime
from typing import Any

import click

from voiceassist.cli.admin.desk import Stores, administrator, person, run
from voiceassist.cli.options import data_option, json_option
from voiceassist.runtime.engines.layout import Layout


@click.group()
def sessions() -> None:
    """Where people are signed in."""


@sessions.command("list")
@data_option
@json_option
@click.argument("who")
def list_sessions(layout: Layout, *, as_json: bool, who: str) -> None:
    """The sign-ins of a person."""
    from voiceassist.runtime import sessions as kept

    async def work(stores: Stores) -> list[dict[str, Any]]:
        found = await kept.of(stores.settings, stores.redis).of_user(str((await person(stores, who)).id))
        return [
            {"id": one.id, "device": one.device, "last_used_at": datetime.fromtimestamp(int(used), UTC).isoformat()}
            for one, used in found
        ]

    rows = run(layout, work)
    lines = [f"{row['id']}  {row['last_used_at']}  {row['device']}" for row in rows]
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(lines) or "not signed in")


@sessions.command()
@data_option
@click.option("--by", required=True, help="The administrator who decided it.")
@click.argument("who")
def end(layout: Layout, *, by: str, who: str) -> None:
    """Sign a person out everywhere; sockets close within two seconds."""
    from functions.auth import accounts, cutoff
    from voiceassist.runtime import sessions as kept

    async def work(stores: Stores) -> None:
        caller, found = await administrator(stores, by), await person(stores, who)
        async with stores.desk.database.transaction(accounts.acting(caller)) as connection:
            await accounts.record(stores.desk.auditor, connection, caller, "session.ended", "user", found.id)
        await cutoff.everything(kept.of(stores.settings, stores.redis), stores.redis, str(found.id))

    run(layout, work)
    click.echo("signed out")
