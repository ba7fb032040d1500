"""`voiceassist workloads`: the key pairs by which parts of an installation know each other (docs/reference/tokens.md).

The local stack makes its own. An installation in containers or in a cluster is given the files that this writes.
"""

import json
import secrets
from pathlib import Path

import click

from voiceassist.core.errors import ConflictError
from voiceassist.core.files import write_whole
from voiceassist.runtime import workloads
from voiceassist.runtime.settings import Workload


@click.group()
def command() -> None:
    """Make the key pairs by which parts of an installation know each other."""


@command.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def create(folder: Path) -> None:
    """Write new keys into FOLDER, which must not exist yet.

    cluster/PART are the private keys, for the Secret voiceassist-workloads; keys.json the public ones of all, for the
    setting VOICEASSIST_WORKLOAD__KEYS; compose/PART.env both, for WORKLOADS_DIR of compose.yaml.
    """
    if folder.exists():
        raise ConflictError(f"{folder} exists: keys are never written over, remove it or name another.")
    made = workloads.derived(secrets.token_hex(32))  # the secret is forgotten, only keys are kept
    folder.mkdir(mode=0o700, parents=True)
    for part in (part for part in parts(made) if part != workloads.OPERATOR):
        _write(folder / "cluster" / part, workloads.only(made, part))
        _write(folder / "compose" / f"{part}.env", environment(made, part))
    _write(folder / "compose" / "migrate.env", public(made))  # calls nobody
    _write(folder / "keys.json", made.keys)
    click.echo(f"{folder}: keys of {len(parts(made)) - 1} parts.")


def parts(known: Workload) -> list[str]:
    return [key["kid"] for key in json.loads(known.keys)["keys"]]


def environment(known: Workload, part: str) -> str:
    """Lines of an env_file; JSON has no single quotes, in which nothing is expanded."""
    return f"VOICEASSIST_WORKLOAD__KEY='{workloads.only(known, part)}'\n{public(known)}"


def public(known: Workload) -> str:
    return f"VOICEASSIST_WORKLOAD__KEYS='{known.keys}'\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_whole(path, text)
