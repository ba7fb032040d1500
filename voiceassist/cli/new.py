"""`voiceassist new function NAME`: a room of the hospital's own, ready to be filled in."""

import click

from voiceassist.cli import scaffold
from voiceassist.runtime.wiring import ROOT


@click.group(help="Begin something new in this checkout.")
def command() -> None: ...


@command.command(help="Write the function NAME: folder, wiring, compose service, page and test.")
@click.argument("name")
@click.option("--title", help="What people call it [default: the name].")
@click.option("--phrases", default="", help='What it is asked by voice, separated by ";"; * stands for a few words.')
@click.option("--scope", help="What an API key needs [default: NAME:read].")
@click.option("--hears", metavar="TYPE", default="", help="An event type to hear instead of questions.")
def function(name: str, title: str | None, phrases: str, scope: str | None, hears: str) -> None:
    if hears and (phrases or scope):
        raise click.UsageError("A function that hears events is not asked: --hears goes without --phrases and --scope.")
    said = tuple(phrase.strip() for phrase in phrases.split(";") if phrase.strip())
    wanted = scaffold.Wanted(
        name, title or name.title(), scope="" if hears else scope or f"{name}:read", phrases=said, hears=hears
    )
    for path in scaffold.write(ROOT, wanted):
        click.echo(path)
    click.echo(f"now fill in functions/{name}/main.py; `make check` tells whether all fits, `make up` serves it")
