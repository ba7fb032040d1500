"""`voiceassist eval calculators`: every case of a gold file through the calculator library."""

import json
from collections import Counter
from pathlib import Path

import click

from functions.calculators.domain.compute import Computed, Needs, Refused, compute
from voiceassist.cli.evals import medcalc_inputs, rows


@click.command(help="Compute the cases of gold files and write one prediction a line.")
@click.option(
    "--gold",
    "gold",
    multiple=True,
    required=True,
    metavar="FILE",
    help="JSON lines, also .gz; repeatable.",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option("--out", required=True, metavar="FILE", help="Where the predictions go.",
              type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
def command(gold: tuple[Path, ...], out: Path) -> None:
    answers = [answer(case) for case in rows.read(gold)]
    rows.write(out, answers)
    click.echo(json.dumps({"cases": len(answers), **Counter(one["status"] for one in answers)}))


def answer(case: rows.Row) -> rows.Row:
    """The prediction of one case. An exception is a defect: it is counted as `error` and never hidden."""
    try:
        return {"id": case["id"], **_answer(case)}
    except Exception as error:  # noqa: BLE001 - the figure "escaped exceptions" is made here
        return {"id": case["id"], "status": "error", "flags": [type(error).__name__]}


def _answer(case: rows.Row) -> rows.Row:
    asked = medcalc_inputs.request(case["calc_id"], case["entities"])
    if asked is None:
        return {"status": "refused", "flags": ["There is no such calculator."]}
    outcome = compute(asked.calculator, asked.inputs)
    if isinstance(outcome, Computed):
        return {"status": "ok", "value": outcome.value, "flags": [*asked.unknown, *outcome.warnings]}
    if isinstance(outcome, Needs):
        return {"status": "needs", "needs": [asked.said(one.name) for one in outcome.missing], "flags": asked.unknown}
    assert isinstance(outcome, Refused)  # noqa: S101 - the only other outcome
    return {"status": "refused", "flags": [problem.detail for problem in outcome.problems]}
