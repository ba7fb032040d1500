"""`voiceassist events`: look into the event log of a running installation, and send events again."""

import asyncio
import getpass
import json
from typing import Any

import click

from voiceassist.cli.options import data_option, json_option
from voiceassist.core.identity import service
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Settings, inherited
from voiceassist.runtime.workloads import BROKER, OPERATOR

ROOT = "/api/v1/events"
TIMEOUT = 60.0


@click.group()
def command() -> None:
    """Look into the event log, and send events again.

    The data of events is sealed and never shown. Times are ISO 8601 with a zone, such as 2026-11-24T08:00:00Z.
    """


def page_options(function: Any) -> Any:
    function = click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)(function)
    return click.option("--cursor", help="Where the next page begins, as the last one told.")(function)


@command.command("list")
@data_option
@json_option
@page_options
@click.option("--id", "event_id", help="One event.")
@click.option("--type", "event_type")
@click.option("--source")
@click.option("--after", help="Accepted at or after this time.")
@click.option("--before", help="Accepted before this time.")
def list_events(layout: Layout, *, as_json: bool, event_id: str | None, event_type: str | None, **query: Any) -> None:
    """Events, newest first."""
    found = ask(layout, "GET", "", query={"id": event_id, "type": event_type, **query})
    show(found, as_json, lambda one: f"{one['cursor']:>8}  {one['accepted_at']}  {one['type']}  {one['id']}")


@command.command()
@data_option
@json_option
@page_options
@click.option("--event", help="The cursor of an event, from `list`.")
@click.option("--trigger", help="A Trigger, such as voiceassist/ingestion-documents.")
@click.option("--state", type=click.Choice(["waiting", "delivered", "dead", "held", "dropped"]))
def deliveries(layout: Layout, *, as_json: bool, **query: Any) -> None:
    """Deliveries and how their attempts ended, newest first."""
    show(ask(layout, "GET", "/deliveries", query=query), as_json, delivery_line)


@command.command("dead-letters")
@data_option
@json_option
@page_options
@click.option("--trigger", help="Only those of one Trigger.")
def dead_letters(layout: Layout, *, as_json: bool, **query: Any) -> None:
    """What could not be delivered, newest first."""
    show(ask(layout, "GET", "/dead-letters", query=query), as_json, delivery_line)


@command.command()
@data_option
@json_option
def triggers(layout: Layout, *, as_json: bool) -> None:
    """Every Trigger: ready or why not, what waits, what is dead."""
    found = ask(layout, "GET", "/triggers")
    show(
        found,
        as_json,
        lambda one: (
            f"{one['trigger']:<48} {'ready' if one['ready'] else one['reason']:<24}"
            f" waiting {one['waiting']:<6} dead {one['dead']}"
        ),
    )
    for file, fault in found["wiring_faults"].items():
        click.echo(f"not in force: {file}: {fault}", err=True)


@command.command()
@data_option
@json_option
@page_options
def replays(layout: Layout, *, as_json: bool, **query: Any) -> None:
    """Who sent what again, or gave it up."""
    show(
        ask(layout, "GET", "/replays", query=query),
        as_json,
        lambda one: (
            f"{one['at']}  {one['subject']:<20} {one['action']}: {one['replayed']} of {one['matched']}"
            f"{' (dry run)' if one['dry_run'] else ''}"
        ),
    )


