"""`voiceassist keys`: API keys, for who operates this machine."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from voiceassist.cli.options import data_option, json_option
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import logging
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Settings, inherited

if TYPE_CHECKING:
    from functions.auth.schema import ApiKey
    from voiceassist.adapters.postgres import Database
    from voiceassist.ports.auditing import Auditor

T = TypeVar("T")


@click.group()
def command() -> None:
    """Make, list and revoke API keys of a running installation.

    A key acts for the person it is made for. People themselves make keys in their browser session.
    """


@command.command()
@data_option
@json_option
@click.option("--user", required=True, help="For whom: a mail address, or what stands before its @.")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do, e.g. events:publish; repeat it.")
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="When it ends by itself.")
def create(layout: Layout, *, as_json: bool, user: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a key and print it, once."""
    from pydantic import ValidationError

    from functions.auth import keys
    from functions.auth.schema import NewKey

    try:
        wanted = NewKey(name=name, scopes=scopes, expires_in_days=days)
    except ValidationError:
        raise click.ClickException("The name or a scope is not well formed.") from None

    settings = running_settings(layout, inherited())

    async def work(database: "Database") -> "ApiKey":
        return await keys.create(
            await person(database, user), wanted, database=database, auditor=auditor_of(settings, database)
        )

    made = _run(settings, work)
    shown = made.model_dump(mode="json")
    click.echo(json.dumps(shown, indent=2) if as_json else f"{shown['key']}\n(it is not shown again; id {made.id})")


@command.command("list")
@data_option
@json_option
def list_keys(layout: Layout, *, as_json: bool) -> None:
    """Every key: id, owner, scopes, end; never the key itself."""
    from functions.auth import keys

    everybody = Principal("operator", DEFAULT_TENANT, "admin")

    async def work(database: "Database") -> "list[ApiKey]":
        found = page = await keys.listed(everybody, None, 200, database=database)
        while len(page) == 200:
            page = await keys.listed(everybody, page[-1].id, 200, database=database)
            found = found + page
        return found

    rows = [key.model_dump(mode="json") for key in _run(running_settings(layout, inherited()), work)]
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(map(_line, rows)) or "no keys")


@command.command()
@data_option
@click.argument("key_id", type=click.UUID)
def revoke(layout: Layout, *, key_id: UUID) -> None:
    """End a key at once."""
    from functions.auth import keys
    from voiceassist.adapters.redis import connect

    settings = running_settings(layout, inherited())

    async def work(database: "Database") -> None:
        redis = connect(settings.redis.url)
        try:
            await keys.revoke(
                operator(), key_id, database=database, redis=redis, auditor=auditor_of(settings, database)
            )
        finally:
            await redis.aclose()

    _run(settings, work)
    click.echo("revoked")


def operator() -> Principal:
    """Whoever may read this installation's secrets operates it; the record tells the account."""
    return service(f"operator {getpass.getuser()}")


def auditor_of(settings: Settings, database: "Database") -> "Auditor":
    from voiceassist.runtime.audit_keys import AuditKeys
    from voiceassist.runtime.auditing import Writer

    return Writer(database, AuditKeys(settings.audit), part="cli", chains=settings.audit.chains)


def _run(settings: Settings, work: "Callable[[Database], Awaitable[T]]") -> T:
    """On the installation's database; the event waits in the outbox for the host, which sends it in a moment."""
    from voiceassist.adapters.postgres import Database

    logging.configure("cli", "error")  # standard output is for the key

    async def run() -> T:
        database = Database(settings.postgres.dsn, pool_size=1)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


async def person(database: "Database", who: str) -> Principal:
    """The one active user of a mail address, or of what stands before its @."""
    from functions.auth import store

    async with database.transaction(service("operator")) as connection:
        found = [one for one in await store.people_called(connection, who) if one.active]
    if len(found) != 1:
        raise click.ClickException("There is no such active user." if not found else "That names several users.")
    (one,) = found
    return Principal(str(one.id), one.tenant_id, one.role, user_id=one.id, profile=one.profile)


def _line(key: dict[str, Any]) -> str:
    ended = "revoked" if key["revoked_at"] else f"until {key['expires_at'][:10]}"
    return f"{key['id']}  {ended:<16} {key['owner']:<28} {key['name']}  ({', '.join(key['scopes'])})"
