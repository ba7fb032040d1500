"""`voiceassist audit`: verify the record of who saw what, search it, and account for a patient's disclosures.

It works on the database and the anchors themselves, also where the services are down, for who operates this machine.
"""

import asyncio
import datetime as dt
import getpass
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from voiceassist.cli.options import data_option, json_option
from voiceassist.core import clock
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.ports.auditing import Act
from voiceassist.runtime import logging
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Settings, inherited

if TYPE_CHECKING:
    from functions.audit.verifying import TenantResult
    from voiceassist.adapters.postgres import Database
    from voiceassist.runtime.auditing import Writer

T = TypeVar("T")
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]
BROKEN, INCOMPLETE = 1, 2

tenant_option = click.option("--tenant", type=click.UUID, help="One tenant only.")
after_option = click.option("--after", type=click.DateTime(TIMES), help="At or after this time (UTC).")
before_option = click.option("--before", type=click.DateTime(TIMES), help="Before this time (UTC).")


@click.group()
def command() -> None:
    """Verify and search the record of who saw and did what."""


@command.command()
@data_option
@json_option
@tenant_option
def verify(layout: Layout, *, as_json: bool, tenant: UUID | None) -> None:
    """Every entry, from the first one there ever was, and every anchor.

    Exit code 0: all is as it was written. 1: it is not, and the first wrong entry is named. 2: the anchors could not be
    asked, so a cut tail would not have been seen.
    """
    began = time.perf_counter()
    settings = running_settings(layout, inherited())
    results = _run(settings, lambda database, auditor: _verified(settings, database, auditor, tenant))
    told = {
        "ok": all(one.ok for one in results),
        "complete": all(one.complete for one in results),
        "entries": sum(one.entries for one in results),
        "seconds": round(time.perf_counter() - began, 3),
        "tenants": [one.told() for one in results],
    }
    click.echo(json.dumps(told, indent=2) if as_json else "\n".join(_lines(told)))
    sys.exit(0 if told["ok"] and told["complete"] else INCOMPLETE if told["ok"] else BROKEN)


async def _verified(
    settings: Settings, database: "Database", auditor: "Writer", tenant: UUID | None
) -> "list[TenantResult]":
    from functions.audit import service as auditing
    from functions.audit import verifying
    from functions.audit.main import verifier
    from functions.audit.verifying import Means
    from voiceassist.runtime import providers
    from voiceassist.runtime.audit_keys import AuditKeys

    (place, *_) = providers.anchors_of(settings)
    means = Means(database, AuditKeys(settings.audit), verifier(settings.audit), place)
    results = []
    for one in [tenant] if tenant else await verifying.tenants(database):
        result = await verifying.tenant(means, one)
        results.append(result)
        await auditing.kept(database, result)
        act = Act(operator(one), "audit.verified", outcome="success" if result.ok else "failed")
        try:
            await auditor.record(act)
        except UnavailableError:
            click.echo("This verification could not be put on record.", err=True)
    return results


def _lines(told: dict[str, Any]) -> list[str]:
    lines = []
    for tenant in told["tenants"]:
        for chain in tenant["chains"]:
            place = f"{tenant['tenant']} chain {chain['chain']}"
            if fault := chain.get("fault"):
                named = f" (id {fault['id']})" if fault["id"] else ""
                lines.append(f"{place}: BROKEN at entry {fault['number']}{named}: {fault['kind'].replace('_', ' ')}")
            else:
                lines.append(f"{place}: {chain['entries']} entries, anchored to {chain['anchored']}")
    if not told["complete"]:
        lines.append("The anchors could not be asked: a cut tail would not have been seen.")
    state = "as it was written" if told["ok"] else "NOT as it was written"
    return [*lines, f"{told['entries']} entries verified in {told['seconds']} s: the record is {state}"]


