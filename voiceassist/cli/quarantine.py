"""`voiceassist phi quarantine`: decide about documents in which identifiers were found, by the doors of their room."""

import asyncio
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from voiceassist.cli.keys import person
from voiceassist.cli.options import data_option, json_option
from voiceassist.core.errors import ExternalApiError, NotFoundError
from voiceassist.runtime import http, logging
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Settings, inherited
from voiceassist.runtime.workloads import OPERATOR

if TYPE_CHECKING:
    from voiceassist.core.identity import Principal

ROOT = "/api/v1/documents/quarantine"
PAGE = 200
SECONDS = 30.0
REASONS = ("treatment", "authors_and_contacts", "false_alarm", "consent", "wrong_upload", "not_needed", "other")


def reviewer_option(function: Any) -> Any:
    return click.option(
        "--as",
        "reviewer",
        required=True,
        help="The administrator who decides: a mail address, or what precedes its @.",
    )(function)


@click.group()
def command() -> None:
    """What is done by hand about patients' identifiers."""


@command.group()
def quarantine() -> None:
    """Documents that wait for a decision, because identifiers were found in them.

    Kinds and counts are shown, never title, file name or text. Every decision is kept with who made it and why.
    """


@quarantine.command("list")
@data_option
@json_option
@reviewer_option
@click.option("--decided", is_flag=True, help="What was decided, instead of what waits.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--cursor", help="Where the next page begins, as the last one told.")
def list_held(layout: Layout, *, as_json: bool, reviewer: str, decided: bool, limit: int, cursor: str | None) -> None:
    """Documents in quarantine, the newest first."""
    query = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    found = _ask(layout, reviewer, "GET", "/decisions" if decided else "", query=query)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for one in found["items"]:
        click.echo(line(one))
    if not found["items"]:
        click.echo("nothing found")
    if found["next_cursor"]:
        click.echo(f"more: --cursor {found['next_cursor']}", err=True)


@quarantine.command()
@data_option
@json_option
@reviewer_option
@click.argument("document_id", type=click.UUID)
def show(layout: Layout, *, as_json: bool, reviewer: str, document_id: UUID) -> None:
    """One document: what waits, else what was decided about it."""
    for path in ("", "/decisions"):
        query = {"limit": str(PAGE)}
        while True:
            page = _ask(layout, reviewer, "GET", path, query=query)
            for one in page["items"]:
                if one["document_id"] == str(document_id):
                    click.echo(json.dumps(one, indent=2) if as_json else "\n".join(details(one)))
                    return
            if not page["next_cursor"]:
                break
            query["cursor"] = page["next_cursor"]
    raise NotFoundError("Quarantine knows no such document.")


@quarantine.command()
@data_option
@json_option
@reviewer_option
@click.argument("document_id", type=click.UUID)
@click.option(
    "--judgement",
    type=click.Choice(["patient_data", "no_patient_data"]),
    required=True,
    help="patient_data: into its owner's own index and nowhere else.",
)
@click.option("--reason", type=click.Choice(REASONS), required=True)
def release(layout: Layout, *, as_json: bool, reviewer: str, document_id: UUID, judgement: str, reason: str) -> None:
    """Let a document be indexed."""
    body = {"judgement": judgement, "reason": reason}
    _decided(_ask(layout, reviewer, "POST", f"/{document_id}/release", body=body), as_json)


@quarantine.command()
@data_option
@json_option
@reviewer_option
@click.argument("document_id", type=click.UUID)
@click.option("--reason", type=click.Choice(REASONS), required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(layout: Layout, *, as_json: bool, reviewer: str, document_id: UUID, reason: str, yes: bool) -> None:
    """Delete a document and its file for good; the record of the decision stays."""
    if not yes:
        click.confirm("The document and its file are gone for good afterwards. Go on?", abort=True)
    _decided(_ask(layout, reviewer, "POST", f"/{document_id}/delete", body={"reason": reason}), as_json)


def _decided(decision: dict[str, Any], as_json: bool) -> None:
    click.echo(json.dumps(decision, indent=2) if as_json else line(decision))


def line(one: dict[str, Any]) -> str:
    kinds = " ".join(f"{kind}:{count}" for kind, count in one["findings"].items())
    what = one.get("decision") or f"{one['format']}, {one['size_bytes']} bytes"
    return f"{one['document_id']}  {one.get('held_at') or one.get('decided_at')}  {what}  {kinds}"


def details(one: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in one.items() if value is not None]


def _ask(
    layout: Layout,
    reviewer: str,
    method: str,
    path: str,
    *,
    query: dict[str, str] | None = None,
    body: dict[str, str] | None = None,
) -> dict[str, Any]:
    logging.configure("cli", "error")  # standard output is for the answer
    return asyncio.run(asked(running_settings(layout, inherited()), reviewer, method, path, query=query, body=body))


async def asked(
    settings: Settings,
    reviewer: str,
    method: str,
    path: str,
    *,
    query: dict[str, str] | None = None,
    body: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What the room answers to this person; an error of the family says what it refused."""
    from voiceassist.adapters.postgres import Database

    database = Database(settings.postgres.dsn, pool_size=1)
    try:
        who = await person(database, reviewer)
    finally:
        await database.close()
    return await _answer(settings, who, method, path, query, body)


async def _answer(
    settings: Settings,
    who: "Principal",
    method: str,
    path: str,
    query: dict[str, str] | None,
    body: dict[str, str] | None,
) -> dict[str, Any]:
    import httpx

    headers = http.identity_headers(who, issuer=OPERATOR, audience="documents", settings=settings)
    async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as client:
        try:
            answer = await client.request(
                method, f"{settings.room('documents')}{ROOT}{path}", headers=headers, params=query, json=body
            )
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError):
            raise ExternalApiError("The room gave no answer; `voiceassist status` tells what runs.") from None
    if answer.is_error:
        fields = ", ".join(one["pointer"] for one in told.get("errors", ()))
        raise ExternalApiError(f"{told.get('detail') or told.get('title')}" + (f" ({fields})" if fields else ""))
    return told
