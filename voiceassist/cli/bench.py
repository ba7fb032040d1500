"""`voiceassist bench`: the measured figures, one JSON document per benchmark."""

import subprocess
import sys

import click

from voiceassist.runtime.wiring import ROOT

FOLDER = ROOT / "tests" / "bench"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py"))


@click.command(help="Measure and print JSON with figure, peer, ratio and machine. Without a name: all of them.")
@click.argument("name", nargs=-1)
def command(name: tuple[str, ...]) -> None:
    known = names()
    if not known:
        raise click.ClickException("The benchmarks are part of the source checkout; this installation has none.")
    if unknown := sorted(set(name) - set(known)):
        raise click.ClickException(f"There is no benchmark {unknown[0]}; known are {', '.join(known)}.")
    for one in name or known:
        status = subprocess.run([sys.executable, str(FOLDER / f"{one}.py")], cwd=ROOT, check=False).returncode
        if status:
            raise SystemExit(status)
