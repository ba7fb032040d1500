"""`voiceassist phase`: how far each phase is, and whether every tick has its evidence."""

from collections.abc import Iterator
from pathlib import Path

import click

from voiceassist.cli import evidence, phases
from voiceassist.cli.main import group
from voiceassist.runtime.wiring import ROOT

root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=ROOT,
    help="Another checkout than this one.",
)
phase_option = click.option("--phase", "number", type=click.IntRange(0, len(phases.COUNTS) - 1), default=None)


@click.group(help="How far the phases of docs/phases are, by evidence.")
def command() -> None: ...


@command.command(help="Print ticked and all requirements of each phase.")
@root_option
def status(root: Path) -> None:
    for number, phase in sorted(documents(root).items()):
        click.echo(f"phase {number:>2}  {phase.ticked:>2}/{phases.COUNTS[number]:<2}  {phase.title}")


@command.command(help="Check that every tick has evidence that exists; with --run, that it passes.")
@root_option
@phase_option
@click.option("--run/--dry", default=False, help="Also run the tests and commands named as evidence.")
def check(root: Path, number: int | None, *, run: bool) -> None:
    found = documents(root)
    faults = list(all_faults(root, found, number))
    if run and not faults:
        wanted = [phase for phase in found.values() if number in (None, phase.number)]
        faults = [fault for phase in wanted for fault in outcomes(root, phase)]
    for fault in faults:
        click.echo(f"fault: {fault}", err=True)
    if faults:
        raise SystemExit(1)
    ticked = sum(phase.ticked for phase in found.values())
    click.echo(
        f"{ticked} of {sum(phases.COUNTS)} requirements are ticked; all evidence {'passes' if run else 'exists'}"
    )


def documents(root: Path) -> dict[int, phases.Phase]:
    if not (root / "docs/phases").is_dir():
        raise click.ClickException("The phase documents are not here: run this in a checkout of the source.")
    return phases.read(root)


def all_faults(root: Path, found: dict[int, phases.Phase], number: int | None = None) -> Iterator[str]:
    """Everything wrong in the phase documents (or in one of them) and in CURRENT_PHASE.md."""
    house = evidence.house(root, frozenset(group.list_commands(click.Context(group))))
    yield from phases.faults(found, house, number)
    if number is None:
        page = root / "CURRENT_PHASE.md"
        if page.exists():
            yield from phases.current_faults(page.read_text(), found, house)
        else:
            yield "CURRENT_PHASE.md is missing"


def outcomes(root: Path, phase: phases.Phase) -> Iterator[str]:
    """Ticks whose evidence fails are faults; boxes that could be ticked are only told."""
    for box in phase.boxes:
        failed = list(evidence.failures(root, box.evidence))
        if box.ticked:
            yield from (f"{box.id}: {fault}" for fault in failed)
        elif box.evidence and not failed:
            click.echo(f"{box.id} is not ticked although its evidence passes")
