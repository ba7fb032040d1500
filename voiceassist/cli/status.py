"""`voiceassist status`: what runs, since when, how large."""

import json
from contextlib import suppress
from typing import Any

import click

from voiceassist.cli.options import data_option, json_option
from voiceassist.runtime.engines import preparation, processes, state
from voiceassist.runtime.engines.layout import Layout

MIB = 1_048_576


@click.command()
@data_option
@json_option
def command(layout: Layout, *, as_json: bool) -> None:
    """Show what runs. Exit code 0 when everything is ready, 1 otherwise."""
    report = collect(layout)
    click.echo(json.dumps(report, indent=2) if as_json else table(report))
    if not report["ready"]:
        raise SystemExit(1)


def collect(layout: Layout) -> dict[str, Any]:
    preparation.refuse_foreign(layout)
    current = state.read(layout)
    if current is None or not processes.is_same(current.supervisor):
        left = [name for name, entry in current.processes.items() if alive(entry)] if current else []
        return {"running": False, "ready": False, "data": str(layout.data), "left_over": left, "processes": []}
    entries = [described(name, entry) for name, entry in current.processes.items()]
    return {
        "running": True,
        "ready": current.ready and all(entry["phase"] == "ready" for entry in entries),
        "data": str(layout.data),
        "url": current.url,
        "mode": "isolated" if current.isolated else "one process",
        "supervisor": current.supervisor.pid,
        "external": list(current.external),
        "processes": entries,
        "rooms": rooms(entries) if current.isolated else {},
    }


def rooms(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each room's processes under an isolated host; those that end are still among them."""
    import psutil

    from voiceassist.runtime import wiring

    found: dict[str, list[int]] = {name: [] for name in sorted(wiring.load().rooms)}
    for host in (entry["pid"] for entry in entries if entry["name"] == "host" and entry["pid"]):
        with suppress(psutil.Error):
            for child in psutil.Process(host).children():
                with suppress(psutil.Error):
                    if name := child.environ().get("FUNCTION_TARGET"):
                        found.setdefault(name, []).append(child.pid)
    return {name: {"instances": len(pids), "pids": pids} for name, pids in found.items()}


def alive(entry: state.ProcessState) -> bool:
    return entry.record is not None and processes.is_same(entry.record)


def described(name: str, entry: state.ProcessState) -> dict[str, Any]:
    """`rss_mib` is the resident size of the process with its own children."""
    living = alive(entry)
    pid = entry.record.pid if living and entry.record else None
    return {
        "name": name,
        "pid": pid,
        "phase": entry.phase if living or entry.phase == "waiting" else "dead",
        "restarts": entry.restarts,
        "rss_mib": round(resident(pid), 1) if pid else 0.0,
    }


def resident(pid: int) -> float:
    import psutil

    total = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0.0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / MIB


def table(report: dict[str, Any]) -> str:
    if not report["running"]:
        left = f"; left over: {', '.join(report['left_over'])} (`voiceassist down`)" if report["left_over"] else ""
        return f"nothing runs in {report['data']}{left}"
    rows = [
        f"{entry['name']:<10} {entry['phase']:<9} pid {entry['pid'] or '-':<8} {entry['rss_mib']:>7.1f} MiB"
        f"  {entry['restarts']} restarts"
        for entry in report["processes"]
    ]
    rows += [f"  {name:<15} {room['instances']} instances" for name, room in report["rooms"].items()]
    external = [f"{name:<10} external" for name in report["external"]]
    return "\n".join([f"{report['url']} ({report['mode']}, supervisor {report['supervisor']})", *rows, *external])