@command.command()
@data_option
@json_option
@click.argument("ids", nargs=-1)
@click.option("--type", "event_type")
@click.option("--source")
@click.option("--after", help="Accepted at or after this time.")
@click.option("--before", help="Accepted before this time.")
@click.option("--trigger", help="To this Trigger only.")
@click.option("--dead-letters", is_flag=True, help="Only deliveries that ended as dead letters, to their own Trigger.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="At most so many.")
@click.option("--dry-run", is_flag=True, help="Tell how many it would be, and send nothing.")
def replay(
    layout: Layout, *, as_json: bool, ids: tuple[str, ...], event_type: str | None, dead_letters: bool, **chosen: Any
) -> None:
    """Send events again under their own id: those named, or all that fit the options."""
    wanted = {"ids": list(ids), "type": event_type, "dead_letters": dead_letters, **chosen}
    done = ask(layout, "POST", "/replay", body={name: value for name, value in wanted.items() if value})
    if as_json:
        click.echo(json.dumps(done, indent=2))
        return
    did = f"{done['matched']} would be sent again" if done["dry_run"] else f"{done['replayed']} sent again"
    click.echo(f"{did} ({done['matched']} matched{', capped' if done['capped'] else ''}); record {done['id']}")


@command.command()
@data_option
@json_option
@click.argument("ids", nargs=-1)
@click.option("--type", "event_type")
@click.option("--source")
@click.option("--after", help="Accepted at or after this time.")
@click.option("--before", help="Accepted before this time.")
@click.option("--trigger", help="Only dead letters of this Trigger.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="At most so many.")
@click.option("--dry-run", is_flag=True, help="Tell how many it would be, and give up nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def discard(
    layout: Layout, *, as_json: bool, ids: tuple[str, ...], event_type: str | None, yes: bool, **chosen: Any
) -> None:
    """Give up dead letters, those named or all that fit the options: they cannot be sent again afterwards."""
    if not (yes or chosen["dry_run"]):
        click.confirm("Dead letters that are given up cannot be sent again. Go on?", abort=True)
    wanted = {"ids": list(ids), "type": event_type, **chosen}
    done = ask(layout, "POST", "/discard", body={name: value for name, value in wanted.items() if value})
    if as_json:
        click.echo(json.dumps(done, indent=2))
        return
    did = f"{done['matched']} would be given up" if done["dry_run"] else f"{done['discarded']} given up"
    click.echo(f"{did} ({done['matched']} matched{', capped' if done['capped'] else ''}); record {done['id']}")


def show(found: dict[str, Any], as_json: bool, line: Any) -> None:
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for one in found["items"]:
        click.echo(line(one))
    if not found["items"]:
        click.echo("nothing found")
    if found["next_cursor"]:
        click.echo(f"more: --cursor {found['next_cursor']}", err=True)


def delivery_line(one: dict[str, Any]) -> str:
    again = f"  sent again by {one['replay']}" if one["replay"] else ""
    status = one["status"] or "no answer"
    event = one["event"]
    return f"{one['trigger']}  {one['state']} after {one['attempts']} ({status})  {event['type']}  {event['id']}{again}"


def ask(
    layout: Layout, method: str, path: str, *, query: dict[str, Any] | None = None, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The broker's answer; its refusals in one sentence."""
    settings = running_settings(layout, inherited())
    if not settings.broker.operations_url:
        raise click.ClickException("This installation has no event log of its own.")
    url = settings.broker.operations_url + ROOT + path
    return asyncio.run(_ask(settings, method, url, {k: v for k, v in (query or {}).items() if v is not None}, body))


async def _ask(
    settings: Settings, method: str, url: str, query: dict[str, Any], body: dict[str, Any] | None
) -> dict[str, Any]:
    import httpx

    from voiceassist.runtime.http import identity_headers

    # Whoever may read this installation's secrets operates it; the record of replays tells the account.
    identity = identity_headers(
        service(f"operator {getpass.getuser()}"), issuer=OPERATOR, audience=BROKER, settings=settings
    )
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as client:
        try:
            answer = await client.request(method, url, params=query, json=body, headers=identity)
        except httpx.TransportError:
            raise click.ClickException("The broker does not answer: is `voiceassist up` running?") from None
    if answer.is_error:
        problem = answer.json()
        places = ", ".join(error["pointer"] for error in problem.get("errors", ()))
        raise click.ClickException(problem.get("detail", "The broker refused.") + (f" ({places})" if places else ""))
    found: dict[str, Any] = answer.json()
    return found
