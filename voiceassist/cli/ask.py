"""`voiceassist ask`: one question in writing."""

import json

import click

from voiceassist.cli import conversation
from voiceassist.cli.options import data_option, json_option
from voiceassist.runtime.engines.layout import Layout


@click.command(help="Ask the running product a question in writing and print its answer with the sources.")
@click.argument("text")
@json_option
@data_option
@click.option("--url", help="The gateway's address [default: that of the running product].")
def command(text: str, layout: Layout, url: str | None, *, as_json: bool) -> None:
    show(conversation.ask(layout, url, text), as_json=as_json)


def show(turn: conversation.Turn, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(turn.as_json(), indent=2, ensure_ascii=False))
        return
    click.echo(turn.answer)
    for citation in turn.citations:
        page = f", page {citation['page']}" if citation["page"] else ""
        section = f", {citation['section']}" if citation["section"] else ""
        click.echo(f"  [{citation['n']}] {citation['title']}{section}{page} ({citation['source']}, {citation['year']})")
    if turn.notice:
        click.echo(turn.notice)
