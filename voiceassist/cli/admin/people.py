"""`voiceassist admin users`."""

import json
from typing import Any

import click

from voiceassist.cli.admin.desk import Stores, administrator, person, run
from voiceassist.cli.options import data_option, json_option
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime.engines.layout import Layout

by_option = click.option("--by", required=True, help="The administrator who decided it: a mail address, or its name.")
ACTS = {
    "disable": "No sign-in from now on; what is open ends within two seconds.",
    "enable": "Let a disabled person sign in again.",
    "deprovision": "For good: a tombstone stays, and a new person of the same name gets no old data.",
    "release": "Let a new person come with the subject of a tombstone.",
    "reset-factors": "Take all second factors away; the person is told and sets up a new one.",
}


@click.group()
def users() -> None:
    """Accounts: list, invite, and what may happen to one."""


@users.command("list")
@data_option
@json_option
def list_users(layout: Layout, *, as_json: bool) -> None:
    """Every account."""
    from functions.auth import accounts

    everybody = Principal("operator", DEFAULT_TENANT, "admin")

    async def work(stores: Stores) -> list[dict[str, Any]]:
        found = page = await accounts.listed(everybody, None, 200, at=stores.desk)
        while len(page) == 200:
            page = await accounts.listed(everybody, page[-1].id, 200, at=stores.desk)
            found = found + page
        return [one.model_dump(mode="json") for one in found]

    rows = run(layout, work)
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(map(_line, rows)) or "no accounts")


@users.command()
@data_option
@by_option
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--role", type=click.Choice(["user", "viewer", "admin"]), default="user", show_default=True)
@click.option("--profile", default="", help="E.g. nurse.")
def invite(layout: Layout, *, by: str, name: str, email: str, role: str, profile: str) -> None:
    """Print a link for one person, good once and for 72 hours."""
    from pydantic import ValidationError

    from functions.auth import accounts
    from functions.auth.account_schema import NewInvitation

    try:
        wanted = NewInvitation.model_validate({"name": name, "email": email, "role": role, "profile": profile})
    except ValidationError:
        raise click.ClickException("The name, the address or the profile is not well formed.") from None

    async def work(stores: Stores) -> str:
        made = await accounts.invite(await administrator(stores, by), wanted, stores.settings, at=stores.desk)
        return made.link

    click.echo(run(layout, work))


def _act(name: str, text: str) -> None:
    @users.command(name, help=text)
    @data_option
    @by_option
    @click.argument("who")
    def act(layout: Layout, *, by: str, who: str) -> None:
        async def work(stores: Stores) -> None:
            await _done(name, stores, await administrator(stores, by), who)

        run(layout, work)
        click.echo("done")


for _name, _text in ACTS.items():
    _act(_name, _text)


async def _done(name: str, stores: Stores, caller: Principal, who: str) -> None:
    from functions.auth import accounts, cutoff
    from voiceassist.runtime import sessions

    user_id = (await person(stores, who)).id
    if name == "enable":
        await accounts.enable(caller, user_id, at=stores.desk)
    elif name == "release":
        await accounts.release(caller, user_id, at=stores.desk)
    else:
        if name == "reset-factors":
            await accounts.reset_factors(caller, user_id, at=stores.desk)
        else:
            await accounts.disable(caller, user_id, at=stores.desk, for_good=name == "deprovision")
        await cutoff.everything(sessions.of(stores.settings, stores.redis), stores.redis, str(user_id))


def _line(row: dict[str, Any]) -> str:
    factor = "second factor" if row["mfa_enrolled"] else "no second factor"
    return f"{row['id']}  {row['status']:<13} {row['role']:<6} {row['profile']:<14} {row['email']:<28} {factor}"
