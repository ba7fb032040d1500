"""`voiceassist eval intents`: labelled queries, what the rules take each for, and the confusion matrix.

A file has a line `[intent]` before the queries that have it, one a line; `#` begins a comment.
"""

import json
from collections import Counter
from pathlib import Path
from typing import get_args

import click

from realtime.dialogue.intent import intent_of
from voiceassist.contracts.answers import Intent

INTENTS: tuple[str, ...] = get_args(Intent)
Labelled = tuple[str, str]  # intent, query


@click.command(help="Compare the intents of labelled queries with those that the dialogue finds; print a matrix.")
@click.option(
    "--gold",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Queries under [intent] lines; repeatable.",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(gold: tuple[Path, ...], *, as_json: bool) -> None:
    queries = [one for path in gold for one in labelled(path.read_text(encoding="utf-8"))]
    if not queries:
        raise click.ClickException("There are no queries.")
    counts = confusion(queries)
    click.echo(json.dumps(figures(counts)) if as_json else table(counts))


def labelled(text: str) -> list[Labelled]:
    found: list[Labelled] = []
    intent = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            intent = line.strip("[]")
            if intent not in INTENTS:
                raise click.ClickException(f"The intents are: {', '.join(INTENTS)}.")
        elif not line.startswith("#"):
            if not intent:
                raise click.ClickException("A query stands before the first [intent].")
            found.append((intent, line))
    return found


def confusion(queries: list[Labelled]) -> Counter[tuple[str, str]]:
    """How often a query of the first intent was taken for the second."""
    return Counter((intent, intent_of(query)) for intent, query in queries)


def accuracy(counts: Counter[tuple[str, str]]) -> float:
    return sum(count for (is_, taken), count in counts.items() if is_ == taken) / counts.total()


def figures(counts: Counter[tuple[str, str]]) -> dict[str, object]:
    matrix = {is_: {taken: counts[is_, taken] for taken in INTENTS if counts[is_, taken]} for is_ in INTENTS}
    return {"n": counts.total(), "accuracy": round(accuracy(counts), 4), "confusion": matrix}


def table(counts: Counter[tuple[str, str]]) -> str:
    """Rows are what the queries are, columns what they were taken for."""
    wide = max(map(len, INTENTS))
    head = " " * wide + "".join(f" {one[:9]:>9}" for one in INTENTS)
    rows = [f"{is_:<{wide}}" + "".join(f" {counts[is_, taken]:>9}" for taken in INTENTS) for is_ in INTENTS]
    return "\n".join([head, *rows, f"accuracy {accuracy(counts):.3f} of {counts.total()}"])