@command.command()
@data_option
@json_option
@click.option("--patient", help="The patient's identifier as the hospital writes it; - reads it from standard input.")
@click.option("--object", "one", help="One document or other object, as document:<id>.")
@click.option("--tenant", type=click.UUID, default=str(DEFAULT_TENANT), help="Of which tenant.")
@after_option
@before_option
def report(
    layout: Layout, *, as_json: bool, patient: str | None, one: str | None, tenant: UUID, **span: dt.datetime | None
) -> None:
    """Who had what of a patient and why: the accounting of disclosures (45 CFR 164.528)."""
    from pydantic import ValidationError

    from functions.audit import schema
    from functions.audit import service as auditing
    from voiceassist.runtime.audit_keys import AuditKeys

    if patient == "-":  # a command line is seen by everybody on this machine
        patient = sys.stdin.readline().strip()
    try:
        asked = schema.Disclosed.model_validate({"patient": patient, "object": one, **_span(span)})
    except ValidationError:
        raise click.UsageError("The patient or the object is not well formed.") from None
    settings = running_settings(layout, inherited())
    keys = AuditKeys(settings.audit)
    told = _run(
        settings,
        lambda database, auditor: auditing.disclosures(
            database, keys, auditor, operator(tenant), asked, now=clock.now()
        ),
    )
    if as_json:
        click.echo(json.dumps(told.model_dump(mode="json"), indent=2))
        return
    for each in told.disclosures:
        mark = "*" if each.accounted else " "
        click.echo(f"{mark} {each.at}  {each.to:<28} {each.role:<8} {each.action:<24} {each.purpose}  {each.outcome}")
    click.echo(f"{len(told.disclosures)} accesses, {told.accounted} of them to be accounted for (*)")


@command.command()
@data_option
@json_option
@click.option("--action", help="Such as document.read, or a noun with its dot: document.")
@click.option("--actor", help="A user id or a subject.")
@click.option("--object", "one", help="Such as document:<id>.")
@click.option("--outcome", type=click.Choice(["success", "refused", "not_found", "failed"]))
@click.option("--tenant", type=click.UUID, default=str(DEFAULT_TENANT), help="Of which tenant.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--cursor", help="Where the next page begins, as the last one told.")
@after_option
@before_option
def search(layout: Layout, *, as_json: bool, one: str | None, tenant: UUID, **given: Any) -> None:
    """Entries, the newest first."""
    from pydantic import ValidationError

    from functions.audit import schema
    from functions.audit import service as auditing
    from voiceassist.runtime.audit_keys import AuditKeys

    wanted = {name: value for name, value in given.items() if value is not None and name not in {"after", "before"}}
    try:
        asked = schema.Search.model_validate({"object": one, **wanted, **_span(given)})
    except ValidationError:
        raise click.UsageError("The search is not well formed.") from None
    settings = running_settings(layout, inherited())
    keys = AuditKeys(settings.audit)
    found = _run(
        settings,
        lambda database, auditor: auditing.search(database, keys, auditor, operator(tenant), asked),
    )
    if as_json:
        click.echo(json.dumps(found.model_dump(mode="json"), indent=2))
        return
    for each in found.items:
        objects = " ".join(each.objects)
        click.echo(f"{each.at}  {each.by.sub:<38} {each.action:<24} {each.outcome:<9} {objects}")
    if found.next_cursor:
        click.echo(f"more: --cursor {found.next_cursor}", err=True)


def operator(tenant: UUID) -> Principal:
    """Whoever may read this installation's secrets operates it; the record tells the account."""
    return service(f"operator {getpass.getuser()}", tenant)


def _span(given: dict[str, Any]) -> dict[str, dt.datetime]:
    return {name: given[name].replace(tzinfo=dt.UTC) for name in ("after", "before") if given.get(name)}


def _run(settings: Settings, work: "Callable[[Database, Writer], Awaitable[T]]") -> T:
    from voiceassist.adapters.postgres import Database
    from voiceassist.runtime.audit_keys import AuditKeys
    from voiceassist.runtime.auditing import Writer

    logging.configure("cli", "error")  # standard output is for what was asked

    async def run() -> T:
        database = Database(settings.postgres.dsn, pool_size=2)
        auditor = Writer(database, AuditKeys(settings.audit), part="cli", chains=settings.audit.chains)
        try:
            return await work(database, auditor)
        finally:
            await database.close()

    return asyncio.run(run())
