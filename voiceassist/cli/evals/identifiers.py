"""`voiceassist eval phi`: the detection engine over labelled texts, in process; it is not told what kind a text is."""

import json
from pathlib import Path

import click

from functions.phi.domain.lists import ListsError
from voiceassist.cli.evals import rows
from voiceassist.runtime.deidentification import engine


@click.command(help="Find the identifiers in the texts of gold files and write one prediction a line.")
@click.option("--gold", "gold", multiple=True, required=True, metavar="FILE", help="JSON lines, also .gz; repeatable.",
              type=click.Path(path_type=Path, exists=True, dir_okay=False))  # fmt: skip
@click.option("--out", required=True, metavar="FILE", help="Where the predictions go.",
              type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
def command(gold: tuple[Path, ...], out: Path) -> None:
    try:
        find = engine().find
    except ListsError as error:
        raise click.ClickException(str(error)) from None
    answers = [
        {
            "id": text["id"],
            "spans": [{"start": one.start, "end": one.end, "label": one.label} for one in find(text["text"])],
        }
        for text in rows.read(gold)
    ]
    rows.write(out, answers)
    click.echo(json.dumps({"texts": len(answers), "findings": sum(len(one["spans"]) for one in answers)}))
