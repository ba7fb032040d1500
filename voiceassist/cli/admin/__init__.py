"""`voiceassist admin`: accounts and sign-ins, for who operates this machine."""

import click

from voiceassist.cli.admin.people import users
from voiceassist.cli.admin.sessions import sessions


@click.group()
def command() -> None:
    """Accounts and sign-ins of a running installation. What is done is put on record as done by --by."""


command.add_command(users)
command.add_command(sessions)
