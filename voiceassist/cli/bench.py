"""`voiceassist bench`: the measured figures, one JSON document per benchmark."""

import itertools
import subprocess
import sys

import click

from voiceassist.runtime.wiring import ROOT

FOLDER = ROOT / "tests" / "bench"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py"))


@click.command(
    help="Measure and print JSON with figure, peer, ratio and machine. Without a name: all of them. "
    "Options after a name are those of that benchmark.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("name", nargs=-1, type=click.UNPROCESSED)
def command(name: tuple[str, ...]) -> None:
    known = names()
    if not known:
        raise click.ClickException("The benchmarks are part of the source checkout; this installation has none.")
    wanted = list(itertools.takewhile(lambda word: not word.startswith("-"), name))
    options = name[len(wanted) :]
    if unknown := sorted(set(wanted) - set(known)):
        raise click.ClickException(f"There is no benchmark {unknown[0]}; known are {', '.join(known)}.")
    if options and len(wanted) != 1:
        raise click.UsageError("Options are for one benchmark: name it before them.")
    for one in wanted or known:
        status = subprocess.run([sys.executable, str(FOLDER / f"{one}.py"), *options], cwd=ROOT, check=False).returncode
        if status:
            raise SystemExit(status)
