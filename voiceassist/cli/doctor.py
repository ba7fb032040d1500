"""`voiceassist doctor`: is every engine well, and what to do if not."""

import datetime as dt
import json
from typing import Any

import click

from voiceassist.cli.options import data_option, json_option
from voiceassist.runtime.engines import machine, preparation, secrets, state
from voiceassist.runtime.engines.environment import Mode, child_environment, external_engines
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import DEFAULT_BASE, Ports
from voiceassist.runtime.engines.probes import Finding, examine, examine_service
from voiceassist.runtime.settings import Settings, inherited, parse

ENGINES = ("postgres", "valkey", "vectord", "seaweedfs")


@click.command()
@data_option
@json_option
@click.option("--connect", is_flag=True, help="Only the engines and services, not the machine.")
def command(layout: Layout, *, as_json: bool, connect: bool) -> None:
    """Ask every engine how it is: version, address, embedded or external, round trip, what is wrong, how to mend it.

    Exit code 0 when nothing needed is wrong, 1 otherwise.
    """
    report = collect(layout, with_machine=not connect)
    click.echo(json.dumps(report, indent=2) if as_json else table(report))
    if not report["ok"]:
        raise SystemExit(1)


def collect(layout: Layout, *, with_machine: bool) -> dict[str, Any]:
    preparation.refuse_foreign(layout)
    environ = inherited()
    external = external_engines(environ)
    settings = settings_of(layout, environ)
    engines = [examine(name, settings, external=name in external) for name in ENGINES]
    services = [examine_service(name, url, settings) for name, url in service_urls(settings).items()]
    checks = machine.checks(layout, now=dt.datetime.now(dt.UTC)) if with_machine else []
    wrong = [finding for finding in [*engines, *services] if not finding.ok]
    wrong_checks = [check for check in checks if check.needed and not check.ok]
    return {
        "ok": not wrong and not wrong_checks,
        "data": str(layout.data),
        "profile": settings.profile,
        "engines": [finding.as_dict() for finding in engines],
        "services": [finding.as_dict() for finding in services],
        "machine": [check.as_dict() for check in checks],
    }


def settings_of(layout: Layout, environ: dict[str, str]) -> Settings:
    """The settings of the running stack, or those it would have; unreadable secrets count as none."""
    current = state.read(layout)
    try:
        known = secrets.read(layout)
    except EngineError:
        known = secrets.generate()
    mode = Mode(tls=current.tls, isolated=current.isolated) if current else Mode()
    ports = Ports(current.port_base if current else DEFAULT_BASE)
    return parse(child_environment(layout, known, ports, environ=environ, mode=mode))


def service_urls(settings: Settings) -> dict[str, str]:
    broker = "/".join(settings.broker_url.split("/")[:3])
    return {
        "broker": f"{broker}/health",
        "host": f"{settings.base_url}/health",
        "realtime": f"{settings.realtime.url}/health",
    }


def table(report: dict[str, Any]) -> str:
    lines = [line(Finding(**without(entry, "ok"))) for entry in [*report["engines"], *report["services"]]]
    lines += [
        f"{check['name']:<10} {'ok' if check['ok'] else 'WRONG' if check['needed'] else 'note':<6} {check['found']}"
        + (f": {check['mend']}" if not check["ok"] else "")
        for check in report["machine"]
    ]
    return "\n".join([*lines, "all is well" if report["ok"] else "something is wrong"])


def line(finding: Finding) -> str:
    trip = "-" if finding.round_trip_ms is None else f"{finding.round_trip_ms:.2f} ms"
    head = f"{finding.name:<10} {'ok' if finding.ok else 'WRONG':<6} {finding.mode:<9} {trip:>10}"
    return f"{head}  {finding.version or finding.wrong}  {finding.address}" + (
        f": {finding.mend}" if finding.mend else ""
    )


def without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}
