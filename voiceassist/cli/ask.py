"""`voiceassist ask`: a question in writing, or a conversation."""

import json
import sys
from collections.abc import Iterable, Iterator

import click

from voiceassist.cli import conversation
from voiceassist.cli.options import data_option, json_option
from voiceassist.runtime.engines.layout import Layout

LINES = "-"


@click.command()
@click.argument("text", nargs=-1, required=True)
@json_option
@data_option
@click.option("--url", help="The gateway's address [default: that of the running product].")
def command(text: tuple[str, ...], layout: Layout, url: str | None, *, as_json: bool) -> None:
    """Ask the running product in writing and print its answer with the sources.

    Several TEXTs are the turns of one conversation: when it asks back, the next one is the reply. With - the turns are
    the lines of standard input, each answered as it comes.

    \b
      voiceassist ask "how do I treat atrial fibrillation?"
      voiceassist ask "CHA2DS2-VASc for a 68-year-old man with hypertension" "none"
      voiceassist ask -
    """
    turns = _lines(sys.stdin) if text == (LINES,) else text
    told: list[conversation.Turn] = []
    conversation.converse(layout, url, turns, told.append if as_json else show)
    if as_json:
        as_one(told)


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return (line.strip() for line in lines if line.strip())


def as_one(told: list[conversation.Turn]) -> None:
    """The answer as JSON; of a conversation of several turns, the list of them."""
    turns = [turn.as_json() for turn in told]
    click.echo(json.dumps(turns[0] if len(turns) == 1 else turns, indent=2, ensure_ascii=False))


def show(turn: conversation.Turn) -> None:
    click.echo(turn.answer)
    for citation in turn.citations:
        page = f", page {citation['page']}" if citation["page"] else ""
        section = f", {citation['section']}" if citation["section"] else ""
        click.echo(f"  [{citation['n']}] {citation['title']}{section}{page} ({citation['source']}, {citation['year']})")
    for reference in (turn.calculator or {}).get("citations", ()):
        doi = f", doi:{reference['doi']}" if reference["doi"] else ""
        click.echo(f"  {reference['text']} ({reference['year']}){doi}")
    if turn.clarify and turn.clarify["options"]:
        click.echo(f"  ({' | '.join(turn.clarify['options'])})")
    if turn.notice:
        click.echo(turn.notice)
