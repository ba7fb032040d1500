"""`voiceassist`: one command line for people who run an installation.

Each command is a module of this package with a click command named `command`, imported when it is used (lazy.py).
"""

import sys

import click

from voiceassist.cli.lazy import LazyGroup
from voiceassist.core.errors import VoiceAssistError

COMMANDS = {
    "up": "Start everything and stay in the foreground until Ctrl-C.",
    "down": "Stop a running installation.",
    "status": "Show what runs.",
    "doctor": "Ask every engine how it is, and say how to mend it.",
    "talk": "Ask by voice: a WAV in, a spoken and cited answer out.",
    "ask": "Ask in writing and read the cited answer.",
    "users": "Show the seeded users with password and current code.",
    "admin": "Accounts and sign-ins: list, invite, disable, sign out.",
    "events": "Look into the event log, and send events again.",
    "audit": "Verify and search the record of who saw and did what.",
    "encryption": "Rotate and destroy the keys of what is sealed at rest.",
    "keys": "Make, list and revoke API keys.",
    "workloads": "Make the keys by which parts know each other.",
    "phi": "Decide about documents in which identifiers were found.",
    "certs": "Show, renew or replace the local certificates.",
    "canary": "Tell of a patient who does not exist, and search logs and stores for it.",
    "check": "Check that wiring, catalogue and rooms fit together.",
    "new": "Begin a function of your own.",
    "phase": "Show how far each phase is, and check the evidence of every tick.",
    "reindex": "Embed uploaded documents again for the configured model, while they are searched.",
    "migrate": "Move the database schema to a revision.",
    "bench": "Measure this machine.",
    "eval": "Answer evaluation files, for the scorers that go with them.",
    "reset": "Wipe the data directory, after a question.",
}


@click.group(
    cls=LazyGroup,
    package="voiceassist.cli",
    table=COMMANDS,
    # No path of the foundation bears the name of a room.
    modules={"canary": "canaries.command", "audit": "auditing", "phi": "quarantine", "users": "people"},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="voiceassist", message="%(prog)s %(version)s")
def group() -> None:
    """VoiceAssist: a medical voice assistant that a hospital runs itself.

    `voiceassist up` starts everything on this machine; open the address it prints.
    """


def main() -> None:
    """Every failure we foresee is one sentence on standard error and exit code 1."""
    try:
        group(prog_name="voiceassist")
    except VoiceAssistError as error:
        click.echo(f"error: {error.detail}", err=True)
        sys.exit(1)
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        click.echo(f"error: {error.strerror or 'the operating system refused'}{place}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
