"""`voiceassist users`: the seeded people of an embedded installation and their codes of this moment; `users sync` has
the accounts of a running installation follow the directory now."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
import msgspec

from voiceassist.adapters.issuer import seed
from voiceassist.cli.options import data_option, json_option
from voiceassist.core.errors import ExternalApiError, SettingsError
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.runtime import http, logging
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout, default_data
from voiceassist.runtime.settings import Settings, inherited, parse
from voiceassist.runtime.workloads import OPERATOR

if TYPE_CHECKING:
    import httpx

STEP_SECONDS = 30
SYNC_SECONDS = 600.0
COUNTS = ("created", "updated", "enabled", "disabled", "deprovisioned", "kept", "tombstones", "elsewhere", "untold")


@click.group(
    invoke_without_command=True,
    help="Show the seeded users with password and current code (embedded installations only).",
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None, help="The data directory.")
@json_option
@click.pass_context
def command(context: click.Context, data: Path | None, *, as_json: bool) -> None:
    if context.invoked_subcommand:
        return
    environ = inherited()
    refuse_production(environ)
    folder = data or default_data(environ, uid=os.getuid(), home=Path.home())
    try:
        people = seed.read(folder)
    except PermissionError:
        raise click.ClickException("The file of the seeded users belongs to another user: run as that user.") from None
    except (msgspec.MsgspecError, ValueError, KeyError):
        raise click.ClickException(
            f"{seed.seed_file(folder)} is damaged: restore it, or run `voiceassist reset`."
        ) from None
    if not people:
        raise click.ClickException(f"No users have been seeded in {folder}: start once with `voiceassist up`.")
    rows = [shown(person, time.time()) for person in people]
    click.echo(json.dumps(rows, indent=2) if as_json else table(rows))


def refuse_production(environ: dict[str, str]) -> None:
    """In production people come from the hospital's own issuer, and no secret is ever shown."""
    try:
        profile = parse(environ).profile
    except SettingsError:
        profile = "production"
    if profile == "production":
        raise click.ClickException("The production profile has no seeded users.")


def shown(person: seed.SeedUser, seconds: float) -> dict[str, str | int]:
    """What is needed to sign in now; `seconds` is Unix time."""
    import pyotp

    return {
        "username": person.username,
        "password": person.password,
        "role": person.profile or person.role,
        "code": pyotp.TOTP(person.totp_secret).at(int(seconds)),
        "code_ends_in": STEP_SECONDS - int(seconds) % STEP_SECONDS,
        "totp_secret": person.totp_secret,
    }


def table(rows: list[dict[str, str | int]]) -> str:
    lines = [f"{row['username']:<10} {row['password']:<20} code {row['code']}  ({row['role']})" for row in rows]
    return "\n".join(
        [
            *lines,
            f"The codes change in {rows[0]['code_ends_in']} s; each works once.",
            "For an authenticator app, add a time-based account with the secret of `voiceassist users --json`.",
        ]
    )


@command.command()
@data_option
@json_option
@click.option("--dry-run", is_flag=True, help="Tell what would be done, person by person, and do nothing.")
@click.option("--force", is_flag=True, help="Follow an answer that locks out more people than the settings allow.")
@click.option("--tenant", type=click.UUID, default=DEFAULT_TENANT, help="Whose directory, where there are several.")
def sync(layout: Layout, *, as_json: bool, dry_run: bool, force: bool, tenant: UUID) -> None:
    """Have the accounts follow the directory (Nextcloud) now; exit code 1 where it was not followed."""
    if dry_run and force:
        raise click.UsageError("A dry run forces nothing.")
    report = _asked(running_settings(layout, inherited()), tenant, dry_run=dry_run, force=force)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        for one in report["changes"]:
            click.echo(f"{one['change']:<12} {one['uid']}")
        click.echo(summary(report))
    if report["outcome"] != "done":
        raise SystemExit(1)


def _asked(settings: Settings, tenant: UUID, *, dry_run: bool, force: bool) -> dict[str, Any]:
    """The room's report; what it refuses is one sentence."""
    logging.configure("cli", "error")  # standard output is for what was asked
    url = f"{settings.room('users')}/api/v1/users/directory/{'dry-run' if dry_run else 'sync'}"
    headers = http.identity_headers(service(OPERATOR, tenant), issuer=OPERATOR, audience="users", settings=settings)
    answer = asyncio.run(_posted(url, headers, None if dry_run else {"force": force}))
    told: dict[str, Any] = answer.json()
    if answer.is_error:
        raise ExternalApiError(str(told.get("detail") or told.get("title")))
    return told


async def _posted(url: str, headers: dict[str, str], body: dict[str, bool] | None) -> "httpx.Response":
    import httpx

    async with httpx.AsyncClient(timeout=SYNC_SECONDS, trust_env=False) as client:
        try:
            return await client.post(url, headers=headers, json=body)
        except httpx.HTTPError:
            raise ExternalApiError("The room gave no answer; `voiceassist status` tells what runs.") from None


def summary(report: dict[str, Any]) -> str:
    """One line: what became of it."""
    counted = [f"{report[name]} {name}" for name in COUNTS if report[name]]
    if report["outcome"] == "done":
        did = f"{len(report['changes'])} would change" if report["dry_run"] else ", ".join(counted) or "nothing to do"
        return f"{report['listed']} people: {did}"
    held = f" ({report['locked']} of {report['active']} would be locked out)" if report["outcome"] == "held" else ""
    return f"{report['outcome']}: {report['code']}{held}"
