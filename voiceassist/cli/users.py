"""`voiceassist users`: the seeded people of an embedded installation and their codes of this moment."""

import json
import os
import time
from pathlib import Path

import click
import msgspec

from voiceassist.adapters.issuer import seed
from voiceassist.core.errors import SettingsError
from voiceassist.runtime.engines.layout import default_data
from voiceassist.runtime.settings import inherited, parse

STEP_SECONDS = 30


@click.command(help="Show the seeded users with password and current code (embedded installations only).")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None, help="The data directory.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(data: Path | None, *, as_json: bool) -> None:
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
